"""Why accounts come back: the words of recalls, objections and returns (reference/domain.md 3.4), as lists in code. Pure."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ClosureCode", "ObjectionReason", "RecallCategory", "RecallReason"]


class RecallReason(StrEnum):
    """Why the bank takes accounts back."""

    CLIENT = "client"  # the bank's own decision
    PAID = "paid"
    SETTLED = "settled"
    TERM = "term"
    ROTATION = "rotation"
    DECEASED = "deceased"
    BANKRUPT = "bankrupt"
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    CONDUCT = "conduct"  # the organisation broke the rules of conduct
    DO_NOT_CONTACT = "do_not_contact"
    FRAUD = "fraud"
    HARDSHIP = "hardship"
    LEGAL = "legal"  # goes to court
    WRITE_OFF = "write_off"
    ERROR = "error"  # placed in error
    EXIT = "exit"  # the organisation leaves


class RecallCategory(StrEnum):
    """What kind of decision a recall is. A compliance recall stops the work at once."""

    COMPLIANCE = "compliance"
    STRATEGIC = "strategic"
    DATA_CONTROL = "data_control"


class ObjectionReason(StrEnum):
    """Why an organisation asks for more days."""

    PROMISE = "promise"
    PLAN = "plan"
    PAYMENT = "payment"
    SETTLEMENT = "settlement"
    CONTACT = "contact"  # reached for the first time only now
    SUIT = "suit"
    OTHER = "other"


class ClosureCode(StrEnum):
    """Why an organisation gives an account back."""

    EXHAUSTED = "exhausted"
    PAID = "paid"
    SETTLED = "settled"
    DECEASED = "deceased"
    BANKRUPT = "bankrupt"
    DISPUTE = "dispute"
    DO_NOT_CONTACT = "do_not_contact"
    REFUSED = "refused"
    SKIP = "skip"
    FRAUD = "fraud"
    HARDSHIP = "hardship"
    LEGAL = "legal"
