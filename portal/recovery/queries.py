"""Reads of payments and their credit. The bank sees postings; an agency sees what it is credited with."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.access import Permission
from portal.foundation.database import summed
from portal.foundation.language import _l, from_data
from portal.foundation.panels import Panel
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.models import Placement
from portal.placement.recall_queries import placed_in_error
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.recovery.decisions import not_ended, not_superseded
from portal.recovery.models import EXCEPTIONS, Attribution, DayCredit, Decision, Payment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "count_exceptions", "credited_by_batch", "credited_in", "credits_of_account", "payments", "standing", "waits_for_somebody",
]  # fmt: skip

MOST_COUNTED = 1_000  # beyond that, the navigation need not know how many


def standing(actor: Actor) -> sa.Select[tuple[Attribution]]:
    """Decisions that no later one has superseded. Whoever lost a credit does not see to whom it went, but that it has."""
    wanted = visible(Attribution, actor).where(not_superseded())
    return wanted if actor.is_bank else wanted.where(not_ended(Attribution.id))


def payments(actor: Actor, *, exceptions: bool = False) -> sa.Select[Any]:
    """Payments with the decision on each and the account's reference; `exceptions`: only those credited to nobody."""
    wanted = (
        standing(actor)
        .add_columns(*account_reference(), Organisation.name, Organisation.name_en)
        .outerjoin(Account, Account.id == Attribution.account_id)
        .outerjoin(Placement, Placement.id == Attribution.placement_id)
        .outerjoin(Organisation, Organisation.id == Attribution.organisation_id)
    )
    return wanted.where(waits_for_somebody()) if exceptions else wanted


def waits_for_somebody() -> sa.ColumnElement[bool]:
    """Whether no rule decides a payment, and nobody has yet. What follows another payment is decided with that one."""
    return sa.and_(Attribution.decision.in_(EXCEPTIONS), Attribution.reverses_id.is_(None))


def count_exceptions(session: Session, actor: Actor) -> int:
    """How many payments are credited to nobody, a thousand at the most: this runs on every page."""
    waiting = standing(actor).where(waits_for_somebody()).with_only_columns(Attribution.id)
    return session.scalar(sa.select(sa.func.count()).select_from(waiting.limit(MOST_COUNTED).subquery())) or 0


def exceptions_among(session: Session, actor: Actor, attribution_ids: Sequence[int]) -> list[Attribution]:
    """Those of these decisions that wait for somebody."""
    wanted = standing(actor).where(Attribution.id.in_(attribution_ids), waits_for_somebody())
    return list(session.scalars(wanted.order_by(Attribution.paid_on, Attribution.id)))


def credits_of_account(session: Session, actor: Actor, account_id: int, most: int = 50) -> list[Attribution]:
    """The latest decisions on an account's payments that the actor may see."""
    wanted = standing(actor).where(Attribution.account_id == account_id)
    return list(session.scalars(wanted.order_by(Attribution.paid_on.desc(), Attribution.id.desc()).limit(most)))


def credited_in(session: Session, actor: Actor, first: date, last: date) -> dict[str, int]:
    """Credits with a value date in these days, both included, by currency in minor units; reversals are taken off, and
    what was placed in error counts nowhere."""
    owners = visible(Organisation, actor).with_only_columns(Organisation.id).subquery()
    found: dict[str, int] = defaultdict(int)
    for table, sign in _credits(actor):
        days = table.c.organisation_id == owners.c.id, table.c.paid_on.between(first, last)
        sums = sa.select(table.c.currency, summed(table.c.credit_minor)).select_from(owners).join(table, sa.and_(*days))
        for currency, total in session.execute(sums.group_by(table.c.currency)):
            found[currency] += sign * int(total)
    return dict(sorted(found.items()))


def credited_by_batch(
    session: Session, actor: Actor, batch_ids: Sequence[int]
) -> dict[int, tuple[tuple[date, int], ...]]:
    """What was credited to each of these batches by value date, in minor units of its currency, as `credited_in`."""
    found: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for table, sign in _credits(actor):
        sums = sa.select(table.c.batch_id, table.c.paid_on, summed(table.c.credit_minor)).where(
            table.c.batch_id.in_(batch_ids)
        )
        for batch_id, paid_on, total in session.execute(sums.group_by(table.c.batch_id, table.c.paid_on)):
            found[batch_id][paid_on] += sign * int(total)
    return {batch_id: tuple(sorted(days.items())) for batch_id, days in found.items()}


def _credits(actor: Actor) -> tuple[tuple[sa.Subquery, int], tuple[sa.Subquery, int]]:
    """What counts as recovered: the sums of days, less (the second) single credits of what was placed in error."""
    kept = (
        DayCredit.organisation_id,
        DayCredit.batch_id,
        DayCredit.currency,
        DayCredit.paid_on,
        DayCredit.credit_minor,
    )
    wrong = standing(actor).where(
        Attribution.decision == Decision.CREDITED, Attribution.placement_id.in_(placed_in_error())
    )
    taken_off = wrong.with_only_columns(*(getattr(Attribution, column.key) for column in kept))
    return (visible(DayCredit, actor).with_only_columns(*kept).subquery(), 1), (taken_off.subquery(), -1)


@hooks.credit_lines.register
def credit_lines(actor: Actor, import_run_id: int | None = None) -> sa.Select[Any]:
    """What payments brought, for rooms above that show it beside an account or a promise; see the hook."""
    lines = (
        standing(actor)
        .where(Attribution.decision == Decision.CREDITED)
        .with_only_columns(
            Attribution.account_id,
            Attribution.placement_id,
            Attribution.paid_on,
            Attribution.currency,
            Attribution.credit_minor,
            Attribution.payment_ref,
        )
    )
    if import_run_id is None:
        return lines
    return lines.join(Payment, Payment.id == Attribution.payment_id).where(Payment.import_run_id == import_run_id)


@hooks.payment_lines.register
def payment_lines(actor: Actor) -> sa.Select[Any]:
    """What debtors paid, credited or not; a reversal of which nobody knows the payment takes nothing back. See the hook."""
    return (
        standing(actor)
        .where(sa.or_(Attribution.amount_minor > 0, Attribution.reverses_id.is_not(None)))
        .with_only_columns(Attribution.account_id, Attribution.paid_on, Attribution.currency, Attribution.amount_minor)
    )


@hooks.account_panels.register
def payments_panel(session: Session, actor: Actor, account: Account) -> Panel | None:
    """The account's payments with the why of each credit."""
    if not actor.can(Permission.PAYMENTS_VIEW):
        return None
    found = [(credit, from_data(credit.trace)) for credit in credits_of_account(session, actor, account.id)]
    return Panel(_l("Payments"), "recovery/_account_payments.html", {"credits": found})
