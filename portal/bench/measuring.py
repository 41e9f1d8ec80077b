"""Seconds by the clock and the peak of memory, of one piece of work."""

from __future__ import annotations

import resource
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Measured", "by_size", "growth", "measure", "p95", "rounded", "stopwatch"]

STATUS = Path("/proc/self/status")
FORGET = Path("/proc/self/clear_refs")


@dataclass
class Measured:
    """What a piece of work took: seconds of the clock, seconds of this process's processor, peak memory in MB."""

    seconds: float = 0.0
    processor: float = 0.0
    peak_mb: int = 0


@contextmanager
def stopwatch() -> Iterator[Measured]:
    """Seconds of what happens inside."""
    found = Measured()
    clock, processor = time.perf_counter(), time.process_time()
    yield found
    found.seconds = time.perf_counter() - clock
    found.processor = time.process_time() - processor


@contextmanager
def measure() -> Iterator[Measured]:
    """The same with the peak of memory, which begins anew where the kernel lets us (Linux); else it is the process's."""
    with suppress(OSError):
        FORGET.write_text("5")
    with stopwatch() as found:
        yield found
    found.peak_mb = _peak_mb()


def _peak_mb() -> int:
    with suppress(OSError):
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def rounded(seconds: float) -> float:
    """Seconds as they are printed."""
    return round(seconds, 4 if seconds < 1 else 2)


def growth(sizes: Sequence[int], seconds: Sequence[float]) -> list[float]:
    """How much longer a row takes from one size to the next: 1 is linear, less is better than that."""
    each = [time_taken / size for size, time_taken in zip(sizes, seconds, strict=True)]
    return [round(later / earlier, 2) for earlier, later in pairwise(each) if earlier]


def p95(times: Sequence[float]) -> float:
    """The time that nineteen of twenty do not pass."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, -(-len(ordered) * 95 // 100) - 1)]


def by_size(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer of a benchmark over several sizes: the largest one's `ratio`, all of them, and how the cost grows."""
    sizes = [result["accounts"] for result in results]
    return {
        "ratio": results[-1]["ratio"],
        "accounts": sizes[-1],
        "growth_a_row": growth(sizes, [result["seconds"] for result in results]),
        "sizes": list(results),
    }
