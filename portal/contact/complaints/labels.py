"""What complaints, their entries and outcomes are called on pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from portal.contact.complaints.codes import Category, ComplaintState, ComplaintStep, Outcome, Root, Source
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.contact.complaints.models import Complaint, ComplaintEvent

__all__ = [
    "CATEGORIES", "OUTCOMES", "ROOTS", "SOURCES", "STATES", "complaint_tag", "event_words", "reply_is_late",
]  # fmt: skip

CATEGORIES: dict[Category, Any] = {
    Category.BEHAVIOUR: _l("behaviour of a collector"),
    Category.FREQUENCY: _l("contacted too often"),
    Category.HOURS: _l("contacted at a forbidden hour"),
    Category.THIRD_PARTY: _l("third persons were contacted"),
    Category.PRIVACY: _l("personal data was passed on"),
    Category.AMOUNT: _l("amount or fees"),
    Category.PAYMENT: _l("payment not credited"),
    Category.IDENTITY: _l("not the debtor"),
    Category.LETTER: _l("content of a letter or message"),
    Category.OTHER: _l("something else"),
}
SOURCES: dict[Source, Any] = {
    Source.PHONE: _l("by telephone"),
    Source.LETTER: _l("by letter"),
    Source.EMAIL: _l("by e-mail"),
    Source.APP: _l("in the app"),
    Source.BRANCH: _l("at a branch"),
    Source.REGULATOR: _l("through the regulator"),
    Source.MEDIA: _l("through the media"),
}
ROOTS: dict[Root, Any] = {Root.BANK: _l("the bank"), Root.ORGANISATION: _l("the organisation")}
STATES: dict[ComplaintState, Any] = {ComplaintState.OPEN: _l("open"), ComplaintState.CLOSED: _l("closed")}
OUTCOMES: dict[Outcome, StateTag] = {
    Outcome.UPHELD: StateTag("upheld", _l("upheld"), "bad"),
    Outcome.PARTLY: StateTag("partly", _l("upheld in part"), "wait"),
    Outcome.REJECTED: StateTag("rejected", _l("not upheld"), "good"),
}
_OPEN = StateTag("open", _l("open"), "go")
_OVERDUE = StateTag("overdue", _l("overdue"), "bad")
_REPLY_OVERDUE = StateTag("reply_overdue", _l("reply overdue"), "bad")
_ASKED = StateTag("asked", _l("waits for the organisation"), "wait")
_ASKED_US = StateTag("asked", _l("waits for us"), "wait")


def reply_is_late(complaint: Complaint, now: datetime) -> bool:
    """Whether the organisation has been asked and its time for the reply has passed."""
    due = complaint.question_due_at
    return complaint.outcome is None and due is not None and due < now


def complaint_tag(complaint: Complaint, *, is_bank: bool, now: datetime, today: date) -> StateTag:
    """How a complaint stands: decided how, late, waiting for the organisation's word, or open. An organisation's clock is
    that of the question, the bank's that of the decision; the bank also sees that an organisation lets it wait."""
    if complaint.outcome is not None:
        return OUTCOMES[complaint.outcome]
    question, unanswered = complaint.question_due_at, reply_is_late(complaint, now)
    if complaint.due_on < today if is_bank else unanswered:
        return _OVERDUE
    if unanswered:
        return _REPLY_OVERDUE
    if question is not None:
        return _ASKED if is_bank else _ASKED_US
    return _OPEN


def event_words(event: ComplaintEvent, complaint: Complaint) -> Message:
    """What an entry did."""
    if event.step is ComplaintStep.RAISED:
        return say("Complaint: %(what)s", what=CATEGORIES[complaint.category])
    if event.step is ComplaintStep.MOVED and event.due_on is not None:
        return say("Deadline moved to %(day)s", day=event.due_on)
    if event.step is ComplaintStep.CLOSED and complaint.outcome is not None:
        return say("Decided: %(outcome)s", outcome=OUTCOMES[complaint.outcome].label)
    return _STEPS[event.step]


_STEPS: dict[ComplaintStep, Message] = {
    ComplaintStep.NOTE: say("Note of the bank"),
    ComplaintStep.QUESTION: say("Question to the organisation"),
    ComplaintStep.REPLY: say("Reply of the organisation"),
    ComplaintStep.TAKEN: say("Taken over"),
    ComplaintStep.MOVED: say("Deadline moved"),
    ComplaintStep.CLOSED: say("Decided"),
}
