"""To whom a payment is credited. Pure: standard library only; an auditor's first page.

For money only dates count, both ends included: a placement earns from its batch's `placed_on`, whenever it was accepted,
to its `ended_on`. A value date belongs to whoever held the account at that day's start, else to the placement that begins
on it (DESIGN, invariant 1). A payment is credited once, or to nobody with the reason (invariant 2). After the end of a
placement payments still earn while its contract's tail lasts, unless somebody holds the account by then
(reference/commission.md: "inside the placement or its tail, both ends included").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

__all__ = ["RULE", "Credit", "Window", "attribute"]

RULE = "placement-window/2"  # name and version, kept with each decision

CREDITED = "credited"
NOT_PLACED = "not_placed"
BEFORE_PLACEMENT = "before_placement"
AFTER_PLACEMENT = "after_placement"


@dataclass(frozen=True, slots=True)
class Window:
    """One placement of the account of a kind that excludes others: first and last day that earn.

    `ended_on` is None while it lives. One that ended before its first day (a refused batch) never earned anything.
    `earns_until`: the last day of its tail; None without one.
    """

    placement_id: int
    placed_on: date
    ended_on: date | None
    earns_until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a payment of this value date falls into the placement."""
        return self.placed_on <= day and (self.ended_on is None or day <= self.ended_on)

    def has_tail_on(self, day: date) -> bool:
        """Whether a payment of this value date falls into the placement's tail."""
        return self.ended_on is not None and self.earns_until is not None and self.ended_on < day <= self.earns_until


@dataclass(frozen=True, slots=True)
class Credit:
    """The decision: `credited` with the window, or the reason why nobody is, with the window nearest to the date.
    `in_tail`: it is credited though the placement had ended."""

    decision: str
    window: Window | None
    in_tail: bool = False


def attribute(value_date: date, windows: Sequence[Window]) -> Credit:
    """The placement that a payment of this value date belongs to, among all placements the account ever had."""
    real = sorted(
        (w for w in windows if w.ended_on is None or w.ended_on >= w.placed_on),
        key=lambda w: (w.placed_on, w.placement_id),
    )
    if not real:
        return Credit(NOT_PLACED, None)
    holders = [w for w in real if w.holds(value_date)]
    if holders:
        # Who held it when the day began comes before who took it over on that day.
        return Credit(CREDITED, holders[0])
    tails = [w for w in real if w.has_tail_on(value_date)]
    if tails:
        return Credit(CREDITED, max(tails, key=lambda w: (w.ended_on, w.placement_id)), in_tail=True)
    if value_date < real[0].placed_on:
        return Credit(BEFORE_PLACEMENT, real[0])
    earlier = [w for w in real if w.placed_on <= value_date]
    return Credit(AFTER_PLACEMENT, earlier[-1])
