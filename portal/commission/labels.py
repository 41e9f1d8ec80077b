"""What statements, their steps and the clauses of their lines are called on pages and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.commission.models import LineKind, StatementState
from portal.foundation.language import _l
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.commission.models import CommissionLine

__all__ = ["KINDS", "REASONS", "STATES", "STEPS", "clause_of", "kind_of"]

S = StatementState
STATES = {
    S.DRAWN: StateTag("drawn", _l("drawn up"), "wait"),
    S.ISSUED: StateTag("issued", _l("waits for release"), "wait"),
    S.RELEASED: StateTag("released", _l("with the agency"), "go"),
    S.CONTESTED: StateTag("contested", _l("contested"), "bad"),
    S.ANSWERED: StateTag("answered", _l("answered"), "go"),
    S.CONFIRMED: StateTag("confirmed", _l("confirmed"), "good"),
    S.SETTLED: StateTag("settled", _l("fully paid"), "good"),
    S.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
}
STEPS = {
    S.DRAWN: _l("Drawn up"),
    S.ISSUED: _l("Issued"),
    S.RELEASED: _l("Released to the agency"),
    S.CONTESTED: _l("Contested"),
    S.ANSWERED: _l("Answered by the bank"),
    S.CONFIRMED: _l("Confirmed by the agency"),
    S.SETTLED: _l("Settled: all that is due is paid"),
    S.WITHDRAWN: _l("Withdrawn"),
}
KINDS = {
    LineKind.PAYMENT: _l("payment"),
    LineKind.LETTER: _l("letter fees"),
    LineKind.COST: _l("costs"),
    LineKind.KPI: _l("bonus or penalty"),
    LineKind.ADJUSTMENT: _l("adjustment"),
}
REASONS = {
    "rate": _l("rate"),
    "reversal": _l("reversal"),
    "true_up": _l("true-up"),
    "taken_back": _l("credit taken back"),
    "minimum": _l("minimum"),
    "cap": _l("cap"),
    "small_balance": _l("small balance"),
    "below_first_band": _l("below the first step"),
    "free_period": _l("free days"),
    "automatic_debit": _l("automatic debit"),
    "before_first_contact": _l("before the first contact"),
    "outside_placement": _l("outside the placement"),
    "letter_fee": _l("letter fee"),
    "letter_void": _l("letters void"),
    "success": _l("success fee"),
    "cost": _l("cost advanced"),
    "adjustment": _l("adjustment"),
    "kpi": _l("bonus or penalty"),
}


def clause_of(line: CommissionLine) -> Any:
    """What a line is due for, the same on page, paper and in the workbook."""
    return REASONS.get(line.reason, line.reason)


def kind_of(line: CommissionLine) -> Any:
    """What sort of line it is. A success fee is kept with the letters that it is earned beside, and is no fee of a letter."""
    return REASONS["success"] if line.reason == "success" else KINDS[line.kind]
