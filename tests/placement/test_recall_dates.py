"""When accounts go back: worked cases, and what no payment, objection or retention may ever do to a date."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.placement.recall_dates import (
    Days,
    after_objection,
    after_payment,
    after_refusal,
    after_retention,
    final_day,
    is_over,
    may_object,
    rotation_day,
)

AUGUST, SEPTEMBER = date(2005, 8, 31), date(2005, 9, 30)
days = st.dates(date(2000, 1, 1), date(2040, 12, 31))
some = st.integers(0, 120)


@st.composite
def held(draw: st.DrawFn) -> Days:
    """A placement with its term, and perhaps a recall that is pending behind it."""
    term = draw(days)
    notice = draw(st.none() | some)
    return Days(term, None if notice is None else term + timedelta(days=notice))


@pytest.mark.parametrize(
    ("term", "notice", "today", "last"),
    [
        (SEPTEMBER, 0, SEPTEMBER, SEPTEMBER),  # without notice: through the term's own day
        (SEPTEMBER, 10, SEPTEMBER, date(2005, 10, 10)),
        (SEPTEMBER, 10, date(2005, 10, 3), date(2005, 10, 13)),  # announced late: the notice is whole all the same
        (SEPTEMBER, 0, date(2005, 10, 3), date(2005, 10, 3)),  # and no day is taken away that has passed
        (date(2004, 2, 29), 1, date(2004, 2, 29), date(2004, 3, 1)),
    ],
)
def test_the_last_day_is_the_notice_behind_the_term(term: date, notice: int, today: date, last: date) -> None:
    assert final_day(term, notice, today) == last


def test_a_last_day_counts_whole_and_is_over_at_midnight() -> None:
    assert not is_over(AUGUST, AUGUST)
    assert is_over(AUGUST, date(2005, 9, 1))
    assert may_object(AUGUST, AUGUST)
    assert not may_object(AUGUST, date(2005, 9, 1))


def test_what_is_rotated_goes_at_its_term_and_not_before_today() -> None:
    assert rotation_day(SEPTEMBER, AUGUST) == SEPTEMBER
    assert rotation_day(AUGUST, SEPTEMBER) == SEPTEMBER


@pytest.mark.parametrize(
    ("before", "paid_on", "after"),
    [
        # 90 days from 3 July end on 30 September; a payment brings 15 days more
        (Days(SEPTEMBER), date(2005, 9, 20), Days(date(2005, 10, 15))),
        # but never more than a whole term from its day: on the first day nothing, on the fifth four days
        (Days(SEPTEMBER), date(2005, 7, 3), Days(SEPTEMBER)),
        (Days(SEPTEMBER), date(2005, 7, 7), Days(date(2005, 10, 4))),
        # both days, where a recall is pending
        (Days(SEPTEMBER, date(2005, 10, 10)), date(2005, 10, 2), Days(date(2005, 10, 15), date(2005, 10, 25))),
    ],
)
def test_a_payment_moves_both_days(before: Days, paid_on: date, after: Days) -> None:
    assert after_payment(before, paid_on, 15, 90) == after


def test_a_granted_objection_counts_from_the_last_day_and_a_refused_one_ends_with_the_answer() -> None:
    pending = Days(AUGUST, SEPTEMBER)
    assert after_objection(pending, 10, date(2005, 9, 20)).final == date(2005, 10, 10)
    assert after_objection(pending, 2, date(2005, 10, 5)).final == date(2005, 10, 5)  # answered late
    assert after_refusal(pending, date(2005, 9, 20)).final == SEPTEMBER
    assert after_refusal(pending, date(2005, 10, 5)).final == date(2005, 10, 5)


def test_retention_counts_from_the_term() -> None:
    assert after_retention(Days(SEPTEMBER), 31, AUGUST) == Days(date(2005, 10, 31))
    assert after_retention(Days(AUGUST, SEPTEMBER), 31, SEPTEMBER) == Days(date(2005, 10, 1), date(2005, 10, 31))


@given(held(), days, some, st.integers(1, 400))
def test_no_payment_moves_a_day_backwards_or_beyond_a_term_of_its_own(
    before: Days, paid_on: date, extends: int, term_days: int
) -> None:
    after = after_payment(before, paid_on, extends, term_days)
    furthest = paid_on + timedelta(days=term_days - 1)
    assert before.term <= after.term <= max(before.term, furthest)
    assert after.term - before.term <= timedelta(days=extends)
    assert (after.final is None) == (before.final is None)
    if before.final is not None and after.final is not None:
        assert before.final <= after.final
        assert after.final - before.final <= timedelta(days=extends)
        assert after.final >= after.term or before.final < before.term


@given(held(), days, some, st.integers(1, 400), st.integers(1, 30))
def test_many_small_payments_of_a_day_bring_no_more_than_a_term(
    before: Days, paid_on: date, extends: int, term_days: int, times: int
) -> None:
    after = before
    for _ in range(times):
        after = after_payment(after, paid_on, extends, term_days)
    assert after.term <= max(before.term, paid_on + timedelta(days=term_days - 1))


@given(held(), st.integers(1, 365), days)
def test_no_answer_takes_away_a_day_that_has_passed(before: Days, granted: int, today: date) -> None:
    for after in (
        after_objection(before, granted, today),
        after_refusal(before, today),
        after_retention(before, granted, today),
    ):
        assert after.term >= before.term
        if before.final is not None and after.final is not None:
            assert after.final >= max(before.final, today)


@given(days, some, days)
def test_a_term_that_is_announced_leaves_its_whole_notice(term: date, notice: int, today: date) -> None:
    last = final_day(term, notice, today)
    assert last >= term
    assert last >= today + timedelta(days=notice)
    assert not is_over(last, today)
