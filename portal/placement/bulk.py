"""Lines, batches and placements written as sets.

INSERT … SELECT and UPDATE … FROM pass the net under ORM statements (DESIGN section 6), so they stand here, and every
function demands a session of the bank, which sees all rows anyway. Nothing here decides: who gets what was decided in
`allocation`, what stands in the way in `eligibility`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.bulk import count_rows, insert_rows, stage_rows
from portal.foundation.database import UtcDateTime
from portal.foundation.visibility import actor_of
from portal.placement.criteria import Criteria
from portal.placement.eligibility import SINCE, Obstacles, segment
from portal.placement.models import AllocationLine, AllocationRun, Placement, PlacementBatch
from portal.placement.trace import write_trace
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.placement.allocation import Candidate, Decision

__all__ = [
    "day_before_start",
    "leave_out_changed",
    "leave_out_receiver",
    "stage_ids",
    "write_left_out",
    "write_lines",
    "write_placements",
]

LINE_COLUMNS = (
    "run_id", "account_id", "customer_id", "organisation_id", "total_minor", "days_past_due", "bucket", "reason", "trace",
)  # fmt: skip
PLACEMENT_COLUMNS = (
    "account_id", "customer_id", "organisation_id", "batch_id", "contract_version_id", "kind", "round", "currency",
    "placed_on", "starts_at", "term_ends_on", "placed_principal_minor", "placed_interest_minor", "placed_fees_minor",
    "placed_total_minor", "placed_days_past_due", "placed_bucket",
)  # fmt: skip


def stage_ids(session: Session, name: str, wanted: sa.Select[tuple[int]]) -> sa.Select[tuple[int]]:
    """These ids in a temporary table of this transaction, and the select of them: they stay the same whatever is done to
    their rows. Called by an organisation's own session too: the select goes through its policies."""
    staged = stage_rows(session, name, [sa.Column("id", sa.BigInteger(), primary_key=True)], ())
    ids = sa.select(wanted.subquery().c[0])
    session.connection().execute(sa.insert(staged).from_select(["id"], ids))
    return sa.select(staged.c.id)


def day_before_start(session: Session) -> sa.ColumnElement[date]:
    """The day before a placement's first, in each database's own words."""
    if session.connection().dialect.name == "postgresql":
        return sa.type_coerce(Placement.placed_on - sa.literal(1, sa.Integer()), sa.Date())
    return sa.type_coerce(sa.func.date(Placement.placed_on, "-1 day"), sa.Date())


def write_lines(session: Session, run_id: int, pairs: Iterable[tuple[Candidate, Decision]]) -> None:
    """What was decided, one line an account."""
    _as_bank(session)
    rows = (
        (
            run_id,
            c.account_id,
            c.customer_id,
            d.receiver,
            c.total_minor,
            c.days_past_due,
            c.bucket,
            d.reason.value,
            write_trace(d),
        )
        for c, d in pairs
    )
    insert_rows(session, AllocationLine, LINE_COLUMNS, rows)


def write_left_out(session: Session, run_id: int, criteria: Criteria, today: date) -> int:
    """One line for each account of the segment that something stands in the way of; how many there are."""
    _as_bank(session)
    obstacles = Obstacles(criteria.kind, today, criteria.unknown_limitation)
    statement = sa.select(
        sa.literal(run_id, sa.BigInteger),
        Account.id,
        Account.customer_id,
        Account.total_minor,
        Account.days_past_due,
        Account.bucket,
        obstacles.reason,
    ).select_from(Account)
    chosen = obstacles.beside(statement).where(*segment(criteria), obstacles.reason.is_not(None))
    columns = [c for c in LINE_COLUMNS if c not in ("organisation_id", "trace")]
    return _count(session, sa.insert(AllocationLine).from_select(columns, chosen))


def leave_out_changed(session: Session, run: AllocationRun, today: date) -> int:
    """Take out of the run what something has come in the way of since it was made, with the reason; how many."""
    _as_bank(session)
    unknown = Criteria.from_data(run.kind, run.currency, run.seed, run.criteria).unknown_limitation
    obstacles = Obstacles(run.kind, today, unknown)
    lines = _stage_given(session, run)
    now = (
        obstacles.beside(
            sa.select(lines.c.id, obstacles.reason.label("reason"))
            .select_from(lines)
            .join(Account, Account.id == lines.c.account_id)
        )
        .where(obstacles.reason.is_not(None))
        .subquery("changed")
    )
    return _count(
        session,
        sa.update(AllocationLine)
        .where(AllocationLine.id == now.c.id)
        .values(organisation_id=None, reason=sa.literal(SINCE).concat(now.c.reason)),
    )


def _stage_given(session: Session, run: AllocationRun) -> sa.Table:
    """The run's lines that somebody gets something by, in a table of this transaction whose size the database knows.

    Of a table that has just grown by a run the planner still believes that the run has no lines, joins row by row, and
    works for hours where one pass takes seconds; and only the owner may have it counted again.
    """
    columns = ("id", "account_id", "organisation_id")
    staged = stage_rows(session, "staged_given", [sa.Column(name, sa.BigInteger()) for name in columns], ())
    given = sa.select(AllocationLine.id, AllocationLine.account_id, AllocationLine.organisation_id).where(
        AllocationLine.run_id == run.id, AllocationLine.organisation_id.is_not(None)
    )
    _count(session, sa.insert(staged).from_select(columns, given))
    count_rows(session, staged)
    return staged


def leave_out_receiver(session: Session, run: AllocationRun, organisation_id: int, reason: str) -> int:
    """Take out of the run all that one organisation was to get, with the reason; how many."""
    _as_bank(session)
    return _count(
        session,
        sa.update(AllocationLine)
        .where(AllocationLine.run_id == run.id, AllocationLine.organisation_id == organisation_id)
        .values(organisation_id=None, reason=SINCE + reason),
    )


def write_placements(session: Session, run: AllocationRun, batches: Sequence[PlacementBatch], now: datetime) -> int:
    """One placement for each line of the run that has a receiver, with the account's figures of now; how many.

    `round` counts this kind's earlier placements that somebody accepted: a batch that was refused was never worked, and
    what was placed in error is no round.
    """
    _as_bank(session)
    lines = _stage_given(session, run)
    earlier = (
        sa.select(Placement.account_id, sa.func.count().label("rounds"))
        .where(Placement.kind == run.kind, Placement.accepted_at.is_not(None), ~Placement.reverse)
        .where(Placement.account_id.in_(sa.select(lines.c.account_id)))
        .group_by(Placement.account_id)
        .subquery("earlier")
    )
    placed = (
        sa.select(
            Account.id,
            Account.customer_id,
            PlacementBatch.organisation_id,
            PlacementBatch.id,
            PlacementBatch.contract_version_id,
            PlacementBatch.kind,
            sa.func.coalesce(earlier.c.rounds, 0) + 1,
            PlacementBatch.currency,
            PlacementBatch.placed_on,
            sa.literal(now, UtcDateTime()),
            PlacementBatch.term_ends_on,
            Account.principal_minor,
            Account.interest_minor,
            Account.fees_minor,
            Account.total_minor,
            Account.days_past_due,
            Account.bucket,
        )
        .select_from(lines)
        .join(Account, Account.id == lines.c.account_id)
        .join(PlacementBatch, PlacementBatch.organisation_id == lines.c.organisation_id)
        .outerjoin(earlier, earlier.c.account_id == Account.id)
        .where(PlacementBatch.id.in_([b.id for b in batches]))
        .order_by(lines.c.account_id)
    )
    return _count(session, sa.insert(Placement).from_select(PLACEMENT_COLUMNS, placed))


def _as_bank(session: Session) -> None:
    if not actor_of(session).is_bank:
        raise PermissionError("only the bank writes runs and placements")


def _count(session: Session, statement: Any) -> int:
    """Execute as plain SQL; how many rows it wrote."""
    session.flush()
    return session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount
