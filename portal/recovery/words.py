"""Why a payment is credited, or not, in words a person reads."""

from __future__ import annotations

from datetime import date

from portal.foundation.language import Message, say
from portal.recovery.attribution import Credit
from portal.recovery.models import Decision

__all__ = ["trace_of", "trace_of_impossible_reversal", "trace_of_reversal"]


def trace_of(value_date: date, credit: Credit, holder: str) -> Message:
    """The trace of a decision. `holder` is the organisation's name and stands only where it is credited."""
    paid = value_date
    window = credit.window
    if window is None:
        return say("Value date %(paid)s; the account was never placed for collection. Nobody is credited.", paid=paid)
    start = window.placed_on
    end: date | Message = window.ended_on or say("today")
    if credit.in_tail and window.earns_until is not None:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; tail to %(last)s; credited to %(holder)s.",
            holder=holder, start=start, end=end, paid=paid, last=window.earns_until,
        )  # fmt: skip
    if credit.decision == Decision.CREDITED:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; credited to %(holder)s.",
            holder=holder, start=start, end=end, paid=paid,
        )  # fmt: skip
    if credit.decision == Decision.BEFORE_PLACEMENT:
        return say(
            "Value date %(paid)s; the first placement began on %(start)s. Nobody is credited.", paid=paid, start=start
        )
    return say(
        "Value date %(paid)s; the last placement before it ended on %(end)s. Nobody is credited.", paid=paid, end=end
    )


def trace_of_reversal(original: str | None, reference: str) -> Message:
    """The trace of a reversal: it goes where its payment went. `original` is None where that is not posted."""
    if original is None:
        return say("Reverses %(reference)s, which has not been posted. It waits for it.", reference=reference)
    return say("Reverses %(reference)s and follows its credit.", reference=reference)


def trace_of_impossible_reversal(reference: str) -> Message:
    """The trace of a reversal that has nothing to take back."""
    return say(
        "Reverses %(reference)s, of which less is left, or which is another account's, or a reversal itself.",
        reference=reference,
    )
