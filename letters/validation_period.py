"""The day on which a validation period may end at the earliest (12 CFR 1006.34(b)(5)): pure dates, no clock.

The period ends 30 days after the consumer receives the notice; receipt may be assumed from five days after sending on,
where Saturdays, Sundays and the federal holidays of 5 U.S.C. 6103(a) do not count.
"""

from __future__ import annotations

from datetime import date, timedelta

__all__ = ["earliest_end", "federal_holidays"]

_FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
_MONDAYS = ((1, 3), (2, 3), (9, 1), (10, 2))
"""Month and which Monday of it: King, Washington, Labor Day, Columbus."""


def earliest_end(sent: date) -> date:
    """The first day that can be a validation end date for a notice sent on that day."""
    received, counted = sent, 0
    while counted < 5:
        received += timedelta(days=1)
        if received.weekday() < 5 and received not in federal_holidays(received.year):
            counted += 1
    return received + timedelta(days=30)


def federal_holidays(year: int) -> frozenset[date]:
    """The legal public holidays by their own dates (a day off in lieu is no holiday of 6103(a))."""
    mondays = {_nth(year, month, 0, which) for month, which in _MONDAYS}
    memorial = max(date(year, 5, day) for day in range(25, 32) if date(year, 5, day).weekday() == 0)
    return frozenset({date(year, *day) for day in _FIXED} | mondays | {memorial, _nth(year, 11, 3, 4)})


def _nth(year: int, month: int, weekday: int, which: int) -> date:
    """The which-th weekday (0 is Monday) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
