"""Fewer accounts than there are: which ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from portal.placement.allocation.facts import Candidate, Key, Order
from portal.placement.allocation.families import lot

__all__ = ["choose_most"]


def choose_most(candidates: Iterable[Candidate], most: int, order: Order, seed: int) -> list[Candidate]:
    """At most `most` candidates, customers whole, in the given order of customers.

    A customer counts by its largest balance or its oldest debt. One that does not fit whole is passed over, and later
    ones that do fit are taken.
    """
    families: dict[Key, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        families[candidate.customer_id].append(candidate)

    def place(item: tuple[Key, list[Candidate]]) -> tuple[int, bytes]:
        customer, accounts = item
        if order is Order.RANDOM:
            first = 0
        else:
            first = -max(a.total_minor if order is Order.LARGEST else a.days_past_due for a in accounts)
        return first, lot(seed, customer)

    chosen: list[Candidate] = []
    for _, accounts in sorted(families.items(), key=place):
        if len(chosen) + len(accounts) <= most:
            chosen += accounts
    return chosen
