"""A day's work: what was logged on it, by one person or by the whole agency, and what it came to.

An attempt stays with whoever made it. Where its account has gone back, the account's reference is what the placement kept
of it and the person's name is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.authors import by_interface
from portal.contact.models import ContactAttempt, Promise
from portal.foundation.access import Permission
from portal.foundation.language import Message, say
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.placement.models import Placement
from portal.placement.references import account_reference
from portal.portfolio.models import Account, Customer

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Span", "Work", "attempts_statement", "before", "people", "read_day", "span_of", "work_by_person", "work_of"]

Span = tuple[datetime, datetime]
FIRST_DAY = date(1990, 1, 1)  # nothing here is older; keeps odd addresses away from the calendar's ends


def read_day(written: str, today: date) -> tuple[date, Message | None]:
    """The day that an address names, today where it names none or none that can be meant, which the message says."""
    if not written.strip():
        return today, None
    try:
        day = date.fromisoformat(written.strip())
    except ValueError:
        return today, say("Write the date as year-month-day, for example 2026-11-20.")
    if FIRST_DAY <= day <= today:
        return day, None
    return today, say("Choose a day that is not ahead of today; this is today.")


def before(day: date) -> date | None:
    """The day before, as far back as days can be chosen."""
    return day - timedelta(days=1) if day > FIRST_DAY else None


def span_of(day: date, zone: ZoneInfo) -> Span:
    """The first instant of a local day and the first of the next; a day of a clock change has 23 or 25 hours."""
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


def people(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Whose days the actor may look at beside the own one: who leads, all of the own organisation; else nobody."""
    if not actor.can(Permission.USERS_VIEW):
        return []
    mine = visible(User, actor).where(User.organisation_id == actor.organisation_id).order_by(User.name, User.id)
    return [(user.id, user.name) for user in session.scalars(mine)]


def attempts_statement(actor: Actor, span: Span, user_id: int | None) -> sa.Select[Any]:
    """What was logged in a span by one person, or by the whole organisation for None; what was corrected is left out."""
    begins, ends = span
    later = aliased(ContactAttempt)
    statement = (
        visible(ContactAttempt, actor)
        .join(Placement, Placement.id == ContactAttempt.placement_id)
        .outerjoin(Account, Account.id == ContactAttempt.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(User, User.id == ContactAttempt.logged_by)
        .add_columns(*account_reference(), Customer.name_masked.label("name"), User.name.label("who"))
        .add_columns(by_interface().label("by_interface"))
        .where(ContactAttempt.organisation_id == actor.organisation_id)
        .where(ContactAttempt.at >= begins, ContactAttempt.at < ends)
        .where(~sa.exists().where(later.corrects_id == ContactAttempt.id))
    )
    return statement if user_id is None else statement.where(ContactAttempt.logged_by == user_id)


@dataclass(frozen=True, slots=True)
class Work:
    """What a day came to. Amounts promised, in minor units by currency. Reached: the right party was spoken to."""

    logged: int
    reached: int
    promises: int
    promised: dict[str, int]


def work_of(session: Session, actor: Actor, span: Span, user_id: int | None) -> Work:
    """The figures of the same attempts as `attempts_statement`."""
    attempts = attempts_statement(actor, span, user_id)
    counted = attempts.with_only_columns(ContactAttempt.id, ContactAttempt.counts_as).subquery()
    spoke = sa.func.sum(sa.case((counted.c.counts_as == "conversation", 1), else_=0))
    logged, reached = session.execute(sa.select(sa.func.count(), spoke).select_from(counted)).one()
    rows = session.execute(
        sa.select(Promise.currency, sa.func.count(), sa.func.sum(Promise.amount_minor))
        .join(counted, counted.c.id == Promise.attempt_id)
        .group_by(Promise.currency)
        .order_by(Promise.currency)
    ).all()
    promised = {currency: int(total) for currency, _, total in rows}
    return Work(logged, int(reached or 0), sum(count for _, count, _ in rows), promised)


def work_by_person(session: Session, actor: Actor, span: Span) -> dict[int, Work]:
    """The same figures for everybody of the organisation who logged something, by their number."""
    attempts = attempts_statement(actor, span, None)
    counted = attempts.with_only_columns(
        ContactAttempt.id, ContactAttempt.logged_by, ContactAttempt.counts_as
    ).subquery()
    spoke = sa.func.sum(sa.case((counted.c.counts_as == "conversation", 1), else_=0))
    by_person = sa.select(counted.c.logged_by, sa.func.count(), spoke).where(counted.c.logged_by.is_not(None))
    found = {
        user_id: Work(logged, int(reached or 0), 0, {})
        for user_id, logged, reached in session.execute(by_person.group_by(counted.c.logged_by))
    }
    promised = (
        sa.select(counted.c.logged_by, Promise.currency, sa.func.count(), sa.func.sum(Promise.amount_minor))
        .join(counted, counted.c.id == Promise.attempt_id)
        .where(counted.c.logged_by.is_not(None))
        .group_by(counted.c.logged_by, Promise.currency)
        .order_by(Promise.currency)
    )
    for user_id, currency, number, total in session.execute(promised):
        work = found[user_id]
        amounts = work.promised | {currency: int(total)}
        found[user_id] = Work(work.logged, work.reached, work.promises + number, amounts)
    return found
