"""What certificates and exits are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import _l
from portal.foundation.states import StateTag
from portal.placement.leaving_models import ExceptionKind, ExitState

if TYPE_CHECKING:
    from datetime import date

__all__ = ["DUTY_STATES", "EXCEPTION_KINDS", "EXIT_STATES", "TAIL_STATES", "duty_tag"]

EXIT_STATES: dict[ExitState, StateTag] = {
    ExitState.DRAFT: StateTag("draft", _l("draft"), "plain"),
    ExitState.SUBMITTED: StateTag("submitted", _l("to approve"), "wait"),
    ExitState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    ExitState.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
    ExitState.APPROVED: StateTag("approved", _l("approved"), "go"),
    ExitState.RUNNING: StateTag("running", _l("going back"), "go"),
    ExitState.DONE: StateTag("done", _l("done"), "good"),
}
EXCEPTION_KINDS: dict[ExceptionKind, Any] = {
    ExceptionKind.SUIT: _l("suit or letters under way"),
    ExceptionKind.PLAN: _l("payment plan in force"),
    ExceptionKind.OBJECTION: _l("objection or retention to answer"),
    ExceptionKind.PROMISE: _l("promise still ahead"),
}
DUTY_STATES: dict[str, StateTag] = {
    "overdue": StateTag("overdue", _l("overdue"), "bad"),
    "open": StateTag("open", _l("to confirm"), "wait"),
    "confirmed": StateTag("confirmed", _l("confirmed"), "good"),
}
TAIL_STATES: dict[str, StateTag] = {
    "earns": StateTag("earns", _l("still earns"), "go"),
    "over": StateTag("over", _l("over"), "plain"),
}


def duty_tag(due_on: date, is_confirmed: bool, today: date) -> StateTag:
    """Where a certificate stands."""
    if is_confirmed:
        return DUTY_STATES["confirmed"]
    return DUTY_STATES["overdue" if due_on < today else "open"]
