"""Where a day begins and ends in a zone, and rows of instants that lie within days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import sqlalchemy as sa

__all__ = ["day_begins", "day_ends", "within_days"]


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day there, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_ends(day: date, zone: ZoneInfo) -> datetime:
    """The first instant behind it, UTC; a day of a clock change has 23 or 25 hours."""
    return day_begins(day + timedelta(days=1), zone)


def within_days(
    statement: sa.Select[Any], instant: Any, days: tuple[date | None, date | None], zone: ZoneInfo
) -> sa.Select[Any]:
    """Rows whose `instant` lies on these days there, both included; an end that is not given is open."""
    first, last = days
    if first is not None:
        statement = statement.where(instant >= day_begins(first, zone))
    return statement if last is None else statement.where(instant < day_ends(last, zone))
