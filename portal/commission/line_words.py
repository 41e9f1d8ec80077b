"""Why a line says what it says, in words a person reads. Pure: nothing is looked up here."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from portal.commission.plan import Line, Measure, plain
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.vendors.plans.words import MEASURES

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Facts", "percent", "why_earned", "why_taken_back"]

TODAY = say("today")
NOTHING = {  # why a credited payment earns nothing
    "free_period": say("it came within the free days of the contract"),
    "automatic_debit": say("the contract leaves automatic debits out"),
    "before_first_contact": say("it came before the first contact"),
    "outside_placement": say("its value date lies outside the placement and its tail"),
    "below_first_band": say("the lowest step of the plan is not reached"),
}


class Facts(NamedTuple):
    """Under what a line is due."""

    contract: str
    version: int
    currency: str
    version_id: int


def why_earned(row: Any, line: Line, issued: int | None, facts: Facts) -> Message:
    """Of a payment: where it was placed, what the plan says of it, and how the amount came about. `issued`: what earlier
    statements paid for it, in minor units."""
    known: dict[str, Any] = {
        "start": row.placed_on,
        "end": row.ended_on or TODAY,
        "paid": row.paid_on,
        "contract": facts.contract,
        "version": facts.version,
        "base": Money(line.base, facts.currency),
        "commission": Money(line.commission, facts.currency),
    }
    if line.reason == "reversal":
        return say(
            "Placed %(start)s to %(end)s; value date %(paid)s; reversal of %(base)s takes back %(commission)s, exactly "
            "what that part of the payment earned under contract %(contract)s, version %(version)s.",
            **known
            | {
                "base": Money(-line.payment.amount, facts.currency),
                "commission": Money(-line.commission, facts.currency),
            },
        )
    if line.reason == "true_up":
        return say(
            "Contract %(contract)s, version %(version)s: %(measure)s; paid so far %(issued)s for %(base)s, due by now "
            "%(due)s, the difference is %(commission)s.",
            measure=_measured(line, facts), issued=Money(issued or 0, facts.currency),
            due=Money((issued or 0) + line.commission, facts.currency), **known,
        )  # fmt: skip
    if line.reason in NOTHING:
        return say(
            "Placed %(start)s to %(end)s; value date %(paid)s; contract %(contract)s, version %(version)s: nothing is "
            "earned, for %(reason)s.",
            reason=NOTHING[line.reason], **known,
        )  # fmt: skip
    if (
        line.reason == "rate" and line.rate is not None and line.measure is None
    ):  # of most lines there are: one sentence
        return say(
            "Placed %(start)s to %(end)s; value date %(paid)s; contract %(contract)s, version %(version)s: "
            "%(base)s × %(rate)s %% = %(commission)s, rounded half up.",
            rate=percent(line.rate), **known,
        )  # fmt: skip
    return say(
        "Placed %(start)s to %(end)s; value date %(paid)s; contract %(contract)s, version %(version)s: %(how)s.",
        how=_how(line, known, facts), **known,
    )  # fmt: skip


def _how(line: Line, known: dict[str, Any], facts: Facts) -> Message:
    """The clause and the sum."""
    amounts = {"base": known["base"], "commission": known["commission"]}
    rate = {} if line.rate is None else {"rate": percent(line.rate)}
    if line.reason == "minimum":
        return say("raised to the minimum, %(commission)s for %(base)s", **amounts)
    if line.reason == "cap":
        return say("cut to what the cap leaves, %(commission)s for %(base)s", **amounts)
    if line.rate is None:
        return say("%(measure)s; the slices of %(base)s give %(commission)s", measure=_measured(line, facts), **amounts)
    if line.reason == "small_balance":
        return say("small balance; %(base)s × %(rate)s %% = %(commission)s, rounded half up", **amounts, **rate)
    return say(
        "%(measure)s; %(base)s × %(rate)s %% = %(commission)s, rounded half up",
        measure=_measured(line, facts), **amounts, **rate,
    )  # fmt: skip


def _measured(line: Line, facts: Facts) -> Message:
    """The measure that the plan's step was found by, with its value."""
    if line.measure is None or line.value is None:
        return say("the plan has not changed, its payments have")
    label = MEASURES[line.measure]
    if isinstance(line.value, str):
        return say("%(measure)s %(value)s", measure=label, value=line.value)
    if line.measure is Measure.RECOVERY_RATE:
        return say("%(measure)s %(value)s %%", measure=label, value=percent(line.value))
    return say("%(measure)s %(value)s", measure=label, value=_round(line.value))


def why_taken_back(issued: int, facts: Facts) -> Message:
    """Of a credit that is somebody else's by now."""
    return say(
        "This payment is credited otherwise by now; what was paid for it under contract %(contract)s, version %(version)s, "
        "is taken back: %(issued)s.",
        contract=facts.contract, version=facts.version, issued=Money(issued, facts.currency),
    )  # fmt: skip


@lru_cache(maxsize=1_024)
def percent(share: Fraction) -> str:
    """A share as people write it, without its sign: 0.1413 is 14.13. Four digits behind the point at the most."""
    return _round(share * 100)


def _round(value: Fraction) -> str:
    return format(round(Decimal(plain(value)), 4).normalize(), "f")
