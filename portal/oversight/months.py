"""Two stretches of days that can be compared: this month so far, and last month to the same day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["Stretch", "same_days"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days from the first to the last, both included."""

    first: date
    last: date


def same_days(today: date) -> tuple[Stretch, Stretch]:
    """This month up to today, and last month up to the same day; the whole of a last month that was shorter."""
    first = today.replace(day=1)
    end_before = first - timedelta(days=1)
    before = Stretch(end_before.replace(day=1), end_before.replace(day=min(today.day, end_before.day)))
    return Stretch(first, today), before
