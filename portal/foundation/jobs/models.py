"""Long work as a row: what was asked for, by whom, how far it is, how it ended."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import JsonData, Model, choice, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["OVER", "Job", "JobState"]


class JobState(StrEnum):
    """A job waits, runs, and ends in one of three ways."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class Job(Model, OwnRows):
    """The truth about one piece of long work; the queue carries only its number. All instants are real time, UTC.

    `attempts` counts every start and is the fence: what a worker writes about a job holds only while the number is still
    the one it started with. `losses` counts the workers that died over it since it was last asked for.
    """

    __tablename__ = "job"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(comment="null: asked for by the system")
    requested_by: Mapped[int | None] = mapped_column(comment="the user whose rights the job has; null: the system's")
    kind: Mapped[str] = mapped_column(sa.String(64), comment="which handler")
    key: Mapped[str] = mapped_column(sa.String(200), comment="what it is about, in the asker's words")
    asked_as: Mapped[str] = mapped_column(
        sa.String(300), unique=True, comment="organisation, kind and key: asking twice is one job"
    )
    payload: Mapped[dict[str, Any]] = mapped_column(JsonData)
    state: Mapped[JobState] = mapped_column(choice(JobState), default=JobState.QUEUED, index=True)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int | None]
    note: Mapped[dict[str, Any] | None] = mapped_column(JsonData, comment="a message: what it is at")
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    losses: Mapped[int] = mapped_column(sa.Integer, default=0)
    lease_until: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    error: Mapped[dict[str, Any] | None] = mapped_column(
        JsonData, comment="code and message, never an exception's text"
    )
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonData)
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime] = mapped_column(comment="when its number last went into the queue")
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("ix_job_organisation_id_id", "organisation_id", "id"),)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it unless somebody tries it again."""
        return self.state in OVER
