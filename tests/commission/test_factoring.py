"""Points, ranks and the factor of a period; and how far a batch is from its next step: worked cases and properties."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commission.plan import Figures, distance_of, factor_of, factored, points, ranks, read_plan

KPI: dict[str, Any] = {
    "by": "rank",
    "rows": [{"is": [1], "factor": "1.05"}, {"is": [2], "factor": "1.03"}, {"is": [3], "factor": "1.01"}],
}
STEPS = [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.3", "rate": "0.05"}]


def kpi(**said: Any) -> Any:
    found = read_plan({"currency": "CNY", "rate": "0.1", "kpi": KPI | said}).kpi
    assert found is not None
    return found


def steps(mode: str, **said: Any) -> Any:
    return read_plan({"currency": "CNY", "bands": {"by": "recovery_rate", "mode": mode, "rows": STEPS} | said})


def test_points_are_seventy_twenty_and_ten_relative_to_the_best_of_each() -> None:
    panel = {1: Figures(1_000_00, 50, 80_00), 2: Figures(500_00, 100, 100_00), 3: Figures(0, 0, 0)}
    assert points(panel) == {1: 70_00 + 10_00 + 8_00, 2: 35_00 + 20_00 + 10_00, 3: 0}


def test_more_taken_back_than_paid_counts_as_nothing_and_nobody_has_points_for_what_nobody_did() -> None:
    assert points({1: Figures(-5, 0, 0), 2: Figures(0, 0, 0)}) == {1: 0, 2: 0}
    assert points({}) == {}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({1: 90_00, 2: 80_00, 3: 70_00}, {1: 1, 2: 2, 3: 3}),
        ({1: 90_00, 2: 89_50, 3: 70_00}, {1: 1, 2: 1, 3: 3}),
        ({1: 90_00, 2: 89_49, 3: 70_00}, {1: 1, 2: 2, 3: 3}),
        ({1: 90_00, 2: 89_60, 3: 89_20}, {1: 1, 2: 1, 3: 3}),  # a tie is with the first of a group, not with the next
        ({1: 0, 2: 0}, {1: 1, 2: 1}),
    ],
)
def test_within_half_a_point_is_a_tie(scores: dict[int, int], expected: dict[int, int]) -> None:
    assert ranks(scores) == expected


@given(st.dictionaries(st.integers(1, 50), st.integers(0, 100_00), max_size=20))
def test_who_has_more_points_never_ranks_behind(scores: dict[int, int]) -> None:
    found = ranks(scores)
    for one, other in ((a, b) for a in scores for b in scores if scores[a] >= scores[b]):
        assert found[one] <= found[other]


def test_the_factor_is_of_the_last_row_that_holds_within_floor_and_ceiling() -> None:
    assert factor_of(kpi(), 1, Decimal(90)) == Decimal("1.05")
    assert factor_of(kpi(), 4, Decimal(90)) == 1
    assert factor_of(kpi(ceiling="1.02"), 1, Decimal(90)) == Decimal("1.02")
    by_score = kpi(by="score", rows=[{"from": "0", "factor": "0.8"}, {"from": "60", "factor": "1"}], floor="0.9")
    assert factor_of(by_score, 1, Decimal("59.99")) == Decimal("0.9")
    assert factor_of(by_score, 1, Decimal(60)) == 1


def test_a_factor_adds_its_part_half_up_and_mirrors_for_what_is_taken_back() -> None:
    assert factored(10_000, Decimal("1.05")) == 500
    assert factored(10, Decimal("1.05")) == 1
    assert factored(-10, Decimal("1.05")) == -1
    assert factored(10_000, Decimal("0.97")) == -300
    assert factored(12_345, Decimal(1)) == 0


def test_the_distance_to_the_next_step_is_money_and_says_what_reaching_it_pays() -> None:
    found = distance_of(steps("whole"), 1_000_000, 10_000_000)
    assert found is not None
    assert (found.value, found.step, found.rate, found.next_rate) == (
        Fraction(1, 10),
        0,
        Fraction(2, 100),
        Fraction(3, 100),
    )
    assert (found.next_from, found.missing) == (1_500_000, 500_000)
    assert found.pays == 45_000 - 20_000
    assert found.rerated == 10_000


def test_where_slices_earn_nothing_is_rerated_and_a_step_above_begins_a_cent_later() -> None:
    found = distance_of(steps("marginal"), 2_000_000, 10_000_000)
    assert found is not None
    assert (found.next_from, found.missing, found.rerated) == (3_000_001, 1_000_001, 0)
    assert found.pays == 30_000


def test_on_the_last_step_and_below_the_first_and_without_steps() -> None:
    last = distance_of(steps("whole"), 5_000_000, 10_000_000)
    assert last is not None and (last.step, last.missing, last.pays) == (2, None, None)
    below = distance_of(steps("whole", rows=STEPS[1:]), 0, 10_000_000)
    assert below is not None and (below.step, below.missing, below.pays) == (None, 1_500_000, 45_000)
    assert distance_of(read_plan({"currency": "CNY", "rate": "0.1"}), 1, 2) is None
    assert distance_of(steps("whole"), 0, 0) is None


@given(st.integers(0, 2_999_999), st.sampled_from(["whole", "marginal"]))
def test_what_is_missing_reaches_the_next_step_and_a_cent_less_does_not(recovered: int, mode: str) -> None:
    plan = steps(mode)
    found = distance_of(plan, recovered, 10_000_000)
    assert found is not None and found.missing is not None
    there = distance_of(plan, recovered + found.missing, 10_000_000)
    before = distance_of(plan, recovered + found.missing - 1, 10_000_000)
    assert there is not None and before is not None
    assert there.step == (found.step or 0) + 1 and before.step == found.step
