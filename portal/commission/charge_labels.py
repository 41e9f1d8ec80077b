"""What costs and adjustments, and where they stand, are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.commission.charge_models import ChargeKind, ChargeState
from portal.foundation.language import _l
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.commission.charge_models import Charge

__all__ = ["KINDS", "STATES", "STEPS", "WAITS", "charge_tag"]

WAITS = StateTag("waits", _l("undecided"), "wait")
STATES = {
    ChargeState.APPROVED: StateTag("approved", _l("approved"), "good"),
    ChargeState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    ChargeState.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
}
KINDS = {ChargeKind.ADJUSTMENT: _l("Adjustment"), ChargeKind.COST: _l("Cost advanced")}
STEPS = {
    ChargeState.APPROVED: _l("Approved"),
    ChargeState.REFUSED: _l("Refused"),
    ChargeState.WITHDRAWN: _l("Withdrawn"),
}


def charge_tag(charge: Charge) -> StateTag:
    """Where it stands."""
    return STATES[charge.decision.state] if charge.decision else WAITS
