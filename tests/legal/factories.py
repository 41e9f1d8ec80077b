"""Packs for the tests of the room and of those that stand on it, made by the room's own operations."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import PIL.Image
import PIL.ImageDraw
import pypdfium2
import sqlalchemy as sa

import portal.legal.closing
import portal.legal.freezing
import portal.legal.printing  # noqa: F401 - registers the jobs and the hook
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import LetterLaw, User
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.models import Letter, LetterOpening, LetterPack
from portal.placement.batches import accept_batch
from portal.placement.criteria import Criteria
from portal.portfolio.models import Account, ContactKind, ContactPoint, ContactSource, ContactStatus, Customer
from portal.vendors.models import PlacementKind
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.placement.factories import Desk, criteria, make_desk, placed
from tests.portfolio.factories import MADE_AT, make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

__all__ = [
    "Firm",
    "a_firm",
    "a_seal",
    "a_us_firm",
    "address_everybody",
    "built_pack",
    "letter_batch",
    "letters_of",
    "open_sample",
    "ready_pack",
    "the_pack",
    "us_pack",
]


class Firm(NamedTuple):
    """A law firm with one licensed lawyer and a contract for letters."""

    organisation: Organisation
    lawyer: User
    actor: Actor


def a_firm(code: str = "京示", currency: str = "CNY", **fields: object) -> Firm:
    organisation = make_law_firm(code, **fields)
    make_contract(organisation, currency=currency)
    lawyer = make_user(organisation=organisation, name="张示例")
    return Firm(organisation, lawyer, actor_of(lawyer))


def a_us_firm() -> Firm:
    """A firm whose letters stand under US law."""
    return a_firm("SC", "USD", letter_law=LetterLaw.STATES, name_en="Sample & Counsel LLP")


def us_pack(app: Flask, firm: Firm, accounts: int = 3) -> int:
    """A pack under US law in review, of accounts charged off on the day of their balance; its id."""
    make_accounts(accounts, currency="USD", days=90, charged_off_on=date(2005, 6, 30))
    pack_id = build_pack(firm.actor, letter_batch(firm, accounts=0, currency="USD"))
    run_pending(app)
    return pack_id


def a_seal(side: int = 200) -> bytes:
    """A picture of a seal: a red ring on a transparent ground."""
    picture = PIL.Image.new("RGBA", (side, side))
    PIL.ImageDraw.Draw(picture).ellipse((5, 5, side - 5, side - 5), outline="#c22", width=6)
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


def address_everybody(*, but: int = 0) -> None:
    """An address for every person that has none, except for the first `but` of them."""
    with transaction(observer()) as work:
        known = sa.select(ContactPoint.customer_id).where(ContactPoint.kind == ContactKind.ADDRESS)
        people = work.session.scalars(sa.select(Customer).where(Customer.id.not_in(known)).order_by(Customer.id)).all()
        for number, person in enumerate(people[but:]):
            text = f"上海市浦东新区世纪大道{number + 1}号"
            work.session.add(
                ContactPoint(
                    customer_id=person.id,
                    kind=ContactKind.ADDRESS,
                    value_sealed=work.vault.seal(person.person_key, text, "address"),
                    value_masked="上海市****",
                    value_hash=work.vault.fingerprint("address", text),
                    postcode="200120",
                    source=ContactSource.RESERVED,
                    status=ContactStatus.UNCHECKED,
                    position=9,
                    created_at=MADE_AT,
                )
            )


def letter_batch(
    firm: Firm, accounts: int = 6, currency: str = "CNY", desk: Desk | None = None, *, but: int = 0
) -> int:
    """An accepted batch of letters with all accounts that are eligible, so many new ones among them, of which `but` have no
    address; its id."""
    desk = desk or make_desk()
    if accounts:
        make_accounts(accounts, currency=currency, days=90)
    address_everybody(but=but)
    wanted: Criteria = criteria(kind=PlacementKind.LETTER, currency=currency)
    batch_id = placed(desk, firm.organisation, wanted, accepted=False)
    accept_batch(firm.actor, batch_id)
    return batch_id


def built_pack(app: Flask, firm: Firm, accounts: int = 6, currency: str = "CNY", *, but: int = 0) -> int:
    """A pack in review; its id."""
    pack_id = build_pack(firm.actor, letter_batch(firm, accounts, currency, but=but))
    run_pending(app)
    return pack_id


def ready_pack(app: Flask, firm: Firm, accounts: int = 3) -> int:
    """A pack that is approved and printed; its id."""
    pack_id = built_pack(app, firm, accounts)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    return pack_id


def the_pack(pack_id: int) -> LetterPack:
    with reading(observer()) as session:
        found = session.scalars(sa.select(LetterPack).where(LetterPack.id == pack_id)).one()
        session.expunge(found)
    return found


def letters_of(pack_id: int) -> list[Letter]:
    """The letters of a pack in its order."""
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(Letter).where(Letter.pack_id == pack_id).order_by(Letter.position)))
        session.expunge_all()
    return found


def open_sample(actor: Actor, pack_id: int) -> None:
    """Record that the actor has opened every letter of the sample, without laying them out."""
    sample = [letter for letter in letters_of(pack_id) if letter.in_sample]
    with transaction(actor) as work:
        for letter in sample:
            opening = {"letter_id": letter.id, "pack_id": pack_id, "organisation_id": letter.organisation_id}
            work.session.add(LetterOpening(**opening, user_id=actor.user_id, at=services().clock.now()))


def change_accounts(*which: sa.ColumnElement[bool], **values: object) -> None:
    """What a later file of the bank would do to these accounts, or to all."""
    with transaction(observer()) as work:
        changed = sa.update(Account).where(*which).values(**values).execution_options(synchronize_session=False)
        work.session.execute(changed)


def end_licences(organisation_id: int, on: date) -> None:
    """The licence of every lawyer of the firm ends on this day."""
    with transaction(observer()) as work:
        work.session.execute(
            sa.update(User)
            .where(User.organisation_id == organisation_id)
            .values(lawyer_licence_until=on)
            .execution_options(synchronize_session=False)
        )


def text_of(pdf: bytes) -> str:
    """The text of a PDF without line breaks."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return text.replace("\r", "").replace("\n", "")


def rename_person(customer_id: int, name: str) -> None:
    """Give a person another name."""
    with transaction(observer()) as work:
        person = work.session.scalars(sa.select(Customer).where(Customer.id == customer_id)).one()
        person.name_sealed = work.vault.seal(person.person_key, name, "name")
        person.name_masked = name[0] + "*"
