"""Running one job: claim it, do it as the person who asked, write down how it ended."""

from __future__ import annotations

import json
import secrets
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from flask_babel import force_locale
from sqlalchemy.exc import OperationalError

from portal.foundation.access import system_actor
from portal.foundation.collector import standing_aside
from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.hooks import actor_loader, bank_actor
from portal.foundation.jobs.fence import fence_in
from portal.foundation.jobs.handlers import JobView, handler_of
from portal.foundation.jobs.models import Job, JobState
from portal.foundation.jobs.progress import Cancelled, Progress, Superseded, heartbeat
from portal.foundation.jobs.runtime import runtime
from portal.foundation.jobs.sessions import system_session
from portal.foundation.jobs.sweeper import sweep
from portal.foundation.language import as_data, say
from portal.foundation.services import services

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.foundation.language import Message

__all__ = ["run_job", "run_pending", "run_to_end"]

log = structlog.get_logger()
PATIENCE = 20  # times that the end of a job is written anew while the database is locked or away


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended."""

    state: JobState
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


SUPERSEDED = Outcome(JobState.FAILED)  # what comes of it is another attempt's to say


def run_job(job_id: int) -> None:
    """Do the job, if it is still to be done. Needs an application context of its own."""
    try:
        job = _claim(job_id)
    except OperationalError:  # locked for long, or away: others may be luckier, and the sweeper looks after it too
        runtime().queue.put(job_id)
        return
    if job is None:
        return
    structlog.contextvars.bind_contextvars(job=job.id, kind=job.kind, attempt=job.attempts)
    run, progress = runtime(), Progress(job.progress_total)
    beat = partial(run.pulse.beat, job.id, job.attempts)
    try:
        with heartbeat(progress, beat, lease=run.timing.lease, pause=run.timing.pause):
            _finish(job, progress, _attempt(job, progress))
    except KeyboardInterrupt:
        _release(job)
        raise
    finally:
        structlog.contextvars.unbind_contextvars("job", "kind", "attempt")


def run_pending(app: Flask) -> int:
    """Run everything that is queued, here and now, one after the other; how many jobs that were.

    For tests and the command line. Jobs that are asked for meanwhile are run too.
    """
    ran: list[int] = []
    while True:
        with app.app_context(), system_session(writes=False) as session:
            waiting = sa.select(Job.id).where(Job.state == JobState.QUEUED, Job.id.not_in(ran))
            number = session.scalar(waiting.order_by(Job.id).limit(1))
        if number is None:
            return len(ran)
        with app.app_context():
            run_job(number)
        ran.append(number)


def run_to_end(app: Flask, job_id: int, pause: float = 0.2) -> Job:
    """The job once it is over: run here if no worker has it, else waited for. For the command line. LookupError if none."""
    while True:
        with app.app_context():
            run_job(job_id)
            with system_session(writes=False) as session:
                job = session.scalar(sa.select(Job).where(Job.id == job_id))
            if job is None:
                raise LookupError(f"there is no job {job_id}")
            if job.is_over:
                return job
            sweep()
        time.sleep(pause)


def _claim(job_id: int) -> Job | None:
    """The job with a new attempt, or None where it is not waiting any more. Only one of many workers gets it."""
    now = services().clock.real_now()
    statement = (
        sa.update(Job)
        .where(Job.id == job_id, Job.state == JobState.QUEUED)
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            started_at=now,
            heartbeat_at=now,
            lease_until=now + timedelta(seconds=runtime().timing.lease),
        )
        .returning(Job)
    )
    with system_session(writes=True) as session:
        job = session.scalars(statement).one_or_none()
    if job is not None:
        runtime().pulse.begin(job_id)
    return job


def _attempt(job: Job, progress: Progress) -> Outcome:
    """Do it. Whatever happens becomes an outcome, but for an order to stop the worker."""
    try:
        actor = _actor_of(job)
        fence_in(db.session(), job.id, job.attempts, job.organisation_id)
        handler = handler_of(job.kind)
        if handler is None:
            raise DomainError("job.unknown_kind", say("This version of the portal cannot do this kind of job."))
        view = JobView(job.id, job.kind, job.key, job.attempts, actor, job.payload)
        # Files that it writes are for the person who asked.
        with force_locale(actor.locale), standing_aside():
            return Outcome(JobState.DONE, result=_plain(handler(view, progress)))
    except Cancelled:
        return Outcome(JobState.CANCELLED)
    except Superseded:
        return SUPERSEDED
    except DomainError as error:
        return Outcome(JobState.FAILED, error=_error(error.code, error.message))
    except Exception as error:
        return _crashed(error)
    finally:
        db.session.remove()


def _actor_of(job: Job) -> Actor:
    """The person who asked, with the rights of now, or the portal itself; DomainError where that person may not act any
    more."""
    if job.organisation_id is None and job.requested_by is None:
        return system_actor("job", origin="job")
    with system_session(writes=False) as session:
        actor: Actor | None = (
            bank_actor.one(session) if job.requested_by is None else actor_loader.one(session, job.requested_by)
        )
    if actor is None:
        raise DomainError("job.requester_gone", say("The person who asked for this job has no access any more."))
    return actor.coming_from("job")


def _crashed(error: Exception) -> Outcome:
    """Log where it happened; never the exception's text, which may hold a person's data."""
    number = secrets.token_hex(6)
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "job.crashed",
        number=number,
        error=type(error).__name__,
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    sentence = say(
        "The job stopped because of an error on our side. Try it again, or tell your administrator the number %(number)s.",
        number=number,
    )
    return Outcome(JobState.FAILED, error=_error("job.crashed", sentence) | {"request": number})


def _finish(job: Job, progress: Progress, outcome: Outcome) -> None:
    """Write down how it ended, unless the job is another attempt's by now."""
    report = progress.report
    values = {
        "state": outcome.state,
        "result": outcome.result,
        "error": outcome.error,
        "progress_done": report.done,
        "progress_total": report.total,
        "note": report.note,
        "lease_until": None,
        "cancel_asked": False,
        "finished_at": services().clock.real_now(),
    }
    if outcome is SUPERSEDED or not _write(job, values):
        log.warning("job.superseded")
        return
    runtime().pulse.forget(job.id)
    log.info("job.ended", state=outcome.state.value)


def _release(job: Job) -> None:
    """The worker has to stop: the job goes back into the queue for another one."""
    if _write(job, {"state": JobState.QUEUED, "lease_until": None, "queued_at": services().clock.real_now()}):
        runtime().pulse.forget(job.id)
        runtime().queue.put(job.id)
        log.info("job.released")


def _write(job: Job, values: dict[str, Any]) -> bool:
    """Change the row if this attempt still has the job. A locked database is waited for: the work is done, after all."""
    statement = (
        sa.update(Job)
        .where(Job.id == job.id, Job.attempts == job.attempts, Job.state == JobState.RUNNING)
        .values(**values)
        .returning(Job.id)
    )
    for left in reversed(range(PATIENCE)):
        try:
            with system_session(writes=True) as session:
                return session.scalar(statement) is not None
        except OperationalError:
            if not left:
                raise
            time.sleep(runtime().timing.pause)
    raise AssertionError("unreachable")


def _error(code: str, message: Message) -> dict[str, Any]:
    return _plain({"code": code, "message": as_data(message)}) or {}


def _plain(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """As JSON holds it: a date among a message's values becomes its words."""
    return None if data is None else json.loads(json.dumps(data, default=str))
