"""What an open complaint does to contact, in words, by what the rules of the place say of its hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact.holds.effect import stops_contact, verdict_of_flag
from portal.foundation.language import Message, say
from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from portal.contact.conduct import Pack

__all__ = ["effect_words"]


def effect_words(pack: Pack) -> Message:
    """What holds until it is decided, as a sentence."""
    flag = HoldFlag.COMPLAINT.value
    if stops_contact(pack, flag):
        return say("Until it is decided there is no contact.")
    if verdict_of_flag(pack, flag) == "allow":
        return say("The rules here restrict no contact because of it.")
    return say("Until it is decided, contact keeps to its subject.")
