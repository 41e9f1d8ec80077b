"""A strategy as JSON takes it: what a run keeps and a file holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from portal.foundation.money import format_amount
from portal.placement.allocation.facts import Receiver
from portal.placement.allocation.strategy import (
    VERSION,
    Champion,
    Equal,
    Only,
    Performance,
    Picks,
    Ranked,
    Shares,
    Step,
    Strategy,
)

__all__ = ["receiver_as_data", "strategy_as_data"]


def strategy_as_data(strategy: Strategy) -> dict[str, Any]:
    """Everything a strategy says, defaults too, so that what is kept does not change its meaning later."""
    within = strategy.rules.former_holders.within_rounds
    return {
        "version": VERSION,
        "name": strategy.name,
        "currency": strategy.currency,
        "date": strategy.date.isoformat(),
        "seed": strategy.seed,
        "rules": {
            "former_holders": "never" if within is None else {"within_rounds": within},
            "cool_down_days": strategy.rules.cool_down_days,
            "customers_together": strategy.rules.customers_together,
            "licence": strategy.rules.licence.value,
        },
        "strata": _strata(strategy),
        "steps": [_step(step, strategy.currency) for step in strategy.steps],
    }


def receiver_as_data(receiver: Receiver, currency: str) -> dict[str, Any]:
    """A receiver as a strategy file has it; what has no limit is left out."""
    data: dict[str, Any] = {"code": receiver.code, "name": receiver.name, "term_days": receiver.term_days}
    if receiver.room_accounts is not None:
        data["room_accounts"] = receiver.room_accounts
    if receiver.room_minor is not None:
        data["room_amount"] = format_amount(receiver.room_minor, currency)
    if receiver.regions is not None:
        data["regions"] = sorted(receiver.regions)
    if receiver.buckets is not None:
        data["buckets"] = sorted(receiver.buckets)
    if receiver.licence_until is not None:
        data["licence_until"] = receiver.licence_until.isoformat()
    if receiver.may_not_receive:
        data["may_not_receive"] = receiver.may_not_receive
    return data


def _strata(strategy: Strategy) -> dict[str, Any]:
    data: dict[str, Any] = {"by": list(strategy.strata.by)}
    if strategy.strata.bands:
        data["bands"] = [format_amount(begin, strategy.currency) for begin in strategy.strata.bands]
    if strategy.strata.quantiles:
        data["quantiles"] = strategy.strata.quantiles
    return data


def _step(step: Step, currency: str) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": step.kind}
    if not step.only.is_all:
        data["only"] = _only(step.only, currency)
    match step:
        case Picks():
            return data | {"picks": dict(sorted(step.picks.items()))}
        case Ranked():
            return data | {"receivers": list(step.receivers), "order": step.order.value}
        case Champion():
            sides = {"champions": _decimals(step.champions), "challengers": _decimals(step.challengers)}
            return data | sides | {"part": format(step.part, "f"), "by": step.by.value}
        case Shares():
            data["shares"] = _decimals(step.shares)
        case Equal():
            data["receivers"] = list(step.receivers)
        case Performance():
            data["scores"] = _decimals(step.scores)
            data |= {"floor": format(step.floor, "f"), "ceiling": format(step.ceiling, "f")}
    return data | {"by": step.by.value, "overflow": step.overflow.value}


def _only(only: Only, currency: str) -> dict[str, Any]:
    data: dict[str, Any] = {name: _names(getattr(only, name)) for name in ("buckets", "regions")}
    for name, minor in (("from", only.from_minor), ("to", only.to_minor)):
        data[name] = None if minor is None else format_amount(minor, currency)
    return {name: value for name, value in data.items() if value is not None}


def _names(names: Collection[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _decimals(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: format(value, "f") for code, value in values.items()}
