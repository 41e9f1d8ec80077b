"""What a reversal takes back. Pure: standard library only.

A reversal goes where its payment went and takes back its amount, never more than is left of it. Several reversals of a
payment are taken in the order of their value dates, then of their references, whichever came first: so the order of arrival
changes nothing in the end. Of a payment that was split, the last share is taken back first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

__all__ = ["TakeBack", "in_order", "take_back"]


class Reversal(Protocol):
    """What orders reversals of one payment."""

    @property
    def paid_on(self) -> date: ...

    @property
    def payment_ref(self) -> str: ...


R = TypeVar("R", bound=Reversal)


@dataclass(frozen=True, slots=True)
class TakeBack:
    """A part of a reversal: from which share of the payment (its place, from 0) how much, in minor units."""

    share: int
    amount: int


def in_order(reversals: Iterable[R]) -> list[R]:
    """The reversals of one payment in the order in which they are served."""
    return sorted(reversals, key=lambda reversal: (reversal.paid_on, reversal.payment_ref))


def take_back(left: Sequence[int], amount: int) -> list[TakeBack] | None:
    """From which shares of a payment an amount is taken; None where less is left of it. Minor units; the parts add up."""
    if amount > sum(left):
        return None
    parts = []
    for share in reversed(range(len(left))):
        part = min(amount, left[share])
        if part > 0:
            parts.append(TakeBack(share, part))
            amount -= part
    return parts
