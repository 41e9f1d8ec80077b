"""The four dates of a payment, told by two sides: what differs, and which step took too long. Pure.

A payment is made by the debtor, received (by the agency, then by the bank), cleared and posted. Steps are counted in days of
the calendar; a date that nobody told is no step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

__all__ = ["Dates", "LateAfter", "Step", "days_apart", "steps"]


@dataclass(frozen=True, slots=True)
class Dates:
    """`agency_on`: when the agency says that it had the money; the others as the bank posted them."""

    paid_on: date | None = None
    agency_on: date | None = None
    received_on: date | None = None
    cleared_on: date | None = None
    posted_on: date | None = None


@dataclass(frozen=True, slots=True)
class LateAfter:
    """Days that a step may take, by the bank's rules."""

    received: int
    cleared: int
    posted: int


@dataclass(frozen=True, slots=True)
class Step:
    """From one date to the next: `name` is what is reached (`received`, `cleared`, `posted`)."""

    name: str
    first: date
    last: date
    late: bool

    @property
    def days(self) -> int:
        """How long it took; negative where the later one is dated before the earlier one."""
        return (self.last - self.first).days


def steps(dates: Dates, after: LateAfter) -> Iterator[Step]:
    """The steps of which both ends are known. The first is from the agency's receipt to the bank's."""
    for name, first, last, most in (
        ("received", dates.agency_on, dates.received_on, after.received),
        ("cleared", dates.received_on, dates.cleared_on, after.cleared),
        ("posted", dates.cleared_on or dates.received_on, dates.posted_on, after.posted),
    ):
        if first is not None and last is not None:
            yield Step(name, first, last, (last - first).days > most)


def days_apart(told: date | None, posted: date | None) -> int | None:
    """Days from what one side told to what the other posted; None where one of them said nothing."""
    return None if told is None or posted is None else (posted - told).days
