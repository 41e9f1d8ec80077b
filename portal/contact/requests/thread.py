"""How a request between the bank and an organisation moves: whose turn it is, until when, what may follow. Pure.

One side asks, the other answers; who asked takes the answer (closes) or does not (reopens). The clock runs for the side
whose turn it is while the request is open, and starts anew each time the turn changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "LONGEST_TEXT", "Answer", "RequestCode", "RequestState", "Side", "Step", "Thread", "ended", "first_of", "following",
    "may", "puts_on_hold",
]  # fmt: skip

LONGEST_TEXT = 2_000  # characters of one message


class Side(StrEnum):
    """The two who write to each other."""

    BANK = "bank"
    ORGANISATION = "organisation"

    @property
    def other(self) -> Side:
        return Side.ORGANISATION if self is Side.BANK else Side.BANK


class RequestCode(StrEnum):
    """What is asked for. Objections to recalls are raised with the recall (placement/objections.py)."""

    DOCUMENTS = "documents"
    BALANCE_CHECK = "balance_check"
    PAYMENT_QUERY = "payment_query"
    SETTLEMENT = "settlement"
    HOLD = "hold"
    RECORDING = "recording"
    PROGRESS = "progress"
    OTHER = "other"


class RequestState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Step(StrEnum):
    """What one message does to its request."""

    ASKED = "asked"
    SAID = "said"
    ANSWERED = "answered"
    REOPENED = "reopened"
    CLOSED = "closed"
    ENDED = "ended"  # the account went back, by the portal itself


class Answer(StrEnum):
    GRANTED = "granted"
    REFUSED = "refused"
    DONE = "done"
    NEEDS_MORE = "needs_more"  # no end yet: the turn goes back to who asked


def puts_on_hold(code: RequestCode, answer: Answer | None) -> bool:
    """Whether an answer tells who asked that collection stops."""
    return code is RequestCode.HOLD and answer in (Answer.GRANTED, Answer.DONE)


@dataclass(frozen=True, slots=True)
class Thread:
    """Where a request stands. `due_at`: until when the side whose turn it is should have done its part."""

    asked_by: Side
    state: RequestState
    turn: Side | None
    due_at: datetime | None
    answer: Answer | None = None


def first_of(asked_by: Side, now: datetime, hours: int) -> Thread:
    """A request that was just asked: the other side has `hours` to answer."""
    return Thread(asked_by, RequestState.OPEN, asked_by.other, now + timedelta(hours=hours))


def may(thread: Thread, side: Side) -> frozenset[Step]:
    """What a side may do next."""
    asks = side is thread.asked_by
    if thread.state is RequestState.CLOSED:
        return frozenset({Step.REOPENED}) if asks else frozenset()
    steps = {Step.SAID}
    if asks:
        steps.add(Step.CLOSED)
        if thread.state is RequestState.ANSWERED:
            steps.add(Step.REOPENED)
    elif thread.state is RequestState.OPEN and thread.turn is side:
        steps.add(Step.ANSWERED)
    return frozenset(steps)


def following(
    thread: Thread, side: Side, step: Step, now: datetime, hours: int, answer: Answer | None = None
) -> Thread:
    """The thread after a step of a side. ValueError for a step that it may not take, or an answer that says nothing."""
    if step not in may(thread, side) or (step is Step.ANSWERED) != (answer is not None):
        raise ValueError(f"{side} may not: {step}")
    until = now + timedelta(hours=hours)
    if step is Step.ANSWERED:
        if answer is Answer.NEEDS_MORE:
            return replace(thread, turn=thread.asked_by, due_at=until)
        return replace(thread, state=RequestState.ANSWERED, turn=thread.asked_by, due_at=None, answer=answer)
    if step is Step.REOPENED:
        return first_of(thread.asked_by, now, hours)
    if step is Step.CLOSED:
        return ended(thread)
    if thread.state is RequestState.OPEN and thread.turn is side is thread.asked_by:
        return replace(thread, turn=side.other, due_at=until)  # what was missing has been said
    return thread


def ended(thread: Thread) -> Thread:
    """The thread when nobody is to do anything any more."""
    return replace(thread, state=RequestState.CLOSED, turn=None, due_at=None)
