"""When accounts go back: the days of a placement's end and what moves them. Pure.

All days are business days of the bank's zone, and a last day counts whole: what has 31 August as its last day is held
through that day and ends with the midnight behind it, so that money with that value date is still its holder's. Nothing
here moves a day backwards, and no decision takes away a day that has passed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

__all__ = [
    "LONGEST_RETENTION", "Days", "after_objection", "after_payment", "after_refusal", "after_retention", "final_day",
    "is_over", "may_object", "rotation_day",
]  # fmt: skip

LONGEST_RETENTION = 365  # days that may be asked for at a time


@dataclass(frozen=True, slots=True)
class Days:
    """Of one placement: `term`, the last day as it was placed or since moved, on which the recall becomes pending;
    `final`, the last day once a recall is pending, else None."""

    term: date
    final: date | None = None


def final_day(term: date, notice_days: int, today: date) -> date:
    """The last day of a placement whose term is reached: the contract's notice behind the term's day, or behind today
    where that was missed, so that nobody learns afterwards that it ended. Without notice it is the term's day."""
    return max(term, today) + timedelta(days=notice_days)


def rotation_day(term: date, today: date) -> date:
    """The last day of what the bank takes back at its term."""
    return max(term, today)


def is_over(final: date, today: date) -> bool:
    """Whether the last day has passed."""
    return today > final


def may_object(final: date, today: date) -> bool:
    """Whether there is still time to object: through the last day."""
    return today <= final


def after_payment(days: Days, paid_on: date, extends_days: int, term_days: int) -> Days:
    """A payment moves both days by the contract's `extends_days`, but never further than to where a whole term of
    `term_days` would end that had begun on its value date. So many small payments bring no more than one."""
    furthest = paid_on + timedelta(days=term_days - 1)
    moved = max(days.term, min(days.term + timedelta(days=extends_days), furthest))
    if days.final is None:
        return replace(days, term=moved)
    notice = max(days.final - days.term, timedelta())
    final = max(days.final, min(days.final + timedelta(days=extends_days), furthest + notice))
    return Days(moved, final)


def after_objection(days: Days, granted_days: int, today: date) -> Days:
    """The granted days count from the final day that the objection was about."""
    if days.final is None:
        return days
    return replace(days, final=max(days.final + timedelta(days=granted_days), today))


def after_refusal(days: Days, today: date) -> Days:
    """What was held while the objection waited ends with the day of the answer at the earliest."""
    return days if days.final is None else replace(days, final=max(days.final, today))


def after_retention(days: Days, extra_days: int, today: date) -> Days:
    """The days that were approved count from the term, and from the final day where a recall is pending."""
    more = timedelta(days=extra_days)
    return Days(days.term + more, None if days.final is None else max(days.final + more, today))
