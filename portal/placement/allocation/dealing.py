"""Families dealt out by shares: each class along the row in turns, then evened out.

1. `targets` says how much of each class goes to whom.
2. The classes are dealt from those that fewest may take to those that most may take, within a class from the customers
   with most accounts to those with one; each quota follows from what is still missing, so that what one leaves uneven
   the next evens out.
3. In a class receivers take turns so evenly that at every point of the row each is less than one turn from its part.
4. Where somebody still has too much and somebody too little, families change hands, along chains where rules ask for it,
   as long as that brings the books nearer to their targets.
5. Where the overflow goes to the others, what is left goes to whoever may take it, has room, and lacks most.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from portal.placement.allocation.evening import NOBODY, Books, weight_of
from portal.placement.allocation.families import Family
from portal.placement.allocation.rooms import Rooms
from portal.placement.allocation.strategy import By, Overflow
from portal.placement.allocation.targets import Targets, fair_targets

__all__ = ["deal"]


def deal(
    families: Iterable[Family], shares: Mapping[int, Fraction], by: By, overflow: Overflow, rooms: Rooms
) -> tuple[Books, Mapping[int, Fraction]]:
    """Who gets which of these families, which stand in the row's order, and the targets. `shares` by receiver's number.

    Room is taken as families are given. Families that none of the receivers may take are in nobody's book.
    """
    among = sum(1 << r for r, share in shares.items() if share)
    classes: dict[int, list[Family]] = defaultdict(list)
    untaken = []
    accounts = minor = 0
    for family in families:
        bits = family.may & among
        if bits:
            classes[bits].append(family)
            accounts += len(family.accounts)
            minor += max(family.total, 0)
        else:
            untaken.append(family)
    weighed = By.AMOUNT if by is By.AMOUNT and minor else By.ACCOUNTS
    targets = _targets(classes, shares, weighed, overflow, rooms, accounts, minor)
    books = Books(targets, [*shares, NOBODY], weighed, minor if weighed is By.AMOUNT else accounts, rooms)
    _deal_classes(classes, targets, books, weighed, rooms)
    books.even_out()
    if overflow is Overflow.OTHERS:
        books.give_away()
    books.keep(untaken)
    return books, targets.totals


def _targets(
    classes: Mapping[int, Sequence[Family]], shares: Mapping[int, Fraction], by: By, overflow: Overflow, rooms: Rooms,
    accounts: int, minor: int,
) -> Targets:  # fmt: skip
    supply = {bits: weight_of(members, by) for bits, members in classes.items()}
    limits = {r: rooms.in_measure(r, by, accounts, minor) for r in shares}
    known = {r: limit for r, limit in limits.items() if limit is not None}
    return fair_targets(supply, shares, known, sum(supply.values()) if overflow is Overflow.NOBODY else None)


def _deal_classes(classes: Mapping[int, list[Family]], targets: Targets, books: Books, by: By, rooms: Rooms) -> None:
    limited = {r: rooms.limited(r) for r in targets.totals} | {NOBODY: False}
    carried: dict[int, int] = dict.fromkeys(limited, 0)  # what earlier classes gave too little (or, below 0, too much)
    for bits, parts in targets.parts.items():
        members = classes[bits]
        lacks = dict(parts)
        rest = weight_of(members, by) * targets.unit - sum(parts.values())
        if rest or carried[NOBODY]:
            lacks[NOBODY] = rest
        for r in lacks:
            lacks[r] += carried[r]
        for alike in _sizes(members) if by is By.ACCOUNTS else [members]:
            weight = weight_of(alike, by) * targets.unit
            quotas = _quotas(lacks, len(alike), weight // len(alike))
            for r, got in _by_turns(alike, quotas, rooms, limited).items():
                lacks[r] = lacks.get(r, 0) - books.add(r, bits, got)
        carried |= lacks


def _by_turns(
    families: Sequence[Family], quotas: Mapping[int, int], rooms: Rooms, limited: Mapping[int, bool]
) -> dict[int, list[Family]]:
    """Who gets which of these families; one that does not fit goes to nobody for now."""
    books: dict[int, list[Family]] = {r: [] for r in [*quotas, NOBODY]}
    for family, turn in zip(families, _turns(quotas), strict=True):
        if limited[turn]:
            if rooms.short_of(turn, family):
                books[NOBODY].append(family)
                continue
            rooms.take(turn, family)
        books[turn].append(family)
    return books


def _sizes(members: Sequence[Family]) -> Iterator[list[Family]]:
    """Families by their number of accounts, most first."""
    by_size: dict[int, list[Family]] = defaultdict(list)
    for family in members:
        by_size[len(family.accounts)].append(family)
    for size in sorted(by_size, reverse=True):
        yield by_size[size]


def _quotas(lacks: Mapping[int, int], families: int, each: int) -> dict[int, int]:
    """How many of so many families, which weigh `each` on average, go to whom: first everybody's whole part of what is
    missing, then one at a time to whoever lacks most."""
    lacking = {r: max(lack, 0) for r, lack in lacks.items()}
    total = sum(lacking.values())
    quotas = {r: families * lack // total if total else 0 for r, lack in lacking.items()}
    left = {r: lack - quotas[r] * each for r, lack in lacks.items()}
    for _ in range(families - sum(quotas.values())):
        r = max(left, key=lambda r: (left[r], -r))
        quotas[r] += 1
        left[r] -= each
    return quotas


def _turns(quotas: Mapping[int, int]) -> Iterator[int]:
    """Receivers in turn, each as often as its quota, everywhere along the row less than one turn from its even part.

    The turn number j (from 0) of a receiver with quota q of n may be taken from place ⌊j·n/q⌋ on and before place
    ⌈(j+1)·n/q⌉; whoever must be served first comes first. With one place at a time this always works out
    (Tijdeman's chairman assignment; Baruah's proportionate fairness).
    """
    places = sum(quotas.values())
    waiting = [(0, r, 0) for r, quota in quotas.items() if quota]
    heapq.heapify(waiting)
    ready: list[tuple[int, int, int]] = []
    for place in range(places):
        while waiting and waiting[0][0] <= place:
            _, r, turn = heapq.heappop(waiting)
            heapq.heappush(ready, (-(-(turn + 1) * places // quotas[r]), r, turn))
        _, r, turn = heapq.heappop(ready)
        yield r
        if turn + 1 < quotas[r]:
            heapq.heappush(waiting, ((turn + 1) * places // quotas[r], r, turn + 1))
