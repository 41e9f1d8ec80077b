"""What begins the limitation of a claim anew, by the rule of a pack.

China: Civil Code 195; for demands the provisions on limitation, art. 8 (a letter or data message that arrived or should have
arrived), and those on bank cards, art. 3 (message, letter or e-mail to a number or address that the holder has given to the
bank); part payment, plan and request for time are agreement (art. 14). Great Britain: a part payment, or an acknowledgement in
writing that is signed; a demand never. A place whose law nobody has looked up restarts by nothing that is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from portal.contact.conduct.standing import limitation_of

if TYPE_CHECKING:
    from portal.contact.conduct.terms import Pack

__all__ = ["Ground", "Happened", "restarts"]


class Ground(StrEnum):
    """What may begin it anew: the words of a pack's `restart_on`."""

    DEMAND = "demand_sent_to_reserved_contact"
    AUTODEBIT = "autodebit"
    DEBTOR_AGREES = "debtor_agrees"
    PART_PAYMENT = "part_payment"
    LAWSUIT = "lawsuit"
    ARBITRATION = "arbitration"
    ACKNOWLEDGEMENT = "written_acknowledgement"


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that may begin it anew. Of a demand: whether it went, in writing, to a number or address that the debtor
    has given to the bank (`reserved`), and arrived or should have arrived (`arrived`)."""

    ground: Ground
    reserved: bool = False
    arrived: bool = True


def restarts(pack: Pack, event: Happened) -> bool:
    """Whether an event begins the period anew under a pack."""
    rule = limitation_of(pack)
    if rule is None or event.ground not in rule.restart_on:
        return False
    return event.ground is not Ground.DEMAND or (event.reserved and event.arrived)
