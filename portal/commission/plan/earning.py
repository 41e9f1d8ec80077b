"""What payments earn under a plan: the order of evaluation of reference/commission.md. Pure: standard library and money only.

Amounts are whole minor units of the plan's currency, everything between them is exact (fractions), and each line is rounded
once, half up. Where other payments move the measure (recovery rate, amount recovered of the batch), a line is the difference
of two rounded sums, so that lines add up to the rounded commission of the total, in whatever order payments came.

A reversal takes back what its payment earned, or its share of that; all other lines are as if what was taken back had never
been paid. Lines of an earlier statement (`issued`) are not repeated: what differs from them is a line of its own, `true_up`.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from portal.commission.plan.facts import Book, Line, Payment
from portal.commission.plan.terms import (
    Bands,
    Basis,
    Cap,
    Measure,
    Plan,
    PlanError,
    Row,
    Scope,
    SmallBalance,
    Tail,
)
from portal.foundation.money import divided_half_up, minor_digits

__all__ = ["earn", "last_day_of", "scope_of"]


def earn(plan: Plan, payments: Sequence[Payment], book: Book) -> list[Line]:
    """The lines of the payments of one batch or more, by value date and reference.

    PlanError for payments that cannot be so (twice the same reference, a reversal of a reversal or of nothing, an amount that
    is none), and where the plan asks for something that is not known.
    """
    _check(payments)
    ordered = sorted(payments, key=lambda p: (p.paid_on, p.id))
    reversed_amounts = _reversed_amounts(ordered)
    earner = _Earner(plan, book, ordered, reversed_amounts)
    earned = earner.lines()
    lines = []
    taken: defaultdict[str, int] = defaultdict(int)
    bases = _bases_taken(ordered, earned, book.issued)
    for payment in ordered:
        if payment.reverses is None:
            line = earned[payment.id]
        else:
            piece = earner.pieces.get(payment.reverses)
            line = _reversal(payment, earned[payment.reverses], bases[payment.id], taken, piece)
        lines += _as_issued(line, book.issued, is_undone=reversed_amounts.get(payment.id, 0) == payment.amount)
    return lines


def _check(payments: Sequence[Payment]) -> None:
    by_id = {payment.id: payment for payment in payments}
    if len(by_id) != len(payments):
        raise PlanError("twice", "payments.id")
    for payment in payments:
        if (payment.amount < 0) != (payment.reverses is not None) or payment.amount == 0:
            raise PlanError("amount", f"payments.{payment.id}")
        if payment.reverses is None:
            continue
        original = by_id.get(payment.reverses)
        if original is None:
            raise PlanError("unknown_payment", f"payments.{payment.id}.reverses")
        if original.reverses is not None:
            raise PlanError("reversal_of_reversal", f"payments.{payment.id}.reverses")


def _reversed_amounts(payments: Sequence[Payment]) -> dict[str, int]:
    """How much of each payment is taken back in all; never more than it was."""
    sums: defaultdict[str, int] = defaultdict(int)
    for payment in payments:
        if payment.reverses is not None:
            sums[payment.reverses] -= payment.amount
    amounts = {payment.id: payment.amount for payment in payments}
    return {number: min(total, amounts[number]) for number, total in sums.items()}


def _bases_taken(payments: Sequence[Payment], earned: Mapping[str, Line], issued: Mapping[str, int]) -> dict[str, int]:
    """What each reversal takes off the base of its payment, negative: its share, in the order of the statements, since no later
    line puts a cent of it right as it does of a commission."""
    taken: defaultdict[str, int] = defaultdict(int)
    found = {}
    reversals = [payment for payment in payments if payment.reverses is not None]
    for payment in sorted(reversals, key=lambda payment: payment.id not in issued):
        of = earned[payment.reverses or ""]
        before = taken[of.payment.id]
        after = taken[of.payment.id] = min(before - payment.amount, of.payment.amount)
        shares = [divided_half_up(of.base * part, of.payment.amount) for part in (before, after)]
        found[payment.id] = shares[0] - shares[1]
    return found


def _reversal(payment: Payment, of: Line, base: int, taken: defaultdict[str, int], piece: _Piece | None) -> Line:
    """The share of what the payment earned; shares of all its parts add up to the whole, and no more is taken than it was.

    Of a piece of a batch's sum each share is the difference of two rounded sums as well, so that what is left of the payment
    adds up with the other lines to the rounded commission of the batch's net total.
    """
    amount = of.payment.amount
    before = taken[of.payment.id]
    after = taken[of.payment.id] = min(before - payment.amount, amount)
    if piece is None:
        part = divided_half_up(of.commission * after, amount) - divided_half_up(of.commission * before, amount)
    else:
        part = piece.up_to(Fraction(amount - before, amount)) - piece.up_to(Fraction(amount - after, amount))
    return Line(payment=payment, commission=-part, reason="reversal", base=base, rate=of.rate)


def _as_issued(line: Line, issued: Mapping[str, int], *, is_undone: bool) -> list[Line]:
    """The line itself, or what differs from what was issued; a payment that was taken back whole stays as it was issued."""
    number = line.payment.id
    if number not in issued:
        return [line]
    difference = line.commission - issued[number]
    if difference == 0 or is_undone:
        return []
    return [
        Line(
            payment=line.payment, commission=difference, reason="true_up", base=line.base, rate=line.rate,
            measure=line.measure, value=line.value, row=line.row,
        )
    ]  # fmt: skip


# --- one payment after the other ------------------------------------------------------------------------------------------


class _Earner:
    """Goes through the payments in order and keeps what the next one depends on."""

    def __init__(self, plan: Plan, book: Book, ordered: Sequence[Payment], reversed_amounts: Mapping[str, int]) -> None:
        self._plan, self._book = plan, book
        self._unit: int = 10 ** minor_digits(plan.currency)
        self._payments = [payment for payment in ordered if payment.reverses is None]
        self._left = {p.id: p.amount - reversed_amounts.get(p.id, 0) for p in self._payments}
        self._refusals = {p.id: _refusal(plan, p) for p in self._payments}
        self._batches: defaultdict[str, _Batch] = defaultdict(_Batch)
        for payment in self._payments:
            if not self._refusals[payment.id]:
                self._batches[payment.placing.batch].total += self._left[payment.id]
        self._caps: dict[str | int, _Capped] = {}
        self.pieces: dict[str, _Piece] = {}

    def lines(self) -> dict[str, Line]:
        return {payment.id: self._line(payment) for payment in self._payments}

    def _line(self, payment: Payment) -> Line:
        refusal = self._refusals[payment.id]
        if refusal:
            return Line(payment=payment, commission=0, reason=refusal)
        base = self._base(payment)
        found = self._found(payment, base)
        share_left = Fraction(self._left[payment.id], payment.amount)
        commission, reason = self._rounded(payment, found, base, share_left)
        self._batches[payment.placing.batch].recovered += self._left[payment.id]
        issued = self._book.issued.get(payment.id)
        if issued is not None and not share_left:
            commission = issued  # a reversal takes back exactly what was paid for it
            self.pieces.pop(payment.id, None)
        return Line(
            payment=payment, commission=commission, reason=reason, base=base, rate=found.rate, measure=found.told.measure,
            value=found.told.value, row=found.told.row,
        )  # fmt: skip

    def _base(self, payment: Payment) -> int:
        if self._plan.basis is Basis.TOTAL:
            return payment.amount
        part = payment.parts.get(self._plan.basis)
        if part is None:
            raise PlanError("missing", f"payments.{payment.id}.{self._plan.basis.value}")
        if not 0 <= part <= payment.amount:
            raise PlanError("amount", f"payments.{payment.id}.{self._plan.basis.value}")
        return part

    # --- rate (steps 3 to 6) ---

    def _found(self, payment: Payment, base: int) -> _Found:
        plan = self._plan
        small = self._small_balance(payment)
        minimum = plan.minimum if small is None or small.minimum is None else small.minimum
        if small is not None and small.rate is not None:
            rate = Fraction(small.rate)
            return _Found(base * rate, rate, "small_balance", minimum)
        stage = payment.stage or payment.placing.stage
        if stage is not None and stage in plan.stage_rates:
            return self._at(payment, base, Fraction(plan.stage_rates[stage]), minimum)
        if plan.bands is not None:
            by_band = self._slices if plan.bands.is_marginal else self._row
            return by_band(plan.bands, payment, base, minimum)
        if plan.rate is None:
            raise PlanError("no_rate", f"payments.{payment.id}")
        return self._at(payment, base, Fraction(plan.rate), minimum)

    def _at(self, payment: Payment, base: int, rate: Fraction, minimum: Decimal | None) -> _Found:
        rate = self._with_surcharges(payment, rate)
        moves = any(extra.by.is_of_batch for extra in self._plan.surcharges)
        return _Found(base * rate, rate, "rate", minimum, moves)

    def _row(self, bands: Bands, payment: Payment, base: int, minimum: Decimal | None) -> _Found:
        """The rate of the row that the measure is in."""
        value = self._value(bands.by, payment)
        found = _last_that_holds(bands.rows, value)
        told = _Told(bands.by, value, found)
        if found is None:
            return _Found(Fraction(0), None, "below_first_band", None, bands.by.is_of_batch, told=told)
        at = self._at(payment, base, Fraction(bands.rows[found].rate), minimum)
        return replace(at, of_batch=at.of_batch or bands.by.is_of_batch, told=told)

    def _slices(self, bands: Bands, payment: Payment, base: int, minimum: Decimal | None) -> _Found:
        """The sum over slices; of a part that earns, its share. On a measure of the batch a payment fills the slices with what
        is left of it, and what was taken back of it earned, and loses, at the same rates."""
        of_batch = bands.by.is_of_batch
        starts = Fraction(self._batches[payment.placing.batch].recovered if of_batch else 0)
        fills = (self._left[payment.id] if of_batch else 0) or payment.amount
        total, rates = self._sum_over(bands, payment, starts, fills)
        moves = of_batch or any(extra.by.is_of_batch for extra in self._plan.surcharges)
        reason = "rate" if rates else "below_first_band"
        return _Found(
            total * Fraction(base, fills), rates.pop() if len(rates) == 1 else None, reason,
            minimum if reason == "rate" else None, moves,
            told=_Told(bands.by, (starts + fills) / self._unit_of(bands.by, payment)),
        )  # fmt: skip

    def _sum_over(
        self, bands: Bands, payment: Payment, starts: Fraction, amount: int
    ) -> tuple[Fraction, set[Fraction]]:
        """What an amount earns that begins there, slice by slice, and the rates that had a part in it."""
        ends, total, rates = starts + amount, Fraction(0), set()
        bounds = [Fraction(row.when.bound or 0) * self._unit_of(bands.by, payment) for row in bands.rows]
        for row, lower, upper in zip(bands.rows, bounds, [*bounds[1:], ends], strict=True):
            within = min(ends, max(upper, lower)) - max(starts, lower)
            if within > 0:
                rate = self._with_surcharges(payment, Fraction(row.rate))
                total += within * rate
                rates.add(rate)
        return total, rates

    def _unit_of(self, by: Measure, payment: Payment) -> int:
        """Minor units in one of the measure."""
        if by is not Measure.RECOVERY_RATE:
            return self._unit
        placed = self._book.placed.get(payment.placing.batch, 0)
        if placed <= 0:
            raise PlanError("missing", "batch.placed_total")
        return placed

    def _with_surcharges(self, payment: Payment, rate: Fraction) -> Fraction:
        for extra in self._plan.surcharges:
            if extra.when.holds(self._value(extra.by, payment)):
                rate = extra.on(rate)
        return rate

    def _small_balance(self, payment: Payment) -> SmallBalance | None:
        for small in self._plan.small_balances:
            value = self._value(small.by, payment)
            if isinstance(value, Fraction) and value <= Fraction(small.upto):
                return small
        return None

    def _value(self, by: Measure, payment: Payment) -> Fraction | str:
        """A measure as limits are written: amounts in the major unit. Of the batch: what its period ends with."""
        if by.is_of_batch:
            return Fraction(self._batches[payment.placing.batch].total, self._unit_of(by, payment))
        if by is Measure.PAYMENT_AMOUNT:
            return Fraction(payment.amount, self._unit)
        placing = payment.placing
        if by is Measure.DAYS_SINCE_PLACEMENT:
            return Fraction((payment.paid_on - placing.placed_on).days)
        if by is Measure.PLACED_BALANCE:
            return Fraction(_known(placing.balance, by), self._unit)
        if by is Measure.STAGE:
            return str(_known(payment.stage or placing.stage, by))
        if by is Measure.BUCKET:
            return str(_known(placing.bucket, by))
        return Fraction(_known(getattr(placing, by.value), by))

    # --- minimum, cap, rounding (steps 7 to 9) ---

    def _rounded(self, payment: Payment, found: _Found, base: int, share_left: Fraction) -> tuple[int, str]:
        commission: Fraction | int = found.commission
        if found.of_batch:
            batch = self._batches[payment.placing.batch]
            piece = self.pieces[payment.id] = _Piece(batch.exact, found.commission)
            commission = piece.up_to(Fraction(1))
            batch.exact += found.commission * share_left
        reason = found.reason
        if found.minimum is not None and reason != "below_first_band":
            least = min(Fraction(found.minimum) * self._unit, Fraction(payment.amount))
            if commission < least:
                commission, reason = least, "minimum"
                self.pieces.pop(payment.id, None)
        if self._plan.cap is None:
            return _half_up(commission), reason
        capped = self._capped(self._plan.cap, payment)
        base = 0 if reason == "below_first_band" else base  # an amount that earned nothing makes no room
        most = capped.most(self._plan.cap, base, self._unit)
        if commission > most:
            commission, reason = most, "cap"
            self.pieces.pop(payment.id, None)
        rounded = _half_up(commission)
        capped.count(_half_up(rounded * share_left), base * share_left)
        return rounded, reason

    def _capped(self, cap: Cap, payment: Payment) -> _Capped:
        """What the cap's scope has earned so far; what it had earned before counts for the scope of the first payment."""
        key = payment.placing.id if cap.per is Scope.PLACEMENT else scope_of(self._plan, payment.paid_on)
        if key not in self._caps:
            before = 0 if self._caps else self._book.earned_to_date
            self._caps[key] = _Capped(before + self._book.earned_in.get(key, 0))
        return self._caps[key]


class _Told(NamedTuple):
    """By what a band was found."""

    measure: Measure | None = None
    value: Fraction | str | None = None
    row: int | None = None


_NOT_BY_BAND = _Told()


@dataclass(frozen=True, slots=True)
class _Found:
    """The unrounded commission of a payment with how it was found."""

    commission: Fraction
    rate: Fraction | None
    reason: str
    minimum: Decimal | None
    of_batch: bool = False
    told: _Told = _NOT_BY_BAND


@dataclass(frozen=True, slots=True)
class _Piece:
    """What a payment adds to the unrounded sum of its batch, which stood at `before`."""

    before: Fraction
    adds: Fraction

    def up_to(self, share: Fraction) -> int:
        """What a share of it makes of the rounded sum."""
        return _half_up(self.before + self.adds * share) - _half_up(self.before)


@dataclass(slots=True)
class _Batch:
    """A batch's payments, what was taken back left out: all of them, those so far, and what these earned, unrounded."""

    total: int = 0
    recovered: int = 0
    exact: Fraction = Fraction(0)


@dataclass(slots=True)
class _Capped:
    """A cap's scope: what it earned before these payments, what it earned by them, and the amounts that earned it."""

    before: int
    earned: int = 0
    bases: Fraction = Fraction(0)

    def most(self, cap: Cap, base: int, unit: int) -> Fraction:
        """The most that a payment may still earn, in minor units."""
        rests = []
        if cap.amount is not None:
            rests.append(Fraction(cap.amount) * unit - self.before - self.earned)
        if cap.share is not None:
            rests.append(Fraction(cap.share) * (self.bases + base) - self.earned)
        return max(min(rests), Fraction(0))

    def count(self, earned: int, base: Fraction) -> None:
        self.earned += earned
        self.bases += base


def scope_of(plan: Plan, day: date) -> str | int:
    """Which sum of a contract's cap a value date counts in: the only one (empty), or the year of the contract, from 0."""
    began = plan.contract_started_on
    if plan.cap is None or plan.cap.per is Scope.CONTRACT or began is None:
        return ""
    years = day.year - began.year
    return years if day >= _months_later(began, 12 * years) else years - 1


# --- days, conditions -----------------------------------------------------------------------------------------------------


def _refusal(plan: Plan, payment: Payment) -> str:
    """Why a payment earns nothing, whatever its amount; empty where it may earn."""
    if payment.refusal is not None:
        return payment.refusal
    placing = payment.placing
    last = last_day_of(placing.ended_on, plan.tail)
    if payment.paid_on < placing.placed_on or (last is not None and payment.paid_on > last):
        return "outside_placement"
    if (payment.paid_on - placing.placed_on).days < plan.free_days[payment.received_by]:
        return "free_period"
    return ""


def last_day_of(ended_on: date | None, tail: Tail) -> date | None:
    """The last day on which payments earn: months end on the same day of the month, or the month's last."""
    if ended_on is None:
        return None
    return _months_later(ended_on, tail.months) + timedelta(days=tail.days)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _last_that_holds(rows: Sequence[Row], value: Fraction | str) -> int | None:
    held = [number for number, row in enumerate(rows) if row.when.holds(value)]
    return held[-1] if held else None


def _known(value: Any, by: Measure) -> Any:
    if value is None:
        raise PlanError("missing", f"placement.{by.value}")
    return value


def _half_up(value: Fraction | int) -> int:
    return divided_half_up(*Fraction(value).as_integer_ratio())
