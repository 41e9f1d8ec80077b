"""Reads of arrangements: lists, one with all that belongs to it, what stands on an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from portal.contact.advice import HARDSHIP
from portal.contact.arrangements.models import LIVE, Arrangement, ArrangementState, IncomeStatement
from portal.contact.models import ContactAttempt
from portal.contact.queries import LONGEST_HISTORY
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.portfolio.models import Account, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "MOST_COUNTED", "arrangement_for", "arrangements_of", "cause_of", "first_day_to_decide", "in_state", "listed", "live_on", "reason_of", "to_decide",
]  # fmt: skip

MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many


def listed(actor: Actor) -> sa.Select[Any]:
    """Arrangements with account and person: the bank's list of all, an agency's of those that it drew up and still holds."""
    statement = (
        visible(Arrangement, actor)
        .join(Account, Account.id == Arrangement.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .join(Organisation, Organisation.id == Arrangement.organisation_id)
        .add_columns(Account.account_ref, Customer.name_masked.label("name"), Organisation)
    )
    return statement if actor.is_bank else statement.where(Arrangement.organisation_id == actor.organisation_id)


def in_state(statement: sa.Select[Any], state: str, today: date) -> sa.Select[Any]:
    """Arrangements in a state as people see it; `late`: in force, and a part is late."""
    if state == "late":
        return statement.where(Arrangement.state == ArrangementState.AGREED, Arrangement.next_due_on < today)
    return statement.where(Arrangement.state == ArrangementState(state))


def arrangement_for(session: Session, actor: Actor, arrangement_id: int) -> Any:
    """One with its parts, statement, account, person, organisation, and the names of who made and decided it. NotFound."""
    maker, decider = aliased(User), aliased(User)
    row = session.execute(
        visible(Arrangement, actor)
        .join(Account, Account.id == Arrangement.account_id)
        .join(Customer, Customer.id == Account.customer_id)
        .join(Organisation, Organisation.id == Arrangement.organisation_id)
        .outerjoin(maker, maker.id == Arrangement.made_by)
        .outerjoin(decider, decider.id == Arrangement.decided_by)
        .add_columns(Account, Customer, Organisation, maker.name.label("maker"), decider.name.label("decider"))
        .where(Arrangement.id == arrangement_id)
        .options(
            selectinload(Arrangement.instalments),
            selectinload(Arrangement.statement).selectinload(IncomeStatement.proofs),
        )
    ).first()
    if row is None:
        raise NotFound
    return row


def live_on(session: Session, actor: Actor, account_id: int) -> Arrangement | None:
    """What is proposed, offered or in force on an account."""
    return session.scalar(
        visible(Arrangement, actor).where(Arrangement.account_id == account_id, Arrangement.state.in_(LIVE))
    )


def arrangements_of(session: Session, actor: Actor, account_id: int) -> Sequence[Arrangement]:
    """An account's arrangements, the latest first."""
    return session.scalars(
        visible(Arrangement, actor)
        .where(Arrangement.account_id == account_id)
        .order_by(Arrangement.id.desc())
        .limit(LONGEST_HISTORY)
    ).all()


def to_decide(session: Session, actor: Actor) -> int:
    """How many wait for the bank, a thousand at the most: this runs on every page."""
    waiting = visible(Arrangement, actor).where(
        Arrangement.state == ArrangementState.PROPOSED, Arrangement.made_by.is_distinct_from(actor.user_id)
    )
    some = waiting.with_only_columns(Arrangement.id).limit(MOST_COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def first_day_to_decide(session: Session, actor: Actor) -> date | None:
    """The first last day of what waits for the bank."""
    waiting = visible(Arrangement, actor).where(Arrangement.state == ArrangementState.PROPOSED)
    return session.scalar(waiting.with_only_columns(sa.func.min(Arrangement.valid_until)))


def reason_of(session: Session, actor: Actor, account_id: int) -> str:
    """Why the debtor is behind, as it was said last to the actor's organisation; empty where nobody asked."""
    found = _last_said(session, actor, account_id, ContactAttempt.reason_behind != "")
    return found.reason_behind if found else ""


def cause_of(session: Session, actor: Actor, account_id: int) -> str:
    """The same, or `hardship` where that was said last, without its reason."""
    says = sa.or_(ContactAttempt.reason_behind != "", ContactAttempt.outcome == HARDSHIP)
    found = _last_said(session, actor, account_id, says)
    return (found.reason_behind or HARDSHIP) if found else ""


def _last_said(session: Session, actor: Actor, account_id: int, says: sa.ColumnElement[bool]) -> ContactAttempt | None:
    """The last attempt on the account that says something and stands as it was logged."""
    later = aliased(ContactAttempt)
    return session.scalar(
        visible(ContactAttempt, actor)
        .where(ContactAttempt.account_id == account_id, says)
        .where(~sa.select(later.id).where(later.corrects_id == ContactAttempt.id).exists())
        .order_by(ContactAttempt.at.desc(), ContactAttempt.id.desc())
        .limit(1)
    )
