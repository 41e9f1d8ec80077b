"""What some packs look back on beyond the day of the question: counts of the days before, the log, wishes and consents, who was
ever spoken to.

Of these the Chinese pack asks for wishes and consents alone: consent to other hours, an agreed number of dials.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from portal.contact.conduct import (
    CallRule,
    CeaseRule,
    FrequencyCap,
    LifetimeCap,
    MoratoriumRule,
    PreferenceRule,
    TimeWindow,
)

if TYPE_CHECKING:
    from portal.contact.conduct import Pack

__all__ = [
    "asks_for_log", "asks_for_messages", "asks_for_wishes", "asks_whom_we_spoke_to", "days_back", "with_connected",
]  # fmt: skip

Counts = Mapping[tuple[str, int | str], int]
_LOOK_AT_THE_LOG = (CallRule, PreferenceRule, CeaseRule, MoratoriumRule)


def asks_for_log(pack: Pack) -> bool:
    """Whether the pack looks at the collector's own log before any contact with the debtor."""
    return any(isinstance(rule, _LOOK_AT_THE_LOG) for rule in pack.rules)


def asks_for_messages(pack: Pack) -> bool:
    """Whether the pack lets who writes or calls first be answered, so that every way of contact matters."""
    return any(isinstance(rule, PreferenceRule) for rule in pack.rules)


def asks_for_wishes(pack: Pack) -> bool:
    """Whether anything that the debtor asked for or agreed to may change what the pack says."""
    return any(
        isinstance(rule, _LOOK_AT_THE_LOG)
        or (isinstance(rule, TimeWindow) and rule.by_consent)
        or (isinstance(rule, FrequencyCap) and rule.by_agreement)
        for rule in pack.rules
    )


def asks_whom_we_spoke_to(pack: Pack) -> bool:
    """Whether the pack lets somebody be spoken to so often and never again."""
    return any(isinstance(rule, LifetimeCap) for rule in pack.rules)


def days_back(pack: Pack) -> int:
    """How many days before the day of the question its caps count."""
    return max((rule.days for rule in pack.rules if isinstance(rule, FrequencyCap)), default=1) - 1


def with_connected(counts: Counts, pack: Pack) -> Counts:
    """The counts with the calls that connected, where the pack counts them: those that were talked in and those that nobody took.

    A busy line is among the latter, so that the count is at most too high, never too low.
    """
    if not any(isinstance(rule, FrequencyCap) and rule.measure == "connected" for rule in pack.rules):
        return counts
    found = {key: count for key, count in counts.items() if key[0] != "connected"}
    for (measure, point), count in counts.items():
        if measure in ("conversation", "unanswered"):
            found["connected", point] = found.get(("connected", point), 0) + count
    return found
