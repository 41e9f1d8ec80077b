"""How decisions on payments and proposals about them are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import _l
from portal.foundation.states import StateTag
from portal.recovery.clearing_models import ClearingDecision, ClearingKind
from portal.recovery.models import Decision, Receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CLEARINGS", "DECISIONS", "EXCLUSION_LABELS", "RECEIVERS", "clearing_state"]

DECISIONS = {
    Decision.CREDITED: StateTag("credited", _l("credited"), "good"),
    Decision.EXCLUDED: StateTag("excluded", _l("left out by the contract"), "plain"),
    Decision.NOBODY: StateTag("nobody", _l("nobody, by hand"), "plain"),
    Decision.SPLIT_NEEDED: StateTag("split_needed", _l("shares to be named"), "wait"),
    Decision.ABOVE_BALANCE: StateTag("above_balance", _l("more than is owed"), "wait"),
    Decision.NOT_PLACED: StateTag("not_placed", _l("not placed"), "wait"),
    Decision.BEFORE_PLACEMENT: StateTag("before_placement", _l("before the placement"), "wait"),
    Decision.AFTER_PLACEMENT: StateTag("after_placement", _l("after the placement"), "wait"),
    Decision.ORIGINAL_UNKNOWN: StateTag("original_unknown", _l("original not posted"), "wait"),
    Decision.CANNOT_REVERSE: StateTag("cannot_reverse", _l("nothing left to reverse"), "bad"),
}
EXCLUSION_LABELS: Mapping[str, Any] = {
    "free_period": _l("free days"),
    "automatic_debit": _l("automatic debit"),
    "before_first_contact": _l("before the first contact"),
}
RECEIVERS = {Receiver.BANK: _l("the bank"), Receiver.AGENCY: _l("the agency")}
CLEARINGS = {
    ClearingKind.PLACEMENT: _l("Credit to a placement"),
    ClearingKind.SPLIT: _l("Shares of several accounts"),
    ClearingKind.NOBODY: _l("Credit to nobody"),
}


def clearing_state(decision: ClearingDecision | None) -> StateTag:
    """Where a proposal stands."""
    if decision is None:
        return StateTag("proposed", _l("waits for a second person"), "wait")
    if decision.approved:
        return StateTag("approved", _l("approved"), "good")
    return StateTag("sent_back", _l("sent back"), "bad")
