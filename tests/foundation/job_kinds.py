"""Kinds of jobs for tests. Each says what it did in the audit trail, so that a test can count how often it was done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.foundation.errors import Refused
from portal.foundation.jobs import handler
from portal.foundation.language import as_data, say
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from portal.foundation.jobs import JobView, Progress

DONE = "test.done"


def finish(job: JobView) -> None:
    """The job's one deed."""
    with transaction(job.actor) as work:
        work.audit(DONE, ("job", job.id), attempt=job.attempt)


@handler("test.count", "Counting")
def count(job: JobView, progress: Progress) -> dict[str, Any]:
    """Counts to `to`."""
    for number in range(job.payload["to"]):
        progress.step(number + 1, total=job.payload["to"], note=say("row %(n)s", n=number + 1))
    finish(job)
    return {"message": as_data(say("%(n)s rows were counted", n=job.payload["to"])), "url": "/jobs"}


@handler("test.refuse")
def refuse(job: JobView, progress: Progress) -> None:
    """Fails with words."""
    raise Refused("test.refused", say("File %(name)s is empty.", name=job.payload["name"]))


@handler("test.crash")
def crash(job: JobView, progress: Progress) -> None:
    """Fails with a person's data in the exception."""
    progress.step(3, total=10)
    raise ValueError("陈大文 13800138000")


@handler("test.once")
def once(job: JobView, progress: Progress) -> None:
    """Fails the first time."""
    if job.attempt == 1:
        raise Refused("test.refused", say("File %(name)s is empty.", name="x"))
    finish(job)


@handler("test.wait")
def wait(job: JobView, progress: Progress) -> None:
    """Says that it has begun, then steps until it is told to stop, for a minute at most."""
    Path(job.payload["begun"]).touch()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        progress.step(progress.report.done + 1)
        time.sleep(0.01)


@handler("test.hold")
def hold(job: JobView, progress: Progress) -> None:
    """Steps inside a long transaction that has written already."""
    Path(job.payload["begun"]).touch()
    with transaction(job.actor) as work:
        work.audit(DONE, ("job", job.id), attempt=job.attempt)
        work.session.flush()
        until = time.monotonic() + job.payload["seconds"]
        while time.monotonic() < until:
            progress.step(progress.report.done + 1)
            time.sleep(0.01)


@handler("test.fragile")
def fragile(job: JobView, progress: Progress) -> None:
    """The first attempt waits to be killed; any later one does the work."""
    if job.attempt == 1:
        wait(job, progress)
    progress.step(1, total=1)
    finish(job)


@handler("test.late")
def late(job: JobView, progress: Progress) -> None:
    """The first attempt goes on, without ever looking up, once it is allowed to; any later one does the work at once."""
    if job.attempt == 1:
        Path(job.payload["begun"]).touch()
        until = time.monotonic() + 60
        while not Path(job.payload["go"]).exists() and time.monotonic() < until:
            time.sleep(0.02)
        try:
            finish(job)
        except BaseException as stopped:
            Path(job.payload["told"]).write_text(type(stopped).__name__)
            raise
        return
    finish(job)
