"""An attempt as another system tells it: accounts, numbers, people and earlier entries by the words that both sides know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from portal.contact import queries
from portal.contact.entries import POINT_KINDS, Entry, read_promised
from portal.contact.models import Channel, ContactAttempt, Direction
from portal.contact.operations import Logged, log_attempt
from portal.contact.points.operations import WANTED, read_point
from portal.foundation.errors import DomainError, Faults, NotFound
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.identity.models import User
from portal.portfolio.models import Account, ContactKind, ContactPoint, Customer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.placement.models import Placement

__all__ = ["Told", "held_by_reference", "log_told", "point_of"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """One attempt. Fields as of `Entry`; `contact_point`: a number or address as it is written, in place of its key;
    `promise_amount`: as it is written; `corrects`: the reference of the entry that this one takes the place of; `staff`:
    the user name of who made it."""

    attempt_ref: str
    account_ref: str
    channel: Channel
    outcome: str
    direction: Direction = Direction.OUTBOUND
    initiated_by: str = ""
    contact_point_id: int | None = None
    contact_point: str = ""
    party: str = ""
    at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""
    reason_behind: str = ""
    promise_amount: str = ""
    promise_on: date | None = None
    callback_at: datetime | None = None
    corrects: str = ""
    already_happened: bool = False
    debts_placed_for: tuple[str, ...] = ()
    debts_discussed: tuple[str, ...] | None = None
    evidence: str = ""
    next_action: str = ""
    again_on: date | None = None
    override_reason: str = ""
    staff: str = ""


def log_told(actor: Actor, told: Told) -> Logged:
    """Log it as on the page, with the same refusals (`log_attempt`). DomainError, all at once, for references that nobody
    knows; NotFound for an account that the actor's organisation does not hold."""
    with reading(actor) as session:
        _placement, account, customer = held_by_reference(session, actor, told.account_ref)
        entry, staff_id = _read(session, actor, told, account, customer)
        account_id = account.id
    try:
        return log_attempt(actor, account_id, entry, staff_id=staff_id)
    except IntegrityError:  # the same reference came twice in the same moment: now it is known
        return log_attempt(actor, account_id, entry, staff_id=staff_id)


def held_by_reference(session: Session, actor: Actor, account_ref: str) -> tuple[Placement, Account, Customer]:
    """The account that the actor's organisation holds for collection, with placement and person. NotFound."""
    key = session.scalar(
        visible(Account, actor).where(Account.account_ref == account_ref).with_only_columns(Account.id)
    )
    held = queries.held_account(session, actor, key) if key is not None else None
    if held is None:
        raise NotFound
    return held


def point_of(session: Session, actor: Actor, customer: Customer, point_id: int | None) -> ContactPoint | None:
    """The person's contact point of this key; None where none was named. DomainError for another's."""
    if point_id is None:
        return None
    wanted = visible(ContactPoint, actor).where(ContactPoint.id == point_id, ContactPoint.customer_id == customer.id)
    found = session.scalar(wanted)
    if found is None:
        raise DomainError("attempt.number", say("Choose the number."), field="contact_point_id")
    return found


def _read(session: Session, actor: Actor, told: Told, account: Account, customer: Customer) -> tuple[Entry, int | None]:
    """The entry, and who made it."""
    faults, debts = Faults(), {ref: key for key, ref in queries.held_debts(session, actor, customer.id).items()}
    point_id = faults.read(lambda: _point_id(session, actor, told, account, customer), None)
    placed_for = faults.read(lambda: _debts("debts_placed_for", told.debts_placed_for, debts), ())
    discussed = faults.read(lambda: _debts("debts_discussed", told.debts_discussed or (), debts), ())
    corrects_id = faults.read(lambda: _corrected(session, actor, told.corrects, account.id), None)
    promised = faults.read(lambda: read_promised(told.promise_amount, lambda: account.currency), None)
    staff_id = faults.read(lambda: _member(session, actor, told.staff), None)
    faults.tell()
    entry = Entry(
        channel=told.channel, outcome=told.outcome, direction=told.direction, contact_point_id=point_id,
        party=told.party, at=told.at, ended_at=told.ended_at, note=told.note.strip(), reason_behind=told.reason_behind,
        promise_minor=promised, promise_on=told.promise_on, callback_at=told.callback_at, attempt_ref=told.attempt_ref,
        corrects_id=corrects_id, already_happened=told.already_happened, initiated_by=told.initiated_by,
        debts_placed_for=placed_for, debts_discussed=None if told.debts_discussed is None else discussed,
        evidence_name=told.evidence, next_action=told.next_action, again_on=told.again_on,
        override_reason=told.override_reason,
    )  # fmt: skip
    return entry, staff_id


def _point_id(session: Session, actor: Actor, told: Told, account: Account, customer: Customer) -> int | None:
    """The key of a number that is named by itself; what is named by its key is looked up as the page's is."""
    if not told.contact_point:
        return told.contact_point_id
    if told.contact_point_id is not None:
        words = say("Name the number by its key or as it is written, not both.")
        raise DomainError("attempt.number", words, field="contact_point")
    kind = POINT_KINDS.get(told.channel, ContactKind.PHONE)
    try:
        value, _masked = read_point(kind, told.contact_point.strip(), account.region)
    except ValueError:
        raise DomainError("attempt.number", WANTED[kind], field="contact_point") from None
    mark = services().vault.fingerprint(kind.value, value)
    mine = visible(ContactPoint, actor).where(ContactPoint.customer_id == customer.id, ContactPoint.kind == kind)
    found = session.scalar(mine.where(ContactPoint.value_hash == mark).with_only_columns(ContactPoint.id))
    if found is None:
        words = say("This is not on file. Enter it first as found, with its source and its lawful ground.")
        raise DomainError("attempt.number_unknown", words, field="contact_point")
    return found


def _debts(field: str, refs: tuple[str, ...], held: dict[str, int]) -> tuple[int, ...]:
    unknown = next((ref for ref in refs if ref not in held), None)
    if unknown is not None:
        words = say("%(ref)s is no account of this person that is with you.", ref=unknown)
        raise DomainError("attempt.debts", words, field=field)
    return tuple(dict.fromkeys(held[ref] for ref in refs))


def _corrected(session: Session, actor: Actor, ref: str, account_id: int) -> int | None:
    if not ref:
        return None
    old = session.scalar(
        visible(ContactAttempt, actor).where(
            ContactAttempt.organisation_id == actor.organisation_id, ContactAttempt.attempt_ref == ref
        )
    )
    if old is None:
        raise DomainError("attempt.corrects", say("No earlier entry has this reference."), field="corrects")
    if old.account_id != account_id:
        words = say("The entry that it corrects is of another account.")
        raise DomainError("attempt.corrects", words, field="corrects")
    return old.id


def _member(session: Session, actor: Actor, name: str) -> int | None:
    if not name:
        return None
    mine = visible(User, actor).where(
        User.organisation_id == actor.organisation_id, User.user_name == name.strip().casefold()
    )
    found = session.scalar(mine.with_only_columns(User.id))
    if found is None:
        words = say("Nobody of your staff signs in by this name.")
        raise DomainError("attempt.staff", words, field="staff")
    return found
