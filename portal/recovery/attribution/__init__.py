"""To whom a payment is credited, and what of it earns. Pure: standard library only; an auditor's first pages.

Read in this order: `windows` (whose day it was), `exclusions` (what the contract leaves out), `reversals` (what is taken
back of which share), `splits` (a payment that pays more accounts than one). docs/attribution.md has a worked example.
"""

from __future__ import annotations

from portal.recovery.attribution.exclusions import Clauses, Paid, Place, decide, read_clauses
from portal.recovery.attribution.reversals import TakeBack, in_order, take_back
from portal.recovery.attribution.splits import needs_split, share_faults
from portal.recovery.attribution.windows import (
    AFTER_PLACEMENT,
    BEFORE_PLACEMENT,
    BY_HAND,
    CREDITED,
    EXCLUDED,
    NOT_PLACED,
    RULE,
    Credit,
    Window,
    attribute,
    grace_until,
)

__all__ = [
    "AFTER_PLACEMENT", "BEFORE_PLACEMENT", "BY_HAND", "CREDITED", "EXCLUDED", "NOT_PLACED", "RULE", "Clauses", "Credit",
    "Paid", "Place", "TakeBack", "Window", "attribute", "decide", "grace_until", "in_order", "needs_split",
    "read_clauses", "share_faults", "take_back",
]  # fmt: skip
