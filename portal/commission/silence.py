"""Statements that nobody contested in time: the daily round confirms them, and says that it was by silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.drawing import add_event
from portal.commission.life_queries import deadlines
from portal.commission.models import Statement, StatementState
from portal.commission.queries import current_state, events_of, state_of, statement_for
from portal.commission.stepping import SILENCE
from portal.foundation import hooks
from portal.foundation.daily import Due
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say_count
from portal.foundation.services import services
from portal.foundation.work import reading, transaction

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress

__all__ = ["confirm_by_silence", "overdue"]

OPEN = (StatementState.RELEASED, StatementState.ANSWERED)
JOB = "commission.silence"


@hooks.due_work.register
def what_is_due(session: Session, actor: Actor, _now: object, today: date) -> list[Due]:
    """One job for all whose deadline has passed; its key names the first, so that what follows on the same day is another."""
    found = overdue(session, actor, today)
    return [Due(JOB, f"{today.isoformat()}-{found[0]}")] if found else []


@handler(JOB, _l("Confirming statements that nobody contested"))
def _job(job: JobView, progress: Progress) -> dict[str, Any]:
    count = confirm_by_silence(job.actor)
    return {
        "message": as_data(
            say_count("%(n)s statement is confirmed by silence.", "%(n)s statements are confirmed by silence.", count)
        )
    }


def overdue(session: Session, actor: Actor, today: date) -> list[int]:
    """Statements with their organisation whose last day to contest is over."""
    wanted = sa.select(Statement).where(current_state().in_(OPEN)).order_by(Statement.id)
    return [each.id for each in session.scalars(wanted) if _is_over(session, actor, each, today)]


def _is_over(session: Session, actor: Actor, statement: Statement, today: date) -> bool:
    until = deadlines(statement, events_of(session, actor, statement.id))
    return until is not None and today > until.last


def confirm_by_silence(actor: Actor) -> int:
    """Confirm each of them in a transaction of its own; how many. Called again it finds none."""
    with reading(actor) as session:
        found = overdue(session, actor, services().clock.today())
    count = 0
    for statement_id in found:
        with transaction(actor) as work:
            statement = statement_for(work.session, work.actor, statement_id, lock=True)
            # Somebody may have contested or confirmed it in the meantime.
            if state_of(work.session, statement.id) in OPEN and _is_over(work.session, actor, statement, work.today):
                add_event(work, statement, StatementState.CONFIRMED, SILENCE)
                count += 1
    return count
