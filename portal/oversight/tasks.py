"""A thing that waits for a person, and who asks for such things."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message

__all__ = ["Desk", "Task", "reviewed_by"]

REVIEW_WITHIN = timedelta(days=2)  # what another has put before one has no deadline of its own; this is ours


def reviewed_by(since: datetime | None) -> datetime | None:
    """Until when somebody should have looked at what was put before them."""
    return since + REVIEW_WITHIN if since else None


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that waits. `due`: a day or an instant; `amount` in minor units of `currency`."""

    words: Message
    action: Any
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    due: date | datetime | None = None
    who: str = ""
    count: int | None = None
    amount: int | None = None
    currency: str = ""

    def due_at(self, zone: str) -> datetime:
        """The deadline as an instant: a day ends at its last moment; nothing due comes last."""
        if self.due is None:
            return datetime.max.replace(tzinfo=UTC)
        if isinstance(self.due, datetime):
            return self.due
        return datetime.combine(self.due, time.max, ZoneInfo(zone))


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, when, with which session."""

    session: Session
    actor: Actor
    now: datetime
    today: date
