"""Reads of complaints: the list, one with its entries, whom they can be about, what waits for a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact import threads
from portal.contact.complaints.codes import ComplaintState
from portal.contact.complaints.models import Complaint, ComplaintEvent
from portal.foundation.access import Permission
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.portfolio.models import Account
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "account_of", "complaint_for", "complaints", "event_for", "events_of", "first_due", "holders_ever", "of_account", "open_behind", "texts_of", "unanswered", "waiting",
]  # fmt: skip

MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many
MOST_OF_ACCOUNT = 20
Owner = aliased(User)


def complaints(actor: Actor) -> sa.Select[Any]:
    """Complaints that the actor may know of, each with its organisation, its owner's name and the account's reference as
    far as the account is open to the actor."""
    return (
        visible(Complaint, actor)
        .outerjoin(Organisation, Organisation.id == Complaint.organisation_id)
        .outerjoin(Placement, Placement.id == Complaint.placement_id)
        .outerjoin(Account, Account.id == Complaint.account_id)
        .outerjoin(Owner, Owner.id == Complaint.owner_id)
        .add_columns(
            Organisation,
            Owner.name.label("owner"),
            sa.func.coalesce(Account.account_ref, Placement.past_ref, "").label("account_ref"),
            Account.id.label("open_id"),
        )
    )


def complaint_for(session: Session, actor: Actor, complaint_id: int) -> Any:
    """One complaint as in the list; NotFound where there is none that the actor may know of."""
    row = session.execute(complaints(actor).where(Complaint.id == complaint_id)).first()
    if row is None:
        raise NotFound
    return row


def of_account(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """The latest complaints about an account that the actor may know of."""
    wanted = complaints(actor).where(Complaint.account_id == account_id)
    return session.execute(wanted.order_by(Complaint.id.desc()).limit(MOST_OF_ACCOUNT)).all()


def account_of(actor: Actor, complaint_id: int) -> int:
    """The account that a complaint is about. NotFound as `complaint_for`."""
    return threads.account_of(actor, Complaint, complaint_id)


def events_of(session: Session, actor: Actor, complaint_id: int) -> Sequence[Any]:
    """As `threads.entries_of`."""
    return threads.entries_of(session, actor, ComplaintEvent, ComplaintEvent.complaint_id == complaint_id)


def texts_of(session: Session, actor: Actor, complaint: Complaint) -> dict[int, str] | None:
    """As `threads.texts_of`."""
    of_it = ComplaintEvent.complaint_id == complaint.id
    return threads.texts_of(session, actor, complaint.account_id, ComplaintEvent, of_it, "complaint")


def event_for(session: Session, actor: Actor, event_id: int) -> Any:
    """As `threads.entry_for`."""
    return threads.entry_for(session, actor, ComplaintEvent, Complaint, ComplaintEvent.complaint_id, event_id)


def open_behind(
    session: Session, actor: Actor, hold_ids: Collection[int], account_ids: Collection[int]
) -> list[Complaint]:
    """Open complaints, the first one first, that these holds of these accounts stand for."""
    wanted = visible(Complaint, actor).where(
        Complaint.account_id.in_(account_ids), Complaint.hold_id.in_(hold_ids), Complaint.state == ComplaintState.OPEN
    )
    return list(session.scalars(wanted.order_by(Complaint.id)))


# --- whom a complaint can be about --------------------------------------------------------------------------------------


def holders_ever(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """Placements of an account that were accepted, as far as the actor may see them, each with its organisation and the
    contract's hours for an answer: who holds it now first, then the latest."""
    wanted = (
        visible(Placement, actor)
        .join(Organisation, Organisation.id == Placement.organisation_id)
        .join(ContractVersion, ContractVersion.id == Placement.contract_version_id)
        .add_columns(Organisation, ContractVersion.answer_hours.label("answer_hours"))
        .where(Placement.account_id == account_id, Placement.accepted_at.is_not(None))
    )
    live_first = (Placement.ended_at.is_not(None), Placement.starts_at.desc(), Placement.id.desc())
    return session.execute(wanted.order_by(*live_first).limit(50)).all()


def placement_now(session: Session, actor: Actor, complaint: Complaint) -> int | None:
    """The placement by which the organisation of a complaint holds the account now, so that it can read what it is asked."""
    wanted = visible(Placement, actor).where(
        Placement.account_id == complaint.account_id, Placement.organisation_id == complaint.organisation_id,
        Placement.accepted_at.is_not(None), Placement.ended_at.is_(None),
    )  # fmt: skip
    # a letter may stand beside it, but who works the account is asked
    in_order = wanted.order_by(Placement.kind == PlacementKind.LETTER, Placement.id)
    return session.scalar(in_order.with_only_columns(Placement.id).limit(1))


# --- what waits ---------------------------------------------------------------------------------------------------------


def waiting(session: Session, actor: Actor) -> int:
    """How many complaints wait for this person: at the bank those that nobody or they own, elsewhere what was asked."""
    some = _waiting(actor).with_only_columns(Complaint.id).limit(MOST_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def first_due(session: Session, actor: Actor) -> date | datetime | None:
    """The first deadline of them."""
    due = Complaint.due_on if actor.is_bank else Complaint.question_due_at
    found: date | datetime | None = session.scalar(_waiting(actor).with_only_columns(sa.func.min(due)))
    return found


def unanswered(session: Session, actor: Actor, now: datetime) -> tuple[int, datetime | None]:
    """How many of the complaints that wait for this person stand still because an organisation's reply is overdue, and since
    when the first of them is."""
    late = _waiting(actor).where(Complaint.question_due_at < now).with_only_columns(Complaint.question_due_at)
    some = late.limit(MOST_COUNTED).subquery()
    count, first = session.execute(
        sa.select(sa.func.count(), sa.func.min(some.c.question_due_at)).select_from(some)
    ).one()
    return count, first


def received_within(session: Session, actor: Actor, first: date, last: date) -> int:
    """How many complaints came in these days, both ends included."""
    wanted = visible(Complaint, actor).where(Complaint.received_on >= first, Complaint.received_on <= last)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


def _waiting(actor: Actor) -> sa.Select[Any]:
    still_open = visible(Complaint, actor).where(Complaint.state == ComplaintState.OPEN)
    if not actor.is_bank:
        return still_open.where(Complaint.question_due_at.is_not(None))
    if not actor.can(Permission.COMPLAINTS_MANAGE):
        return still_open.where(sa.false())
    return still_open.where(sa.or_(Complaint.owner_id.is_(None), Complaint.owner_id == actor.user_id))
