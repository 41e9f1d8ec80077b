"""Who gets which accounts: fixed shares, all accounts of a customer together, books that can be compared.

Pure: no database, no Flask. The method, and what it guarantees, is told in docs/allocation.md:

1. Customers with equally many accounts are one class; classes are dealt out from the largest to the smallest, so that
   single accounts even out what families of accounts left uneven.
2. Within a class a receiver's number of customers follows from what is still missing to its share. In the end everybody
   stands within one customer (of the largest in the run) of its share, and nobody above its room.
3. The customers of a class stand in a row by bucket and, within it, by balance; slices of the row are shuffled by the
   seed. Receivers take turns along the row so evenly that at every point of it each is less than one customer away from
   its part. So every bucket and every band of balances is spread alike over all books.

All arithmetic is in whole numbers. The order of the input does not matter: customers are known by their number.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

__all__ = ["RULE", "Candidate", "Decision", "Order", "Reason", "Receiver", "allocate", "choose_most"]

RULE: Final = "fixed-shares@1"
BAND: Final = 10  # customers of neighbouring balance whose order is drawn from the seed
NOBODY: Final = 0  # stands for what no receiver has room for; keys of receivers are 1 and more


class Reason(StrEnum):
    """Why an eligible account was, or was not, given to somebody."""

    SHARE = "share"
    NO_ROOM = "no_room"


class Order(StrEnum):
    """Which accounts come first where fewer are wanted than there are."""

    LARGEST = "largest"
    OLDEST = "oldest"
    RANDOM = "random"


class Candidate(NamedTuple):
    """An account that may be placed. `total_minor` in minor units of the run's one currency; `bucket` M0 … M7+."""

    account_id: int
    customer_id: int
    total_minor: int
    days_past_due: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who takes part: `share` of one (0.40), `room` in accounts (None: as many as there are)."""

    key: int
    share: Decimal
    room: int | None = None


class Decision(NamedTuple):
    """What becomes of one account; `receiver` None: not placed."""

    account_id: int
    receiver: int | None
    reason: Reason


class _Family(NamedTuple):
    """A customer with all accounts that may be placed; sorted as it stands in the row."""

    bucket: str
    total_minor: int
    draw: bytes
    customer_id: int
    account_ids: tuple[int, ...]


def allocate(candidates: Iterable[Candidate], receivers: Sequence[Receiver], seed: int) -> list[Decision]:
    """A decision for every candidate, in order of account; the same for the same seed, whatever the order of the input.

    ValueError where no receiver is named, one is named twice, a share or room is negative, or the shares do not add up
    to exactly 1.
    """
    _check(receivers)
    families = _families(candidates, seed)
    needs = _Needs(receivers, sum(len(f.account_ids) for f in families))
    decisions: list[Decision] = []
    for size, members in _classes(families):
        quotas = needs.quotas(len(members), size)
        for family, key in zip(_in_row(members), _turns(quotas), strict=True):
            receiver, reason = (None, Reason.NO_ROOM) if key == NOBODY else (key, Reason.SHARE)
            decisions += [Decision(account, receiver, reason) for account in family.account_ids]
    decisions.sort(key=itemgetter(0))
    return decisions


def choose_most(candidates: Iterable[Candidate], most: int, order: Order, seed: int) -> list[Candidate]:
    """At most `most` candidates, customers whole, in the given order of customers.

    A customer counts by its largest balance or its oldest debt. One that does not fit whole is passed over, and later
    ones that do fit are taken.
    """
    families: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        families[candidate.customer_id].append(candidate)

    def place(item: tuple[int, list[Candidate]]) -> tuple[int, bytes]:
        customer, accounts = item
        if order is Order.RANDOM:
            first = 0
        else:
            first = -max(a.total_minor if order is Order.LARGEST else a.days_past_due for a in accounts)
        return first, _draw(seed, customer)

    chosen: list[Candidate] = []
    for _, accounts in sorted(families.items(), key=place):
        if len(chosen) + len(accounts) <= most:
            chosen += accounts
    return chosen


def _check(receivers: Sequence[Receiver]) -> None:
    if not receivers or len({r.key for r in receivers}) < len(receivers) or any(r.key <= NOBODY for r in receivers):
        raise ValueError("receivers need keys of their own, 1 and more")
    if any(r.share < 0 or (r.room is not None and r.room < 0) for r in receivers):
        raise ValueError("shares and rooms are not negative")
    if sum(r.share for r in receivers) != 1:
        raise ValueError("shares add up to 1")


def _draw(seed: int, customer_id: int) -> bytes:
    """The customer's lot: even over all customers, and nobody can foresee it without the seed."""
    return blake2b(b"%d:%d" % (seed, customer_id), digest_size=8).digest()


def _families(candidates: Iterable[Candidate], seed: int) -> list[_Family]:
    """Customers with their accounts; a customer stands in the worst bucket of its accounts, with their sum."""
    accounts: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        accounts[candidate.customer_id].append(candidate)
    return [
        _Family(
            max(c.bucket for c in own),
            sum(c.total_minor for c in own),
            _draw(seed, customer),
            customer,
            tuple(sorted(c.account_id for c in own)),
        )
        for customer, own in accounts.items()
    ]


def _classes(families: Iterable[_Family]) -> Iterator[tuple[int, list[_Family]]]:
    """Customers by their number of accounts, most first."""
    by_size: dict[int, list[_Family]] = defaultdict(list)
    for family in families:
        by_size[len(family.account_ids)].append(family)
    for size in sorted(by_size, reverse=True):
        yield size, by_size[size]


def _in_row(members: list[_Family]) -> Iterator[_Family]:
    """By bucket and balance, slices of `BAND` customers of one bucket shuffled by their lots."""
    members.sort()
    by_bucket: dict[str, list[_Family]] = defaultdict(list)
    for family in members:
        by_bucket[family.bucket].append(family)
    for row in by_bucket.values():
        rest = iter(row)
        while band := list(islice(rest, BAND)):
            band.sort(key=itemgetter(2, 3))
            yield from band


class _Needs:
    """What each receiver still lacks to its share, in whole numbers: accounts × the shares' common denominator."""

    def __init__(self, receivers: Sequence[Receiver], accounts: int) -> None:
        fractions = {r.key: r.share.as_integer_ratio() for r in receivers}
        self._unit = max(denominator for _, denominator in fractions.values())
        for _, denominator in fractions.values():
            self._unit = self._unit * denominator // _common(self._unit, denominator)
        self._room = {r.key: r.room for r in receivers}
        self._need = {NOBODY: 0}
        for receiver in sorted(receivers, key=lambda r: r.key):
            top, bottom = fractions[receiver.key]
            wanted = accounts * top * (self._unit // bottom)
            fits = wanted if receiver.room is None else min(wanted, receiver.room * self._unit)
            self._need[receiver.key] = fits
            self._need[NOBODY] += wanted - fits

    def quotas(self, customers: int, size: int) -> dict[int, int]:
        """How many of so many customers with `size` accounts each go to whom.

        First everybody's whole part of what is missing, then one at a time to whoever lacks most. The first never
        exceeds a need, the second by less than one customer; so nobody ends further than one customer from its share.
        """
        lacking = {key: max(need, 0) for key, need in self._need.items()}
        total = sum(lacking.values())
        quotas = {key: customers * lack // total for key, lack in lacking.items()}
        for key, quota in quotas.items():
            self._take(key, quota, size)
        for _ in range(customers - sum(quotas.values())):
            key = max((k for k in quotas if self._fits(k, size)), key=lambda k: (self._need[k], -k))
            quotas[key] += 1
            self._take(key, 1, size)
        return quotas

    def _fits(self, key: int, size: int) -> bool:
        room = self._room.get(key)
        return room is None or room >= size

    def _take(self, key: int, customers: int, size: int) -> None:
        self._need[key] -= customers * size * self._unit
        room = self._room.get(key)
        if room is not None:
            self._room[key] = room - customers * size


def _common(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


def _turns(quotas: dict[int, int]) -> Iterator[int]:
    """Keys in turn, each as often as its quota, everywhere along the row less than one turn from its even part.

    The turn number j (from 0) of a key with quota q of n may be taken from place ⌊j·n/q⌋ on and before place
    ⌈(j+1)·n/q⌉; whoever must be served first comes first. With one place at a time this always works out
    (Tijdeman's chairman assignment; Baruah's proportionate fairness).
    """
    places = sum(quotas.values())
    waiting = [(0, key, 0) for key, quota in quotas.items() if quota]
    ready: list[tuple[int, int, int]] = []
    for place in range(places):
        while waiting and waiting[0][0] <= place:
            _, key, turn = heapq.heappop(waiting)
            heapq.heappush(ready, (-(-(turn + 1) * places // quotas[key]), key, turn))
        _, key, turn = heapq.heappop(ready)
        yield key
        if turn + 1 < quotas[key]:
            heapq.heappush(waiting, ((turn + 1) * places // quotas[key], key, turn + 1))
