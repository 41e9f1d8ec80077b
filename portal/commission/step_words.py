"""Where a batch stands on the steps of its plan, as pages say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.commission.line_words import percent
from portal.commission.plan import Measure
from portal.foundation.money import Money

if TYPE_CHECKING:
    from portal.commission.contribution import Step

__all__ = ["step_facts"]


def step_facts(step: Step) -> dict[str, Any]:
    """A step in the words of a page."""
    distance, currency = step.distance, step.batch.currency
    is_share = distance.measure is Measure.RECOVERY_RATE
    return {
        "batch": step.batch,
        "currency": currency,
        "recovered": Money(step.recovered, currency),
        "value": f"{percent(distance.value)} %" if is_share else None,
        "step": None if distance.step is None else distance.step + 1,
        "rate": f"{percent(distance.rate)} %",
        "missing": _money(distance.missing, currency),
        "next_rate": None if distance.next_rate is None else f"{percent(distance.next_rate)} %",
        "next_from": _money(distance.next_from, currency),
        "pays": _money(distance.pays, currency),
        "rerated": _money(distance.rerated, currency) if distance.rerated else None,
    }


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)
