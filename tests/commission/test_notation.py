"""A plan is understood as a whole or refused by name: what is unknown, missing, out of order or above a limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from portal.commission.plan import PlanError, highest_rate, read_plan


def bands(*rows: dict[str, Any], by: str = "recovery_rate", **more: Any) -> dict[str, Any]:
    return {"bands": {"by": by, "rows": list(rows)} | {"mode": "whole"} | more}


LOW, HIGH = {"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}
NO_MODE = {"by": "recovery_rate", "rows": [LOW]}


@pytest.mark.parametrize(
    ("terms", "code", "key"),
    [
        ({}, "no_rate", "rate"),
        ({"rate": "0.1", "colour": "red"}, "unknown_key", "colour"),
        ({"rate": "0.1", "currency": "XYZ"}, "unknown_currency", "currency"),
        ({"rate": "1.01"}, "rate_out_of_range", "rate"),
        ({"rate": "-0.1"}, "rate_out_of_range", "rate"),
        ({"rate": "NaN"}, "no_number", "rate"),
        ({"rate": True}, "no_number", "rate"),
        ({"rate": ["0.1"]}, "no_number", "rate"),
        ({"bands": []}, "no_table", "bands"),
        ({"bands": NO_MODE}, "missing", "bands.mode"),
        (bands(), "missing", "bands.rows"),
        (bands(LOW, by="moon"), "unknown_word", "bands.by"),
        (bands(LOW, mode="half"), "unknown_word", "bands.mode"),
        (bands(HIGH, LOW), "order", "bands.rows"),
        (bands(LOW, LOW), "twice", "bands.rows"),
        (bands(LOW, {"above": "0", "rate": "0.03"}), "twice", "bands.rows"),
        (bands({"rate": "0.1"}), "one_bound", "bands.rows"),
        (bands({"from": "0", "above": "0", "rate": "0.1"}), "one_bound", "bands.rows"),
        (bands({"from": "0"}), "missing", "bands.rows.rate"),
        (bands(LOW, {"is": ["1"], "rate": "0.1"}), "mixed_rows", "bands.rows"),
        (bands({"is": ["M1"], "rate": "0.1"}, {"is": ["M1"], "rate": "0.2"}, by="bucket"), "twice", "bands.rows"),
        (bands({"is": [], "rate": "0.1"}, by="bucket"), "missing", "bands.rows.is"),
        (bands(LOW, by="bucket"), "no_order", "bands.rows"),
        (bands(LOW, by="age_months", mode="marginal"), "no_slices", "bands.mode"),
        (bands({"from": "-1", "rate": "0.1"}, by="payment_amount"), "negative", "bands.rows"),
        (bands({"from": "0.001", "rate": "0.1"}, by="payment_amount"), "too_many_digits", "bands.rows"),
        ({"rate": "0.1", "surcharges": [{"by": "round", "from": "2"}]}, "add_or_multiply", "surcharges"),
        ({"rate": "0.1", "surcharges": [{"by": "round", "add": "0.1"}]}, "one_bound", "surcharges"),
        ({"rate": "0.1", "small_balance": [{"upto": "5"}]}, "rate_or_minimum", "small_balance"),
        (
            {"rate": "0.1", "small_balance": [{"upto": "9", "rate": "0.1"}, {"upto": "5", "rate": "0.2"}]},
            "order", "small_balance",
        ),
        ({"rate": "0.1", "minimum": {"per": "month", "amount": "5"}}, "unknown_word", "minimum.per"),
        ({"rate": "0.1", "minimum": {"per": "payment", "amount": "0.001"}}, "too_many_digits", "minimum.amount"),
        ({"rate": "0.1", "cap": {"per": "contract"}}, "missing", "cap.amount"),
        ({"rate": "0.1", "cap": {"per": "contract_year", "amount": "5"}}, "missing", "contract_started_on"),
        ({"rate": "0.1", "free_days": -1}, "no_whole_number", "free_days"),
        ({"rate": "0.1", "free_days": {"court": 5}}, "unknown_key", "free_days.court"),
        ({"rate": "0.1", "tail": {"days": 5, "months": 1}}, "tail", "tail"),
        ({"rate": "0.1", "basis": "penalty"}, "unknown_word", "basis"),
        ({"rate": "0.1", "remittance": "later"}, "unknown_word", "remittance"),
        ({"rate": "0.1", "kpi": {"by": "rank", "rows": [{"is": 1}]}}, "missing", "kpi.rows.factor"),
        ({"rate": "0.1", "contract_started_on": "2024-02-30"}, "no_date", "contract_started_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_its_name(terms: dict[str, Any], code: str, key: str) -> None:
    with pytest.raises(PlanError) as error:
        read_plan({"currency": "CNY"} | terms)
    assert (error.value.code, error.value.key) == (code, key)


def test_a_currency_without_a_minor_unit_has_no_amounts_with_digits_behind_the_point() -> None:
    for currency, amount, is_fine in (("JPY", "25", True), ("JPY", "25.5", False), ("KWD", "25.125", True)):
        terms = {"currency": currency, "rate": "0.1", "minimum": {"per": "payment", "amount": amount}}
        if is_fine:
            assert read_plan(terms).minimum == Decimal(amount)
        else:
            with pytest.raises(PlanError, match="too_many_digits"):
                read_plan(terms)


@pytest.mark.parametrize("by", ["placed_balance", "age_months", "days_past_due", "round", "days_since_placement"])
def test_where_slices_have_no_meaning_the_mode_need_not_be_said(by: str) -> None:
    plan = read_plan({"currency": "CNY", "bands": {"by": by, "rows": [{"from": "0", "rate": "0.2"}]}})
    assert plan.bands is not None and not plan.bands.is_marginal


BY_ROUND = bands({"from": "1", "rate": "0.25"}, {"from": "2", "rate": "0.40"}, by="round")
POINTS = {"surcharges": [{"by": "age_months", "above": "12", "add": "0.10"}]}


@pytest.mark.parametrize(
    ("terms", "highest"),
    [
        ({"rate": "0.25"}, "0.25"),
        (BY_ROUND, "0.25"),
        (BY_ROUND | POINTS, "0.35"),
        ({"rate": "0.25", "stage_rates": {"legal": "0.35"}}, "0.35"),
        ({"rate": "0.25", "small_balance": [{"upto": "200", "rate": "0.5"}]}, "0.5"),
        ({"rate": "0.25", "surcharges": [{"by": "round", "from": "2", "multiply": "2"}]}, "0.25"),
    ],
)
def test_a_rate_above_the_limit_of_a_round_is_refused_whichever_term_would_reach_it(
    terms: dict[str, Any], highest: str
) -> None:
    plan = read_plan({"currency": "USD"} | terms | {"limits": [{"round": 1, "max_rate": highest}]})
    assert highest_rate(plan, 1) == Decimal(highest)
    below = str(Decimal(highest) - Decimal("0.0001"))
    with pytest.raises(PlanError, match="above_limit"):
        read_plan({"currency": "USD"} | terms | {"limits": [{"round": 1, "max_rate": below}]})
