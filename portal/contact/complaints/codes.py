"""The words of complaints as codes, and their deadline. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

__all__ = [
    "DECIDED_WITHIN", "LONGEST_AHEAD", "LONGEST_TEXT", "QUESTION_HOURS", "Category", "ComplaintState", "ComplaintStep",
    "Outcome", "Root", "Source", "decided_by",
]  # fmt: skip

LONGEST_TEXT = 4_000  # characters
DECIDED_WITHIN = 15  # days from the day a complaint was received
LONGEST_AHEAD = 60  # days to which a deadline may be moved: the longest that a difficult complaint may take
QUESTION_HOURS = 48  # in which an organisation replies where its contract is not known any more


class Category(StrEnum):
    """What somebody complains of."""

    BEHAVIOUR = "behaviour"
    FREQUENCY = "frequency"
    HOURS = "hours"
    THIRD_PARTY = "third_party"
    PRIVACY = "privacy"
    AMOUNT = "amount"
    PAYMENT = "payment"
    IDENTITY = "identity"
    LETTER = "letter"
    OTHER = "other"


class Source(StrEnum):
    """By which way a complaint came."""

    PHONE = "phone"
    LETTER = "letter"
    EMAIL = "email"
    APP = "app"
    BRANCH = "branch"
    REGULATOR = "regulator"
    MEDIA = "media"


class Root(StrEnum):
    """Whom the complaint is about."""

    BANK = "bank"
    ORGANISATION = "organisation"


class ComplaintState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ComplaintStep(StrEnum):
    """What one entry of a complaint says. Notes are the bank's own; so is the reason of a decision."""

    RAISED = "raised"
    NOTE = "note"
    QUESTION = "question"
    REPLY = "reply"
    TAKEN = "taken"
    MOVED = "moved"
    CLOSED = "closed"


class Outcome(StrEnum):
    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"


def decided_by(received_on: date, days: int = DECIDED_WITHIN) -> date:
    """The last day on which a complaint that was received then may be decided."""
    return received_on + timedelta(days=days)
