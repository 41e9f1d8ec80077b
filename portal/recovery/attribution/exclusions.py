"""What a contract leaves out of what a placement earns. Pure: standard library only.

A payment that is left out still belongs to its placement: it is named to it and credits nothing, by one of these rules, the
first that applies.

1. `free_period`: it came in the first days of the placement (plan key `free_days`: one number, or one for each receiver
   `{bank, agency}`; free while paid_on - placed_on < free_days, reference/commission.md).
2. `automatic_debit`: it came by a channel that collects by itself, where the contract says that these do not count.
3. `before_first_contact`: its value date lies before the day of the holder's first contact with a person about the
   account, by the holder's own log, where the contract says so. Without any contact every payment lies before it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from portal.recovery.attribution.windows import CREDITED, EXCLUDED, Credit, Window, attribute

__all__ = ["AUTOMATIC_CHANNELS", "EXCLUSIONS", "Clauses", "Paid", "Place", "decide", "read_clauses"]

FREE_PERIOD = "free_period"
AUTOMATIC_DEBIT = "automatic_debit"
BEFORE_FIRST_CONTACT = "before_first_contact"
EXCLUSIONS = (FREE_PERIOD, AUTOMATIC_DEBIT, BEFORE_FIRST_CONTACT)

# Words of a channel that mean a debit by itself, where the contract names none of its own.
AUTOMATIC_CHANNELS = (
    "autopay", "auto-pay", "auto debit", "auto-debit", "direct debit", "standing order", "自动扣款", "自动还款", "自动转账",
    "代扣", "约定还款", "自動扣款", "自動扣繳", "約定還款",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clauses:
    """What a contract version says of what counts. Free days by who received the payment."""

    free_days: Mapping[str, int] | int = 0
    grace_days: int = 0
    exclude_automatic: bool = False
    automatic_channels: tuple[str, ...] = AUTOMATIC_CHANNELS
    exclude_before_contact: bool = False

    def free_for(self, receiver: str) -> int:
        """Days from the placement's first in which payments that this side received are free."""
        return self.free_days if isinstance(self.free_days, int) else int(self.free_days.get(receiver, 0))

    def is_automatic(self, channel: str) -> bool:
        """Whether a channel's name holds one of the words, however it is spelt (width, case, spaces at the ends)."""
        name = _plain(channel)
        return any(word in name for word in map(_plain, self.automatic_channels))


@dataclass(frozen=True, slots=True)
class Paid:
    """What of a payment decides: its value date, who received it (`bank`, `agency`), and by which channel it came."""

    on: date
    received_by: str = "bank"
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A placement with its contract's clauses. `first_contact`: the day where the debtor is, by the holder's log."""

    window: Window
    clauses: Clauses = Clauses()
    first_contact: date | None = None


def read_clauses(plan: Mapping[str, Any], recovery: Mapping[str, Any]) -> Clauses:
    """The clauses of a contract version: `free_days` of its plan, and what it says under `recovery`."""
    free = plan.get("free_days") or 0
    return Clauses(
        free_days={str(side): int(days) for side, days in free.items()} if isinstance(free, Mapping) else int(free),
        grace_days=int(recovery.get("grace_days") or 0),
        exclude_automatic=bool(recovery.get("exclude_automatic")),
        automatic_channels=tuple(recovery.get("automatic_channels") or AUTOMATIC_CHANNELS),
        exclude_before_contact=bool(recovery.get("exclude_before_contact")),
    )


def decide(paid: Paid, places: Sequence[Place]) -> Credit:
    """The placement that a payment belongs to, and whether it is credited to it or left out."""
    credit = attribute(paid.on, [place.window for place in places])
    if credit.decision != CREDITED:
        return credit
    exclusion = _exclusion(paid, next(place for place in places if place.window == credit.window))
    return replace(credit, decision=EXCLUDED, exclusion=exclusion) if exclusion else credit


def _exclusion(paid: Paid, place: Place) -> str:
    clauses = place.clauses
    if (paid.on - place.window.placed_on).days < clauses.free_for(paid.received_by):
        return FREE_PERIOD
    if clauses.exclude_automatic and clauses.is_automatic(paid.channel):
        return AUTOMATIC_DEBIT
    if clauses.exclude_before_contact and (place.first_contact is None or paid.on < place.first_contact):
        return BEFORE_FIRST_CONTACT
    return ""


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip()
