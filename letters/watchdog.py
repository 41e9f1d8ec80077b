"""A limit on the processor time that a step may take, in whatever thread and process it runs.

A page that a user wrote may lead the layout into work without end. One thread looks at the processor clock of the
threads that asked for it and, past the limit, raises `TooSlow` inside them, again and again until they let go. Processor
time and not the wall clock, so that a busy machine holds no letter.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["TooSlow", "processor_limit"]

_EVERY = 0.1
"""Seconds between two looks."""


class TooSlow(BaseException):
    """Raised in a thread that used up its time. No `Exception`, so that no library takes it for one of its own."""


@dataclass(eq=False)
class _Watched:
    thread: int
    clock: int
    until: float
    fired: bool = False


_lock = threading.Lock()
_woken = threading.Condition(_lock)
_watched: set[_Watched] = set()
_watcher: threading.Thread | None = None


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlow in this thread once the block has used that much of the processor. Not to be nested."""
    thread = threading.get_ident()
    clock = time.pthread_getcpuclockid(thread)
    mine = _Watched(thread, clock, time.clock_gettime(clock) + seconds)
    _begin(mine)
    try:
        yield
    finally:
        with _lock:
            _watched.discard(mine)
            if mine.fired:  # what was raised and has not arrived yet must not arrive later
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)


def _begin(entry: _Watched) -> None:
    """Watch a thread; the watcher is started where there is none."""
    global _watcher
    with _woken:
        if _watcher is None or not _watcher.is_alive():
            _watcher = threading.Thread(target=_watch, name="letters-watchdog", daemon=True)
            _watcher.start()
        _watched.add(entry)
        _woken.notify()


def _watch() -> None:
    while True:
        with _woken:
            while not _watched:
                _woken.wait()
            for entry in _watched:
                if time.clock_gettime(entry.clock) > entry.until:
                    entry.fired = True
                    raised = ctypes.py_object(TooSlow)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(entry.thread), raised)
        time.sleep(_EVERY)


def _begin_anew() -> None:
    """A forked process has no watcher, and perhaps a lock that nobody will give back."""
    global _lock, _woken, _watcher
    _lock = threading.Lock()
    _woken = threading.Condition(_lock)
    _watched.clear()
    _watcher = None


os.register_at_fork(after_in_child=_begin_anew)
