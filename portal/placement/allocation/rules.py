"""What no step may break: who may take an account at all, whatever the shares say.

1. A receiver that may not receive takes nothing.
2. Its licence is valid through the placement's term, or on the day it begins.
3. Between the last day of one placement and the first of the next lie so many whole days: after one that ended on
   31 January, with a cool-down of 30 days, the next begins on 3 March at the earliest.
4. It takes only the buckets and regions that it is permitted. A country permits all its regions.
5. It does not take what it had before: ever, or in the last N rounds. The next round is one after the last; a holder of
   round k is stopped while the next round less k is N or less.

All accounts of a customer together: a receiver may take the customer only if it may take each of its accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from portal.placement.allocation.facts import Candidate, Reason, Receiver
from portal.placement.allocation.strategy import Licence, Strategy

__all__ = ["Permissions", "licence_holds", "region_within"]

NOBODY_MAY = 0


class Permissions:
    """The rules of a strategy for these receivers. Sets of receivers are bits: receiver number i (by key) is 1 << i."""

    def __init__(self, receivers: Sequence[Receiver], strategy: Strategy) -> None:
        self._receivers = receivers
        self._rules = strategy.rules
        self._date = strategy.date
        self._bit = {receiver.key: 1 << i for i, receiver in enumerate(receivers)}
        self._by_place: dict[tuple[str, str], int] = {}
        days = strategy.rules.cool_down_days
        self._last_free_end = strategy.date - timedelta(days=days + 1) if days else None

    def of(self, candidate: Candidate) -> int:
        """Everybody who may take the account."""
        if self._cools_down(candidate):
            return NOBODY_MAY
        place = (candidate.bucket, candidate.region)
        may = self._by_place.get(place)
        if may is None:
            may = self._by_place[place] = self._permitted(candidate)
        return may & ~self._held(candidate) if candidate.former else may

    def stop(self, candidate: Candidate, number: int) -> Reason | None:
        """The first rule that keeps the account from receiver `number`; None where none does."""
        receiver = self._receivers[number]
        if self._standing(receiver) is None and self._cools_down(candidate):
            return Reason.COOL_DOWN
        return self._place_rule(receiver, candidate) or (
            Reason.FORMER_HOLDER if candidate.former and self._held(candidate) >> number & 1 else None
        )

    def _permitted(self, candidate: Candidate) -> int:
        numbers = (i for i, r in enumerate(self._receivers) if self._place_rule(r, candidate) is None)
        return sum(1 << i for i in numbers)

    def _place_rule(self, receiver: Receiver, candidate: Candidate) -> Reason | None:
        standing = self._standing(receiver)
        if standing is not None:
            return standing
        if receiver.buckets is not None and candidate.bucket not in receiver.buckets:
            return Reason.BUCKET
        if receiver.regions is not None and not region_within(candidate.region, receiver.regions):
            return Reason.REGION
        return None

    def _standing(self, receiver: Receiver) -> Reason | None:
        if receiver.may_not_receive:
            return Reason.MAY_NOT_RECEIVE
        return None if licence_holds(receiver, self._rules.licence, self._date.toordinal()) else Reason.LICENCE

    def _cools_down(self, candidate: Candidate) -> bool:
        last = self._last_free_end
        return last is not None and candidate.ended_on is not None and candidate.ended_on > last

    def _held(self, candidate: Candidate) -> int:
        """The receivers that the account may not go back to."""
        within = self._rules.former_holders.within_rounds
        following = 1 + max((former.round for former in candidate.former), default=0)
        held = 0
        for former in candidate.former:
            if within is None or following - former.round <= within:
                held |= self._bit.get(former.receiver, 0)
        return held


def licence_holds(receiver: Receiver, until: Licence, day: int) -> bool:
    """Whether the licence is valid on the day, or through the term that begins on it; without a date it has no end."""
    if receiver.licence_until is None:
        return True
    return receiver.licence_until.toordinal() >= day + (receiver.term_days if until is Licence.TERM else 0)


def region_within(region: str, permitted: frozenset[str]) -> bool:
    """Whether a region, or the country it lies in, is among the permitted ones. An unknown region never is."""
    return region in permitted or region.partition("-")[0] in permitted
