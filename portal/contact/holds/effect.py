"""What a hold does to contact where the debtor is: as the rules there say of its flag, not the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.conduct import VERDICTS, HoldRule
from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from portal.contact.conduct import Pack, Verdict

__all__ = ["hold_effect", "stops_contact", "verdict_of_flag"]


def verdict_of_flag(pack: Pack, flag: str) -> Verdict:
    """The gravest that a rule of the pack says of a contact while the flag stands."""
    verdicts = (rule.verdict for rule in pack.rules if isinstance(rule, HoldRule) and flag in rule.flags)
    return max(verdicts, key=VERDICTS.index, default="allow")


def stops_contact(pack: Pack, flag: str) -> bool:
    """Whether there is no contact while it stands."""
    return verdict_of_flag(pack, flag) in ("presume", "block")


def hold_effect(pack: Pack, flag: str) -> Message:
    """What may still be done while it stands, as a sentence."""
    if stops_contact(pack, flag):
        return say("No contact with the debtor while it stands.")
    if verdict_of_flag(pack, flag) == "allow":
        return say("The rules here restrict no contact because of it.")
    return say("Contact stays allowed, with care and about what it concerns.")
