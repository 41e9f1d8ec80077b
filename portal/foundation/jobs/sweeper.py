"""Finding jobs that were lost: by a worker that died, or by a queue that dropped or never got their number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog

from portal.foundation.jobs.models import Job, JobState
from portal.foundation.jobs.runtime import runtime
from portal.foundation.jobs.sessions import system_session
from portal.foundation.language import as_data, say
from portal.foundation.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.foundation.jobs.pulse import Pulse

__all__ = ["sweep"]

log = structlog.get_logger()
MOST_LOSSES = 3  # a job that kills its worker so many times in a row is not tried a further time by itself


def sweep() -> list[int]:
    """Put every lost job into the queue again; their numbers. Any number of sweepers may do this at once.

    Looks first and writes only where there is something to write, so that a quiet system stays quiet.
    """
    now, run = services().clock.real_now(), runtime()
    with system_session(writes=False) as session:
        lost = [job for job in session.scalars(_out_of_lease(now)) if _is_silent(run.pulse, job, now)]
        waiting = list(session.scalars(_overlooked(now - timedelta(seconds=run.timing.overlooked))))
    if not lost and not waiting:
        return []
    again = [job.id for job in lost if _take_back(job, now)] + list(_touch(waiting, now))
    for number in again:
        run.queue.put(number)
    return again


def _out_of_lease(now: datetime) -> sa.Select[tuple[Job]]:
    return sa.select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now).order_by(Job.id)


def _overlooked(before: datetime) -> sa.Select[tuple[int]]:
    return sa.select(Job.id).where(Job.state == JobState.QUEUED, Job.queued_at < before).order_by(Job.id)


def _is_silent(pulse: Pulse, job: Job, now: datetime) -> bool:
    lease = pulse.latest(job).lease_until
    return lease is None or lease < now


def _take_back(job: Job, now: datetime) -> bool:
    """Take a job from its dead worker. True where it is to be run again."""
    values: dict[str, Any] = {"lease_until": None, "losses": Job.losses + 1}
    if job.cancel_asked:
        values |= {"state": JobState.CANCELLED, "finished_at": now}
    elif job.losses + 1 >= MOST_LOSSES:
        sentence = say(
            "The job ended its worker %(times)s times, so it is not started again by itself.", times=MOST_LOSSES
        )
        error = {"code": "job.lost", "message": as_data(sentence)}
        values |= {"state": JobState.FAILED, "finished_at": now, "error": error}
    else:
        values |= {"state": JobState.QUEUED, "queued_at": now}
    statement = (
        sa.update(Job)
        .where(Job.id == job.id, Job.attempts == job.attempts, Job.state == JobState.RUNNING)
        .where(Job.lease_until == job.lease_until)
        .values(**values)
        .returning(Job.state)
    )
    with system_session(writes=True) as session:
        state = session.scalar(statement)
    if state is None:
        return False
    log.warning("job.lost", job=job.id, kind=job.kind, attempt=job.attempts, now=state.value)
    if state is not JobState.QUEUED:
        runtime().pulse.forget(job.id)
    return state is JobState.QUEUED


def _touch(numbers: Iterable[int], now: datetime) -> Iterable[int]:
    """Say that they go into the queue now, in the order of their numbers, so that the next sweep leaves them alone."""
    wanted = list(numbers)
    if not wanted:
        return []
    statement = (
        sa.update(Job).where(Job.id.in_(wanted), Job.state == JobState.QUEUED).values(queued_at=now).returning(Job.id)
    )
    with system_session(writes=True) as session:
        return sorted(session.scalars(statement))
