"""Where a running job's signs of life are kept.

PostgreSQL: in the job's row. SQLite: in a small file beside the database, because a handler that holds the only write
lock for a minute must not look dead for that minute, nor be beyond cancelling. SQLite means one machine, so all who
ask see that file.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from portal.foundation.jobs.models import Job, JobState
from portal.foundation.jobs.progress import Report, Verdict
from portal.foundation.jobs.sessions import system_session

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from portal.foundation.clock import Clock

__all__ = ["FilePulse", "Pulse", "RowPulse", "Sign"]


@dataclass(frozen=True)
class Sign:
    """The latest sign of life of a running job."""

    report: Report
    lease_until: datetime | None


class Pulse(Protocol):
    """Signs of life of running jobs, and the wish to cancel them."""

    def begin(self, job_id: int) -> None:
        """A new attempt has claimed the job: what was said about earlier ones does not count any more."""

    def beat(self, job_id: int, attempt: int, report: Report) -> Verdict:
        """This attempt lives and is so far. The answer says whether it may go on."""

    def latest(self, job: Job) -> Sign:
        """How far the job is by what its worker last said."""

    def ask_cancel(self, job_id: int) -> None:
        """Say the wish where the worker hears it at once, before the job's row can be written."""

    def forget(self, job_id: int) -> None:
        """The job does not run any more."""


class RowPulse:
    """In the job's row, by a connection of its own."""

    def __init__(self, app: Flask, clock: Clock, lease: timedelta) -> None:
        self._app = app
        self._clock = clock
        self._lease = lease

    def begin(self, job_id: int) -> None:
        """The row says it."""

    def beat(self, job_id: int, attempt: int, report: Report) -> Verdict:
        now = self._clock.real_now()
        statement = (
            sa.update(Job)
            .where(Job.id == job_id, Job.attempts == attempt, Job.state == JobState.RUNNING)
            .values(
                progress_done=report.done,
                progress_total=report.total,
                note=report.note,
                heartbeat_at=now,
                lease_until=now + self._lease,
            )
            .returning(Job.cancel_asked)
        )
        with self._app.app_context(), system_session(writes=True) as session:
            cancel_asked = session.execute(statement).scalar_one_or_none()
        if cancel_asked is None:
            return Verdict.LOST
        return Verdict.CANCEL if cancel_asked else Verdict.GO_ON

    def latest(self, job: Job) -> Sign:
        return Sign(Report(job.progress_done, job.progress_total, job.note), job.lease_until)

    def ask_cancel(self, job_id: int) -> None:
        """The row says it."""

    def forget(self, job_id: int) -> None:
        """The row says it."""


class FilePulse:
    """In a file of a few bytes per running job, replaced in one step."""

    def __init__(self, folder: Path, clock: Clock, lease: timedelta) -> None:
        self._folder = folder
        self._clock = clock
        self._lease = lease

    def begin(self, job_id: int) -> None:
        self.forget(job_id)

    def beat(self, job_id: int, attempt: int, report: Report) -> Verdict:
        said = self._read(job_id)
        if said and said["attempt"] > attempt:
            return Verdict.LOST
        self._write(
            job_id,
            {
                "attempt": attempt,
                "done": report.done,
                "total": report.total,
                "note": report.note,
                "lease_until": (self._clock.real_now() + self._lease).isoformat(),
            },
        )
        return Verdict.CANCEL if self._wish(job_id).exists() else Verdict.GO_ON

    def latest(self, job: Job) -> Sign:
        said = self._read(job.id)
        if not said or said["attempt"] != job.attempts or job.state is not JobState.RUNNING:
            return Sign(Report(job.progress_done, job.progress_total, job.note), job.lease_until)
        return Sign(Report(said["done"], said["total"], said["note"]), datetime.fromisoformat(str(said["lease_until"])))

    def ask_cancel(self, job_id: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._wish(job_id).touch()

    def forget(self, job_id: int) -> None:
        for path in (self._file(job_id), self._wish(job_id)):
            path.unlink(missing_ok=True)

    def _file(self, job_id: int) -> Path:
        return self._folder / f"{job_id}.json"

    def _wish(self, job_id: int) -> Path:
        return self._folder / f"{job_id}.cancel"

    def _read(self, job_id: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self._file(job_id).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return found

    def _write(self, job_id: int, said: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{job_id}.{os.getpid()}.{threading.get_ident()}.part"
        part.write_text(json.dumps(said, default=str), encoding="utf-8")
        part.replace(self._file(job_id))
