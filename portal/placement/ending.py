"""How placements end, whoever ends them and why: one way for a batch, a recall, a return, a term, an exit.

What was never accepted ends as if it had never begun: an empty window, and the last day that earns lies before the
first. What was accepted ends now, and earns to the day before where it ends at midnight in the bank's zone (DESIGN
section 3.1). A batch of which nothing lives any more is over, and all rooms hear of both in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.placement.bulk import day_before_start, stage_ids
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.foundation.work import Work

__all__ = ["Ending", "end_placements", "last_day", "live_of"]

OVER = (BatchState.REFUSED, BatchState.EXPIRED, BatchState.ENDED)


@dataclass(frozen=True)
class Ending:
    """Why placements end. `closure_code`: the field's code beside the reason; `reverse`: they were placed in error and
    count in no statistics; `last_on`: the last day that earns, where it is not the day on which they end."""

    reason: EndReason
    closure_code: str = ""
    reverse: bool = False
    last_on: date | None = None


def live_of(batch: PlacementBatch) -> sa.Select[tuple[int]]:
    """What still lives of a batch."""
    return sa.select(Placement.id).where(Placement.batch_id == batch.id, Placement.ended_at.is_(None))


def end_placements(work: Work, wanted: sa.Select[tuple[int]], ending: Ending) -> int:
    """End the live placements among those that the select of ids names; how many. The caller has asked who may."""
    session = work.session
    ended = stage_ids(session, "ending_placement", wanted.where(Placement.ended_at.is_(None)))
    ended_on = ending.last_on or last_day(work.now, services().settings.time_zone)
    opened = Placement.accepted_at.is_not(None)
    reference = sa.select(Account.account_ref).where(Account.id == Placement.account_id).scalar_subquery()
    hooks.placements_ending(work, ended)
    changed = session.execute(
        sa.update(Placement)
        .where(Placement.id.in_(ended))
        .values(
            ended_at=sa.case((opened, sa.literal(work.now, Placement.ended_at.type)), else_=Placement.starts_at),
            ended_on=sa.case((opened, sa.literal(ended_on, sa.Date())), else_=day_before_start(session)),
            end_reason=ending.reason,
            closure_code=ending.closure_code,
            reverse=ending.reverse,
            past_ref=sa.case((opened, reference), else_=""),
        )
        .execution_options(synchronize_session=False)
    )
    hooks.placements_ended(work, ended)
    _close_batches(work, ended)
    return int(changed.rowcount)  # type: ignore[attr-defined]


def last_day(ended_at: datetime, time_zone: str) -> date:
    """The last day that earns of a placement that ends at an instant: that day in the bank's zone, or the day before
    where it ends at midnight (DESIGN section 3.1)."""
    local = ended_at.astimezone(ZoneInfo(time_zone))
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date() - timedelta(days=1) if midnight else local.date()


def _close_batches(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """Batches of which nothing lives any more are over; who ended one as a whole has said so already."""
    touched = sa.select(Placement.batch_id).where(Placement.id.in_(ended))
    alive = sa.exists().where(Placement.batch_id == PlacementBatch.id, Placement.ended_at.is_(None))
    batches = work.session.scalars(visible(PlacementBatch, work.actor).where(PlacementBatch.id.in_(touched), ~alive))
    for batch in batches.all():
        if batch.state not in OVER:
            batch.state, batch.ended_at = BatchState.ENDED, work.now
        work.session.flush()
        hooks.batch_ended(work, batch)
