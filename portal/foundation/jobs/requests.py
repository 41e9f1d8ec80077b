"""Asking for a job, asking it to stop, asking for it once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.access import Permission
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs.models import OVER, Job, JobState
from portal.foundation.jobs.queries import asked_as, visible_job
from portal.foundation.jobs.runtime import runtime
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["cancel_job", "request_job", "retry_job"]


def request_job(
    work: Work, kind: str, key: str, payload: dict[str, Any], total: int | None = None, *, as_portal: bool = False
) -> Job:
    """The job for this work of the actor's organisation; a new one, or the one that was asked for before.

    The row is part of the caller's transaction, and its number goes into the queue once that stands. `payload` is plain
    JSON without personal data: ids, and addresses of stored files. `as_portal`: what follows by itself from what somebody
    did, and is done by the bank's portal whether or not that person may still come in.
    """
    name = asked_as(work.actor, kind, key)
    wanted = visible(Job, work.actor).where(Job.asked_as == name)
    found = work.session.scalar(wanted)
    if found is not None:
        return found
    job = Job(
        organisation_id=work.actor.organisation_id,
        requested_by=None if as_portal else work.actor.user_id,
        kind=kind,
        key=key,
        asked_as=name,
        payload=payload,
        state=JobState.QUEUED,
        progress_total=total,
        created_at=work.real_now,
        queued_at=work.real_now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(job)
    except IntegrityError:  # another transaction asked for the same at the same moment
        return work.session.scalars(wanted).one()
    queue, number = runtime().queue, job.id
    work.after_commit(lambda: queue.put(number))
    return job


def cancel_job(actor: Actor, job_id: int) -> None:
    """Take a waiting job back, or ask a running one to stop; it does so at its next step.

    Raises NotFound, DomainError (403) where it is neither one's own nor the actor manages jobs, Refused where it is over.
    """
    with reading(actor) as session:
        job = _own_job(actor, session.scalar(visible_job(actor, job_id)))
        if job.is_over:
            raise Refused("job.over", say("This job has ended already."))
    pulse = runtime().pulse
    pulse.ask_cancel(job_id)  # at once: on SQLite the row waits until the handler's own transaction has ended
    with transaction(actor) as work:
        running = (
            sa.update(Job)
            .where(Job.id == job_id, Job.state == JobState.RUNNING)
            .values(cancel_asked=True)
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        )
        waiting = (
            sa.update(Job)
            .where(Job.id == job_id, Job.state == JobState.QUEUED)
            .values(state=JobState.CANCELLED, cancel_asked=True, finished_at=work.real_now)
            .returning(Job.id)
            .execution_options(synchronize_session=False)
        )
        over = bool(work.session.scalar(waiting))
        stopping = not over and bool(work.session.scalar(running))
        if over or stopping:
            work.audit("job.cancel_asked", ("job", job_id), kind=job.kind)
    if stopping:
        pulse.ask_cancel(job_id)  # once more, if it was claimed in between
    else:
        pulse.forget(job_id)


def retry_job(actor: Actor, job_id: int) -> None:
    """Put a job that failed or was cancelled into the queue once more. Raises as `cancel_job`; Refused if it is not so."""
    with transaction(actor) as work:
        job = _own_job(actor, work.session.scalar(visible_job(actor, job_id)))
        if job.state not in OVER or job.state is JobState.DONE:
            raise Refused("job.not_failed", say("Only a job that failed or was cancelled can be tried again."))
        before = {"state": job.state.value, "error": (job.error or {}).get("code")}
        job.state = JobState.QUEUED
        job.cancel_asked = False
        job.losses = 0
        job.error = job.note = job.finished_at = job.lease_until = None
        job.progress_done = 0
        job.queued_at = work.real_now
        work.audit("job.tried_again", job, before=before, after={"state": job.state.value}, kind=job.kind)
        runtime().pulse.forget(job_id)
        queue = runtime().queue
        work.after_commit(lambda: queue.put(job_id))


def _own_job(actor: Actor, job: Job | None) -> Job:
    if job is None:
        raise NotFound
    if not actor.can(Permission.JOBS_MANAGE) and job.requested_by != actor.user_id:
        raise DomainError(
            "job.not_yours", say("Only the person who asked for a job, or an administrator, can do this."), status=403
        )
    return job
