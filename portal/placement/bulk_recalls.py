"""Lines of recalls and retentions, and moves of dates, written as sets.

INSERT … SELECT and UPDATE by a staged set pass the net under ORM statements (DESIGN section 6), so they stand here. Ids
come from selects that the caller's own session has staged through its policies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.bulk import insert_rows, stage_rows
from portal.foundation.visibility import actor_of
from portal.placement.bulk import stage_ids
from portal.placement.models import Placement
from portal.placement.recall_models import RecallLine, RecallLineState, RecallMove, RetentionLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.placement.recall_dates import Days
    from portal.placement.recall_models import MoveCause

__all__ = ["Move", "set_final_days", "stage_numbers", "write_lines", "write_moves", "write_retention_lines"]

# placement, its organisation, what moved it (payment_ref or a number), from, to
Move = tuple[int, int, str, "Days", "Days"]
MOVE_COLUMNS = (
    "placement_id", "organisation_id", "cause", "reference", "term_before", "term_after", "final_before", "final_after",
    "moved_at",
)  # fmt: skip


def stage_numbers(session: Session, name: str, numbers: Iterable[int]) -> sa.Select[tuple[int]]:
    """Ids that somebody names, as a select: there may be more of them than a statement takes."""
    staged = stage_rows(session, name, [sa.Column("id", sa.BigInteger(), primary_key=True)], ((n,) for n in numbers))
    return sa.select(staged.c.id)


def write_lines(
    session: Session, recall_id: int, organisation_id: int, chosen: sa.Select[tuple[int]],
    state: RecallLineState = RecallLineState.ASKED,
) -> int:  # fmt: skip
    """A line of the recall for each of the chosen placements of the organisation; how many."""
    rows = sa.select(
        sa.literal(recall_id, sa.BigInteger),
        Placement.organisation_id,
        Placement.id,
        Placement.account_id,
        sa.literal(state.value),
    ).where(Placement.id.in_(chosen), Placement.organisation_id == organisation_id)
    columns = ["recall_id", "organisation_id", "placement_id", "account_id", "state"]
    return _count(session, sa.insert(RecallLine).from_select(columns, rows.order_by(Placement.id)))


def write_retention_lines(session: Session, retention_id: int, chosen: sa.Select[tuple[int]]) -> int:
    """A line of the retention for each of the chosen placements; how many."""
    rows = sa.select(
        sa.literal(retention_id, sa.BigInteger),
        Placement.organisation_id,
        Placement.id,
        Placement.account_id,
        sa.true(),
    ).where(Placement.id.in_(chosen))
    columns = ["retention_id", "organisation_id", "placement_id", "account_id", "is_open"]
    return _count(session, sa.insert(RetentionLine).from_select(columns, rows.order_by(Placement.id)))


def write_moves(session: Session, cause: MoveCause, moves: Sequence[Move], at: datetime) -> int:
    """Move the dates of placements and of their pending recalls, and keep what moved them. Several moves of one
    placement stand in their order; the last one counts. How many placements moved."""
    rows = (
        (placement, owner, cause.value, reference, before.term, after.term, before.final, after.final, at)
        for placement, owner, reference, before, after in moves
    )
    insert_rows(session, RecallMove, MOVE_COLUMNS, rows)
    last: dict[int, Days] = {move[0]: move[4] for move in moves}
    columns: list[sa.Column[Any]] = [
        sa.Column("id", sa.BigInteger(), primary_key=True),
        sa.Column("term_ends_on", sa.Date()),
        sa.Column("final_on", sa.Date()),
    ]
    staged = stage_rows(session, "moved_placement", columns, ((n, d.term, d.final) for n, d in last.items()))
    moved = _count(
        session,
        sa.update(Placement)
        .where(Placement.id == staged.c.id)
        .values(term_ends_on=staged.c.term_ends_on, final_recall_on=staged.c.final_on),
    )
    _count(
        session,
        sa.update(RecallLine)
        .where(RecallLine.placement_id == staged.c.id, RecallLine.state == RecallLineState.PENDING)
        .values(final_on=staged.c.final_on),
    )
    return moved


def set_final_days(
    session: Session, recall_id: int, groups: Iterable[tuple[Any, date]],
    state: RecallLineState = RecallLineState.ASKED,
) -> None:  # fmt: skip
    """Lines of a recall that are in the state become pending with their last day, and so do their placements; `groups`: a
    condition on placements with the day."""
    of_this = sa.and_(RecallLine.recall_id == recall_id, RecallLine.state == state, RecallLine.final_on.is_(None))
    for condition, day in groups:
        wanted = stage_ids(
            session,
            "dated_placement",
            sa.select(Placement.id).where(
                Placement.id.in_(sa.select(RecallLine.placement_id).where(of_this)), condition
            ),
        )
        _count(session, sa.update(Placement).where(Placement.id.in_(wanted)).values(final_recall_on=day))
        dated = {"state": RecallLineState.PENDING, "first_final_on": day, "final_on": day}
        _count(session, sa.update(RecallLine).where(of_this, RecallLine.placement_id.in_(wanted)).values(dated))


def _count(session: Session, statement: Any) -> int:
    """Execute as plain SQL; how many rows it wrote."""
    actor_of(session)
    session.flush()
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount
