"""How long payments earn after the end of a placement (reference/commission.md). Pure: standard library only.

A tail is `{"days": n}` or `{"months": n}` of a plan. Both ends count: a placement that ended on the 10th with a tail of
30 days earns to the 9th or 10th day of the next month, that day included. Months end on the same day of the month,
clipped to its length.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta

__all__ = ["earns_until", "first_end_that_earns"]


def earns_until(ended_on: date, tail: Mapping[str, int] | None) -> date | None:
    """The last day whose payments still earn, after a placement whose own last day was `ended_on`; None without a tail."""
    if not tail:
        return None
    if "days" in tail:
        return ended_on + timedelta(days=tail["days"])
    return _months_on(ended_on, tail["months"])


def first_end_that_earns(today: date, tail: Mapping[str, int]) -> date:
    """The earliest end of a placement whose payments of `today` still earn: the inverse of `earns_until`."""
    if "days" in tail:
        return today - timedelta(days=tail["days"])
    # Up to three days of a longer month end their tails on one day of a shorter one.
    day = _months_on(today, -tail["months"]) - timedelta(days=3)
    while _months_on(day, tail["months"]) < today:
        day += timedelta(days=1)
    return day


def _months_on(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
