"""What a late worker still wants to commit does not stand.

A worker that was stopped for a minute (a swapped-out machine, a paused container) does not know that another one has
its job. So the last thing before any commit of a handler is to ask the job's row, locked until that commit: either this
attempt still has it, or the transaction is rolled back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.foundation.jobs.models import Job, JobState
from portal.foundation.jobs.progress import Superseded
from portal.foundation.visibility import actor_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["fence_in"]

FENCE = "job_fence"


def fence_in(session: Session, job_id: int, attempt: int, organisation_id: int | None) -> None:
    """From here on the session commits only while this attempt has the job."""
    session.info[FENCE] = (job_id, attempt, organisation_id)


@event.listens_for(Session, "before_commit")
def _ask_the_row(session: Session) -> None:
    fence = session.info.get(FENCE)
    if fence is None or session.in_nested_transaction():
        return
    job_id, attempt, organisation_id = fence
    if not _can_see(actor_of(session), organisation_id):
        return
    mine = (
        sa.select(Job.id)
        .where(Job.id == job_id, Job.attempts == attempt, Job.state == JobState.RUNNING)
        .with_for_update()
    )
    if session.scalar(mine) is None:
        raise Superseded


def _can_see(actor: Actor, organisation_id: int | None) -> bool:
    """A handler that acts as somebody of another organisation cannot be asked about a row that this one cannot see."""
    return actor.is_bank or actor.is_system or actor.organisation_id == organisation_id
