"""What rules and room leave of the shares: how much of which kind of family goes to whom.

Families that the same receivers may take are one class. A receiver's target is its share of the whole, unless room or
rules give it less. All targets rise together in proportion to the shares (`level`); whoever reaches its room, or belongs
to a group of receivers that has got all that the group may take, stops there and the others go on. Where the overflow
goes to nobody, nobody rises above its share of the whole. So the targets are the fairest ones that rules and room allow,
and they are exact fractions.

That a set of targets can be met at all is asked by dividing the classes (`_Division`): first in proportion to what each
still lacks, then, where somebody is left short, along chains (I take yours, you take another's). Where no chain helps,
those on the chains are a group that lacks families: Hall's condition for marriages.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm
from typing import NamedTuple

__all__ = ["Targets", "fair_targets", "members"]


class Targets(NamedTuple):
    """`totals` by receiver; `parts` by class and receiver, in units of 1/`unit`, whole numbers."""

    totals: dict[int, Fraction]
    parts: dict[int, dict[int, int]]
    unit: int


def members(bits: int) -> list[int]:
    """The numbers of the receivers in a set."""
    return [i for i in range(bits.bit_length()) if bits >> i & 1]


def fair_targets(
    supply: Mapping[int, int],
    shares: Mapping[int, Fraction],
    rooms: Mapping[int, Fraction],
    most: int | None = None,
) -> Targets:
    """Targets for receivers with these shares. `supply`: the weight of each class (accounts, or minor units); `rooms`
    in the same measure, for those that have a limit; `most`: nobody gets more than its share of this."""
    fixed: dict[int, Fraction] = {r: Fraction(0) for r, share in shares.items() if not share}
    rising = {r: share for r, share in shares.items() if share}
    whole = Fraction(sum(supply.values()))
    while rising:
        level = _level(whole - sum(fixed.values()), rising, rooms)
        if most is not None:
            level = min(level, Fraction(most))
        stopped = set(rising)
        while True:
            asked = fixed | {r: _asked(r, share, level, rooms) for r, share in rising.items()}
            division, short = _divide(supply, asked)
            if not short:
                break
            own = sum(weight for bits, weight in supply.items() if any(bits >> r & 1 for r in short))
            left = own - sum(fixed[r] for r in short if r in fixed)
            level = _level(Fraction(left), {r: share for r, share in rising.items() if r in short}, rooms)
            stopped = {r for r in rising if r in short}
        for r in [r for r in rising if r in stopped or asked[r] == rooms.get(r)]:
            fixed[r] = asked[r]
            del rising[r]
    division, _ = _divide(supply, fixed)
    return Targets(fixed, division.parts, division.unit)


def _asked(receiver: int, share: Fraction, level: Fraction, rooms: Mapping[int, Fraction]) -> Fraction:
    return min(share * level, rooms[receiver]) if receiver in rooms else share * level


def _level(amount: Fraction, shares: Mapping[int, Fraction], rooms: Mapping[int, Fraction]) -> Fraction:
    """The level at which these receivers get so much together; the highest that means anything where they have no room
    for it."""
    full = sorted((rooms[r] / share, r) for r, share in shares.items() if r in rooms)
    parts = sum(shares.values(), Fraction(0))
    for level, receiver in full:
        if parts * level >= amount:
            break
        amount -= rooms[receiver]
        parts -= shares[receiver]
    if parts:
        return max(amount / parts, Fraction(0))
    return full[-1][0]


def _divide(supply: Mapping[int, int], asked: Mapping[int, Fraction]) -> tuple[_Division, set[int]]:
    """The classes divided so that everybody gets what it asks for; where that cannot be, a group that lacks families."""
    division = _Division(supply, asked)
    division.in_proportion()
    for receiver in sorted(asked):
        short = division.fill(receiver)
        if short:
            return division, short
    return division, set()


class _Division:
    """Weights of classes being divided among those who may take them."""

    def __init__(self, supply: Mapping[int, int], asked: Mapping[int, Fraction]) -> None:
        self.unit = lcm(*(amount.denominator for amount in asked.values()))
        self.parts: dict[int, dict[int, int]] = {}
        self._free = {bits: weight * self.unit for bits, weight in supply.items()}
        self._lacks = {r: int(amount * self.unit) for r, amount in asked.items()}
        self._may = {bits: [r for r in members(bits) if r in asked] for bits in supply}
        self._classes_of: dict[int, list[int]] = {r: [] for r in asked}
        # whom fewest may take comes first, so that the others can even out what these leave
        for bits in sorted(supply, key=lambda b: (len(self._may[b]), b)):
            self.parts[bits] = dict.fromkeys(self._may[bits], 0)
            for r in self._may[bits]:
                self._classes_of[r].append(bits)

    def in_proportion(self) -> None:
        """Each class in proportion to what those who may take it still lack."""
        for bits, part in self.parts.items():
            free, lacking = self._free[bits], sum(self._lacks[r] for r in part)
            for r in part:
                given = min(self._lacks[r], free * self._lacks[r] // lacking) if lacking else 0
                part[r] = given
                self._free[bits] -= given
            for r in part:
                self._lacks[r] -= part[r]

    def fill(self, receiver: int) -> set[int]:
        """Give a receiver what it lacks, along chains; where that cannot be, everybody on the chains."""
        while self._lacks[receiver]:
            taken_from: dict[int, tuple[int, int]] = {receiver: (receiver, 0)}
            found = self._search(receiver, taken_from)
            if found is None:
                return set(taken_from)
            self._shift(receiver, found, taken_from)
        return set()

    def _search(self, receiver: int, taken_from: dict[int, tuple[int, int]]) -> tuple[int, int] | None:
        """Somebody on a chain from the receiver who may take what is free, and the class of it."""
        waiting = deque([receiver])
        while waiting:
            taker = waiting.popleft()
            for bits in self._classes_of[taker]:
                if self._free[bits]:
                    return taker, bits
                for holder, part in self.parts[bits].items():
                    if part and holder not in taken_from:
                        taken_from[holder] = (taker, bits)
                        waiting.append(holder)
        return None

    def _shift(self, receiver: int, found: tuple[int, int], taken_from: Mapping[int, tuple[int, int]]) -> None:
        last, bits = found
        amount = min(self._lacks[receiver], self._free[bits])
        for holder, (_, class_) in _chain(last, receiver, taken_from):
            amount = min(amount, self.parts[class_][holder])
        self._free[bits] -= amount
        self.parts[bits][last] += amount
        for holder, (taker, class_) in _chain(last, receiver, taken_from):
            self.parts[class_][holder] -= amount
            self.parts[class_][taker] += amount
        self._lacks[receiver] -= amount


def _chain(last: int, first: int, taken_from: Mapping[int, tuple[int, int]]) -> Iterable[tuple[int, tuple[int, int]]]:
    while last != first:
        yield last, taken_from[last]
        last = taken_from[last][0]
