"""What is wrong with a plan, in words: one sentence for every code that the notation and the engine can raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.language import Message, say

if TYPE_CHECKING:
    from portal.commission.plan import PlanError

__all__ = ["SENTENCES", "sentence_of"]

SENTENCES: dict[str, Message] = {
    "above_limit": say("A rate of this plan goes above the legal limit of this round. Lower it, or correct the limit."),
    "add_or_multiply": say("Say either the points that are added or the factor that the rate is multiplied by."),
    "amount": say("This amount cannot be: it is nought, has the wrong sign, or its part is more than the whole."),
    "mixed_rows": say("All rows either begin at a limit or name values; the two cannot be mixed."),
    "missing": say("Fill this in."),
    "negative": say("This cannot be negative."),
    "no_amount": say("Write an amount with no more digits behind the point than the currency has."),
    "no_date": say("Write a date as 2026-07-01."),
    "no_list": say("Here the notation wants a list: […]."),
    "no_number": say("Write a number: 0.35, 35%% or 20,000."),
    "no_order": say("These values have no order: name them, rather than from where they begin."),
    "no_rate": say("A plan needs a rate: one for all payments, bands, or rates by stage."),
    "no_slices": say(
        "Each part at its own rate has a meaning only for recovery rates and amounts that are paid; choose whole."
    ),
    "no_table": say("Here the notation wants a table: {…}."),
    "no_whole_number": say("Write a whole number from 0 on."),
    "one_bound": say("Say where this row begins: from a value on, above a value, or the values it is for."),
    "order": say("The limits have to rise from row to row."),
    "rate_or_minimum": say("Say either a rate or a minimum for small balances."),
    "rate_out_of_range": say("A rate goes from 0 to 1: 0.35 means 35%%. Write 35%% where you mean per cent."),
    "reversal_of_reversal": say("A reversal cannot be reversed."),
    "tail": say("A tail is counted either in days or in months."),
    "too_large": say("This number is too large."),
    "too_many_digits": say("This has more digits behind the point than the currency, or any contract, has."),
    "twice": say("This value stands twice: in one of two rows it would never apply."),
    "unknown_currency": say("This is no currency code."),
    "unknown_key": say("The notation knows no “%(key)s”."),
    "unknown_payment": say("The payment that is taken back is not among them."),
    "unknown_word": say("Choose one of the words offered here."),
}
# where the same code means something else at a place
OF_PLACES: dict[tuple[str, str], Message] = {
    ("missing", "bands.mode"): say("Say whether the rate reached holds for everything or each part has its own: contracts quarrel over it."),
    ("missing", "bands.rows"): say("Enter at least one row of the bands."),
    ("missing", "contract_started_on"): say("A cap for each contract year needs the day on which the contract began."),
    ("missing", "cap.amount"): say("A cap needs an amount, a share, or both."),
    ("order", "kpi.floor"): say("The lowest factor is above the highest."),
    ("order", "small_balance"): say("The limits of small balances have to rise: the first that covers a balance applies."),
    ("unknown_word", "bands.by"): say("Choose what the bands depend on."),
    ("missing", "batch.placed_total"): say("The example needs the placed total of its batch."),
}  # fmt: skip


def sentence_of(fault: PlanError) -> Message:
    """What is wrong and how it is mended."""
    words = OF_PLACES.get((fault.code, fault.key)) or SENTENCES[fault.code]
    return Message(words.msgid, {"key": fault.key.rpartition(".")[2]}) if "%(key)s" in words.msgid else words
