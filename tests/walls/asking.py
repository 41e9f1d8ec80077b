"""What each side asks, complains of, puts on hold and notes of its debtors, with files: on what it works, and on what it is to lose."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.complaints.codes import Category, Source
from portal.contact.complaints.models import ComplaintEvent
from portal.contact.complaints.operations import Heard, ask_organisation, note_complaint, raise_complaint
from portal.contact.conduct import Ground
from portal.contact.holds.models import HoldProof
from portal.contact.holds.operations import put_on_hold
from portal.contact.limits.operations import note_restart
from portal.contact.requests.models import RequestMessage
from portal.contact.requests.operations import Said, ask
from portal.contact.requests.thread import RequestCode
from portal.contact.wishes.kinds import End, Kind, Terms
from portal.contact.wishes.models import WishSource
from portal.contact.wishes.operations import Ending, Telling, end_wish, note_wish
from portal.foundation.access import Role
from portal.foundation.work import reading
from portal.portfolio.models import Account, Hold, HoldFlag
from portal.portfolio.operations import set_hold_days
from portal.vendors.proofs import Proof
from tests.identity.factories import observer
from tests.walls.world import SIDES

if TYPE_CHECKING:
    from tests.walls.world import World

__all__ = ["ask_and_complain"]


def ask_and_complain(world: World) -> None:
    """Once accounts are placed and accepted, before some of them are recalled."""
    _requests(world)
    _holds(world)
    _limits(world)
    _wishes(world)


def _requests(world: World) -> None:
    """Each side asks about an account that it works on, with a file, and has asked about one that is to go back."""
    for side, what in product(SIDES, ("WORKED", "RECALLED")):
        for code, number in ((f"{side.mark}AG", 1), (f"{side.mark}LF", 2)):
            writer = world.person(_speaker(code), code).actor
            account_id = _key(Account, Account.account_ref == f"{side.mark}-{what}-{number}")
            scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-{what}.pdf")
            request_id = ask(writer, account_id, RequestCode.DOCUMENTS, Said(f"{side.mark} question", scan))
            world.keep("request", code, request_id)
            _complaint(world, code, account_id, f"{side.mark}-{what}")
            place = world.things if what == "WORKED" else world.shut
            message_id = _key(RequestMessage, RequestMessage.request_id == request_id)
            place.setdefault("file of a request", []).append((code, (message_id,)))


def _holds(world: World) -> None:
    """Each organisation has put what it works on on hold, with a file; what it may see, it sees of all that stand there."""
    set_hold_days(world.person(Role.COMPLIANCE).actor, {HoldFlag.DISPUTE: 31})
    for side in SIDES:
        for code in (f"{side.mark}AG", f"{side.mark}LF"):
            raiser = world.person(_speaker(code), code).actor
            account_id = _key(Account, Account.account_ref == f"{side.mark}-WORKED-1")
            scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-hold.pdf")
            hold_id = put_on_hold(raiser, account_id, HoldFlag.HARDSHIP, f"{side.mark} hold", scan)
            condition = sa.and_(HoldProof.hold_id == hold_id, HoldProof.organisation_id == raiser.organisation_id)
            world.keep("file of a hold", code, _key(HoldProof, condition))
            seen = sa.select(Hold.id).join(Account, Account.id == Hold.account_id)
            for (number,) in _rows(seen.where(Account.account_ref.like(f"{side.mark}-WORKED-%"))):
                world.keep("hold seen", code, number)


def _limits(world: World) -> None:
    """Each law firm has noted a suit about what it works on, with a file."""
    for side in SIDES:
        code = f"{side.mark}LF"
        account_id = _key(Account, Account.account_ref == f"{side.mark}-WORKED-2")
        scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-suit.pdf")
        lawyer = world.person(_speaker(code), code).actor
        world.keep(
            "restart",
            code,
            note_restart(lawyer, account_id, Ground.LAWSUIT, date(2005, 7, 4), f"{side.mark} suit", scan),
        )


def _wishes(world: World) -> None:
    """Each organisation was given a consent, which is its own, and was asked for something that binds all who hold an account
    of the person; one more was noted by mistake."""
    for side in SIDES:
        for code in (f"{side.mark}AG", f"{side.mark}LF"):
            actor = world.person(_speaker(code), code).actor
            account_id = _key(Account, Account.account_ref == f"{side.mark}-WORKED-1")
            scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-wish.pdf")
            evening = Terms(opens=21 * 60, closes=22 * 60)  # which lets nobody call at a forbidden hour
            own = Telling(kind=Kind.CONTACT_TIME, terms=evening, note=f"{side.mark} consent", proof=scan)
            wish_id = note_wish(actor, account_id, own)
            world.keep("wish", code, wish_id)
            world.keep("file of a wish", code, _key(WishSource, WishSource.wish_id == wish_id))
            note_wish(actor, account_id, Telling(kind=Kind.MEDIA_STOP, terms=Terms(channel="email")))
            end_wish(actor, note_wish(actor, account_id, own), Ending(reason=End.MISTAKE))


def _complaint(world: World, code: str, account_id: int, mark: str) -> None:
    """Raised by the organisation with a file; the bank has noted something and asked about it."""
    heard = Heard(Category.FREQUENCY, Source.PHONE, date(2005, 7, 4), world.organisations[code].id)
    scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}-complaint.pdf")
    complaint_id = raise_complaint(
        world.person(_speaker(code), code).actor, account_id, heard, Said(f"{mark} said", scan)
    )
    officer = world.person(Role.COMPLIANCE).actor
    note_complaint(officer, complaint_id, Said(f"{mark} note of the bank", scan))
    ask_organisation(officer, complaint_id, Said(f"{mark} question"))
    world.keep("complaint", code, complaint_id)
    with reading(observer()) as session:
        wanted = sa.select(ComplaintEvent.id, ComplaintEvent.organisation_id)
        events = session.execute(
            wanted.where(ComplaintEvent.complaint_id == complaint_id, ComplaintEvent.proof_digest != "")
        ).all()
    for event_id, organisation_id in events:
        is_open = organisation_id is not None and "WORKED" in mark
        place = world.things if is_open else world.shut
        place.setdefault("file of a complaint", []).append((code, (event_id,)))


def _speaker(code: str) -> Role:
    """Who speaks for an agency or a law firm."""
    return Role.LEGAL_PARTNER if code.endswith("LF") else Role.AGENCY_LEADER


def _key(model: Any, condition: Any) -> int:
    with reading(observer()) as session:
        return int(session.scalars(sa.select(model.id).where(condition)).one())


def _rows(statement: Any) -> list[Any]:
    with reading(observer()) as session:
        return list(session.execute(statement).all())
