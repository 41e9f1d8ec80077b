"""Payments on an example placement, chosen so that every limit of a plan is met: what a plan is shown by. Pure.

`example_of` makes them from the plan itself: just below each limit, at it and just above. `tried` asks the engine, and no
other, what they earn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.commission.plan.earning import earn
from portal.commission.plan.facts import Book, Line, Payment, Placing
from portal.commission.plan.terms import Bands, Basis, Condition, Measure, Plan
from portal.foundation.money import divided_half_up, minor_digits

__all__ = ["Example", "Tried", "edges_of", "example_of", "measured_placing", "tried", "unit_of"]

PLACED_TOTAL = 1_000_000  # of the example's batch, in the major unit
BALANCE = 20_000
AMOUNT = 5_000
TERM = timedelta(days=90)
MOST_EDGES = 4  # of whose limits examples are made


@dataclass(frozen=True, slots=True)
class Example:
    """Payments on one placement of a batch. `placed_total`, `earned_to_date` in minor units."""

    placing: Placing
    payments: tuple[Payment, ...]
    placed_total: int
    earned_to_date: int = 0

    @property
    def book(self) -> Book:
        """What is known beside the payments."""
        placed = {self.placing.batch: self.placed_total} if self.placed_total else {}
        return Book(placed=placed, earned_to_date=self.earned_to_date)


@dataclass(frozen=True, slots=True)
class Tried:
    """What an example earns, in minor units. `effective`: commission ÷ paid. `handed_over`: what the agency remits of what it
    received; `billed`: what it then invoices; `bank_keeps`: all that was paid less all commission, gross or net alike."""

    lines: tuple[Line, ...]
    paid: int
    total: int
    handed_over: int
    billed: int

    @property
    def effective(self) -> Decimal | None:
        """None where nothing was paid."""
        return Decimal(self.total) / Decimal(self.paid) if self.paid else None

    @property
    def bank_keeps(self) -> int:
        return self.paid - self.total


def tried(plan: Plan, example: Example) -> Tried:
    """The engine's lines. PlanError where the example lacks what the plan asks for."""
    book = example.book
    lines = tuple(earn(plan, example.payments, book))
    total = sum(line.commission for line in lines)
    by_agency = sum(p.amount for p in example.payments if p.received_by == "agency")
    fee = sum(line.commission for line in lines if line.payment.received_by == "agency")
    kept = fee if plan.remits_net else 0
    return Tried(lines, sum(p.amount for p in example.payments), total, by_agency - kept, total - kept)


def ceiling(value: Fraction) -> int:
    """The lowest whole number that is not below."""
    return -(-value.numerator // value.denominator)


def first_in(when: Condition, unit: int) -> int:
    """The first whole step of a measure that is in a condition with a bound; `unit` steps are one of the measure."""
    at = Fraction(when.bound or 0) * unit
    return at.numerator // at.denominator + 1 if when.is_above else ceiling(at)


def unit_of(measure: Measure | None, plan: Plan, placed_total: int) -> int:
    """Steps in one of a measure: minor units for amounts, those of the placed total for the recovery rate, else 1."""
    if measure is Measure.RECOVERY_RATE:
        return placed_total
    if measure in (None, Measure.BATCH_RECOVERED, Measure.PAYMENT_AMOUNT, Measure.PLACED_BALANCE):
        return int(10 ** minor_digits(plan.currency))
    return 1


def edges_of(plan: Plan, measure: Measure | None, placed_total: int) -> list[int]:
    """The steps of a measure at which something of the plan changes: its bands, its surcharges, its small balances."""
    unit = unit_of(measure, plan, placed_total)
    bands = plan.bands.rows if plan.bands is not None and plan.bands.by is measure else ()
    conditions = [row.when for row in bands] + [extra.when for extra in plan.surcharges if extra.by is measure]
    found = {first_in(when, unit) for when in conditions if when.bound is not None}
    found |= {int(Fraction(small.upto) * unit) + 1 for small in plan.small_balances if small.by is measure}
    for extra in plan.surcharges if measure is not None and not measure.is_a_word else ():
        if extra.by is measure:
            places = [ceiling(Fraction(value) * unit) for value in extra.when.values]
            found |= {step for place in places for step in (place, place + 1)}
    if measure is Measure.DAYS_SINCE_PLACEMENT:
        found |= set(plan.free_days.values())
    return sorted(edge for edge in found if edge > 0)


def measured_placing(placing: Placing, measure: Measure, value: int | str) -> Placing:
    """The placement with another value of one of its own measures; days since the placement are the payment's."""
    match measure:
        case Measure.PLACED_BALANCE:
            return replace(placing, balance=int(value))
        case Measure.BUCKET:
            return replace(placing, bucket=str(value))
        case Measure.STAGE:
            return replace(placing, stage=str(value))
        case Measure.ROUND:
            return replace(placing, round=int(value))
        case Measure.AGE_MONTHS:
            return replace(placing, age_months=int(value))
        case Measure.DAYS_PAST_DUE:
            return replace(placing, days_past_due=int(value))
    return placing


# --- examples from a plan's own limits --------------------------------------------------------------------------------


def example_of(plan: Plan, placed_on: date) -> Example:
    """Payments that show what the plan does, on a placement of `placed_on` over 90 days."""
    unit = 10 ** minor_digits(plan.currency)
    placing = Placing(
        placed_on=placed_on, ended_on=placed_on + TERM, id="example", balance=_balance(plan, unit), age_months=6,
        days_past_due=75, bucket=_named(plan.bands, Measure.BUCKET, "M3"), round=1,
        stage=_named(plan.bands, Measure.STAGE, _stage(plan)),
    )  # fmt: skip
    placed_total = PLACED_TOTAL * unit
    if plan.bands is not None and not plan.bands.by.can_be_sliced:
        placing = _in_a_band(plan, plan.bands, placing, unit)
    amounts = _amounts(plan, placed_total, unit)
    first = placed_on + timedelta(days=max(plan.free_days.values()))
    payments = [_payment(plan, placing, number, first, amount) for number, amount in enumerate(amounts)]
    if any(plan.free_days.values()):
        early = _payment(plan, placing, 0, placed_on, AMOUNT * unit)
        payments.insert(0, replace(early, received_by=max(plan.free_days, key=lambda who: plan.free_days[who])))
    payments = [replace(payment, id=f"p{number}") for number, payment in enumerate(payments, 1)]
    return Example(placing, tuple(payments), placed_total)


def _amounts(plan: Plan, placed_total: int, unit: int) -> list[int]:
    """In minor units. Of measures of the batch they add up to each limit; of the payment's own they are the limits."""
    by = plan.bands.by if plan.bands is not None and plan.bands.by.can_be_sliced else Measure.PAYMENT_AMOUNT
    edges = [edge for edge in edges_of(plan, by, placed_total) if edge > 1][:MOST_EDGES]
    if by.is_of_batch and edges:
        steps = [step for edge in edges for step in (edge - 1, edge)]
        return [after - before for before, after in zip([0, *steps], steps, strict=False) if after > before]
    found = [amount for edge in edges for amount in (edge - 1, edge, edge + 1)]
    if plan.minimum is not None:
        found.insert(0, max(int(plan.minimum * unit) // 2, 1))
    return found if edges else [*found, AMOUNT * unit, 3 * AMOUNT * unit]


def _payment(plan: Plan, placing: Placing, number: int, first: date, amount: int) -> Payment:
    last = placing.ended_on or first
    parts: dict[Basis, int] = {} if plan.basis is Basis.TOTAL else {plan.basis: amount - divided_half_up(amount, 5)}
    return Payment(
        id=f"p{number + 1}", placing=placing, amount=amount, parts=parts, received_by="agency" if number % 2 else "bank",
        paid_on=max(min(first + timedelta(days=7 * number), last), placing.placed_on),
    )  # fmt: skip


def _balance(plan: Plan, unit: int) -> int:
    """The example's balance, above what counts as small."""
    uptos = [small.upto for small in plan.small_balances if small.by is Measure.PLACED_BALANCE]
    return max(BALANCE, int(max(uptos, default=Decimal(0))) * 2) * unit


def _stage(plan: Plan) -> str:
    """One at which the plan's own rate or its bands show; else the first that has a rate."""
    others = [stage for stage in ("pre_legal", "legal") if stage not in plan.stage_rates]
    if others and (plan.bands is not None or plan.rate is not None):
        return others[0]
    return next(iter(plan.stage_rates), "pre_legal")


def _named(bands: Bands | None, by: Measure, usual: str) -> str:
    """The usual word of a measure, or the first that the bands name where they do not name that."""
    if bands is None or bands.by is not by:
        return usual
    named = [str(value) for row in bands.rows for value in row.when.values]
    return usual if usual in named or not named else named[0]


def _in_a_band(plan: Plan, bands: Bands, placing: Placing, unit: int) -> Placing:
    """The placement in the second band, or in the only one."""
    row = bands.rows[min(1, len(bands.rows) - 1)]
    if bands.by is Measure.DAYS_SINCE_PLACEMENT:
        return placing
    if row.when.bound is None:
        return measured_placing(placing, bands.by, str(row.when.values[0]))
    return measured_placing(placing, bands.by, first_in(row.when, unit_of(bands.by, plan, 0)))
