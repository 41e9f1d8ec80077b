"""A commission plan in sentences, topic by topic: what a page, an agency and a statement's line say of it.

Sentences are kept apart from their values (`say`), so that they can be kept with a line and read in either language.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING

from portal.commission.plan import Basis, Measure, Plan
from portal.commission.plan.terms import Scope
from portal.foundation.language import Message, say, say_count
from portal.foundation.money import Money, round_half_up
from portal.foundation.money import minor_digits as digits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from portal.commission.plan.holes import Hole
    from portal.commission.plan.terms import Bands, Cap, Condition, Kpi, SmallBalance, Surcharge, Tail

__all__ = [
    "BASES", "MEASURES", "REASONS", "SCOPES", "STAGES", "Clause", "clauses_of", "joined", "rate_words", "row_words", "value_words",
    "warning_of",
]  # fmt: skip

MEASURES: dict[Measure, Message] = {
    Measure.RECOVERY_RATE: say("recovery rate of the batch"),
    Measure.BATCH_RECOVERED: say("amount recovered of the batch"),
    Measure.PAYMENT_AMOUNT: say("amount of the payment"),
    Measure.PLACED_BALANCE: say("placed balance"),
    Measure.AGE_MONTHS: say("age of the debt in months"),
    Measure.DAYS_PAST_DUE: say("days past due"),
    Measure.BUCKET: say("bucket"),
    Measure.ROUND: say("round of placement"),
    Measure.DAYS_SINCE_PLACEMENT: say("days since the placement"),
    Measure.STAGE: say("stage"),
}
STAGES: dict[str, Message] = {"pre_legal": say("before litigation"), "legal": say("in litigation")}
BASES: dict[Basis, Message] = {
    Basis.TOTAL: say("the whole payment"),
    Basis.PRINCIPAL: say("the principal in it"),
    Basis.INTEREST: say("the interest in it"),
    Basis.FEES: say("the fees in it"),
}
REASONS: dict[str, Message] = {
    "rate": say("at the plan's rate"),
    "small_balance": say("rate for a small balance"),
    "minimum": say("raised to the minimum per payment"),
    "cap": say("cut to the cap"),
    "below_first_band": say("nothing: below the first band"),
    "outside_placement": say("nothing: paid outside the placement and its tail"),
    "free_period": say("nothing: paid in the free days"),
    "reversal": say("taken back with its payment"),
    "true_up": say("difference to what an earlier statement paid"),
}
SCOPES: dict[Scope, Message] = {
    Scope.CONTRACT: say("over the whole contract"),
    Scope.CONTRACT_YEAR: say("in each year of the contract"),
    Scope.PLACEMENT: say("on each placement"),
}


@dataclass(frozen=True)
class Clause:
    """One topic of a plan: a code that is the same in all versions, its name, and what the plan says of it."""

    code: str
    label: Message
    words: Message


def clauses_of(plan: Plan) -> list[Clause]:
    """All that a plan says, in the order in which it is evaluated."""
    return list(_clauses(plan))


def _clauses(plan: Plan) -> Iterator[Clause]:
    yield Clause("rate", say("Commission rate"), _rates(plan))
    if plan.basis is not Basis.TOTAL:
        yield Clause("basis", say("What earns"), say("of each payment only %(part)s", part=BASES[plan.basis]))
    if plan.stage_rates:
        rows = [say("%(rate)s %(stage)s", rate=rate_words(r), stage=_stage(s)) for s, r in plan.stage_rates.items()]
        yield Clause("stage_rates", say("Rates by stage"), joined(rows))
    if plan.surcharges:
        words = joined([_surcharge(extra, plan.currency) for extra in plan.surcharges])
        yield Clause("surcharges", say("Surcharges"), words)
    if plan.small_balances:
        words = joined([_small(small, plan.currency) for small in plan.small_balances])
        yield Clause("small_balance", say("Small balances"), words)
    if plan.minimum is not None:
        least = say(
            "%(amount)s for each payment, never more than the payment", amount=_money(plan.minimum, plan.currency)
        )
        yield Clause("minimum", say("Minimum"), least)
    if plan.cap is not None:
        yield Clause("cap", say("Cap"), _cap(plan.cap, plan))
    if any(plan.free_days.values()):
        yield Clause("free_days", say("Free days"), _free_days(plan.free_days["bank"], plan.free_days["agency"]))
    if plan.tail.days or plan.tail.months:
        yield Clause("tail", say("Tail"), _tail(plan.tail))
    yield Clause("remittance", say("Remittance"), NET if plan.remits_net else GROSS)
    if plan.kpi is not None:
        yield Clause("kpi", say("Bonus and penalty"), _kpi(plan.kpi))
    if plan.limits:
        rows = [say("round %(n)s: at most %(rate)s", n=x.round, rate=rate_words(x.max_rate)) for x in plan.limits]
        yield Clause("limits", say("Legal limit"), joined(rows))


GROSS = say("gross: the agency hands over all that it receives, and the bank pays its invoice")
NET = say("net: the agency keeps its fee of what it receives, and hands over the rest")


# --- rates ------------------------------------------------------------------------------------------------------------


def rate_words(rate: Decimal | Fraction) -> str:
    """A rate with all its digits, `14.13%`; of a fraction at most four behind the point."""
    if isinstance(rate, Fraction):
        rate = round(Decimal(rate.numerator) / Decimal(rate.denominator), 6)
    return f"{_plain(rate * 100)}%"


def _rates(plan: Plan) -> Message:
    if plan.bands is not None:
        return _bands(plan.bands, plan.currency)
    if plan.rate is not None:
        return say("%(rate)s of each payment", rate=rate_words(plan.rate))
    return say("only for the stages named below")


def _bands(bands: Bands, currency: str) -> Message:
    rows = joined([_row(rate_words(row.rate), row.when, bands.by, currency) for row in bands.rows])
    by = MEASURES[bands.by]
    if bands.is_marginal:
        return say("by %(measure)s, each part at the rate of its own band: %(rows)s", measure=by, rows=rows)
    if bands.by.is_of_batch:
        return say("by %(measure)s, the rate that is reached holds for everything: %(rows)s", measure=by, rows=rows)
    return say("by %(measure)s: %(rows)s", measure=by, rows=rows)


def row_words(plan: Plan, number: int) -> Message:
    """A row of the bands by its number, counted from 0: `3% from 15%`."""
    bands = plan.bands
    if bands is None:
        raise ValueError("a plan without bands has no rows")
    return _row(rate_words(bands.rows[number].rate), bands.rows[number].when, bands.by, plan.currency)


def _row(rate: str | Message, when: Condition, by: Measure | None, currency: str) -> Message:
    """A rate, or another change in words, with the values that it is for."""
    is_change = isinstance(rate, Message)
    if when.bound is None:
        values = joined([value_words(value, by, currency) for value in when.values], say("%(first)s, %(rest)s"))
        if is_change:
            return say("%(change)s for %(values)s", change=rate, values=values)
        return say("%(rate)s for %(values)s", rate=rate, values=values)
    limit = value_words(when.bound, by, currency)
    if is_change:
        words = say("%(change)s above %(limit)s") if when.is_above else say("%(change)s from %(limit)s")
        return Message(words.msgid, {"change": rate, "limit": limit})
    words = say("%(rate)s above %(limit)s") if when.is_above else say("%(rate)s from %(limit)s")
    return Message(words.msgid, {"rate": rate, "limit": limit})


def value_words(value: Decimal | Fraction | str, by: Measure | None, currency: str) -> Message | str:
    """A value of a measure as people say it: 15%, an amount, 12 months, round 2, M3. `by` None: a rank or score."""
    if isinstance(value, Fraction):
        value = round(Decimal(value.numerator) / Decimal(value.denominator), 6)
    if isinstance(value, str):
        return _stage(value) if by is Measure.STAGE else value
    if by is Measure.RECOVERY_RATE:
        return rate_words(value)
    if by in (Measure.BATCH_RECOVERED, Measure.PAYMENT_AMOUNT, Measure.PLACED_BALANCE):
        return say("%(amount)s", amount=_money(value, currency))
    if by is Measure.AGE_MONTHS:
        return say("%(n)s months", n=_plain(value))
    if by in (Measure.DAYS_PAST_DUE, Measure.DAYS_SINCE_PLACEMENT):
        return say("%(n)s days", n=_plain(value))
    return say("round %(n)s", n=_plain(value)) if by is Measure.ROUND else _plain(value)


def _stage(name: str) -> Message | str:
    return STAGES.get(name, name)


# --- the other topics --------------------------------------------------------------------------------------------------


def _surcharge(extra: Surcharge, currency: str) -> Message:
    change: Message
    if extra.add is not None:
        change = say("%(points)s more", points=rate_words(extra.add))
    else:
        change = say("the rate × %(factor)s", factor=_plain(extra.multiply or Decimal(0)))
    where = _row(change, extra.when, extra.by, currency)
    return say("%(what)s (%(measure)s)", what=where, measure=MEASURES[extra.by])


def _small(small: SmallBalance, currency: str) -> Message:
    limit = value_words(small.upto, small.by, currency)
    if small.rate is not None:
        what: Message | str = rate_words(small.rate)
    else:
        what = say("at least %(amount)s for each payment", amount=_money(small.minimum or Decimal(0), currency))
    return say("%(what)s up to %(limit)s (%(measure)s)", what=what, limit=limit, measure=MEASURES[small.by])


def _cap(cap: Cap, plan: Plan) -> Message:
    parts: list[Message | str] = []
    if cap.amount is not None:
        parts.append(say("%(amount)s", amount=_money(cap.amount, plan.currency)))
    if cap.share is not None:
        parts.append(say("%(rate)s of the amounts that earn", rate=rate_words(cap.share)))
    most = joined(parts, say("the lower of %(first)s and %(rest)s"))
    if cap.per is Scope.CONTRACT_YEAR and plan.contract_started_on is not None:
        return say("at most %(most)s in each contract year from %(day)s", most=most, day=plan.contract_started_on)
    return say("at most %(most)s %(scope)s", most=most, scope=SCOPES[cap.per])


def _free_days(bank: int, agency: int) -> Message:
    if bank == agency:
        return say_count(
            "payments of the first %(n)s day after the placement earn nothing",
            "payments of the first %(n)s days after the placement earn nothing", bank,
        )  # fmt: skip
    parts = [say("payments to the bank earn nothing for %(n)s days after the placement", n=bank)] if bank else []
    if agency:
        parts.append(say("payments to the agency earn nothing for %(n)s days after the placement", n=agency))
    return joined(parts)


def _tail(tail: Tail) -> Message:
    if tail.months:
        return say("%(n)s months after the end", n=tail.months)
    return say("%(n)s days after the end", n=tail.days)


def _kpi(kpi: Kpi) -> Message:
    rows = [_row(say("× %(factor)s", factor=_plain(row.factor)), row.when, None, "") for row in kpi.rows]
    name = say("rank") if kpi.by == "rank" else say("score")
    words = say("a factor on the period's commission by %(name)s: %(rows)s", name=name, rows=joined(rows))
    if kpi.floor is not None:
        words = say("%(words)s; never below %(factor)s", words=words, factor=_plain(kpi.floor))
    if kpi.ceiling is not None:
        words = say("%(words)s; never above %(factor)s", words=words, factor=_plain(kpi.ceiling))
    return words


# --- what is pointed out -----------------------------------------------------------------------------------------------


def warning_of(hole: Hole, currency: str) -> Message:
    """A hole of a plan in words."""
    if hole.below is not None:
        limit = value_words(hole.below, hole.measure, currency)
        if hole.with_it:
            return say("Up to %(limit)s (%(measure)s) nothing is earned.", limit=limit, measure=MEASURES[hole.measure])
        return say("Below %(limit)s (%(measure)s) nothing is earned.", limit=limit, measure=MEASURES[hole.measure])
    values = hole_values(hole, currency)
    if hole.rateless:
        return say("For %(values)s there is no rate at all: enter a rate for all other payments.", values=values)
    return say("For %(values)s nothing is earned: no row names it.", values=values)


def hole_values(hole: Hole, currency: str) -> Message:
    """The values that no row names."""
    named = [
        value_words(value if hole.measure.is_a_word else Decimal(value), hole.measure, currency)
        for value in hole.values
    ]
    return joined(named, say("%(first)s, %(rest)s"))


def joined(parts: Sequence[Message | str], by: Message | None = None) -> Message:
    """Several sentences as one that keeps each to itself; `by` has the gaps `first` and `rest`."""
    between = by or say("%(first)s; %(rest)s")
    whole = reduce(lambda rest, first: Message(between.msgid, {"first": first, "rest": rest}), reversed(parts))
    return whole if isinstance(whole, Message) else say("%(words)s", words=whole)


def _money(amount: Decimal, currency: str) -> Money:
    return Money(round_half_up(amount.scaleb(digits_of(currency))), currency)


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
