"""What runs, batches and reasons are called on pages."""

from __future__ import annotations

from functools import reduce
from typing import Any

from portal.foundation.formats import bucket
from portal.foundation.language import Message, _l, say
from portal.foundation.states import StateTag
from portal.placement.allocation import By, Order, Overflow
from portal.placement.eligibility import HOLD, SINCE
from portal.placement.method import MethodKind
from portal.placement.models import BatchState, EndReason, Placement, RunState
from portal.portfolio.models import HoldFlag
from portal.portfolio.region_names import region_name

__all__ = [
    "BATCH_STATES",
    "END_REASONS",
    "MEASURES",
    "METHODS",
    "ORDERS",
    "OVERFLOWS",
    "REASONS",
    "RUN_STATES",
    "STOPPED",
    "STRATA_WORDS",
    "VALUES",
    "part_named",
    "part_words",
    "placement_state",
    "reason_words",
    "stratum_words",
]

RUN_STATES: dict[RunState, StateTag] = {
    RunState.DRAFT: StateTag("draft", _l("draft"), "plain"),
    RunState.SUBMITTED: StateTag("submitted", _l("to approve"), "wait"),
    RunState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    RunState.APPROVED: StateTag("approved", _l("approved"), "go"),
    RunState.SENT: StateTag("sent", _l("sent"), "good"),
    RunState.WITHDRAWN: StateTag("withdrawn", _l("withdrawn"), "plain"),
}
BATCH_STATES: dict[BatchState, StateTag] = {
    BatchState.SENT: StateTag("sent", _l("to accept"), "wait"),
    BatchState.ACCEPTED: StateTag("accepted", _l("accepted"), "good"),
    BatchState.REFUSED: StateTag("refused", _l("refused"), "bad"),
    BatchState.EXPIRED: StateTag("expired", _l("not answered"), "bad"),
    BatchState.ENDED: StateTag("ended", _l("over"), "plain"),
}
END_REASONS: dict[EndReason, Any] = {
    EndReason.BATCH_REFUSED: _l("batch refused"),
    EndReason.NOT_ANSWERED: _l("not answered"),
    EndReason.RECALLED: _l("recalled"),
    EndReason.RETURNED: _l("given back"),
    EndReason.ROTATED: _l("rotated"),
    EndReason.EXITED: _l("organisation left"),
    EndReason.TERM_EXPIRED: _l("term expired"),
    EndReason.PAID_IN_FULL: _l("paid in full"),
}
METHODS: dict[MethodKind, Any] = {
    MethodKind.SHARES: _l("fixed shares"),
    MethodKind.EQUAL: _l("the same for everybody"),
    MethodKind.PERFORMANCE: _l("weighted by performance"),
    MethodKind.CHAMPION: _l("champion and challenger"),
    MethodKind.RANKED: _l("by rank, up to the room"),
}
# What each receiver's field holds under a method.
VALUES: dict[MethodKind, Any] = {
    MethodKind.SHARES: _l("Share, %"),
    MethodKind.EQUAL: _l("Takes part"),
    MethodKind.PERFORMANCE: _l("Score"),
    MethodKind.CHAMPION: _l("Share of its side, %"),
    MethodKind.RANKED: _l("Rank"),
}
MEASURES: dict[By, Any] = {By.ACCOUNTS: _l("of the accounts"), By.AMOUNT: _l("of the amount")}
OVERFLOWS: dict[Overflow, Any] = {
    Overflow.NOBODY: _l("goes to nobody"),
    Overflow.OTHERS: _l("goes to the others, by their shares"),
}
QUARTERS: dict[str, Any] = {
    "1/4": _l("smallest balances"), "2/4": _l("second quarter of balances"), "3/4": _l("third quarter of balances"),
    "4/4": _l("largest balances"),
}  # fmt: skip
STRATA_WORDS: dict[str, Any] = {"bucket": _l("bucket"), "balance": _l("balance band"), "region": _l("region")}
# How a rule is said of one receiver that it stopped.
STOPPED: dict[str, Message] = {
    "no_room": say("no room"),
    "no_room_amount": say("no room for the amount"),
    "may_not_receive": say("may take nothing"),
    "licence": say("licence ends too early"),
    "region": say("not permitted in the region"),
    "bucket": say("not permitted the bucket"),
    "former_holder": say("has had it before"),
    "cool_down": say("too soon after its last placement"),
    "beyond_share": say("share used up"),
    "out_of_trial": say("outside the trial"),
    "no_step": say("no step is for it"),
}
ORDERS: dict[Order, Any] = {
    Order.LARGEST: _l("largest balance first"),
    Order.OLDEST: _l("oldest debt first"),
    Order.RANDOM: _l("drawn by the seed"),
}
_FLAGS: dict[HoldFlag, Message] = {
    HoldFlag.DISPUTE: say("hold: dispute"),
    HoldFlag.COMPLAINT: say("hold: complaint"),
    HoldFlag.DECEASED: say("hold: deceased"),
    HoldFlag.BANKRUPT: say("hold: bankrupt"),
    HoldFlag.REPRESENTED: say("hold: represented by a lawyer"),
    HoldFlag.PLAN: say("hold: payment plan in force"),
    HoldFlag.DO_NOT_CONTACT: say("hold: no contact wanted"),
    HoldFlag.HARDSHIP: say("hold: hardship"),
    HoldFlag.IMPRISONED: say("hold: imprisoned"),
    HoldFlag.FRAUD_CLAIMED: say("hold: fraud claimed"),
}
_PLAIN: dict[str, Message] = {
    "share": say("placed by share"),
    "champion": say("placed with a champion of the trial"),
    "challenger": say("placed with a challenger of the trial"),
    "rank": say("placed in the order of ranks"),
    "pick": say("picked by hand"),
    "no_room": say("no receiver has room"),
    "no_room_amount": say("no receiver has room for the amount"),
    "may_not_receive": say("the receiver may take nothing"),
    "licence": say("the licence does not last"),
    "region": say("no receiver is permitted in the region"),
    "bucket": say("no receiver is permitted the bucket"),
    "former_holder": say("every receiver has had it before"),
    "cool_down": say("its last placement ended too recently"),
    "beyond_share": say("the shares are used up"),
    "out_of_trial": say("not every side of the trial may take it"),
    "no_step": say("no step is for it"),
    "no_receiver": say("different rules stop every receiver"),
    "not_a_candidate": say("not among the eligible accounts"),
    "picks_disagree": say("accounts of one person were picked for different receivers"),
    "placed": say("held by another placement"),
    "letter_placed": say("a letter is under way"),
    "limitation": say("the time to sue is over"),
    "limitation_unknown": say("not known until when it can be sued for"),
    "closed": say("paid or cured"),
    "no_contract": say("the receiver has no valid contract or licence any more"),
}
REASONS: dict[str, Message] = _PLAIN | {HOLD + flag.value: words for flag, words in _FLAGS.items()}


def part_words(dimension: str, value: str) -> Any:
    """What a bucket, a band of balances or a region of a book is called."""
    if dimension == "bucket":
        return bucket(value)
    if dimension == "region":
        return region_name(value) if value else _l("unknown region")
    return QUARTERS.get(value, value or "–")


def part_named(dimension: str, value: str) -> Message:
    """The same within a sentence, with what kind of part it is."""
    name = part_words(dimension, value)
    if dimension == "bucket":
        return say("bucket %(name)s", name=name)
    return say("region %(name)s", name=name) if dimension == "region" else say("the %(band)s", band=name)


def stratum_words(stratum: str) -> Any:
    """Where an account stood among comparable ones: the parts of its stratum by the names that pages have for them."""
    parts = [QUARTERS.get(part) or region_name(part) for part in stratum.split(" · ")]
    return reduce(lambda before, part: say("%(before)s · %(part)s", before=before, part=part), parts)


def reason_words(code: str) -> Message:
    """A reason code of a line in words; what came up after the run was made says so."""
    if code.startswith(SINCE):
        return say("came up since: %(reason)s", reason=reason_words(code.removeprefix(SINCE)))
    return REASONS.get(code, Message(code))


def placement_state(placement: Placement) -> StateTag:
    """Where a placement stands."""
    if placement.ended_at is not None and placement.end_reason is not None:
        return StateTag(placement.end_reason.value, END_REASONS[placement.end_reason], "plain")
    if placement.accepted_at is None:
        return StateTag("sent", BATCH_STATES[BatchState.SENT].label, "wait")
    if placement.stopped_at is not None:
        return StateTag("stopped", _l("work stopped"), "bad")
    if placement.final_recall_on is not None:
        return StateTag("pending", say("until %(day)s", day=placement.final_recall_on), "go")
    return StateTag("live", _l("live"), "good")
