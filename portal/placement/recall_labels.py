"""What recalls, objections, returns and retention are called on pages (reference/domain.md 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.placement.codes import ClosureCode, ObjectionReason, RecallCategory, RecallReason
from portal.placement.recall_models import (
    MoveCause,
    ObjectionState,
    RecallLineState,
    RecallOrigin,
    RecallState,
    RetentionState,
)

if TYPE_CHECKING:
    from portal.placement.recall_models import Recall, RecallMove

__all__ = [
    "CATEGORIES", "CLOSURE_CODES", "LINE_STATES", "OBJECTION_REASONS", "OBJECTION_STATES", "ORIGINS", "RECALL_REASONS",
    "RECALL_STATES", "RETENTION_STATES", "closure_words", "move_words", "when_words",
]  # fmt: skip

RECALL_REASONS: dict[RecallReason, Any] = {
    RecallReason.CLIENT: _l("recalled by the bank"),
    RecallReason.PAID: _l("paid in full"),
    RecallReason.SETTLED: _l("settled"),
    RecallReason.TERM: _l("term expired"),
    RecallReason.ROTATION: _l("rotation"),
    RecallReason.DECEASED: _l("deceased"),
    RecallReason.BANKRUPT: _l("bankrupt"),
    RecallReason.DISPUTE: _l("dispute"),
    RecallReason.COMPLAINT: _l("complaint"),
    RecallReason.CONDUCT: _l("breach of the conduct rules"),
    RecallReason.DO_NOT_CONTACT: _l("no contact wanted"),
    RecallReason.FRAUD: _l("fraud or identity theft"),
    RecallReason.HARDSHIP: _l("hardship"),
    RecallReason.LEGAL: _l("goes to court"),
    RecallReason.WRITE_OFF: _l("written off"),
    RecallReason.ERROR: _l("placed in error"),
    RecallReason.EXIT: _l("the organisation leaves"),
}
CATEGORIES: dict[RecallCategory, Any] = {
    RecallCategory.STRATEGIC: _l("strategic"),
    RecallCategory.COMPLIANCE: _l("compliance"),
    RecallCategory.DATA_CONTROL: _l("data control"),
}
ORIGINS: dict[RecallOrigin, Any] = {
    RecallOrigin.CHOICE: _l("chosen accounts"),
    RecallOrigin.BATCH: _l("whole batch"),
    RecallOrigin.FILE: _l("from a file"),
    RecallOrigin.TERM: _l("end of the term"),
}
RECALL_STATES: dict[RecallState, StateTag] = {
    RecallState.ASKED: StateTag("asked", _l("to decide"), "wait"),
    RecallState.PENDING: StateTag("pending", _l("pending"), "go"),
    RecallState.DONE: StateTag("done", _l("done"), "good"),
    RecallState.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
}
LINE_STATES: dict[RecallLineState, StateTag] = {
    RecallLineState.ASKED: StateTag("asked", _l("asked for"), "wait"),
    RecallLineState.PENDING: StateTag("pending", _l("pending"), "go"),
    RecallLineState.ENDED: StateTag("ended", _l("gone back"), "good"),
    RecallLineState.RELEASED: StateTag("released", _l("stays"), "plain"),
    RecallLineState.SUPERSEDED: StateTag("superseded", _l("recalled again"), "plain"),
}
OBJECTION_REASONS: dict[ObjectionReason, Any] = {
    ObjectionReason.PROMISE: _l("a promise is due"),
    ObjectionReason.PLAN: _l("a plan is being negotiated"),
    ObjectionReason.PAYMENT: _l("a payment is expected"),
    ObjectionReason.SETTLEMENT: _l("a settlement waits for approval"),
    ObjectionReason.CONTACT: _l("the debtor was reached only now"),
    ObjectionReason.SUIT: _l("a suit is under way"),
    ObjectionReason.OTHER: _l("another reason"),
}
OBJECTION_STATES: dict[ObjectionState, StateTag] = {
    ObjectionState.OPEN: StateTag("open", _l("to answer"), "wait"),
    ObjectionState.GRANTED: StateTag("granted", _l("granted"), "good"),
    ObjectionState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    ObjectionState.VOID: StateTag("void", _l("void"), "plain"),
}
RETENTION_STATES: dict[RetentionState, StateTag] = {
    RetentionState.ASKED: StateTag("asked", _l("to answer"), "wait"),
    RetentionState.APPROVED: StateTag("approved", _l("approved"), "good"),
    RetentionState.REFUSED: StateTag("refused", _l("refused"), "bad"),
}
CLOSURE_CODES: dict[ClosureCode, Any] = {
    ClosureCode.EXHAUSTED: _l("no progress any more"),
    ClosureCode.PAID: _l("paid in full"),
    ClosureCode.SETTLED: _l("settled"),
    ClosureCode.DECEASED: _l("deceased"),
    ClosureCode.BANKRUPT: _l("bankrupt"),
    ClosureCode.DISPUTE: _l("dispute"),
    ClosureCode.DO_NOT_CONTACT: _l("no contact wanted"),
    ClosureCode.REFUSED: _l("refuses to pay"),
    ClosureCode.SKIP: _l("cannot be found"),
    ClosureCode.FRAUD: _l("fraud or identity theft"),
    ClosureCode.HARDSHIP: _l("hardship"),
    ClosureCode.LEGAL: _l("goes to court"),
}
_CLOSURES: dict[str, Any] = {code.value: words for code, words in CLOSURE_CODES.items()} | {
    reason.value: words for reason, words in RECALL_REASONS.items()
}


def closure_words(code: str) -> Any:
    """A closure code of a placement in words; the code itself where it is none of the lists'."""
    return _CLOSURES.get(code, code)


def when_words(recall: Recall) -> Message:
    """When what a recall covers goes back."""
    if recall.origin is RecallOrigin.TERM:
        return say("each on its last day")
    if recall.at_term:
        return say("each at its term")
    if recall.final_on is not None:
        return say("last day %(day)s", day=recall.final_on)
    return say("at once")


def move_words(move: RecallMove) -> Message:
    """What moved a date, and to when."""
    after = move.final_after or move.term_after
    if move.cause is MoveCause.PAYMENT:
        return say("The payment %(ref)s moved it to %(day)s.", ref=move.reference, day=after)
    if move.cause is MoveCause.OBJECTION:
        return say("A granted objection moved it to %(day)s.", day=after)
    return say("An approved retention moved it to %(day)s.", day=after)
