"""What a plan pays, in a word for a list."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.commission.plan import faults_of, read_plan
from portal.commission.plan.holes import holes_of
from portal.foundation.language import say
from portal.vendors.labels import exact_percent
from portal.vendors.plans.words import hole_values, value_words
from portal.vendors.terms import plan_rates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.foundation.language import Message

__all__ = ["rates_words"]


def rates_words(plan: Mapping[str, Any]) -> str | Message:
    """Its flat rate, `14.13%`, or from the lowest to the highest, `5%–24%`; of a plan with a hole also where that begins, so
    that nobody takes the lowest rate for what is earned in any case."""
    rates = plan_rates(plan)
    words = exact_percent(rates[0] if rates else None)
    if rates is not None and rates[0] != rates[1]:
        words = f"{words}–{exact_percent(rates[1])}"
    holes = [] if faults_of(plan) else holes_of(read_plan(plan))
    if not holes:
        return words
    hole, currency = holes[0], plan["currency"]
    if hole.below is None:
        return say("%(rates)s, none for %(values)s", rates=words, values=hole_values(hole, currency))
    limit = value_words(Decimal(hole.below), hole.measure, currency)
    if hole.with_it:
        return say("%(rates)s, only above %(limit)s", rates=words, limit=limit)
    return say("%(rates)s, only from %(limit)s", rates=words, limit=limit)
