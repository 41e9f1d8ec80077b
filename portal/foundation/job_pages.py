"""A job as pages show it, the same on its own page and on those of rooms that wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import url_for

from portal.foundation.access import Permission
from portal.foundation.jobs import Job, JobState, title_of
from portal.foundation.jobs.runtime import runtime
from portal.foundation.language import _l, from_data, say, translate
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.jobs.progress import Report
    from portal.foundation.language import Message

__all__ = ["JOB_STATES", "ShownJob", "result_url", "shown_job"]

JOB_STATES = {
    JobState.QUEUED: StateTag("queued", _l("in the queue"), "wait"),
    JobState.RUNNING: StateTag("running", _l("running"), "go"),
    JobState.DONE: StateTag("done", _l("finished"), "good"),
    JobState.FAILED: StateTag("failed", _l("failed"), "bad"),
    JobState.CANCELLED: StateTag("cancelled", _l("cancelled"), "plain"),
}
STOPPING = StateTag("stopping", _l("stopping"), "wait")


@dataclass(frozen=True)
class ShownJob:
    """What `macros/job.html` draws. Addresses are None where they lead nowhere for this person."""

    id: int
    title: Any
    state: StateTag
    done: int
    total: int | None
    words: Message | None
    error: Message | None
    is_over: bool
    poll_url: str
    next_url: str | None
    cancel_url: str | None
    retry_url: str | None

    def as_json(self) -> dict[str, Any]:
        """What `job.js` asks for every second, in the reader's language."""
        return {
            "id": self.id,
            "state": self.state.code,
            "label": str(self.state.label),
            "tone": self.state.tone,
            "done": self.done,
            "total": self.total,
            "words": translate(self.words) if self.words else None,
            "error": translate(self.error) if self.error else None,
            "is_over": self.is_over,
            "next_url": self.next_url,
        }


def shown_job(actor: Actor, job: Job) -> ShownJob:
    """The job for this person, with how far it is by its worker's last sign of life."""
    report = runtime().pulse.latest(job).report
    own = job.requested_by == actor.user_id or actor.can(Permission.JOBS_MANAGE)
    failed = job.state in (JobState.FAILED, JobState.CANCELLED)
    stopping = job.cancel_asked and not job.is_over
    return ShownJob(
        id=job.id,
        title=title_of(job.kind),
        state=STOPPING if stopping else JOB_STATES[job.state],
        done=report.done,
        total=report.total,
        words=_words(job, report),
        error=from_data(job.error["message"]) if job.error else None,
        is_over=job.is_over,
        poll_url=url_for("jobs.status", job_id=job.id),
        next_url=_next(job),
        cancel_url=url_for("jobs.cancel", job_id=job.id) if own and not job.is_over and not stopping else None,
        retry_url=url_for("jobs.retry", job_id=job.id) if own and failed else None,
    )


def _words(job: Job, report: Report) -> Message | None:
    """What came of it, or what it is at, or how far it is."""
    if job.state is JobState.QUEUED:
        return say("It begins as soon as a worker is free.")
    if job.state is JobState.DONE and (job.result or {}).get("message"):
        return from_data((job.result or {})["message"])
    if job.state is JobState.RUNNING and report.note:
        return from_data(report.note)
    if report.total:
        return say("%(done)s of %(total)s", done=f"{report.done:,}", total=f"{report.total:,}")
    return say("%(done)s so far", done=f"{report.done:,}") if report.done else None


def _next(job: Job) -> str | None:
    """The way to its result: by an address that takes its words along, unless the result is a file, which cannot say them."""
    url = result_url(job)
    if url is None or not (job.result or {}).get("message") or "." in urlsplit(url).path.rpartition("/")[2]:
        return url
    return url_for("jobs.result", job_id=job.id)


def result_url(job: Job) -> str | None:
    """Where its result is: an address of this portal, and of no other place."""
    url = (job.result or {}).get("url") if job.state is JobState.DONE else None
    return url if isinstance(url, str) and url.startswith("/") and not url.startswith("//") else None
