"""The terms of a commission plan as the engine uses them (notation.py reads them, plan.py evaluates them). Pure.

Rates are exact decimals (0.1413 is 14.13 %); limits stand as written, in the currency's major unit, in months, days or shares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

__all__ = [
    "Bands",
    "Basis",
    "Cap",
    "Condition",
    "Kpi",
    "KpiRow",
    "Limit",
    "Measure",
    "Plan",
    "PlanError",
    "Row",
    "Scope",
    "SmallBalance",
    "Surcharge",
    "Tail",
    "Together",
    "plain",
]


class PlanError(ValueError):
    """A plan or a case that cannot be evaluated: `code`, and the key it is about; `row`: which of its rows, from 0."""

    def __init__(self, code: str, key: str, row: int | None = None) -> None:
        super().__init__(f"{code}: {key}")
        self.code = code
        self.key = key
        self.row = row


class Measure(StrEnum):
    """What a rate may depend on."""

    RECOVERY_RATE = "recovery_rate"  # of the batch: recovered ÷ placed
    BATCH_RECOVERED = "batch_recovered"
    PAYMENT_AMOUNT = "payment_amount"
    PLACED_BALANCE = "placed_balance"
    AGE_MONTHS = "age_months"
    DAYS_PAST_DUE = "days_past_due"
    BUCKET = "bucket"
    ROUND = "round"
    DAYS_SINCE_PLACEMENT = "days_since_placement"
    STAGE = "stage"

    @property
    def is_of_batch(self) -> bool:
        """Whether other payments move it, so that lines are differences of a sum."""
        return self in (Measure.RECOVERY_RATE, Measure.BATCH_RECOVERED)

    @property
    def is_a_word(self) -> bool:
        """Whether its values are compared as words, not as numbers."""
        return self in (Measure.BUCKET, Measure.STAGE)

    @property
    def can_be_sliced(self) -> bool:
        """Whether `marginal` has a meaning: it is a sum of what was paid."""
        return self.is_of_batch or self is Measure.PAYMENT_AMOUNT


class Basis(StrEnum):
    """The part of a payment that earns."""

    TOTAL = "total"
    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEES = "fees"


class Scope(StrEnum):
    """Over what a cap counts."""

    CONTRACT = "contract"
    CONTRACT_YEAR = "contract_year"
    PLACEMENT = "placement"


class Together(StrEnum):
    """Which payments depend on each other, so that they are evaluated together."""

    PAYMENT = "payment"  # each by itself, with its reversals
    PLACEMENT = "placement"
    BATCH = "batch"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a measure is in a row: at least `bound` (or above it), or one of `values`."""

    bound: Decimal | None = None
    is_above: bool = False
    values: tuple[str | Decimal, ...] = ()

    def holds(self, value: Fraction | str) -> bool:
        """Whether the value is in the row by itself; a later row may take it away."""
        if self.bound is None:
            return any(value == (named if isinstance(named, str) else Fraction(named)) for named in self.values)
        if isinstance(value, str):
            return False
        return value > Fraction(self.bound) if self.is_above else value >= Fraction(self.bound)


@dataclass(frozen=True, slots=True)
class Row:
    when: Condition
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Bands:
    """`is_marginal`: each slice at its own rate; otherwise the row's rate applies to everything."""

    by: Measure
    is_marginal: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Surcharge:
    """Points added to a rate, or a factor on it."""

    by: Measure
    when: Condition
    add: Decimal | None
    multiply: Decimal | None

    def on(self, rate: Fraction) -> Fraction:
        """The rate with it."""
        return rate + Fraction(self.add) if self.add is not None else rate * Fraction(self.multiply or 0)


@dataclass(frozen=True, slots=True)
class SmallBalance:
    """What holds for balances up to a limit: a rate of their own, or a minimum for each payment."""

    by: Measure
    upto: Decimal
    rate: Decimal | None
    minimum: Decimal | None


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that is earned in a scope: an amount, a share of the amounts that earned, or the lower of both."""

    per: Scope
    amount: Decimal | None
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class Tail:
    """How long after a placement's end payments still earn."""

    days: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class KpiRow:
    when: Condition
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Kpi:
    """A factor on the period's commission, by rank or score; for statements."""

    by: str
    rows: tuple[KpiRow, ...]
    floor: Decimal | None
    ceiling: Decimal | None


@dataclass(frozen=True, slots=True)
class Limit:
    """The highest rate that the law allows in a round."""

    round: int
    max_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`free_days`: by who received the payment. `remits_net`: the agency keeps its fee of what it received."""

    currency: str
    rate: Decimal | None = None
    bands: Bands | None = None
    stage_rates: Mapping[str, Decimal]
    surcharges: tuple[Surcharge, ...] = ()
    small_balances: tuple[SmallBalance, ...] = ()
    minimum: Decimal | None = None
    cap: Cap | None = None
    free_days: Mapping[str, int]
    tail: Tail = Tail()
    basis: Basis = Basis.TOTAL
    remits_net: bool = False
    kpi: Kpi | None = None
    limits: tuple[Limit, ...] = ()
    contract_started_on: date | None = None

    @property
    def together(self) -> Together:
        """Which payments depend on each other under this plan."""
        measures = [bands.by for bands in (self.bands,) if bands is not None]
        measures += [extra.by for extra in self.surcharges] + [small.by for small in self.small_balances]
        if self.cap is not None and self.cap.per is not Scope.PLACEMENT:
            return Together.CONTRACT
        if any(measure.is_of_batch for measure in measures):
            return Together.BATCH
        return Together.PAYMENT if self.cap is None else Together.PLACEMENT


@lru_cache(maxsize=1_024)
def plain(value: Fraction) -> str:
    """A rate or a measure in plain digits, twelve behind the point at the most."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    text = format(round(decimal, 12), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
