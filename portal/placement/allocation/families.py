"""Customers with their accounts, and the row in which they stand.

A family is what is placed as one: all accounts of a customer, or a single account where customers may be divided. It
stands in the worst bucket of its accounts, with the sum of their balances, in the region of the largest of them. The row
goes by stratum and, within it, by balance; slices of `SLICE` neighbours are shuffled by lots drawn from the seed. Whoever
takes families in turns along the row gets a book like everybody else's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import NamedTuple

from portal.foundation.money import format_amount
from portal.placement.allocation.facts import Candidate, Key
from portal.placement.allocation.rules import Permissions, region_within
from portal.placement.allocation.strategy import Only, Strata, Strategy

__all__ = ["Family", "Row", "bands_of", "belongs", "lot", "row_of"]

PARTS = {"bucket": 0, "balance": 1, "region": 2}
SLICE = 10  # customers of neighbouring balance whose order is drawn from the seed


Stratum = tuple[str | int, ...]  # bucket, number of the band, region, as far as the strategy asks for them


class Family(NamedTuple):
    """What is placed as one; its first four fields are its place in the row.

    `total` in minor units, `may` the receivers that may take it (bits), `accounts` places in the list of candidates.
    """

    stratum: Stratum
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
    strata: Mapping[Stratum, str]


def lot(seed: int, key: Key) -> bytes:
    """A customer's lot: even over all customers, and nobody can foresee it without the seed."""
    return blake2b(f"{seed}:{key}".encode(), digest_size=8).digest()


def row_of(candidates: Sequence[Candidate], permissions: Permissions, strategy: Strategy) -> Row:
    """The families of these candidates, which are in order of account."""
    own = _own_accounts(candidates, together=strategy.rules.customers_together)
    strata = _Strata(strategy.strata, strategy.currency, candidates, own.values())
    families = [_family(key, places, candidates, permissions, strata, strategy.seed) for key, places in own.items()]
    families.sort()
    return Row(list(_shuffled(families)), strata.names())


def belongs(family: Family, only: Only) -> bool:
    """Whether a step is for this family."""
    return (
        (only.buckets is None or family.bucket in only.buckets)
        and (only.regions is None or region_within(family.region, only.regions))
        and (only.from_minor is None or family.total >= only.from_minor)
        and (only.to_minor is None or family.total <= only.to_minor)
    )


def _own_accounts(candidates: Sequence[Candidate], *, together: bool) -> dict[Key, tuple[int, ...]]:
    """The places of each customer's accounts; of each account's where customers may be divided."""
    if not together:
        return {candidate.account_id: (i,) for i, candidate in enumerate(candidates)}
    found: dict[Key, tuple[int, ...]] = {}
    for i, candidate in enumerate(candidates):
        customer = candidate.customer_id
        found[customer] = (*found[customer], i) if customer in found else (i,)
    return found


def _family(
    key: Key,
    places: tuple[int, ...],
    candidates: Sequence[Candidate],
    permissions: Permissions,
    strata: _Strata,
    seed: int,
) -> Family:
    first = candidates[places[0]]
    total, may, bucket, region = first.total_minor, permissions.of(first), first.bucket, first.region
    if len(places) > 1:
        own = [candidates[i] for i in places]
        total = sum(c.total_minor for c in own)
        bucket = max(c.bucket for c in own)
        region = max(own, key=lambda c: c.total_minor).region  # of equally large ones the first by account
        for candidate in own[1:]:
            may &= permissions.of(candidate)
    return Family(strata.of(bucket, total, region), total, lot(seed, key), key, may, places, bucket, region)


class _Strata:
    """The stratum of a family: bucket × band of balance × region, as far as they are asked for."""

    def __init__(
        self, strata: Strata, currency: str, candidates: Sequence[Candidate], own: Iterable[tuple[int, ...]]
    ) -> None:
        self._by = strata.by
        self._one: dict[Stratum, Stratum] = {}
        self._met: dict[tuple[str, int, str], Stratum] = {}
        totals: list[int] = []
        if strata.quantiles and "balance" in strata.by:
            totals = sorted(sum(candidates[i].total_minor for i in places) for places in own)
        self._begins, self._called = bands_of(strata, currency, totals)

    def of(self, bucket: str, total: int, region: str) -> Stratum:
        """The one tuple for this stratum, so that sorting by it costs little."""
        where = (bucket, bisect_right(self._begins, total), region)
        found = self._met.get(where)
        if found is None:
            own = tuple(where[PARTS[name]] for name in self._by)
            found = self._met[where] = self._one.setdefault(own, own)
        return found

    def names(self) -> dict[Stratum, str]:
        """What the strata that were met are called."""
        return {stratum: self._name(stratum) for stratum in self._one}

    def _name(self, stratum: Stratum) -> str:
        return " · ".join(self._called[part] if isinstance(part, int) else part or "–" for part in stratum)


def bands_of(strata: Strata, currency: str, totals: Sequence[int]) -> tuple[Sequence[int], list[str]]:
    """Where the bands of balance begin, the first one left out, and what they are called; `totals` in ascending order."""
    if "balance" not in strata.by:
        return (), []
    if strata.quantiles:
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
