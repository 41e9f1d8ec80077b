"""The books while they are filled, and how they are evened out when all families are dealt."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from math import gcd

from portal.placement.allocation.families import Family
from portal.placement.allocation.rooms import Rooms
from portal.placement.allocation.strategy import By
from portal.placement.allocation.targets import Targets

__all__ = ["NOBODY", "Books", "weight_of"]

NOBODY = -1  # stands for what rules, room or shares leave with no receiver
FINEST = 100_000  # an amount is near enough to its target within such a part of the whole
MOST_MOVES = 400  # a bound on the work; a few dozen are usual


def weight_of(families: Iterable[Family], by: By) -> int:
    """What families count in a share of accounts or of the amount; a credit balance counts nothing."""
    if by is By.ACCOUNTS:
        return sum([len(family.accounts) for family in families])
    return sum([family.total for family in families if family.total > 0])


class Books:
    """Who holds which families, by receiver's number (NOBODY: -1) and class, and how far each is from its target."""

    def __init__(self, targets: Targets, receivers: Sequence[int], by: By, whole: int, rooms: Rooms) -> None:
        self._unit = targets.unit
        self._by = by
        self._rooms = rooms
        self._held: dict[int, dict[int, list[Family]]] = {r: {} for r in receivers}
        given = sum(int(total * self._unit) for total in targets.totals.values())
        self._lacks = {r: int(targets.totals.get(r, 0) * self._unit) for r in receivers}
        self._lacks[NOBODY] = whole * self._unit - given
        self._families = 0

    def add(self, receiver: int, bits: int, families: Sequence[Family]) -> int:
        """Put families of a class into a book, whose room has been taken; answers their weight."""
        self._held[receiver].setdefault(bits, []).extend(families)
        weight = weight_of(families, self._by) * self._unit
        self._lacks[receiver] -= weight
        self._families += len(families)
        return weight

    def keep(self, families: Iterable[Family]) -> None:
        """Families that nobody here may take."""
        self._held[NOBODY].setdefault(0, []).extend(families)

    def of(self, receiver: int) -> Iterator[Family]:
        """The families in somebody's book."""
        for members in self._held[receiver].values():
            yield from members

    def left(self) -> Iterator[Family]:
        """The families that nobody got."""
        return self.of(NOBODY)

    def give_away(self) -> None:
        """What nobody got to whoever may take it, has room, and lacks most."""
        for bits, members in self._held[NOBODY].items():
            kept = []
            for family in members:
                fits = [r for r in self._takers(bits) if self._rooms.short_of(r, family) is None]
                if fits:
                    receiver = max(fits, key=lambda r: (self._lacks[r], -r))
                    self._hand_over(NOBODY, receiver, bits, family)
                else:
                    kept.append(family)
            members[:] = kept

    def even_out(self) -> None:
        """Families change hands as long as that brings books nearer to their targets.

        Everybody within one account is near enough; of an amount, within a hundred-thousandth of it or one family of
        mean balance, whichever is less. Each move makes the sum of the squared distances smaller, so this ends.
        """
        enough = self._unit if self._by is By.ACCOUNTS else self._near()
        for _ in range(MOST_MOVES):
            if max(map(abs, self._lacks.values())) < enough or not self._move_once():
                return

    def _move_once(self) -> bool:
        lacking = sorted((r for r, lack in self._lacks.items() if lack > 0), key=lambda r: (-self._lacks[r], r))
        return any(self._move(chain) for taker in lacking for chain in self._chains(taker))

    def _chains(self, taker: int) -> Iterator[list[tuple[int, int, int]]]:
        """Ways from those who have too much to the taker, short ones first: steps (giver, taker, class), the taker's
        own step first."""
        way: dict[int, list[tuple[int, int, int]]] = {taker: []}
        waiting = deque([taker])
        while waiting:
            here = waiting.popleft()
            for giver in sorted(self._held, key=lambda r: (self._lacks[r], r)):
                if giver in way:
                    continue
                bits = next((b for b, members in self._held[giver].items() if members and self._may(here, b)), None)
                if bits is None:
                    continue
                way[giver] = [*way[here], (giver, here, bits)]
                waiting.append(giver)
                if self._lacks[giver] < 0:
                    yield way[giver]

    def _move(self, chain: list[tuple[int, int, int]]) -> bool:
        giver, taker = chain[-1][0], chain[0][1]
        gap = min(self._lacks[taker], -self._lacks[giver])
        if len(chain) == 1 and self._move_many(giver, taker, gap):
            return True
        return self._move_along(chain, gap)

    def _move_many(self, giver: int, taker: int, gap: int) -> bool:
        """As many families as fit into the gap, from places all along the row."""
        moved = False
        for bits, members in self._held[giver].items():
            if not members or not self._may(taker, bits):
                continue
            gone = set()
            for place in _spread(len(members)):
                weight = self._weight(members[place])
                if 0 < weight <= gap and self._fits(taker, members[place]):
                    gone.add(place)
                    gap -= weight
                    self._hand_over(giver, taker, bits, members[place])
                    if not gap:
                        break
            if gone:
                moved = True
                members[:] = [family for place, family in enumerate(members) if place not in gone]
        return moved

    def _move_along(self, chain: list[tuple[int, int, int]], gap: int) -> bool:
        """One family along each step of the chain, if that brings the books nearer to their targets."""
        before = sum(lack * lack for lack in self._lacks.values())
        done: list[tuple[int, int, int, int, Family]] = []
        wanted = gap
        for giver, taker, bits in chain:
            members = self._held[giver][bits]
            fits = (i for i, family in enumerate(members) if self._fits(taker, family))
            place = min(fits, key=lambda i: abs(self._weight(members[i]) - wanted), default=None)
            if place is None:
                break
            family = members.pop(place)
            self._hand_over(giver, taker, bits, family)
            done.append((giver, taker, bits, place, family))
            wanted = self._weight(family)
        if len(done) == len(chain) and sum(lack * lack for lack in self._lacks.values()) < before:
            return True
        for giver, taker, bits, place, family in reversed(done):
            self._held[taker][bits].pop()
            self._hand_over(taker, giver, bits, family)
            self._held[giver][bits].pop()
            self._held[giver][bits].insert(place, family)
        return False

    def _hand_over(self, giver: int, taker: int, bits: int, family: Family) -> None:
        """The taker's side and the giver's account of it; the caller takes it out of the giver's list."""
        if giver != NOBODY:
            self._rooms.take(giver, family, -1)
        if taker != NOBODY:
            self._rooms.take(taker, family)
        self._held[taker].setdefault(bits, []).append(family)
        self._lacks[giver] += self._weight(family)
        self._lacks[taker] -= self._weight(family)

    def _fits(self, taker: int, family: Family) -> bool:
        return taker == NOBODY or self._rooms.short_of(taker, family) is None

    def _may(self, taker: int, bits: int) -> bool:
        return taker == NOBODY or bool(bits >> taker & 1)

    def _takers(self, bits: int) -> list[int]:
        return [r for r in self._held if r != NOBODY and bits >> r & 1]

    def _weight(self, family: Family) -> int:
        return weight_of((family,), self._by) * self._unit

    def _near(self) -> int:
        held = (f for books in self._held.values() for members in books.values() for f in members)
        whole = sum(self._weight(family) for family in held)
        return max(whole // max(self._families, FINEST), 1)


def _spread(places: int) -> Iterator[int]:
    """All places of a row, so that the first few are spread over it."""
    step = max(places * 5 // 8, 1)
    while gcd(step, places) != 1:
        step += 1
    return (i * step % places for i in range(places))
