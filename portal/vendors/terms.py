"""The terms of a contract version as people enter them, and the plan they become. Pure.

A plan is data in the notation of reference/commission.md. What can be entered so far is a flat rate, `{"currency",
"rate"}`; further keys of the notation stand beside these two.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.foundation.errors import DomainError
from portal.foundation.language import say

__all__ = ["LONGEST_TERM", "Terms", "parse_rate", "plan_rate"]

LONGEST_TERM = 1_826  # days, five years
LARGEST_CAPACITY = 10_000_000
RATE_DIGITS = 6  # behind the point: 0.141275 is 14.1275 %


@dataclass(frozen=True)
class Terms:
    """What is agreed from a date on. `rate` of one (0.35), `letter_fee_minor` a letter in minor units of the contract's
    currency, `term_days` the length of a placement, `capacity_accounts` None for as many as are sent."""

    rate: Decimal
    letter_fee_minor: int = 0
    term_days: int = 90
    capacity_accounts: int | None = None

    def check(self) -> None:
        """DomainError that names the field, where a term cannot be meant."""
        check_rate(self.rate)
        if self.letter_fee_minor < 0:
            raise DomainError("contract.fee", say("The letter fee cannot be negative."), field="letter_fee")
        if not 1 <= self.term_days <= LONGEST_TERM:
            words = say("A placement lasts from 1 to %(most)s days.", most=LONGEST_TERM)
            raise DomainError("contract.term", words, field="term_days")
        if self.capacity_accounts is not None and not 0 <= self.capacity_accounts <= LARGEST_CAPACITY:
            words = say("The capacity is a number of accounts from 0 to %(most)s.", most=LARGEST_CAPACITY)
            raise DomainError("contract.capacity", words, field="capacity")

    def plan(self, currency: str) -> dict[str, Any]:
        """The plan in the notation; the rate as a decimal string, so that no float ever holds it."""
        return {"currency": currency, "rate": format(self.rate.normalize(), "f")}


def parse_rate(text: str) -> Decimal:
    """A rate written as decimal, `0.35`, or as percentage, `35%`. DomainError where it is neither, or not from 0 to 1."""
    written = text.strip().replace("％", "%").replace(" ", "")
    try:
        rate = Decimal(written.removesuffix("%"))
    except InvalidOperation as error:
        raise _no_rate() from error
    if not rate.is_finite():
        raise _no_rate()
    rate = rate / 100 if written.endswith("%") else rate
    check_rate(rate)
    return rate


def check_rate(rate: Decimal) -> None:
    """DomainError unless the rate is from 0 to 1 with at most six digits behind the point."""
    if not 0 <= rate <= 1:
        words = say("The rate is a part of one: 0.35 means 35%%. It goes from 0 to 1.")
        raise DomainError("contract.rate", words, field="rate")
    if rate != rate.quantize(Decimal(1).scaleb(-RATE_DIGITS)):
        words = say("A rate has at most %(digits)s digits behind the point.", digits=RATE_DIGITS)
        raise DomainError("contract.rate", words, field="rate")


def _no_rate() -> DomainError:
    return DomainError("contract.rate", say("Write the rate as 0.35 or 35%%."), field="rate")


def plan_rate(plan: dict[str, Any]) -> Decimal | None:
    """The flat rate of a plan; None where its rate depends on something."""
    return Decimal(plan["rate"]) if "rate" in plan and "bands" not in plan else None
