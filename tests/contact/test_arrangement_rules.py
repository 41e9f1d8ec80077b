"""Schedules, authority and what payments make of an arrangement: pure rules, and their properties."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contact.advice import ADVICE, HARDSHIP
from portal.contact.arrangements.rules import (
    Authority,
    Beyond,
    Due,
    Kind,
    Offer,
    Paid,
    Part,
    Policy,
    Rhythm,
    Standing,
    beyond_authority,
    due_dates,
    equal_parts,
    floor_of,
    is_long,
    judge,
    needs_income,
    schedule_of,
    share_paid,
)
from portal.contact.outcomes import REASONS_BEHIND

DAY = date(2005, 7, 1)
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


# --- the schedule -------------------------------------------------------------------------------------------------------


@given(total=st.integers(1, 10**12), count=st.integers(1, 60))
def test_equal_parts_make_up_the_amount_to_the_cent_and_only_the_last_differs(total: int, count: int) -> None:
    if total < count:
        with pytest.raises(ValueError, match="too little"):
            equal_parts(total, count)
        return
    parts = equal_parts(total, count)
    assert sum(parts) == total and len(parts) == count and min(parts) > 0
    assert len(set(parts[:-1])) <= 1 and 0 <= parts[-1] - parts[0] < count


@given(first=days, count=st.integers(1, 60), rhythm=st.sampled_from(Rhythm))
def test_days_follow_each_other_without_a_repetition_and_monthly_ones_fall_into_following_months(
    first: date, count: int, rhythm: Rhythm
) -> None:
    found = due_dates(first, count, rhythm)
    assert found[0] == first and found == sorted(set(found)) and len(found) == count
    if rhythm is Rhythm.MONTHLY:
        months = [day.year * 12 + day.month for day in found]
        assert months == list(range(months[0], months[0] + count))
        assert all(day.day <= first.day for day in found)


def test_a_plan_from_the_thirty_first_comes_back_to_it_after_shorter_months() -> None:
    found = due_dates(date(2007, 12, 31), 5, Rhythm.MONTHLY)
    assert [f"{day:%m-%d}" for day in found] == ["12-31", "01-31", "02-29", "03-31", "04-30"]


@pytest.mark.parametrize(("amounts", "count"), [((50, 49), 2), ((100, 0), 2), ((120, -20), 2), ((100,), 2), ((), 61)])
def test_parts_that_do_not_make_up_the_amount_are_no_schedule(amounts: tuple[int, ...], count: int) -> None:
    with pytest.raises(ValueError, match="parts"):
        schedule_of(100, count, Rhythm.MONTHLY, DAY, amounts)


def test_amounts_of_ones_own_stand_on_their_days() -> None:
    found = schedule_of(100, 2, Rhythm.FORTNIGHTLY, DAY, (30, 70))
    assert found == (Part(DAY, 30), Part(DAY + timedelta(days=14), 70))


# --- who may agree --------------------------------------------------------------------------------------------------------


def offer(
    kind: Kind = Kind.SETTLEMENT, agreed: int = 80_000, count: int = 1, interest: int = 0, fees: int = 0
) -> Offer:
    parts = schedule_of(agreed, count, Rhythm.MONTHLY, DAY)
    return Offer(kind, 100_000, agreed, parts, interest, fees)


@given(balance=st.integers(1, 10**12), lowest=st.decimals("0.01", "1", places=4))
def test_the_floor_is_the_least_amount_that_is_not_below_the_part(balance: int, lowest: Decimal) -> None:
    floor = floor_of(balance, lowest)
    assert floor >= balance * lowest > floor - 1 and floor <= balance


def test_a_share_is_cut_off_not_rounded_up_to_what_was_not_reached() -> None:
    assert share_paid(79_999, 100_000) == Decimal("0.7999")


@pytest.mark.parametrize(
    ("wanted", "authority", "why"),
    [
        (offer(agreed=80_000), Authority(Decimal("0.8")), ()),
        (offer(agreed=79_999), Authority(Decimal("0.8")), (Beyond.BELOW_FLOOR,)),
        (offer(agreed=99_999), Authority(), (Beyond.NO_AUTHORITY,)),
        (offer(agreed=60_000), Authority(Decimal("0.8"), bank_floor=60_000), ()),
        (offer(agreed=59_999), Authority(Decimal("0.8"), bank_floor=60_000), (Beyond.BELOW_FLOOR,)),
        (offer(Kind.WAIVER, 90_000, interest=10_000), Authority(Decimal("0.8"), waive_interest=True), ()),
        (offer(Kind.WAIVER, 90_000, interest=10_000), Authority(Decimal("0.8"), waive_fees=True), (Beyond.INTEREST,)),
        (offer(Kind.WAIVER, 95_000, fees=5_000), Authority(Decimal("0.8")), (Beyond.FEES,)),
        (offer(Kind.INSTALMENTS, 100_000, 12), Authority(), ()),
        (offer(Kind.INSTALMENTS, 100_000, 13), Authority(), (Beyond.LONG,)),
        (offer(agreed=10_000, count=24), Authority(), (Beyond.NO_AUTHORITY, Beyond.LONG)),
    ],
)  # fmt: skip
def test_the_bank_decides_what_the_contract_does_not_leave_to_the_agency(
    wanted: Offer, authority: Authority, why: tuple[Beyond, ...]
) -> None:
    assert beyond_authority(wanted, authority, Policy()) == why


def test_how_long_a_plan_may_run_is_counted_in_months_whatever_its_rhythm() -> None:
    fortnights = schedule_of(100_000, 24, Rhythm.FORTNIGHTLY, DAY)
    assert not is_long(fortnights, Policy(free_months=12)) and is_long(fortnights, Policy(free_months=6))


def test_income_is_asked_for_by_a_long_plan_and_by_hardship_that_the_contract_does_not_cover() -> None:
    long, short = offer(Kind.INSTALMENTS, 100_000, 13), offer(agreed=50_000)
    assert needs_income(long, (Beyond.LONG,), "forgot", Policy())
    assert needs_income(short, (Beyond.BELOW_FLOOR,), "lost_income", Policy())
    assert not needs_income(short, (Beyond.BELOW_FLOOR,), "forgot", Policy())
    assert not needs_income(short, (), "lost_income", Policy())


# --- payments -------------------------------------------------------------------------------------------------------------


def dues(*amounts: int, grace: int = 3) -> list[Due]:
    found = due_dates(DAY, len(amounts), Rhythm.MONTHLY)
    return [Due(day, day + timedelta(days=grace), amount) for day, amount in zip(found, amounts, strict=True)]


def test_payments_go_to_the_oldest_part_first() -> None:
    found = judge(dues(100, 100, 100), [Paid(DAY, 150)], DAY + timedelta(days=20))
    assert found.standing is Standing.ON_TIME and found.paid == (100, 50, 0)
    assert found.paid_on == (DAY, None, None)
    assert found.next_due_on == date(2005, 8, 1) and found.judge_on == date(2005, 8, 5)


@pytest.mark.parametrize(
    ("paid_on", "today", "standing"),
    [
        (3, 3, Standing.ON_TIME), (3, 9, Standing.ON_TIME), (4, 9, Standing.BREACHED), (None, 0, Standing.ON_TIME),
        (None, 1, Standing.LATE), (None, 3, Standing.LATE), (None, 4, Standing.BREACHED),
    ],
)  # fmt: skip
def test_a_part_is_kept_to_the_last_day_of_grace_by_value_date(
    paid_on: int | None, today: int, standing: Standing
) -> None:
    paid = [] if paid_on is None else [Paid(DAY + timedelta(days=paid_on), 100)]
    found = judge(dues(100, 100), paid, DAY + timedelta(days=today))
    assert found.standing is standing
    assert found.ended_on == (DAY + timedelta(days=4) if standing is Standing.BREACHED else None)


def test_what_was_paid_in_time_and_taken_back_breaks_it_on_that_day() -> None:
    back = DAY + timedelta(days=10)
    found = judge(dues(100, 100), [Paid(DAY, 100), Paid(back, -100)], DAY + timedelta(days=12))
    assert (found.standing, found.ended_on, found.paid) == (Standing.BREACHED, back, (0, 0))


def test_what_was_taken_back_and_paid_again_breaks_nothing() -> None:
    back = DAY + timedelta(days=10)
    found = judge(dues(100, 100), [Paid(DAY, 100), Paid(back, -100), Paid(back, 100)], DAY + timedelta(days=12))
    assert found.standing is Standing.ON_TIME


def test_what_is_paid_ahead_completes_it_on_the_day_of_the_last_of_it() -> None:
    found = judge(dues(100, 100), [Paid(DAY, 40), Paid(DAY + timedelta(days=2), 160)], DAY + timedelta(days=90))
    assert (found.standing, found.ended_on) == (Standing.COMPLETED, DAY + timedelta(days=2))


def test_what_is_completed_behind_a_breach_is_broken_all_the_same() -> None:
    found = judge(dues(100, 100), [Paid(DAY + timedelta(days=40), 200)], DAY + timedelta(days=50))
    assert (found.standing, found.ended_on) == (Standing.BREACHED, DAY + timedelta(days=4))


payments = st.lists(st.tuples(st.integers(0, 120), st.integers(-150, 300)), max_size=8)


@given(
    amounts=st.lists(st.integers(1, 200), min_size=1, max_size=5),
    paid=payments,
    today=st.integers(0, 150),
    grace=st.integers(0, 5),
)
def test_whatever_is_paid_the_parts_hold_no_more_than_came_in_and_none_before_the_one_ahead_of_it_is_full(
    amounts: list[int], paid: list[tuple[int, int]], today: int, grace: int
) -> None:
    events = [Paid(DAY + timedelta(days=on), amount) for on, amount in paid]
    found = judge(dues(*amounts, grace=grace), events, DAY + timedelta(days=today))
    came_in = sum(amount for on, amount in paid if on <= today)
    assert found.total == came_in
    assert sum(found.paid) == min(max(came_in, 0), sum(amounts))
    for part, (amount, following) in zip(found.paid, zip(amounts, found.paid[1:], strict=False), strict=False):
        assert part == amount or following == 0
    assert (found.judge_on is None) == (found.standing in (Standing.BREACHED, Standing.COMPLETED))
    if found.judge_on is not None:
        assert found.judge_on > DAY + timedelta(days=today)


@given(amounts=st.lists(st.integers(1, 200), min_size=1, max_size=5), paid=payments, more=st.integers(1, 500))
def test_paying_more_on_the_first_day_never_breaks_anything(
    amounts: list[int], paid: list[tuple[int, int]], more: int
) -> None:
    events = [Paid(DAY + timedelta(days=on), abs(amount)) for on, amount in paid]
    today = DAY + timedelta(days=200)
    if judge(dues(*amounts), events, today).standing is Standing.COMPLETED:
        assert judge(dues(*amounts), [*events, Paid(DAY, more)], today).standing is Standing.COMPLETED


# --- advice ---------------------------------------------------------------------------------------------------------------


def test_every_reason_that_says_something_leads_to_advice_whose_steps_are_pages() -> None:
    assert set(ADVICE) == set(REASONS_BEHIND) - {"other"} | {HARDSHIP}
    pages = {kind.value for kind in Kind} | {"income"}
    assert {step.page for advice in ADVICE.values() for step in advice.steps} <= pages
