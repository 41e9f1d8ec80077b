"""How long payments earn after an end: worked days, and that its inverse is its inverse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.placement.tail import earns_until, first_end_that_earns

tails = st.one_of(
    st.builds(lambda n: {"days": n}, st.integers(1, 730)), st.builds(lambda n: {"months": n}, st.integers(1, 24))
)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("ended_on", "tail", "until"),
    [
        (date(2005, 7, 10), {"days": 30}, date(2005, 8, 9)),
        (date(2005, 7, 10), {"months": 1}, date(2005, 8, 10)),
        (date(2005, 1, 31), {"months": 1}, date(2005, 2, 28)),
        (date(2004, 1, 31), {"months": 1}, date(2004, 2, 29)),
        (date(2005, 2, 28), {"months": 1}, date(2005, 3, 28)),
        (date(2005, 11, 30), {"months": 3}, date(2006, 2, 28)),
        (date(2005, 12, 15), {"months": 12}, date(2006, 12, 15)),
        (date(2005, 12, 15), {}, None),
        (date(2005, 12, 15), None, None),
    ],
)
def test_a_tail_ends_on_its_day_and_months_are_clipped(
    ended_on: date, tail: dict[str, int] | None, until: date | None
) -> None:
    assert earns_until(ended_on, tail) == until


@given(days, tails)
def test_a_tail_never_ends_before_the_placement_and_a_later_end_never_earns_less(
    ended_on: date, tail: dict[str, int]
) -> None:
    until, next_day = earns_until(ended_on, tail), earns_until(ended_on + timedelta(days=1), tail)
    assert until is not None and next_day is not None
    assert ended_on < until <= next_day


@given(days, tails)
def test_the_first_end_that_still_earns_is_the_first(today: date, tail: dict[str, int]) -> None:
    first = first_end_that_earns(today, tail)
    until, before = earns_until(first, tail), earns_until(first - timedelta(days=1), tail)
    assert until is not None and before is not None
    assert before < today <= until


@given(days, st.integers(1, 24))
def test_a_tail_of_months_ends_on_the_same_day_of_the_month_or_on_its_last(ended_on: date, months: int) -> None:
    until = earns_until(ended_on, {"months": months})
    assert until is not None
    assert (until.year - ended_on.year) * 12 + until.month - ended_on.month == months
    assert until.day == ended_on.day or (until.day < ended_on.day and (until + timedelta(days=1)).day == 1)
