"""Months of statements: each is named by its first day."""

from __future__ import annotations

from datetime import date, timedelta

from portal.foundation.errors import DomainError
from portal.foundation.language import say

__all__ = ["last_day", "month_of"]


def last_day(period: date) -> date:
    """The last day of the month that begins on `period`."""
    return (period.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def month_of(written: str) -> date:
    """The first day of a month written as 2005-07. DomainError for anything else."""
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        raise DomainError(
            "commission.period", say("Write the month as year and month, for example 2005-07."), field="period"
        ) from None
