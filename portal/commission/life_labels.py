"""What a statement's life after its release is called on pages and papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.commission.life_models import DisputeEnd, DisputeReason, Follows, InvoiceState
from portal.commission.stepping import SILENCE, TAKEN_BACK, WITHDRAWN_LINES
from portal.foundation.language import _l, say
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.commission.life_models import StatementDispute
    from portal.commission.models import Statement
    from portal.foundation.language import Message

__all__ = [
    "CODES", "DISPUTE_REASONS", "FOLLOWS", "INVOICE_STATES", "INVOICE_STEPS", "OPEN", "dispute_number", "dispute_tag",
    "percent_words",
]  # fmt: skip

CODES = {  # what the program wrote in place of words
    SILENCE: _l("Nobody contested it in time, so it counts as confirmed."),
    WITHDRAWN_LINES: _l("The agency took back all that it had contested."),
    TAKEN_BACK: _l("A payment was taken back, so that part of it is owed again."),
}
DISPUTE_REASONS: dict[DisputeReason, Any] = {
    DisputeReason.CREDIT: _l("wrong credit"),
    DisputeReason.RATE: _l("wrong rate"),
    DisputeReason.AMOUNT: _l("wrong amount"),
    DisputeReason.MISSING: _l("something is not on it"),
    DisputeReason.OTHER: _l("another reason"),
}
OPEN = StateTag("open", _l("waits for the bank's answer"), "bad")
ENDS = {
    DisputeEnd.UPHELD: StateTag("upheld", _l("the agency is right"), "good"),
    DisputeEnd.REFUSED: StateTag("refused", _l("the line stands"), "plain"),
    DisputeEnd.WITHDRAWN: StateTag("withdrawn", _l("taken back"), "plain"),
}
FOLLOWS: dict[Follows, Any] = {
    Follows.CREDIT: _l("The payment is credited otherwise; what changes is on the next statement"),
    Follows.ADJUSTMENT: _l("An adjustment on the next statement"),
    Follows.PLAN: _l("A new version of the contract's plan; what changes is on the next statement"),
    Follows.OTHER: _l("Something else, as the answer says"),
}
INVOICE_STATES = {
    InvoiceState.MATCHED: StateTag("matched", _l("matched"), "good"),
    InvoiceState.DIFFERS: StateTag("differs", _l("differs"), "bad"),
    InvoiceState.PROPOSED: StateTag("proposed", _l("difference proposed"), "wait"),
    InvoiceState.ACCEPTED: StateTag("accepted", _l("difference accepted"), "good"),
    InvoiceState.RETURNED: StateTag("returned", _l("sent back"), "plain"),
}
INVOICE_STEPS = {
    InvoiceState.MATCHED: _l("Uploaded, and bills what is due"),
    InvoiceState.DIFFERS: _l("Uploaded, and does not bill what is due"),
    InvoiceState.PROPOSED: _l("Proposed to accept the difference"),
    InvoiceState.ACCEPTED: _l("Difference accepted"),
    InvoiceState.RETURNED: _l("Sent back to the agency"),
}


def dispute_tag(dispute: StatementDispute) -> StateTag:
    """Where a contested line stands."""
    return ENDS[dispute.end.state] if dispute.end else OPEN


def dispute_number(statement: Statement, dispute: StatementDispute) -> str:
    """How a contested line is referred to: the statement, the line (0: the whole), and which time it was contested."""
    return f"{statement.number}/{dispute.line.position if dispute.line else 0}/{dispute.turn}"


def percent_words(included: bool) -> Message:
    """Whether the lines hold the tax."""
    return say("within the amounts of the lines") if included else say("on top of the amounts of the lines")
