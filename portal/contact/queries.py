"""What the workbench shows: who holds an account, its history as one line of time, promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.authors import by_interface
from portal.contact.conduct import Question
from portal.contact.entries import POINT_KINDS, whose_number
from portal.contact.facts import Checked, check_contact, facts_of
from portal.contact.history import Debtor
from portal.contact.models import CarriedPromise, Channel, ContactAttempt, EvidenceFile, Promise, PromiseState, WorkItem
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import PROVED_WRONG, Account, ContactKind, ContactPoint, Customer, Hold
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "PointCheck", "Standing", "attempts_of", "callback_of", "carried_promises_of", "contact_points", "currency_of", "has_number", "held_account", "held_debts", "holds_of", "own_attempt", "point_of_person", "promise_state",
    "promised_within", "promises_of", "promises_statement", "standing_of",
]  # fmt: skip

LONGEST_HISTORY = 200
_LATER = aliased(ContactAttempt)  # made once: making it costs more than asking by it


def held_account(session: Session, actor: Actor, account_id: int) -> tuple[Placement, Account, Customer] | None:
    """The live collection placement by which the actor's organisation holds an account, with account and person."""
    row = session.execute(
        visible(Placement, actor)
        .join(Account, Account.id == Placement.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .add_columns(Account, Customer)
        .where(
            Placement.account_id == account_id,
            Placement.organisation_id == actor.organisation_id,
            Placement.kind == PlacementKind.COLLECTION,
            Placement.accepted_at.is_not(None),
            Placement.ended_at.is_(None),
        )
    ).first()
    return (row[0], row[1], row[2]) if row else None


def currency_of(session: Session, actor: Actor, account_id: int) -> str:
    """The currency of an account that the actor may see. NotFound otherwise."""
    currency = session.scalar(
        visible(Account, actor).where(Account.id == account_id).with_only_columns(Account.currency)
    )
    if currency is None:
        raise NotFound
    return currency


def held_debts(session: Session, actor: Actor, customer_id: int) -> dict[int, str]:
    """The references of a person's accounts that the actor's organisation holds for collection, by account."""
    held = (
        visible(Placement, actor)
        .join(Account, Account.id == Placement.account_id)
        .where(
            Placement.customer_id == customer_id,
            Placement.organisation_id == actor.organisation_id,
            Placement.kind == PlacementKind.COLLECTION,
            Placement.accepted_at.is_not(None),
            Placement.ended_at.is_(None),
        )
        .with_only_columns(Account.id, Account.account_ref)
        .order_by(Account.account_ref)
    )
    return {row.id: row.account_ref for row in session.execute(held)}


def contact_points(session: Session, actor: Actor, customer_id: int) -> Sequence[ContactPoint]:
    """A person's numbers and addresses in their order."""
    return session.scalars(
        visible(ContactPoint, actor)
        .where(ContactPoint.customer_id == customer_id)
        .order_by(ContactPoint.position, ContactPoint.id)
        .limit(50)
    ).all()


def point_of_person(session: Session, actor: Actor, customer_id: int, point_id: int | None) -> ContactPoint | None:
    """The person's contact point of this key; None where none was named or it is another's."""
    if point_id is None:
        return None
    wanted = visible(ContactPoint, actor).where(ContactPoint.id == point_id, ContactPoint.customer_id == customer_id)
    return session.scalar(wanted)


def has_number(session: Session, actor: Actor, customer_id: int) -> bool:
    """Whether a number of the person is known that did not prove wrong."""
    usable = visible(ContactPoint, actor).where(
        ContactPoint.customer_id == customer_id,
        ContactPoint.kind == ContactKind.PHONE,
        ContactPoint.status.not_in(PROVED_WRONG),
    )
    return session.scalar(usable.with_only_columns(ContactPoint.id).limit(1)) is not None


def own_attempt(session: Session, actor: Actor, account_id: int, attempt_id: int | None) -> ContactAttempt | None:
    """An entry of the actor's organisation on this account; None where none was named or it is none of them."""
    if attempt_id is None:
        return None
    wanted = visible(ContactAttempt, actor).where(
        ContactAttempt.id == attempt_id, ContactAttempt.account_id == account_id,
        ContactAttempt.organisation_id == actor.organisation_id,
    )  # fmt: skip
    return session.scalar(wanted)


def callback_of(session: Session, actor: Actor, placement_id: int) -> datetime | None:
    """The call-back for which a placement waits in the queue."""
    item = session.scalar(visible(WorkItem, actor).where(WorkItem.placement_id == placement_id))
    return item.next_at if item is not None and item.next_kind == "callback" else None


@dataclass(frozen=True, slots=True)
class PointCheck:
    """A contact point and, for a number, whether it may be called now. `digit`: the key that chooses it."""

    point: ContactPoint
    digit: str
    call: Checked | None

    @property
    def serves(self) -> bool:
        """Whether it is a number of the debtor's own by which they may be reached, as far as is known."""
        return self.call is not None and self.point.relation == "self" and self.point.status not in PROVED_WRONG


@dataclass(frozen=True, slots=True)
class Standing:
    """What may be done with an account at an instant: by channel, before a number is chosen, and by number."""

    channels: dict[str, Checked]
    points: tuple[PointCheck, ...]

    @property
    def call(self) -> Checked:
        """Whether a call to the debtor is allowed: by the best of the debtor's numbers."""
        own = [p.call for p in self.points if p.call is not None and p.serves]
        return min(own, key=lambda c: (c.decision.is_blocked, len(c.decision.findings)), default=self.channels["call"])


def standing_of(session: Session, actor: Actor, account: Account, customer: Customer, now: datetime) -> Standing:
    """Ask the conduct rules about every way of contact and every number of an account. Numbers that proved wrong come last."""
    facts = facts_of(session, actor, [Debtor.of(account, customer)], now, log=True)[account.id]
    channels = {c.value: check_contact(facts, Question(now, c.value)) for c in Channel}
    points = []
    known = sorted(contact_points(session, actor, customer.id), key=lambda point: point.status in PROVED_WRONG)
    for digit, point in enumerate(known, 1):
        call = None
        if point.kind is POINT_KINDS[Channel.CALL]:
            call = check_contact(facts, Question(now, "call", to=whose_number(point), point=point.id))
        points.append(PointCheck(point, str(digit) if digit < 10 else "", call))
    return Standing(channels, tuple(points))


# --- history ----------------------------------------------------------------------------------------------------------


def attempts_of(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """Attempts that the actor may see, latest first, each with who logged it, the number of its correction, and that of its
    recording where it is here."""
    named = sa.and_(
        EvidenceFile.organisation_id == ContactAttempt.organisation_id,
        EvidenceFile.name == ContactAttempt.evidence_name,
        ContactAttempt.evidence_name != "",
    )
    return session.execute(
        visible(ContactAttempt, actor)
        .join(Organisation, Organisation.id == ContactAttempt.organisation_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .outerjoin(_LATER, _LATER.corrects_id == ContactAttempt.id)
        .outerjoin(EvidenceFile, named)
        .add_columns(User.name.label("who"), Organisation.name.label("organisation"), _LATER.id.label("corrected_by"))
        .add_columns(EvidenceFile.id.label("evidence_id"), by_interface().label("by_interface"))
        .where(ContactAttempt.account_id == account_id)
        .order_by(ContactAttempt.at.desc(), ContactAttempt.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


def promises_of(session: Session, actor: Actor, account_id: int) -> Sequence[Promise]:
    """An account's promises that the actor may see, latest first."""
    return session.scalars(
        visible(Promise, actor)
        .where(Promise.account_id == account_id)
        .order_by(Promise.created_at.desc(), Promise.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


def carried_promises_of(session: Session, actor: Actor, account_id: int) -> Sequence[CarriedPromise]:
    """What was promised on an account while it was with an earlier holder, latest first."""
    return session.scalars(
        visible(CarriedPromise, actor)
        .where(CarriedPromise.account_id == account_id)
        .order_by(CarriedPromise.promised_on.desc(), CarriedPromise.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


def holds_of(session: Session, actor: Actor, account: Account) -> Sequence[Hold]:
    """Holds on the account or on its person, released ones included."""
    return session.scalars(
        visible(Hold, actor)
        .where(Hold.customer_id == account.customer_id)
        .where(sa.or_(Hold.account_id.is_(None), Hold.account_id == account.id))
        .order_by(Hold.raised_at.desc(), Hold.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


# --- lists ------------------------------------------------------------------------------------------------------------


def promises_statement(actor: Actor) -> sa.Select[Any]:
    """Promises with their account and person, as far as these are still open to the actor; replaced ones are left out."""
    return (
        visible(Promise, actor)
        .join(Placement, Placement.id == Promise.placement_id)
        .outerjoin(Account, Account.id == Promise.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .add_columns(*account_reference(), Customer.name_masked.label("name"))
        .where(Promise.state != PromiseState.REPLACED)
    )


def promise_state(statement: sa.Select[Any], state: str, today: date) -> sa.Select[Any]:
    """Promises in a state as people see it: an open one whose days of grace have passed is not kept."""
    if state in ("kept", "carried"):
        return statement.where(Promise.state == PromiseState(state))
    if state == "broken":
        late = sa.and_(Promise.state == PromiseState.OPEN, Promise.kept_until < today)
        return statement.where(sa.or_(Promise.state == PromiseState.BROKEN, late))
    if state == "grace":
        in_grace = sa.and_(Promise.promised_on < today, Promise.kept_until >= today)
        return statement.where(Promise.state == PromiseState.OPEN, in_grace)
    ahead = Promise.promised_on == today if state == "today" else Promise.promised_on > today
    return statement.where(Promise.state == PromiseState.OPEN, ahead)


def promised_within(statement: sa.Select[Any], days: tuple[date | None, date | None]) -> sa.Select[Any]:
    """Promises for a period, both ends included."""
    first, last = days
    if first is not None:
        statement = statement.where(Promise.promised_on >= first)
    return statement if last is None else statement.where(Promise.promised_on <= last)
