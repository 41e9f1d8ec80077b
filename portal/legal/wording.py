"""What all letters of a pack share: the firm and its lawyers, the bank, the dates (the engine calls it the head)."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
import yaml

import letters
from portal.foundation.access import OrganisationKind, system_actor
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import LetterLaw, Organisation, User
from portal.legal.queries import lawyers
from portal.legal.signing import image_of
from portal.vendors.queries import licence_number

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from letters import Template
    from portal.foundation.access import Actor
    from portal.legal.models import LetterPack

__all__ = [
    "SHORTEST", "Client", "Said", "Wording", "client", "firm_part", "head_of", "language_of", "last_day_to_approve",
    "last_day_to_send", "wording",
]  # fmt: skip

SHORTEST = 3  # days to pay at the least


class Said(NamedTuple):
    """What letters of a language say about the bank."""

    payment_channels: tuple[str, ...]
    query_phone: str


class Wording(NamedTuple):
    """client.yaml, read once."""

    said: dict[str, Said]
    pay_within_days: int
    oldest_balance_days: int
    approve_within_days: int
    us_send_within_days: int
    each_least_seconds: int
    each_most_an_hour: int


class Client(NamedTuple):
    """The bank as letters name it."""

    name: str
    name_en: str
    phone: str

    def called(self, language: str) -> str:
        """Its name in letters of a language."""
        return self.name if language == "zh" else self.name_en or self.name


@cache
def wording() -> Wording:
    """The wording and limits of letters that do not come from rows."""
    content = yaml.safe_load((files("portal.legal") / "client.yaml").read_text(encoding="utf-8"))
    said = {
        language: Said(tuple(words["payment_channels"]), words["query_phone"])
        for language, words in content.pop("said").items()
    }
    return Wording(said, **content)


def client() -> Client:
    """The bank's name and telephone. A firm cannot see the bank's row, so a named system actor asks; call it outside of
    a transaction."""
    with reading(system_actor("letter-head")) as session:
        wanted = sa.select(Organisation.name, Organisation.name_en, Organisation.phone).where(
            Organisation.kind == OrganisationKind.BANK
        )
        return Client(*session.execute(wanted).one())


def firm_part(session: Session, actor: Actor, firm: Organisation, today: date, language: str) -> dict[str, Any]:
    """A firm as its letters of a language name it. Refused where something is missing that no letter can do without."""
    if not firm.phone:
        words = say("The law firm's telephone number is missing. Ask the bank's administrator to enter it.")
        raise Refused("legal.firm_phone", words)
    if not firm.letter_mark:
        words = say("The mark of the law firm's letter numbers is missing. Ask the bank's administrator to enter it.")
        raise Refused("legal.letter_mark", words)
    assigned: list[User] = lawyers(session, actor, firm.id, today)
    if not assigned:
        words = say("Nobody at the law firm has a lawyer's licence on file that is valid today.")
        raise Refused("legal.no_lawyer", words)
    image = image_of(session, actor, firm.id)
    seal = {"seal": base64.b64encode(image.content).decode()} if image else {}
    return seal | {
        "name": firm.name if language == "zh" else firm.name_en or firm.name,
        "address": firm.address,
        "phone": firm.phone,
        "licence_no": licence_number(session, firm.id, today),
        "lawyers": [{"name": lawyer.name, "licence_no": lawyer.lawyer_licence_no} for lawyer in assigned],
    }


def head_of(
    template: Template, firm: dict[str, Any], bank: Client, issued_on: date, pay_within_days: int
) -> dict[str, Any]:
    """The head of a pack's letters, frozen with them."""
    language = language_of(template)
    said, name = wording().said[language], bank.called(language)
    address = services().settings.public_url
    return {
        **({"verify_url": f"{address}/verify"} if address else {}),
        "firm": firm,
        "client": {
            "name": name,
            "query_phone": bank.phone or said.query_phone,
            "payment_channels": [channel % {"bank": name} for channel in said.payment_channels],
        },
        "issued_on": issued_on.isoformat(),
        "pay_within_days": pay_within_days,
        **_validation(template, issued_on),
    }


def language_of(template: Template) -> str:
    """Which of client.yaml's languages a template speaks."""
    return template.language.partition("-")[0]


def last_day_to_send(issued_on: date) -> date:
    """Until when a US letter of a day can go out, so that the validation period which it names is long enough."""
    return issued_on + timedelta(days=wording().us_send_within_days)


def last_day_to_approve(pack: LetterPack) -> date:
    """Until when letters of a pack can be approved: they bear their date, and give the debtor some days from when they are sent."""
    if pack.jurisdiction == LetterLaw.STATES:
        return last_day_to_send(pack.issued_on)
    return pack.issued_on + timedelta(days=min(wording().approve_within_days, pack.pay_within_days - SHORTEST))


def _validation(template: Template, issued_on: date) -> dict[str, str]:
    """The end of the validation period where a template names it: 12 CFR 1006.34(b)(5)."""
    if all(field.name != "validation_ends" for field in template.fields):
        return {}
    return {"validation_ends": letters.earliest_end(last_day_to_send(issued_on)).isoformat()}
