"""Why a payment is credited, or not, in words a person reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.recovery.models import Decision

if TYPE_CHECKING:
    from datetime import date

    from portal.recovery.attribution import Credit
    from portal.recovery.places import Held

__all__ = [
    "trace_above_balance", "trace_by_hand", "trace_of", "trace_of_impossible_reversal", "trace_of_reversal",
    "trace_of_split", "with_more_than_owed",
]  # fmt: skip


def trace_of(value_date: date, credit: Credit, holder: Held | None) -> Message:
    """The trace of a decision. `holder` stands where the payment belongs to somebody, credited or left out."""
    paid, window = value_date, credit.window
    if window is None:
        return say("Value date %(paid)s; the account was never placed for collection. Nobody is credited.", paid=paid)
    if holder is not None:
        facts: dict[str, Any] = {
            "holder": holder.organisation_name,
            "start": window.placed_on,
            "end": window.ended_on or say("today"),
            "paid": paid,
        }
        return _left_out(credit, holder, facts) if credit.exclusion else _credited(credit, holder, facts)
    if credit.decision == Decision.BEFORE_PLACEMENT:
        return say(
            "Value date %(paid)s; the first placement began on %(start)s. Nobody is credited.",
            paid=paid, start=window.placed_on,
        )  # fmt: skip
    return say(
        "Value date %(paid)s; the last placement before it ended on %(end)s. Nobody is credited.",
        paid=paid, end=window.ended_on or say("today"),
    )  # fmt: skip


def _credited(credit: Credit, holder: Held, facts: dict[str, Any]) -> Message:
    window, tail = holder.place.window, holder.terms.tail or {}
    if credit.in_grace:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; it comes first for %(n)s days after its "
            "end, to %(last)s; credited to %(holder)s.",
            n=holder.place.clauses.grace_days, last=window.first_until, **facts,
        )  # fmt: skip
    if credit.in_tail and "days" in tail:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; tail %(n)s days, to %(last)s; credited to "
            "%(holder)s.",
            n=tail["days"], last=window.earns_until, **facts,
        )  # fmt: skip
    if credit.in_tail:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; tail %(n)s months, to %(last)s; credited "
            "to %(holder)s.",
            n=tail["months"], last=window.earns_until, **facts,
        )  # fmt: skip
    return say("Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; credited to %(holder)s.", **facts)


def _left_out(credit: Credit, holder: Held, facts: dict[str, Any]) -> Message:
    if credit.exclusion == "free_period":
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s lies in the free days of the contract. It "
            "belongs to %(holder)s and earns nothing.",
            **facts,
        )  # fmt: skip
    if credit.exclusion == "automatic_debit":
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; it was debited automatically, which the "
            "contract leaves out. It belongs to %(holder)s and earns nothing.",
            **facts,
        )  # fmt: skip
    if holder.place.first_contact is None:
        return say(
            "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; the log has no contact with a person, and "
            "the contract leaves out what comes before one. It belongs to %(holder)s and earns nothing.",
            **facts,
        )  # fmt: skip
    return say(
        "Held by %(holder)s from %(start)s to %(end)s; value date %(paid)s; the first contact was on %(contact)s, and the "
        "contract leaves out what comes before it. It belongs to %(holder)s and earns nothing.",
        contact=holder.place.first_contact, **facts,
    )  # fmt: skip


def trace_of_split(amount: int, owed: int, others: int, currency: str) -> Message:
    """The trace of a payment that is more than its account owed, while others of the customer are placed; minor units."""
    return say(
        "%(amount)s is more than this account owed (%(owed)s), and the customer has other accounts placed (%(n)s). The "
        "shares have to be named; nobody is credited yet.",
        amount=Money(amount, currency), owed=Money(owed, currency), n=others,
    )  # fmt: skip


def trace_above_balance(amount: int, owed: int, currency: str) -> Message:
    """The trace of a payment that is more than its account owes, under a rule that puts it before somebody; minor units."""
    return say(
        "%(amount)s is more than the account owes (%(owed)s). By the bank's rules for payments two persons decide who is "
        "credited; nobody is yet.",
        amount=Money(amount, currency), owed=Money(owed, currency),
    )  # fmt: skip


def with_more_than_owed(trace: Message) -> Message:
    """The trace of a payment that was taken although it is more than its account owed. How much that was is not said: whoever
    held the account once does not learn what it owes now."""
    return say("%(trace)s It was more than the account owed when it came in.", trace=trace)


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


def trace_by_hand(result: Message, proposer: str, checker: str, reason: str) -> Message:
    """The trace of what two persons decided: what came of it, who they are, and why."""
    return say(
        "Proposed by %(proposer)s and approved by %(checker)s: “%(reason)s”. %(result)s",
        proposer=proposer, checker=checker, reason=reason.rstrip("。."), result=result,
    )  # fmt: skip
