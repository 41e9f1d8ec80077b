"""What a credited payment earns under a plan. Pure: standard library and money only.

A plan is data in the notation of reference/commission.md. This engine knows the flat `rate` (with `currency`), and leaves
`tail` to attribution (portal/recovery/attribution.py), which has decided already what falls into it; a plan that says
anything else is refused by name, never half understood. Rounding is half up to the minor unit, once a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.commission.plan import PlanError
from portal.foundation.money import CURRENCIES, divided_half_up, share_of

__all__ = ["Earned", "Earning", "FlatPlan", "PaidCredit", "PlanError", "earnings", "read_plan"]

KNOWN_KEYS = {"currency", "rate", "tail", "remittance"}  # the last says who hands over what, not what is earned


@dataclass(frozen=True, slots=True)
class FlatPlan:
    """One rate for every payment, as an exact decimal: 0.1413 is 14.13 %."""

    currency: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class PaidCredit:
    """A credited payment: `amount` in minor units, positive; a reversal is negative and names what it `reverses`."""

    id: int
    amount: int
    paid_on: date
    reverses: int | None = None


@dataclass(frozen=True, slots=True)
class Earning:
    """What one credit earned in minor units, from which base, at which rate, and by which rule (`reason`)."""

    credit: PaidCredit
    base: int
    rate: Decimal | None
    commission: int
    reason: str


def read_plan(plan: Mapping[str, Any]) -> FlatPlan:
    """The plan as the engine uses it. PlanError for an unknown key, currency, or a rate that is none from 0 to 1."""
    unknown = sorted(set(plan) - KNOWN_KEYS)
    if unknown:
        raise PlanError("unknown_key", unknown[0])
    if plan.get("currency") not in CURRENCIES:
        raise PlanError("unknown_currency", "currency")
    try:
        rate = Decimal(str(plan["rate"]))
    except (KeyError, InvalidOperation) as error:
        raise PlanError("no_rate", "rate") from error
    if not rate.is_finite() or not 0 <= rate <= 1:
        raise PlanError("rate_out_of_range", "rate")
    _check_tail(plan.get("tail"))
    if plan.get("remittance", "gross") not in ("gross", "net"):
        raise PlanError("remittance", "remittance")
    return FlatPlan(str(plan["currency"]), rate)


def _check_tail(tail: Any) -> None:
    """Days or months, one of them, a whole number of 0 or more."""
    if tail is None:
        return
    lengths = list(tail.items()) if isinstance(tail, Mapping) else []
    if len(lengths) != 1 or lengths[0][0] not in ("days", "months"):
        raise PlanError("tail", "tail")
    if not isinstance(lengths[0][1], int) or isinstance(lengths[0][1], bool) or lengths[0][1] < 0:
        raise PlanError("tail", "tail")


@dataclass(slots=True)
class Earned:
    """What a payment earned and how much of both was taken back so far; minor units."""

    amount: int
    commission: int
    reversed_amount: int = 0
    reversed_commission: int = 0

    def take_back(self, amount: int) -> int:
        """The commission that a reversal of `amount` takes back: its share, so that all parts sum to the whole."""
        self.reversed_amount += amount
        due = divided_half_up(self.commission * self.reversed_amount, self.amount)
        part = due - self.reversed_commission
        self.reversed_commission = due
        return part


def earnings(
    plan: FlatPlan, credited: Sequence[PaidCredit], earned_before: Mapping[int, Earned] | None = None
) -> Iterator[Earning]:
    """What each credit earns: payments by value date and number, then reversals in the same order.

    A reversal takes back exactly what its payment earned, or its share of it. `earned_before` holds by number what stands
    on other statements: payments whose reversals come now, and what was taken back of payments that come now. Raises
    KeyError for a reversal whose payment is in neither.
    """
    earned = {number: replace(each) for number, each in (earned_before or {}).items()}
    for credit in sorted(credited, key=lambda c: (c.reverses is not None, c.paid_on, c.id)):
        if credit.reverses is None:
            commission = share_of(credit.amount, plan.rate)
            before = earned.get(credit.id, Earned(credit.amount, commission))
            earned[credit.id] = replace(before, amount=credit.amount, commission=commission)
            yield Earning(credit, credit.amount, plan.rate, commission, "rate")
        else:
            commission = -earned[credit.reverses].take_back(-credit.amount)
            yield Earning(credit, credit.amount, plan.rate, commission, "reversal")
