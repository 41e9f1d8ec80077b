"""The curve of a plan is what the engine answers, exact at its limits; its cliffs are where the pay jumps; its holes are told."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commission.plan import Measure, PlanError, faults_of, read_plan
from portal.commission.plan.curve import Curve, Probe, curve_of
from portal.commission.plan.holes import Hole, holes_of
from portal.commission.plan.trying import example_of, tried

DAY = date(2005, 7, 1)
TENDER = [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.30", "rate": "0.05"}]


def plan(**terms: Any) -> dict[str, Any]:
    return {"currency": "CNY"} | terms


def banded(by: str, *rows: dict[str, Any], mode: str = "whole", **more: Any) -> dict[str, Any]:
    return plan(bands={"by": by, "mode": mode, "rows": list(rows)}, **more)


def curve(data: dict[str, Any]) -> Curve:
    read = read_plan(data)
    return curve_of(read, example_of(read, DAY))


# --- the curve ----------------------------------------------------------------------------------------------------------


def test_the_tender_by_recovery_rate_has_two_cliffs_exact_to_the_cent() -> None:
    found = curve(banded("recovery_rate", *TENDER))

    assert [(c.before.at, c.after.at, c.jump) for c in found.cliffs] == [
        (14_999_999, 15_000_000, 150_000),  # of 1,000,000.00 placed: 15% is in the second band
        (30_000_000, 30_000_001, 600_000),  # and 30% itself is not in the third
    ]
    by_place = {point.at: (point.commission, point.rate) for point in found.points}
    assert by_place[15_000_000] == (450_000, Fraction(3, 100))
    assert by_place[30_000_000] == (900_000, Fraction(3, 100))


def test_slices_of_the_same_tender_have_no_cliff() -> None:
    assert not curve(banded("recovery_rate", *TENDER, mode="marginal")).cliffs


def test_a_flat_rate_bends_where_its_minimum_ceases_and_its_cap_sets_in() -> None:
    data = plan(rate="0.10", minimum={"per": "payment", "amount": "25"}, cap={"per": "placement", "amount": "1500"})
    at = {point.at: point.commission for point in curve(data).points}

    assert at[2_500] == 2_500  # never more than the payment
    assert at[25_000] == 2_500
    assert at[1_500_000] == 150_000
    assert at[max(at)] == 150_000


def test_a_ladder_by_age_is_drawn_for_one_payment_and_jumps_at_its_rungs() -> None:
    found = curve(banded("age_months", {"from": "2", "rate": "0.05"}, {"above": "12", "rate": "0.24"}))

    assert not found.moves_amount
    assert [(cliff.after.at, cliff.jump) for cliff in found.cliffs] == [
        (2, found.amount * 5 // 100),
        (13, found.amount * 19 // 100),
    ]


def test_buckets_are_drawn_one_by_one_those_that_no_row_names_with_nothing() -> None:
    found = curve(banded("bucket", {"is": ["M2", "M3"], "rate": "0.10"}))

    assert [(point.at, point.rate) for point in found.points][:4] == [
        ("M1", 0), ("M2", Fraction(1, 10)), ("M3", Fraction(1, 10)), ("M4", 0),
    ]  # fmt: skip


rates = st.decimals("0", "0.5", places=3).map(str)
limits = st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True).map(sorted)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.sampled_from(["recovery_rate", "batch_recovered", "payment_amount", "age_months", "days_past_due"]))
    unit = {"recovery_rate": Decimal("0.01"), "batch_recovered": Decimal(1000), "payment_amount": Decimal(100)}
    rows = [
        {draw(st.sampled_from(["from", "above"])): str(limit * unit.get(by, Decimal(1))), "rate": draw(rates)}
        for limit in draw(limits)
    ]
    mode = draw(st.sampled_from(["whole", "marginal"])) if by in unit else "whole"
    data = banded(by, *rows, mode=mode)
    if draw(st.booleans()):
        data["minimum"] = {"per": "payment", "amount": str(draw(st.integers(1, 50)))}
    if draw(st.booleans()):
        data["cap"] = {"per": "placement", "amount": str(draw(st.integers(100, 5000)))}
    if draw(st.booleans()):
        data["surcharges"] = [{"by": "days_past_due", "above": str(draw(st.integers(1, 90))), "add": "0.05"}]
    return data


@given(plans(), st.integers(0, 10**9))
def test_the_curve_is_what_the_engine_says_wherever_one_asks(data: dict[str, Any], somewhere: int) -> None:
    read = read_plan(data)
    example = example_of(read, DAY)
    found = curve_of(read, example)
    places = [int(point.at) for point in found.points]
    place = places[0] + somewhere % (places[-1] - places[0] + 1)
    after = min(max(bisect_right(places, place), 1), len(places) - 1)
    left, right = found.points[after - 1], found.points[after]
    share = Fraction(place - places[after - 1], places[after] - places[after - 1])
    drawn = left.commission + share * (right.commission - left.commission)

    assert abs(Probe(read, example).at(place).commission - drawn) <= 2  # minor units, both ends rounded


@given(plans())
def test_an_example_of_a_plan_is_one_that_the_engine_answers(data: dict[str, Any]) -> None:
    read = read_plan(data)
    done = tried(read, example_of(read, DAY))

    assert done.total == sum(line.commission for line in done.lines)
    assert done.bank_keeps == done.paid - done.total


def test_gross_and_net_leave_the_bank_the_same() -> None:
    gross, net = (read_plan(plan(rate="0.10", remittance=way)) for way in ("gross", "net"))
    one, other = (tried(read, example_of(read, DAY)) for read in (gross, net))

    assert one.bank_keeps == other.bank_keeps
    assert (one.handed_over - one.billed) == (other.handed_over - other.billed)
    assert other.handed_over < one.handed_over


def test_examples_stand_just_below_at_and_just_above_each_limit() -> None:
    read = read_plan(banded("payment_amount", {"from": "0", "rate": "0.1"}, {"from": "1000", "rate": "0.2"}))
    assert [payment.amount for payment in example_of(read, DAY).payments] == [99_999, 100_000, 100_001]


def test_limits_beyond_all_reason_are_drawn_or_refused_and_never_break_the_page() -> None:
    assert curve(banded("days_since_placement", {"from": "99999999", "rate": "0.1"})).points
    assert curve(banded("payment_amount", {"from": "999999999999999", "rate": "0.1"})).points
    assert [f.code for f in faults_of(plan(rate="0.1", free_days=10**9, tail={"months": 10**9}))] == ["too_large"] * 2


def test_a_surcharge_for_one_value_alone_is_a_bump_with_two_edges() -> None:
    data = banded(
        "age_months", {"from": "0", "rate": "0.1"}, surcharges=[{"by": "age_months", "is": [7], "add": "0.1"}]
    )
    assert [cliff.after.at for cliff in curve(data).cliffs] == [7, 8]


# --- holes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "holes"),
    [
        (plan(rate="0.1"), []),
        (banded("recovery_rate", *TENDER), []),
        (banded("recovery_rate", {"above": "0", "rate": "0.1"}), []),
        (banded("round", {"from": "1", "rate": "0.1"}), []),
        (banded("age_months", {"from": "2", "rate": "0.1"}), [Hole(Measure.AGE_MONTHS, below=Decimal(2))]),
        (banded("days_past_due", {"above": "0", "rate": "0.1"}), [Hole(Measure.DAYS_PAST_DUE, Decimal(0), True)]),
        (banded("round", {"is": [1, 3], "rate": "0.1"}), [Hole(Measure.ROUND, values=("2",))]),
        (banded("stage", {"is": ["legal"], "rate": "0.1"}), [Hole(Measure.STAGE, values=("pre_legal",))]),
        (plan(stage_rates={"legal": "0.3"}), [Hole(Measure.STAGE, values=("pre_legal",), rateless=True)]),
    ],
)
def test_a_hole_is_found_and_named(data: dict[str, Any], holes: list[Hole]) -> None:
    assert holes_of(read_plan(data)) == holes


# --- everything that is wrong at once -----------------------------------------------------------------------------------


def test_all_that_is_wrong_is_found_in_one_reading_row_by_row() -> None:
    data = {
        "currency": "CNY", "colour": "red", "rate": "35", "basis": "penalty",
        "bands": {"by": "round", "rows": [{"from": "1", "rate": "2"}, {"rate": "0.1"}]},
        "surcharges": [{"by": "moon", "from": "1", "add": "0.1"}, {"by": "round", "from": "2", "add": "x"}],
        "limits": [{"round": 1}],
    }  # fmt: skip

    assert [(fault.code, fault.key, fault.row) for fault in faults_of(data)] == [
        ("unknown_key", "colour", None), ("rate_out_of_range", "rate", None),
        ("rate_out_of_range", "bands.rows.rate", 0), ("one_bound", "bands.rows", 1),
        ("unknown_word", "surcharges.by", 0), ("no_number", "surcharges.add", 1), ("unknown_word", "basis", None),
        ("missing", "limits", 0),
    ]  # fmt: skip


@pytest.mark.parametrize("given", [None, [], "x", 1])
def test_what_is_no_table_is_no_plan(given: Any) -> None:
    assert [fault.code for fault in faults_of(given)] == ["no_table"]


@pytest.mark.parametrize("amount", ["1e30", "1e999999999", "1E-999999999"])
def test_a_number_that_no_contract_has_is_refused_before_it_costs_anything(amount: str) -> None:
    with pytest.raises(PlanError):
        read_plan(plan(rate="0.1", minimum={"per": "payment", "amount": amount}))


def test_a_limit_that_is_broken_is_named_by_its_row() -> None:
    data = plan(rate="0.30", limits=[{"round": 1, "max_rate": "0.35"}, {"round": 2, "max_rate": "0.25"}])
    assert [(fault.code, fault.row) for fault in faults_of(data)] == [("above_limit", 1)]
