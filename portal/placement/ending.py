"""How placements end, whoever ends them and why: one way for a batch, a recall, a return, a term, an exit.

What was never accepted ends as if it had never begun: an empty window, and the last day that earns lies before the
first. What was accepted ends now, and earns to the day before where it ends at midnight in the bank's zone (DESIGN
section 3.1). A batch of which nothing lives any more is over, and so is a recall; all rooms hear of it in the same
transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.bulk import one_at_a_time
from portal.foundation.database import summed
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.placement.bulk import day_before_start, stage_ids
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.placement.recall_models import (
    OPEN_LINES,
    OPEN_RECALLS,
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallState,
    RetentionLine,
)
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.foundation.work import Work

__all__ = ["Ending", "alone", "close_empty_recalls", "end_placements", "last_day", "live_of", "update_rows"]

OVER = (BatchState.REFUSED, BatchState.EXPIRED, BatchState.ENDED)


@dataclass(frozen=True)
class Ending:
    """Why placements end. `closure_code`: the field's code beside the reason, with a note; `reverse`: they were placed in error and
    count in no statistics; `last_on`: the last day that earns, where it is not the day on which they end."""

    reason: EndReason
    closure_code: str = ""
    closure_note: str = ""
    reverse: bool = False
    last_on: date | None = None


def alone(work: Work) -> None:
    """Until this transaction ends no other one ends placements or moves their recall dates.

    First thing in every operation that does, before it locks a row: so a payment that moves a date and the final recall
    of that day never cross, and two that end the same accounts wait for each other instead of for ever.
    """
    one_at_a_time(work.session, "placement.end")


def live_of(batch: PlacementBatch) -> sa.Select[tuple[int]]:
    """What still lives of a batch."""
    return sa.select(Placement.id).where(Placement.batch_id == batch.id, Placement.ended_at.is_(None))


def end_placements(work: Work, wanted: sa.Select[tuple[int]], ending: Ending) -> int:
    """End the live placements among those that the select of ids names; how many. The caller has asked who may."""
    alone(work)
    session = work.session
    ended = stage_ids(session, "ending_placement", wanted.where(Placement.ended_at.is_(None)))
    ended_on = ending.last_on or last_day(work.now, services().settings.time_zone)
    opened = Placement.accepted_at.is_not(None)
    reference = sa.select(Account.account_ref).where(Account.id == Placement.account_id).scalar_subquery()
    hooks.placements_ending(work, ended)
    changed = update_rows(
        work,
        Placement,
        Placement.id.in_(ended),
        ended_at=sa.case((opened, sa.literal(work.now, Placement.ended_at.type)), else_=Placement.starts_at),
        ended_on=sa.case((opened, sa.literal(ended_on, sa.Date())), else_=day_before_start(session)),
        end_reason=ending.reason,
        closure_code=ending.closure_code,
        closure_note=ending.closure_note,
        reverse=ending.reverse,
        past_ref=sa.case((opened, reference), else_=""),
    )
    _count_in_batches(work, ended)
    hooks.placements_ended(work, ended)
    _close_recalls(work, ended)
    _close_batches(work, ended)
    return changed


def update_rows(work: Work, model: type[Any], condition: sa.ColumnElement[bool], **values: Any) -> int:
    """Change rows as a set, behind the net; how many. What the session has read of them before is not renewed."""
    statement = sa.update(model).where(condition).values(**values).execution_options(synchronize_session=False)
    return int(work.session.execute(statement).rowcount)  # type: ignore[attr-defined]


def last_day(ended_at: datetime, time_zone: str) -> date:
    """The last day that earns of a placement that ends at an instant: that day in the bank's zone, or the day before
    where it ends at midnight (DESIGN section 3.1)."""
    local = ended_at.astimezone(ZoneInfo(time_zone))
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date() - timedelta(days=1) if midnight else local.date()


def _close_recalls(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """What was asked for or granted about these placements is settled by their end, whoever ended them."""
    lines = sa.select(RecallLine.id).where(RecallLine.placement_id.in_(ended), RecallLine.state.in_(OPEN_LINES))
    open_ones = sa.and_(Objection.recall_line_id.in_(lines), Objection.state == ObjectionState.OPEN)
    update_rows(work, Objection, open_ones, state=ObjectionState.VOID, decided_at=work.now)
    of_these = sa.and_(RecallLine.placement_id.in_(ended), RecallLine.state.in_(OPEN_LINES))
    update_rows(work, RecallLine, of_these, state=RecallLineState.ENDED)
    update_rows(work, RetentionLine, RetentionLine.placement_id.in_(ended), is_open=False)
    close_empty_recalls(work, sa.select(RecallLine.recall_id).where(RecallLine.placement_id.in_(ended)))


def close_empty_recalls(work: Work, recalls: sa.Select[tuple[int]]) -> None:
    """Recalls of which no line is open any more are done."""
    waiting = sa.exists().where(RecallLine.recall_id == Recall.id, RecallLine.state.in_(OPEN_LINES))
    empty = sa.and_(Recall.id.in_(recalls), Recall.state.in_(OPEN_RECALLS), ~waiting)
    update_rows(work, Recall, empty, state=RecallState.DONE, closed_at=work.now)


def _count_in_batches(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """Each batch knows how much of it has ended, so that what somebody holds is not counted out of all placements."""
    more = (
        sa.select(
            Placement.batch_id,
            sa.func.count().label("accounts"),
            summed(Placement.placed_total_minor).label("minor"),
        )
        .where(Placement.id.in_(ended))
        .group_by(Placement.batch_id)
        .subquery("more")
    )
    update_rows(
        work,
        PlacementBatch,
        PlacementBatch.id == more.c.batch_id,
        ended_count=PlacementBatch.ended_count + more.c.accounts,
        ended_minor=PlacementBatch.ended_minor + more.c.minor,
    )


def _close_batches(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """Batches of which nothing lives any more are over; who ended one as a whole has said so already."""
    touched = sa.select(Placement.batch_id).where(Placement.id.in_(ended))
    alive = sa.exists().where(Placement.batch_id == PlacementBatch.id, Placement.ended_at.is_(None))
    over = visible(PlacementBatch, work.actor).where(PlacementBatch.id.in_(touched), ~alive)
    for batch in work.session.scalars(over.order_by(PlacementBatch.id)).all():
        if batch.state not in OVER:
            batch.state, batch.ended_at = BatchState.ENDED, work.now
        work.session.flush()
        hooks.batch_ended(work, batch)
