"""`portal worker`: processes that take job numbers from the queue, and one that looks after what was lost.

Processes, not threads: a job that composes letters must not slow down its neighbour, and one that is killed takes
nobody with it. Told to stop (SIGTERM), workers finish what they are at; what takes longer than the grace goes back
into the queue.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from huey.consumer import Consumer, Scheduler, Worker

from portal.foundation.daily import ask_for_due
from portal.foundation.database import db
from portal.foundation.jobs.runtime import runtime
from portal.foundation.jobs.sweeper import sweep
from portal.foundation.sealing import seal
from portal.foundation.services import services

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["run_worker"]

log = structlog.get_logger()
ATTENTION = 1.0  # seconds after which at the latest a worker looks into a queue that cannot call it
TIDY = 3600.0  # seconds between two looks for half-written files
DAILY = 60.0  # seconds between two looks for what is due
LEFT_FOR = timedelta(days=1)
THOROUGH = 60.0  # seconds between two seals that look at the whole trail and anchor its head


def run_worker(app: Flask, workers: int = 1, parent: int | None = None) -> None:
    """Work until SIGTERM or Ctrl-C, or until the process `parent` that started this one is gone.

    Returns when all is put away; needs the main thread, for its signals.
    """
    with app.app_context():
        run = runtime()
        db.engine.dispose()  # a connection must not be shared with the children
    consumer = _Consumer(
        run.queue.huey,
        workers=workers,
        worker_type="process",
        periodic=False,
        initial_delay=0.05,
        max_delay=ATTENTION,
        health_check_interval=2,
        graceful_signal="TERM",
        shutdown_timeout=run.timing.grace,
    )
    consumer.housekeeping = _Housekeeping(app, run.timing.sweep)
    consumer.parent = parent
    log.info("worker.started", workers=workers)
    consumer.run()
    log.info("worker.stopped")


class _Housekeeping:
    """What has to be done every few seconds, or now and then, by whichever machine comes first."""

    def __init__(self, app: Flask, pause: float) -> None:
        self._app = app
        self.pause = pause
        self._round = 0

    def __call__(self) -> None:
        for name, deed in (("sweep", sweep), ("seal", self._seal), ("tidy", self._tidy), ("daily", self._daily)):
            try:
                with self._app.app_context():
                    deed()
            except Exception as error:  # the database may be away for a moment; the next round comes
                log.warning("worker.housekeeping_failed", deed=name, error=type(error).__name__)
        self._round += 1

    def _seal(self) -> None:
        """Quick every time; thorough, with an anchor for the head, about once a minute and at the start."""
        thorough = self._is_time_for(THOROUGH)
        seal(self._app, thorough=thorough, anchor=thorough)

    def _daily(self) -> None:
        """What the day brings is asked for within a minute of its time."""
        if self._is_time_for(DAILY):
            ask_for_due()

    def _tidy(self) -> None:
        """What was left half-written a day ago belongs to nobody any more."""
        if self._is_time_for(TIDY):
            found = services()
            found.storage.tidy(found.clock.real_now() - LEFT_FOR)

    def _is_time_for(self, seconds: float) -> bool:
        return self._round % max(1, round(seconds / self.pause)) == 0


class _Orphanable:
    """A child whose parent was killed outright must not go on alone."""

    def __init__(self, **options: Any) -> None:
        self._parent = os.getpid()
        super().__init__(**options)

    def stop_if_orphaned(self) -> None:
        """KeyboardInterrupt, which Huey takes for the end of a worker."""
        if os.getppid() != self._parent:
            raise KeyboardInterrupt


class _Worker(_Orphanable, Worker):  # type: ignore[misc]
    def initialize(self) -> None:
        """Runs in the child. Huey marks it as a daemon, which may have no processes of its own, and printing letters
        needs some; to the parent it stays one, so that it is ended with the parent."""
        multiprocessing.current_process().daemon = False
        super().initialize()

    def loop(self, now: Any = None) -> None:
        self.stop_if_orphaned()
        super().loop(now)


class _Housekeeper(_Orphanable, Scheduler):  # type: ignore[misc]
    """In the place of Huey's scheduler, of which we need nothing."""

    def __init__(self, consumer: _Consumer, **options: Any) -> None:
        super().__init__(**options)
        self._consumer = consumer

    def loop(self, now: Any = None) -> None:
        self.stop_if_orphaned()
        self._consumer.housekeeping()
        self.stop_flag.wait(self._consumer.housekeeping.pause)


class _Consumer(Consumer):  # type: ignore[misc]
    worker_class = _Worker
    housekeeping: _Housekeeping
    parent: int | None = None

    def check_worker_health(self) -> None:
        """Huey asks every two seconds. A worker that a server brought must not go on without it."""
        if self.parent is not None and os.getppid() != self.parent:
            os.kill(os.getpid(), signal.SIGTERM)
        super().check_worker_health()

    def _create_scheduler(self) -> _Housekeeper:
        return _Housekeeper(
            self, huey=self.huey, stop_flag=self.stop_flag, interval=self.scheduler_interval, periodic=False
        )
