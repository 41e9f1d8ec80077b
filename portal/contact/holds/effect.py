"""What a hold does to contact where the debtor is: as the rules there say of its flag, not the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.conduct import VERDICTS, HoldRule

if TYPE_CHECKING:
    from portal.contact.conduct import Pack, Verdict

__all__ = ["stops_contact", "verdict_of_flag"]


def verdict_of_flag(pack: Pack, flag: str) -> Verdict:
    """The gravest that a rule of the pack says of a contact while the flag stands."""
    verdicts = (rule.verdict for rule in pack.rules if isinstance(rule, HoldRule) and flag in rule.flags)
    return max(verdicts, key=VERDICTS.index, default="allow")


def stops_contact(pack: Pack, flag: str) -> bool:
    """Whether there is no contact while it stands."""
    return verdict_of_flag(pack, flag) in ("presume", "block")
