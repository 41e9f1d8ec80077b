"""To whom a payment is credited: days with both ends, one holder at most, and a reason where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.recovery.attribution import (
    AFTER_PLACEMENT,
    BEFORE_PLACEMENT,
    CREDITED,
    NOT_PLACED,
    Credit,
    Window,
    attribute,
)

FIRST, LAST = date(2005, 7, 1), date(2005, 7, 31)
JULY = Window(1, FIRST, LAST)
AUGUST = Window(2, date(2005, 8, 1), None)
REFUSED = Window(3, FIRST, FIRST - timedelta(days=1))


@pytest.mark.parametrize(
    ("day", "credit"),
    [
        (FIRST - timedelta(days=1), Credit(BEFORE_PLACEMENT, JULY)),
        (FIRST, Credit(CREDITED, JULY)),
        (LAST, Credit(CREDITED, JULY)),
        (LAST + timedelta(days=1), Credit(AFTER_PLACEMENT, JULY)),
    ],
)
def test_both_ends_of_a_placement_earn(day: date, credit: Credit) -> None:
    assert attribute(day, [JULY]) == credit


def test_a_live_placement_earns_without_end() -> None:
    assert attribute(date(2099, 1, 1), [JULY, AUGUST]) == Credit(CREDITED, AUGUST)


def test_on_the_day_of_a_hand_over_who_held_it_at_the_days_start_is_credited() -> None:
    heir = Window(2, LAST, None)

    assert attribute(LAST, [heir, JULY]) == Credit(CREDITED, JULY)
    assert attribute(LAST + timedelta(days=1), [heir, JULY]) == Credit(CREDITED, heir)


def test_an_end_at_midnight_gives_the_day_before_so_the_heir_has_its_first_day() -> None:
    ended_at_midnight = Window(1, FIRST, LAST - timedelta(days=1))
    heir = Window(2, LAST, None)

    assert attribute(LAST, [ended_at_midnight, heir]) == Credit(CREDITED, heir)


def test_a_batch_that_was_refused_never_earned() -> None:
    assert attribute(FIRST, [REFUSED]) == Credit(NOT_PLACED, None)
    assert attribute(FIRST, [REFUSED, AUGUST]) == Credit(BEFORE_PLACEMENT, AUGUST)


def test_a_placement_of_one_day_earns_that_day() -> None:
    one_day = Window(1, FIRST, FIRST)

    assert attribute(FIRST, [one_day]) == Credit(CREDITED, one_day)
    assert attribute(FIRST + timedelta(days=1), [one_day]) == Credit(AFTER_PLACEMENT, one_day)


def test_between_two_placements_nobody_is_credited_and_the_earlier_one_is_named() -> None:
    late = Window(2, date(2005, 9, 1), None)

    assert attribute(date(2005, 8, 15), [late, JULY]) == Credit(AFTER_PLACEMENT, JULY)


def test_an_account_that_was_never_placed_has_nobody() -> None:
    assert attribute(FIRST, []) == Credit(NOT_PLACED, None)


@st.composite
def histories(draw: st.DrawFn) -> list[Window]:
    """Windows of one account as they can follow each other: the next begins on the last day of the one before, at the
    earliest; some were refused."""
    day, found = date(2005, 1, 1), list[Window]()
    for number in range(draw(st.integers(0, 6))):
        start = day + timedelta(days=draw(st.integers(0, 40)))
        length = draw(st.integers(-1, 60))
        found.append(Window(number, start, start + timedelta(days=length)))
        day = start + timedelta(days=max(length, 0))
    if found and draw(st.booleans()):
        found[-1] = Window(found[-1].placement_id, found[-1].placed_on, None)
    return draw(st.permutations(found))


@given(histories(), st.integers(-10, 400))
def test_each_payment_has_one_holder_at_most_whatever_order_the_windows_come_in(
    windows: list[Window], offset: int
) -> None:
    day = date(2005, 1, 1) + timedelta(days=offset)
    holders = [w for w in windows if w.holds(day)]

    credit = attribute(day, windows)

    assert (credit.decision == CREDITED) == bool(holders)
    assert credit == attribute(day, sorted(windows, key=lambda w: w.placement_id))
    if credit.decision == CREDITED:
        assert credit.window == min(holders, key=lambda w: (w.placed_on, w.placement_id))
    elif credit.window is not None:
        assert not credit.window.holds(day)


TAILED = Window(1, FIRST, LAST, earns_until=LAST + timedelta(days=10))


@pytest.mark.parametrize(
    ("days_after", "credit"),
    [
        (0, Credit(CREDITED, TAILED)),
        (1, Credit(CREDITED, TAILED, in_tail=True)),
        (10, Credit(CREDITED, TAILED, in_tail=True)),
        (11, Credit(AFTER_PLACEMENT, TAILED)),
    ],
)
def test_a_tail_earns_to_its_last_day(days_after: int, credit: Credit) -> None:
    assert attribute(LAST + timedelta(days=days_after), [TAILED]) == credit


def test_who_holds_the_account_comes_before_who_has_a_tail_on_it() -> None:
    heir = Window(2, LAST + timedelta(days=3), None)

    assert attribute(LAST + timedelta(days=2), [TAILED, heir]) == Credit(CREDITED, TAILED, in_tail=True)
    assert attribute(LAST + timedelta(days=3), [TAILED, heir]) == Credit(CREDITED, heir)


def test_of_two_tails_the_later_placement_earns() -> None:
    later = Window(2, LAST + timedelta(days=2), LAST + timedelta(days=4), earns_until=LAST + timedelta(days=6))

    assert attribute(LAST + timedelta(days=5), [later, TAILED]) == Credit(CREDITED, later, in_tail=True)
    assert attribute(LAST + timedelta(days=8), [later, TAILED]) == Credit(CREDITED, TAILED, in_tail=True)


def test_a_refused_batch_has_no_tail() -> None:
    refused = Window(3, FIRST, FIRST - timedelta(days=1), earns_until=LAST)
    assert attribute(FIRST, [refused]) == Credit(NOT_PLACED, None)


@given(histories(), st.lists(st.none() | st.integers(0, 120), min_size=6, max_size=6), st.integers(-10, 600))
def test_a_tail_changes_only_days_that_nobody_held_and_only_while_it_runs(
    windows: list[Window], lengths: list[int | None], offset: int
) -> None:
    day = date(2005, 1, 1) + timedelta(days=offset)
    tailed = [_with_tail(window, lengths[window.placement_id]) for window in windows]

    plain, credit = attribute(day, windows), attribute(day, tailed)

    assert credit == attribute(day, sorted(tailed, key=lambda w: w.placement_id))
    running = [w for w in tailed if w.has_tail_on(day) and w.ended_on is not None and w.placed_on <= w.ended_on]
    assert credit.in_tail == (plain.decision != CREDITED and bool(running))
    if credit.in_tail:
        assert credit.decision == CREDITED
        assert credit.window in running
    else:
        assert credit.decision == plain.decision


def _with_tail(window: Window, days: int | None) -> Window:
    if window.ended_on is None or days is None:
        return window
    return replace(window, earns_until=window.ended_on + timedelta(days=days))
