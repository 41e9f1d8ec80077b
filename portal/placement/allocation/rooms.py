"""What still fits where, in accounts and in amount, while an allocation goes on."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from portal.placement.allocation.facts import Reason, Receiver
from portal.placement.allocation.families import Family
from portal.placement.allocation.strategy import By

__all__ = ["Rooms"]


class Rooms:
    """The room of each receiver, by its number; None is no limit."""

    def __init__(self, receivers: Sequence[Receiver]) -> None:
        self._accounts = [r.room_accounts for r in receivers]
        self._minor = [r.room_minor for r in receivers]

    def short_of(self, receiver: int, family: Family) -> Reason | None:
        """Which room the family does not fit in; None where it fits."""
        accounts, minor = self._accounts[receiver], self._minor[receiver]
        if accounts is not None and len(family.accounts) > accounts:
            return Reason.NO_ROOM
        return Reason.NO_ROOM_AMOUNT if minor is not None and family.total > minor else None

    def take(self, receiver: int, family: Family, times: int = 1) -> None:
        """The family takes its room; with `times` -1 it gives it back."""
        accounts, minor = self._accounts[receiver], self._minor[receiver]
        if accounts is not None:
            self._accounts[receiver] = accounts - times * len(family.accounts)
        if minor is not None:
            self._minor[receiver] = minor - times * family.total

    def limited(self, receiver: int) -> bool:
        """Whether there is any limit."""
        return self._accounts[receiver] is not None or self._minor[receiver] is not None

    def in_measure(self, receiver: int, by: By, accounts: int, minor: int) -> Fraction | None:
        """The room in accounts or in minor units. Room in the other measure counts at the mean balance of what is to be
        shared out: `accounts` of `minor` together."""
        own, other = self._accounts[receiver], self._minor[receiver]
        mine, theirs = accounts, minor
        if by is By.AMOUNT:
            own, other, mine, theirs = other, own, minor, accounts
        rooms = [] if own is None else [Fraction(own)]
        if other is not None and theirs > 0:
            rooms.append(Fraction(other * mine, theirs))
        return min(rooms, default=None)
