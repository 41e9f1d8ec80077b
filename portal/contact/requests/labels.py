"""What requests, their steps and answers are called on pages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from portal.contact.requests.queries import OBJECTION
from portal.contact.requests.thread import Answer, RequestCode, RequestState, Side, Step
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.contact.requests.models import RequestMessage

__all__ = [
    "ANSWERS", "CODES", "OVERDUE", "STATES", "TURNS", "asked_words", "message_words", "request_tag", "side_words",
]  # fmt: skip

CODES: dict[str, Any] = {
    RequestCode.DOCUMENTS: _l("documents"),
    RequestCode.BALANCE_CHECK: _l("balance check"),
    RequestCode.PAYMENT_QUERY: _l("question about a payment"),
    RequestCode.SETTLEMENT: _l("settlement offer"),
    RequestCode.HOLD: _l("a hold"),
    RequestCode.RECORDING: _l("recording of a contact"),
    RequestCode.PROGRESS: _l("how the work stands"),
    RequestCode.OTHER: _l("something else"),
    OBJECTION: _l("objection to a recall"),
}
ANSWERS: dict[Answer, StateTag] = {
    Answer.GRANTED: StateTag("granted", _l("granted"), "good"),
    Answer.REFUSED: StateTag("refused", _l("refused"), "bad"),
    Answer.DONE: StateTag("done", _l("done"), "good"),
    Answer.NEEDS_MORE: StateTag("needs_more", _l("needs more"), "wait"),
}
STATES: dict[RequestState, Any] = {
    RequestState.OPEN: _l("open"),
    RequestState.ANSWERED: _l("answered"),
    RequestState.CLOSED: _l("closed"),
}
TURNS: dict[str, Any] = {"ours": _l("ours"), "theirs": _l("the other side's")}
OVERDUE = StateTag("overdue", _l("overdue"), "bad")
_OURS = StateTag("ours", _l("waits for us"), "wait")
_THEIRS = StateTag("theirs", _l("waits for the other side"), "go")
_CLOSED = StateTag("closed", _l("closed"), "plain")
_ANSWERED = StateTag("answered", _l("answered"), "good")


def request_tag(
    state: RequestState, turn: str | None, due_at: datetime | None, answer: Answer | None, mine: Side, now: datetime
) -> StateTag:
    """How a request stands for one of its sides: late, to be answered by it or by the other, answered how, closed."""
    if state is RequestState.CLOSED:
        return _CLOSED
    if state is RequestState.ANSWERED:
        return ANSWERS[answer] if answer else _ANSWERED
    if due_at is not None and due_at < now:
        return OVERDUE
    return _OURS if turn == mine.value else _THEIRS


def side_words(side: str | None, organisation: str, mine: Side) -> Any:
    """Who a side is, to a reader of one of them."""
    if side is None:
        return None
    if side == mine.value:
        return _l("our side")
    return _l("the bank") if side == Side.BANK.value else organisation


def asked_words(side: Side, code: str, mine: Side) -> Message:
    """That something was asked, in a line of an account's history."""
    if side is mine:
        return say("We asked: %(what)s", what=CODES[code])
    return say("We were asked: %(what)s", what=CODES[code])


def message_words(message: RequestMessage, code: str) -> Message:
    """What a message did."""
    if message.step is Step.ANSWERED and message.answer is not None:
        return say("Answered: %(answer)s", answer=ANSWERS[message.answer].label)
    if message.step is Step.ASKED:
        return say("Asked: %(what)s", what=CODES[code])
    return _STEPS[message.step]


_STEPS: dict[Step, Message] = {
    Step.SAID: say("Said"),
    Step.REOPENED: say("Opened again"),
    Step.CLOSED: say("Closed"),
    Step.ENDED: say("Closed by the portal: the account went back"),
}
