"""Dealing accounts out evenly. Pure: what is given decides, in whatever order it is given.

All accounts of a customer go to one collector: two people who call one person about two cards are one too many. A customer
of whom a collector already has an account goes to that collector. All others go, the largest first, each to whoever has
been dealt least so far; so two collectors differ in the end by no more than the largest customer.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["By", "Parcel", "deal_evenly"]


class By(StrEnum):
    """What is to be even."""

    VALUE = "value"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Parcel:
    """An account to be dealt: its place in the queue, whose it is, and what it is worth in minor units of its currency."""

    id: int
    customer_id: int
    value_minor: int
    currency: str


def deal_evenly(
    parcels: Iterable[Parcel], collectors: Collection[int], by: By, known: Mapping[int, int] | None = None
) -> dict[int, int]:
    """Who gets which account, as account by collector; nobody to deal to is nothing dealt.

    `known`: by customer the collector who has an account of theirs already. Amounts of two currencies are never added up:
    each customer counts in the currency of the larger number of their accounts, and the shares are even in each.
    """
    people = sorted(set(collectors))
    if not people:
        return {}
    customers: dict[int, list[Parcel]] = defaultdict(list)
    for parcel in parcels:
        customers[parcel.customer_id].append(parcel)
    dealt: dict[int, int] = {}
    loads: dict[str, list[tuple[int, int]]] = {}  # by currency a heap of what each has been dealt so far
    for currency, weight, customer_id in _largest_first(customers, by):
        collector = (known or {}).get(customer_id)
        if collector not in people:
            heap = loads.setdefault(currency, [(0, person) for person in people])
            load, collector = heap[0]
            heapq.heapreplace(heap, (load + weight, collector))
        dealt.update((parcel.id, collector) for parcel in customers[customer_id])
    return dealt


def _largest_first(customers: Mapping[int, list[Parcel]], by: By) -> list[tuple[str, int, int]]:
    """Currency, weight and number of each customer, in the order in which they are dealt."""
    weighed = []
    for customer_id, parcels in customers.items():
        currency = _main_currency(parcels) if by is By.VALUE else ""
        weights = [parcel.value_minor for parcel in parcels if parcel.currency == currency]
        weighed.append((currency, sum(weights) if by is By.VALUE else len(parcels), customer_id))
    return sorted(weighed, key=lambda each: (each[0], -each[1], each[2]))


def _main_currency(parcels: Iterable[Parcel]) -> str:
    counted: dict[str, int] = defaultdict(int)
    for parcel in parcels:
        counted[parcel.currency] += 1
    return min(counted, key=lambda currency: (-counted[currency], currency))
