"""How a handler says how far it is, and hears that it has to stop.

A thread of the worker tells the world: it renews the lease also while the handler waits for one long statement, and
writes how far it is four times a second. So a handler may report every row, and its own transaction is
never in the way.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import structlog

from portal.foundation.language import as_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from portal.foundation.language import Message

__all__ = ["Cancelled", "Interruption", "Progress", "Report", "Superseded", "Verdict", "heartbeat"]

log = structlog.get_logger()


class Interruption(BaseException):
    """The job has to stop here. Not an `Exception`, so that no handler swallows it by accident."""


class Cancelled(Interruption):
    """Somebody asked to cancel the job."""


class Superseded(Interruption):
    """Another worker has the job now: this one was taken for dead, and nothing it still writes may stand."""


class Verdict(Enum):
    """The answer to a sign of life."""

    GO_ON = "go on"
    CANCEL = "cancel"
    LOST = "lost"


@dataclass(frozen=True)
class Report:
    """How far a job is."""

    done: int = 0
    total: int | None = None
    note: dict[str, Any] | None = None


class Progress:
    """Given to every handler."""

    def __init__(self, total: int | None = None) -> None:
        self.report = Report(total=total)
        self._verdict = Verdict.GO_ON

    def step(self, done: int, total: int | None = None, note: Message | None = None) -> None:
        """So many of so many are done; `note` says what it is at. Costs nothing, so call it as often as you like.

        Raises Cancelled or Superseded (neither is an `Exception`) where the job has to stop: let them through.
        """
        before = self.report
        self.report = Report(
            done, before.total if total is None else total, before.note if note is None else as_data(note)
        )
        self.check()

    def advance(self, more: int = 1) -> None:
        """So many more are done."""
        self.step(self.report.done + more)

    def check(self) -> None:
        """Only ask whether the job has to stop."""
        if self._verdict is Verdict.CANCEL:
            raise Cancelled
        if self._verdict is Verdict.LOST:
            raise Superseded

    def hear(self, verdict: Verdict) -> None:
        """What the last sign of life was answered. A lost job stays lost."""
        if self._verdict is not Verdict.LOST:
            self._verdict = verdict


@contextmanager
def heartbeat(progress: Progress, beat: Callable[[Report], Verdict], *, lease: float, pause: float) -> Iterator[None]:
    """Give a sign of life now and every `pause` seconds until the block ends; `lease`: how long one holds."""
    stop = threading.Event()
    heart = _Heart(progress, beat, lease)
    heart.beat()
    thread = threading.Thread(target=heart.go_on, args=(stop, pause), name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class _Heart:
    def __init__(self, progress: Progress, beat: Callable[[Report], Verdict], lease: float) -> None:
        self._progress = progress
        self._beat = beat
        self._lease = lease
        self._last_beat = time.monotonic()

    def go_on(self, stop: threading.Event, pause: float) -> None:
        while not stop.wait(pause):
            self.beat()

    def beat(self) -> None:
        """One sign of life. Where none gets through for a whole lease, others take us for dead, and so do we."""
        report, now = self._progress.report, time.monotonic()
        try:
            self._progress.hear(self._beat(report))
            self._last_beat = now
        except Exception as error:  # the database may be away for a moment; the handler finds out by itself
            log.warning("job.heartbeat_failed", error=type(error).__name__)
            if now - self._last_beat > self._lease:
                self._progress.hear(Verdict.LOST)
