"""How long work in one transaction says what it is at: so many of so many stages are done, and what comes now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from portal.foundation.language import Message

__all__ = ["Stages", "silent"]


class Stages(Protocol):
    """Hears of each stage as it begins; a job's progress is one."""

    def __call__(self, done: int, total: int, note: Message) -> None: ...


def silent(done: int, total: int, note: Message) -> None:
    """For work that nobody waits for."""
