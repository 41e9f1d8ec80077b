"""Set-based work of the contact room: a batch of a hundred thousand accounts comes into the queue in one statement.

One of the modules that may pass the net under ORM statements. Rows are taken from placements of one batch alone, and
carry the organisation of the placement.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from portal.contact.entries import try_by
from portal.contact.models import AttemptDay, CarriedPromise, Promise, PromiseState, WorkItem
from portal.foundation.bulk import insert_new
from portal.foundation.database import UtcDateTime, choice
from portal.placement.models import Placement, PlacementBatch
from portal.vendors.models import ContractVersion, PlacementKind
from portal.vendors.terms import work_days_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from portal.contact.models import ContactAttempt

__all__ = ["carry_promises", "close_work", "count_days", "open_batch", "settle_carried", "settle_promises"]

BROKEN_LOOKED_BACK_DAYS = 90  # a promise that was broken may still turn out kept, when its payment is posted late


def open_batch(session: Session, batch_id: int, today: date) -> None:
    """Put the live collection placements of a batch into their holder's queue; those that are there stay."""
    terms = sa.select(ContractVersion).join(PlacementBatch, PlacementBatch.contract_version_id == ContractVersion.id)
    standard_days = work_days_of(session.scalars(terms.where(PlacementBatch.id == batch_id)).one())
    new = sa.select(
        Placement.id,
        Placement.organisation_id,
        Placement.account_id,
        Placement.customer_id,
        sa.true(),
        sa.literal("new"),
        sa.literal(today, sa.Date()),
        sa.literal(standard_days),
        sa.literal(try_by(today, today, standard_days), sa.Date()),
        Placement.placed_total_minor,
        Placement.currency,
        sa.literal(0),
        sa.literal(""),
    ).where(
        Placement.batch_id == batch_id,
        Placement.kind == PlacementKind.COLLECTION,
        Placement.ended_at.is_(None),
    )
    columns = [
        "placement_id", "organisation_id", "account_id", "customer_id", "open", "next_kind", "next_on", "standard_days",
        "try_by", "value_minor", "currency", "attempts", "last_outcome",
    ]  # fmt: skip
    insert_new(session, WorkItem, columns, new.order_by(Placement.id))


def count_days(
    session: Session, zone: str, made: Iterable[ContactAttempt], taken_off: Iterable[ContactAttempt]
) -> None:
    """Add attempts to the days of those who made them, and take off what they correct. `zone`: the organisation's."""
    sums: defaultdict[tuple[int, int, date], list[int]] = defaultdict(lambda: [0, 0, 0])
    for attempts, sign in ((made, 1), (taken_off, -1)):
        for attempt in attempts:
            day = attempt.at.astimezone(ZoneInfo(zone)).date()
            of_day = sums[attempt.organisation_id, attempt.logged_by or 0, day]
            of_day[0] += sign
            of_day[1] += sign * (attempt.counts_as == "conversation")
            of_day[2] += sign * (attempt.verdict == "block")
    statement = _COUNT_DAY[session.connection().dialect.name]
    # in one order, so that two logs of one organisation wait for each other and never lock each other out
    for (organisation_id, user_id, day), (logged, reached, breaches) in sorted(sums.items()):
        values = {"organisation_id": organisation_id, "user_id": user_id, "day": day}
        session.execute(statement, values | {"logged": logged, "reached": reached, "breaches": breaches})


def _count_day(insert: Any) -> Any:
    """Adds to the figures of a day, or begins it. Made once: making it costs more than the deed."""
    figures = ("logged", "reached", "breaches")
    names = ("organisation_id", "user_id", "day", *figures)
    row = insert(AttemptDay).values({name: sa.bindparam(name) for name in names})
    added = {name: getattr(AttemptDay, name) + row.excluded[name] for name in figures}
    return row.on_conflict_do_update(index_elements=["organisation_id", "day", "user_id"], set_=added)


_COUNT_DAY = {"postgresql": _count_day(postgresql.insert), "sqlite": _count_day(sqlite.insert)}


def close_work(session: Session, ended: sa.Select[tuple[int]]) -> None:
    """Take placements that have ended out of the queue; what was logged stays."""
    session.execute(
        sa.update(WorkItem).where(WorkItem.placement_id.in_(ended)).values(open=False),
        execution_options={"synchronize_session": False},
    )


def carry_promises(session: Session, ending: sa.Select[tuple[int]], now: datetime, today: date) -> None:
    """Promises that are open when their placement ends go on with the account; who has them keeps them, closed.

    One whose days of grace have passed was not kept (a payment that is posted late still mends that).
    """
    unsynchronized = {"synchronize_session": False}
    ends = sa.and_(Promise.placement_id.in_(ending), Promise.state == PromiseState.OPEN)
    session.execute(
        sa.update(Promise).where(ends, Promise.kept_until < today).values(state=PromiseState.BROKEN),
        execution_options=unsynchronized,
    )
    ahead = (
        sa.select(
            Promise.id,
            Promise.account_id,
            Placement.round,
            Promise.amount_minor,
            Promise.currency,
            Promise.made_on,
            Promise.promised_on,
            Promise.kept_until,
            sa.literal(PromiseState.OPEN, choice(PromiseState)),
            sa.literal(now, UtcDateTime()),
        )
        .join(Placement, Placement.id == Promise.placement_id)
        .where(ends)
    )
    columns = [
        "promise_id", "account_id", "round", "amount_minor", "currency", "made_on", "promised_on", "kept_until", "state",
        "carried_at",
    ]  # fmt: skip
    session.execute(sa.insert(CarriedPromise).from_select(columns, ahead.order_by(Promise.id)))
    session.execute(sa.update(Promise).where(ends).values(state=PromiseState.CARRIED), execution_options=unsynchronized)


def settle_promises(session: Session, lines: sa.Select[Any], today: date) -> None:
    """Promises are kept by credits whose value date lies between the day they were made and the last day of grace.

    Of several days that were promised at once, what was paid goes to the first one first. `lines`: see
    `hooks.credit_lines`. What is not kept when its days have passed is broken; a payment that is posted late mends that.
    An account whose promise is kept waits for the next day of it, or goes back to the rest of the queue.
    """
    brought = lines.subquery()
    unsynchronized = {"synchronize_session": False}
    recent = date.fromordinal(today.toordinal() - BROKEN_LOOKED_BACK_DAYS)
    waiting = sa.or_(
        Promise.state == PromiseState.OPEN,
        sa.and_(Promise.state == PromiseState.BROKEN, Promise.promised_on >= recent),
    )
    paid = _paid(Promise, brought.c.credit_minor, brought) >= _owed_by(Promise)
    other = aliased(Promise)
    following = (
        sa.select(sa.func.min(other.promised_on))
        .where(other.placement_id == WorkItem.placement_id, other.state == PromiseState.OPEN)
        .where(_paid(other, brought.c.credit_minor, brought) < _owed_by(other))
        .correlate(WorkItem)
        .scalar_subquery()
    )
    kept = sa.select(Promise.placement_id).where(waiting, paid)
    session.execute(
        sa.update(WorkItem)
        .where(WorkItem.next_kind.in_(["promise", "broken"]), WorkItem.placement_id.in_(kept))
        .values(
            next_kind=sa.case((following.is_not(None), "promise"), else_="rest"),
            next_on=sa.func.coalesce(following, today),
        ),
        execution_options=unsynchronized,
    )
    session.execute(
        sa.update(Promise).where(waiting, paid).values(state=PromiseState.KEPT),
        execution_options=unsynchronized,
    )
    session.execute(
        sa.update(Promise)
        .where(Promise.state == PromiseState.OPEN, Promise.kept_until < today)
        .values(state=PromiseState.BROKEN),
        execution_options=unsynchronized,
    )


def _paid(promise: Any, amount: Any, brought: sa.Subquery) -> sa.ScalarSelect[int]:
    """What was paid in the days that keep a promise."""
    return (
        sa.select(sa.func.coalesce(sa.func.sum(amount), 0))
        .where(brought.c.account_id == promise.account_id, brought.c.currency == promise.currency)
        .where(brought.c.paid_on >= promise.made_on, brought.c.paid_on <= promise.kept_until)
        .correlate(promise)
        .scalar_subquery()
    )


def _owed_by(promise: Any) -> sa.ScalarSelect[int]:
    """What was promised at once with a promise, up to its day."""
    earlier = aliased(Promise)
    return (
        sa.select(sa.func.sum(earlier.amount_minor))
        .where(earlier.attempt_id == promise.attempt_id, earlier.promised_on <= promise.promised_on)
        .correlate(promise)
        .scalar_subquery()
    )


def settle_carried(session: Session, lines: sa.Select[Any], today: date) -> None:
    """The same for promises that went on with their account: any payment of the account keeps them, whoever is credited.

    `lines`: see `hooks.payment_lines`.
    """
    brought = lines.subquery()
    first, earlier = aliased(Promise), aliased(Promise)
    owed = (
        sa.select(sa.func.sum(earlier.amount_minor))
        .join(first, first.attempt_id == earlier.attempt_id)
        .where(first.id == CarriedPromise.promise_id, earlier.promised_on <= CarriedPromise.promised_on)
        .correlate(CarriedPromise)
        .scalar_subquery()
    )
    paid = _paid(CarriedPromise, brought.c.amount_minor, brought) >= owed
    recent = date.fromordinal(today.toordinal() - BROKEN_LOOKED_BACK_DAYS)
    broken = sa.and_(CarriedPromise.state == PromiseState.BROKEN, CarriedPromise.promised_on >= recent)
    waiting = sa.or_(CarriedPromise.state == PromiseState.OPEN, broken)
    late = sa.and_(CarriedPromise.state == PromiseState.OPEN, CarriedPromise.kept_until < today)
    for condition, state in ((sa.and_(waiting, paid), PromiseState.KEPT), (late, PromiseState.BROKEN)):
        session.execute(
            sa.update(CarriedPromise).where(condition).values(state=state),
            execution_options={"synchronize_session": False},
        )
