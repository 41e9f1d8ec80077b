"""Reads of statements. An agency sees its own, from their release on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.models import CommissionLine, Statement, StatementEvent, StatementNumber, StatementState
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.recovery.reported.models import AgencyReceipt, Remits

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "count_in_state",
    "current_state",
    "events_of",
    "is_kept",
    "lines_of",
    "periods_drawn",
    "seen_by",
    "state_of",
    "statement_for",
    "statements",
]  # fmt: skip


def current_state() -> sa.ScalarSelect[Any]:
    """The latest step of a statement, as a column of a select over statements."""
    return (
        sa.select(StatementEvent.state)
        .where(StatementEvent.statement_id == Statement.id)
        .order_by(StatementEvent.id.desc())
        .limit(1)
        .correlate(Statement)
        .scalar_subquery()
    )


def _released() -> sa.Exists:
    return (
        sa.select(StatementEvent.id)
        .where(StatementEvent.statement_id == Statement.id, StatementEvent.state == StatementState.RELEASED)
        .correlate(Statement)
        .exists()
    )


def seen_by(actor: Actor) -> sa.Select[tuple[Statement]]:
    """Statements that the actor may see: an agency its own, from their release on."""
    statement = visible(Statement, actor)
    return statement if actor.is_bank else statement.where(_released())


def statements(actor: Actor) -> sa.Select[tuple[Statement, StatementState]]:
    """Statements that the actor may see, each with its state."""
    return seen_by(actor).add_columns(current_state().label("state")).options(joinedload(Statement.organisation))


def statement_for(session: Session, actor: Actor, statement_id: int, *, lock: bool = False) -> Statement:
    """One statement; NotFound where there is none that the actor may see. `lock` keeps others from moving it."""
    wanted = seen_by(actor).where(Statement.id == statement_id)
    found = session.scalar(
        wanted.with_for_update(of=Statement) if lock else wanted.options(joinedload(Statement.organisation))
    )
    if found is None:
        raise NotFound
    return found


def statement_numbered(session: Session, actor: Actor, number: str) -> Statement | None:
    """The statement with this number, if the actor may see it."""
    its_number = sa.or_(StatementNumber.number == number, Statement.draft_number == number)
    return session.scalar(seen_by(actor).outerjoin(Statement.numbered).where(its_number))


def state_of(session: Session, statement_id: int) -> StatementState | None:
    """The state of a statement."""
    return session.scalar(
        sa.select(StatementEvent.state)
        .where(StatementEvent.statement_id == statement_id)
        .order_by(StatementEvent.id.desc())
        .limit(1)
    )


def events_of(session: Session, actor: Actor, statement_id: int) -> list[StatementEvent]:
    """The steps of a statement that the actor was shown, the first one first."""
    wanted = visible(StatementEvent, actor).where(StatementEvent.statement_id == statement_id)
    return list(session.scalars(wanted.order_by(StatementEvent.id)))


def lines_of(actor: Actor, statement_id: int) -> sa.Select[tuple[CommissionLine]]:
    """The lines of a statement that the actor was shown."""
    return visible(CommissionLine, actor).where(CommissionLine.statement_id == statement_id)


def is_kept(actor: Actor) -> sa.ColumnElement[bool]:
    """Whether the commission of a line was kept by the organisation already: its own receipt under a net contract. These lines
    add up to what a statement says was kept."""
    net = visible(AgencyReceipt, actor).where(AgencyReceipt.remittance == Remits.NET)
    return CommissionLine.attribution_id.in_(net.with_only_columns(AgencyReceipt.attribution_id))


def count_in_state(session: Session, actor: Actor, *states: StatementState) -> int:
    """How many statements stand in one of these states: what waits for somebody."""
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(
                seen_by(actor).with_only_columns(Statement.id).where(current_state().in_(states)).subquery()
            )
        )
        or 0
    )


def periods_drawn(session: Session, actor: Actor) -> list[date]:
    """Months that have statements, the latest first."""
    months = seen_by(actor).with_only_columns(Statement.period).distinct().order_by(Statement.period.desc())
    return list(session.scalars(months))
