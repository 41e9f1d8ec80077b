"""Which jobs a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Permission
from portal.foundation.jobs.models import Job
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["asked_as", "job_about", "visible_job", "visible_jobs"]


def visible_jobs(actor: Actor) -> sa.Select[tuple[Job]]:
    """Jobs of one's own organisation; all of them for who manages jobs."""
    if actor.can(Permission.JOBS_MANAGE) or actor.is_system:
        return visible(Job, actor)
    return visible(Job, actor).where(Job.organisation_id == actor.organisation_id)


def visible_job(actor: Actor, job_id: int) -> sa.Select[tuple[Job]]:
    """One of them."""
    return visible_jobs(actor).where(Job.id == job_id)


def job_about(session: Session, actor: Actor, kind: str, key: str) -> Job | None:
    """The job that the actor's organisation asked for under this key, None where there is none."""
    return session.scalar(visible(Job, actor).where(Job.asked_as == asked_as(actor, kind, key)))


def asked_as(actor: Actor, kind: str, key: str) -> str:
    """Under which name a job is asked for: one an organisation, kind and key."""
    return f"{actor.organisation_id or 0}/{kind}/{key}"
