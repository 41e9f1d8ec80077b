"""Where a day begins and ends where the bank is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.foundation.services import services

__all__ = ["day_begins", "day_ends"]


def day_begins(day: date) -> datetime:
    """The first instant of a day of the bank."""
    return datetime.combine(day, time(), ZoneInfo(services().clock.time_zone)).astimezone(UTC)


def day_ends(day: date) -> datetime:
    """The first instant behind it."""
    return day_begins(day + timedelta(days=1))
