"""Customers with their accounts, and the row in which they stand.

A family is what is placed as one: all accounts of a customer, or a single account where customers may be divided. It
stands in the worst bucket of its accounts, with the sum of their balances, in the region of the largest of them. The row
goes by stratum and, within it, by balance; slices of `SLICE` neighbours are shuffled by lots drawn from the seed. Whoever
takes families in turns along the row gets a book like everybody else's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from portal.foundation.money import format_amount
from portal.placement.allocation.facts import Candidate, Key
from portal.placement.allocation.rules import Permissions, region_within
from portal.placement.allocation.strategy import Only, Strata, Strategy

__all__ = ["Family", "Row", "belongs", "lot", "row_of"]

SLICE = 10  # customers of neighbouring balance whose order is drawn from the seed


class Family(NamedTuple):
    """What is placed as one; its first four fields are its place in the row.

    `stratum` a number, `total` in minor units, `may` the receivers that may take it (bits), `accounts` places in the
    list of candidates.
    """

    stratum: int
    total: int
    draw: bytes
    key: Key
    may: int
    accounts: tuple[int, ...]
    bucket: str
    region: str


class Row(NamedTuple):
    """All families as they stand, and what the strata are called."""

    families: list[Family]
    strata: Sequence[str]


def lot(seed: int, key: Key) -> bytes:
    """A customer's lot: even over all customers, and nobody can foresee it without the seed."""
    return blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()


def row_of(candidates: Sequence[Candidate], permissions: Permissions, strategy: Strategy) -> Row:
    """The families of these candidates, which are in order of account."""
    found = _families(candidates, permissions, strategy)
    strata = _Strata(strategy.strata, strategy.currency, found)
    placed = [family._replace(stratum=strata.number(family)) for family in found] if strata.any else found
    names, order = strata.in_order()
    families = [family._replace(stratum=order[family.stratum]) for family in placed] if strata.any else placed
    families.sort()
    return Row(list(_shuffled(families)), names)


def belongs(family: Family, only: Only) -> bool:
    """Whether a step is for this family."""
    return (
        (only.buckets is None or family.bucket in only.buckets)
        and (only.regions is None or region_within(family.region, only.regions))
        and (only.from_minor is None or family.total >= only.from_minor)
        and (only.to_minor is None or family.total <= only.to_minor)
    )


def _families(candidates: Sequence[Candidate], permissions: Permissions, strategy: Strategy) -> list[Family]:
    seed, may = strategy.seed, permissions.of
    if not strategy.rules.customers_together:
        return [
            Family(0, c.total_minor, lot(seed, c.account_id), c.account_id, may(c), (i,), c.bucket, c.region)
            for i, c in enumerate(candidates)
        ]
    by_customer: dict[Key, list[int]] = {}
    for i, candidate in enumerate(candidates):
        by_customer.setdefault(candidate.customer_id, []).append(i)
    found = []
    for customer, places in by_customer.items():
        first = candidates[places[0]]
        total, everybody, bucket, region = first.total_minor, may(first), first.bucket, first.region
        if len(places) > 1:
            own = [candidates[i] for i in places]
            total = sum(c.total_minor for c in own)
            bucket = max(c.bucket for c in own)
            region = max(own, key=lambda c: c.total_minor).region  # of equally large ones the first by account
            for candidate in own[1:]:
                everybody &= may(candidate)
        found.append(Family(0, total, lot(seed, customer), customer, everybody, tuple(places), bucket, region))
    return found


class _Strata:
    """Gives families the number of their stratum: bucket × band of balance × region, as far as they are asked for."""

    def __init__(self, strata: Strata, currency: str, families: Sequence[Family]) -> None:
        self.any = bool(strata.by)
        self._by = strata.by
        self._numbers: dict[tuple[str | int, ...], int] = {}
        self._bands, self._names = _bands(strata, currency, families)

    def number(self, family: Family) -> int:
        """The number of the family's stratum, in order of appearance."""
        key = tuple(self._part(family, name) for name in self._by)
        return self._numbers.setdefault(key, len(self._numbers))

    def in_order(self) -> tuple[list[str], list[int]]:
        """The names of the strata in their order, and by number of appearance the place in it."""
        keys = sorted(self._numbers)
        place = {self._numbers[key]: i for i, key in enumerate(keys)}
        return [self._name(key) for key in keys] or [""], [place[i] for i in range(len(keys))]

    def _part(self, family: Family, name: str) -> str | int:
        if name == "bucket":
            return family.bucket
        return family.region if name == "region" else bisect_right(self._bands, family.total)

    def _name(self, key: tuple[str | int, ...]) -> str:
        return " · ".join(self._names[part] if isinstance(part, int) else part or "–" for part in key)


def _bands(strata: Strata, currency: str, families: Sequence[Family]) -> tuple[Sequence[int], list[str]]:
    """Where the bands of balance begin, the first one left out, and what they are called."""
    if "balance" not in strata.by:
        return (), []
    if strata.quantiles:
        totals = sorted(family.total for family in families)
        begins = [totals[k * len(totals) // strata.quantiles] for k in range(1, strata.quantiles)] if totals else []
        return begins, [f"{k}/{strata.quantiles}" for k in range(1, strata.quantiles + 1)]
    written = [format_amount(begin, currency) for begin in strata.bands]
    between = [f"{low}-{high}" for low, high in pairwise(written)]
    return strata.bands, [f"<{written[0]}", *between, f"≥{written[-1]}"] if written else ["–"]


def _shuffled(families: Iterable[Family]) -> Iterator[Family]:
    """Slices of neighbours within a stratum in the order of their lots."""
    for _, members in groupby(families, key=itemgetter(0)):
        while slice_ := list(islice(members, SLICE)):
            slice_.sort(key=itemgetter(2, 3))
            yield from slice_
