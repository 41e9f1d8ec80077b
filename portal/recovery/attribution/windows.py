"""Whose day it was: the placement that a payment of a value date belongs to. Pure: standard library only.

For money only dates count, both ends included: a placement earns from its batch's `placed_on`, whenever it was accepted,
to its `ended_on`. A value date belongs to whoever held the account at that day's start, else to the placement that begins
on it (DESIGN, invariant 1). A payment is credited once, or to nobody with the reason (invariant 2). After the end of a
placement payments still earn while its contract's tail lasts, unless somebody holds the account by then
(reference/commission.md: "inside the placement or its tail, both ends included"). Where its contract gives a grace, it
comes for so many days before whoever holds the account next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["BY_HAND", "RULE", "Credit", "Window", "attribute", "grace_until"]

RULE = "placement-window/3"  # name and version, kept with each decision
BY_HAND = "by-hand/1"  # two persons decided

CREDITED = "credited"
EXCLUDED = "excluded"  # it belongs to the placement, and its contract leaves it out
NOT_PLACED = "not_placed"
BEFORE_PLACEMENT = "before_placement"
AFTER_PLACEMENT = "after_placement"


@dataclass(frozen=True, slots=True)
class Window:
    """One placement of the account of a kind that excludes others: first and last day that earn.

    `ended_on` is None while it lives. One that ended before its first day (a refused batch) never earned anything.
    `earns_until`: the last day of its tail; `first_until`: the last day of its grace. None without one.
    """

    placement_id: int
    placed_on: date
    ended_on: date | None
    earns_until: date | None = None
    first_until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether a payment of this value date falls into the placement."""
        return self.placed_on <= day and (self.ended_on is None or day <= self.ended_on)

    def has_tail_on(self, day: date) -> bool:
        """Whether a payment of this value date falls into the placement's tail."""
        return self.ended_on is not None and self.earns_until is not None and self.ended_on < day <= self.earns_until

    def has_grace_on(self, day: date) -> bool:
        """Whether a payment of this value date falls into the days in which it comes before the next holder."""
        return self.ended_on is not None and self.first_until is not None and self.ended_on < day <= self.first_until


@dataclass(frozen=True, slots=True)
class Credit:
    """The decision: `credited` with the window, or the reason why nobody is, with the window nearest to the date.

    `in_tail`, `in_grace`: it is credited though the placement had ended. `excluded` has the window and, in `exclusion`, the
    code of what leaves it out.
    """

    decision: str
    window: Window | None
    in_tail: bool = False
    in_grace: bool = False
    exclusion: str = ""

    @property
    def names_placement(self) -> bool:
        """Whether the payment belongs to a placement, earning or not."""
        return self.decision in (CREDITED, EXCLUDED)


def grace_until(ended_on: date, days: int) -> date | None:
    """The last day on which a placement that ended then comes before the next holder; None without a grace."""
    return ended_on + timedelta(days=days) if days else None


def attribute(value_date: date, windows: Sequence[Window]) -> Credit:
    """The placement that a payment of this value date belongs to, among all placements the account ever had."""
    real = sorted(
        (w for w in windows if w.ended_on is None or w.ended_on >= w.placed_on),
        key=lambda w: (w.placed_on, w.placement_id),
    )
    if not real:
        return Credit(NOT_PLACED, None)
    holder = next((place for place, w in enumerate(real) if w.holds(value_date)), None)
    if holder is not None:
        # Who held it when the day began comes before who took it over on that day; who held it before both comes first
        # while its grace lasts.
        before = real[holder - 1] if holder else None
        if before is not None and before.has_grace_on(value_date):
            return Credit(CREDITED, before, in_grace=True)
        return Credit(CREDITED, real[holder])
    after = [w for w in real if w.has_tail_on(value_date) or w.has_grace_on(value_date)]
    if after:
        latest = max(after, key=lambda w: (w.ended_on, w.placement_id))
        in_tail = latest.has_tail_on(value_date)
        return Credit(CREDITED, latest, in_tail=in_tail, in_grace=not in_tail)
    if value_date < real[0].placed_on:
        return Credit(BEFORE_PLACEMENT, real[0])
    earlier = [w for w in real if w.placed_on <= value_date]
    return Credit(AFTER_PLACEMENT, earlier[-1])
