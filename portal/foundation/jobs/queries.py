"""Which jobs a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Permission
from portal.foundation.jobs.models import Job
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["visible_job", "visible_jobs"]


def visible_jobs(actor: Actor) -> sa.Select[tuple[Job]]:
    """Jobs of one's own organisation; all of them for who manages jobs."""
    if actor.can(Permission.JOBS_MANAGE) or actor.is_system:
        return visible(Job, actor)
    return visible(Job, actor).where(Job.organisation_id == actor.organisation_id)


def visible_job(actor: Actor, job_id: int) -> sa.Select[tuple[Job]]:
    """One of them."""
    return visible_jobs(actor).where(Job.id == job_id)
