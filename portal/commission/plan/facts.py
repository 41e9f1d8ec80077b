"""What the engine takes, payments with their placements and what is known beside them, and what it gives: lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from portal.commission.plan.terms import Basis, Measure

__all__ = ["Book", "Line", "Payment", "Placing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A placement as far as plans ask for it; None: not known. `balance`: placed, in minor units. `batch`: the one that it
    came with, where there is more than one."""

    placed_on: date
    ended_on: date | None = None
    id: str = ""
    batch: str = ""
    balance: int | None = None
    age_months: int | None = None
    days_past_due: int | None = None
    bucket: str | None = None
    round: int | None = None
    stage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """`amount` in minor units, negative for a reversal, which names what it `reverses`. `parts`: how it divides.

    `refusal`: what attribution has said already of whether it earns: empty, that it does; else the reason why not. None: its
    days are looked at here.
    """

    id: str
    placing: Placing
    amount: int
    paid_on: date
    received_by: str = "bank"
    reverses: str | None = None
    stage: str | None = None
    parts: Mapping[Basis, int] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """What is known beside the payments. `placed`: total of each batch, minor units. `earned_to_date`: what the cap's scope had
    earned before them, counted for the scope of the first. `earned_in`: the same by scope (`scope_of`).
    `issued`: commission by payment on earlier statements, their true-ups included."""

    placed: Mapping[str, int] = field(default_factory=dict)
    earned_to_date: int = 0
    earned_in: Mapping[str | int, int] = field(default_factory=dict)
    issued: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one payment earns. `base`: of a `true_up` its payment's, which an earlier line has counted. `rate`: where one rate
    made it, before minimum and cap. `measure`: what its band was found by, with the `value` it had and the `row` of the plan,
    counted from 0. `reason`: a code of reference/commission.md."""

    payment: Payment
    commission: int
    reason: str
    base: int = 0
    rate: Fraction | None = None
    measure: Measure | None = None
    value: Fraction | str | None = None
    row: int | None = None
