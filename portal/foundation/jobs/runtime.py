"""One queue and one pulse per application, made when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

from portal.foundation.jobs.pulse import FilePulse, Pulse, RowPulse
from portal.foundation.jobs.queue import JobQueue, make_huey

if TYPE_CHECKING:
    from portal.foundation.services import Services

__all__ = ["Runtime", "Timing", "runtime"]

EXTENSION = "portal.jobs"


@dataclass(frozen=True)
class Timing:
    """Seconds of real time. `app.config["JOB_TIMING"]` may hold another one, for tests."""

    lease: float = 30.0  # a worker that gives no sign for so long is dead
    pause: float = 0.25  # between two signs
    sweep: float = 5.0  # between two looks at what was lost, and two seals of the audit trail
    overlooked: float = 60.0  # a queued job that nobody took for so long is put into the queue again
    grace: float = 20.0  # a worker that is told to stop finishes its job, but for no longer than this


@dataclass
class Runtime:
    """What the job machinery of one application works with."""

    timing: Timing
    pulse: Pulse
    queue: JobQueue


def runtime() -> Runtime:
    """The current application's job machinery."""
    app = cast("Flask", current_app._get_current_object())  # type: ignore[attr-defined]
    if EXTENSION not in app.extensions:
        app.extensions[EXTENSION] = _make(app)
    found: Runtime = app.extensions[EXTENSION]
    return found


def _make(app: Flask) -> Runtime:
    services: Services = app.extensions["portal"]
    settings, clock = services.settings, services.clock
    timing = app.config.get("JOB_TIMING") or Timing()
    lease = timedelta(seconds=timing.lease)
    pulse: Pulse
    if settings.sqlalchemy_url.startswith("sqlite"):
        pulse = FilePulse(settings.home / "jobs", clock, lease)
    else:
        pulse = RowPulse(app, clock, lease)

    def run(job_id: int) -> None:
        from portal.foundation.jobs.runner import run_job

        with app.app_context():
            run_job(job_id)

    return Runtime(timing, pulse, JobQueue(make_huey(settings), run))
