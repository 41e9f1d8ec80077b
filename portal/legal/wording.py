"""What all letters of a pack share: the firm and its lawyers, the bank, the dates (the engine calls it the head)."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
import yaml

from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation, User
from portal.legal.queries import lawyers
from portal.legal.signing import image_of
from portal.vendors.queries import licence_number

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Client", "Wording", "client", "firm_part", "head_of", "wording"]


class Wording(NamedTuple):
    """client.yaml, read once."""

    payment_channels: tuple[str, ...]
    query_phone: str
    pay_within_days: int
    oldest_balance_days: int


class Client(NamedTuple):
    """The bank as letters name it."""

    name: str
    phone: str


@cache
def wording() -> Wording:
    """The wording and limits of letters that do not come from rows."""
    content = yaml.safe_load((files("portal.legal") / "client.yaml").read_text(encoding="utf-8"))
    return Wording(**{**content, "payment_channels": tuple(content["payment_channels"])})


def client() -> Client:
    """The bank's name and telephone. A firm cannot see the bank's row, so a named system actor asks; call it outside of
    a transaction."""
    with reading(system_actor("letter-head")) as session:
        wanted = sa.select(Organisation.name, Organisation.phone).where(Organisation.kind == OrganisationKind.BANK)
        return Client(*session.execute(wanted).one())


def firm_part(session: Session, actor: Actor, today: date) -> dict[str, Any]:
    """The firm as its letters name it. Refused where something is missing that no letter can do without."""
    firm = session.scalars(sa.select(Organisation).where(Organisation.id == actor.organisation_id)).one()
    if not firm.phone:
        words = say("Your firm's telephone number is missing. Ask the bank's administrator to enter it.")
        raise Refused("legal.firm_phone", words)
    if not firm.letter_mark:
        words = say("The mark of your firm's letter numbers is missing. Ask the bank's administrator to enter it.")
        raise Refused("legal.letter_mark", words)
    assigned: list[User] = lawyers(session, actor, today)
    if not assigned:
        words = say("Nobody at your firm has a lawyer's licence on file that is valid today.")
        raise Refused("legal.no_lawyer", words)
    image = image_of(session, actor)
    seal = {"seal": base64.b64encode(image.content).decode()} if image else {}
    return seal | {
        "name": firm.name,
        "address": firm.address,
        "phone": firm.phone,
        "licence_no": licence_number(session, firm.id, today),
        "lawyers": [{"name": lawyer.name, "licence_no": lawyer.lawyer_licence_no} for lawyer in assigned],
    }


def head_of(firm: dict[str, Any], bank: Client, issued_on: date, pay_within_days: int) -> dict[str, Any]:
    """The head of a pack's letters, frozen with them."""
    said = wording()
    address = services().settings.public_url
    return {
        **({"verify_url": f"{address}/verify"} if address else {}),
        "firm": firm,
        "client": {
            "name": bank.name,
            "query_phone": bank.phone or said.query_phone,
            "payment_channels": [channel % {"bank": bank.name} for channel in said.payment_channels],
        },
        "issued_on": issued_on.isoformat(),
        "pay_within_days": pay_within_days,
    }
