"""What a contract says besides the window: grace, free days, automatic debits, and what comes before the first contact."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.recovery.attribution import (
    AFTER_PLACEMENT,
    CREDITED,
    EXCLUDED,
    Clauses,
    Credit,
    Paid,
    Place,
    TakeBack,
    Window,
    attribute,
    decide,
    grace_until,
    in_order,
    needs_split,
    read_clauses,
    share_faults,
    take_back,
)

FIRST, LAST = date(2005, 7, 1), date(2005, 7, 31)
BEFORE = Window(1, FIRST, LAST, first_until=LAST + timedelta(days=5))
NEXT = Window(2, LAST + timedelta(days=1), None)


@pytest.mark.parametrize(
    ("days_after", "credit"),
    [
        (0, Credit(CREDITED, BEFORE)),
        (1, Credit(CREDITED, BEFORE, in_grace=True)),
        (5, Credit(CREDITED, BEFORE, in_grace=True)),
        (6, Credit(CREDITED, NEXT)),
    ],
)
def test_within_its_grace_the_former_holder_comes_before_the_new_one(days_after: int, credit: Credit) -> None:
    assert attribute(LAST + timedelta(days=days_after), [NEXT, BEFORE]) == credit


def test_without_a_grace_the_new_holder_comes_first() -> None:
    assert attribute(LAST + timedelta(days=1), [NEXT, replace(BEFORE, first_until=None)]) == Credit(CREDITED, NEXT)


def test_a_grace_goes_before_the_next_holder_and_not_before_the_one_after() -> None:
    short = Window(2, LAST + timedelta(days=1), LAST + timedelta(days=2))
    third = Window(3, LAST + timedelta(days=3), None)
    assert attribute(LAST + timedelta(days=2), [BEFORE, short, third]) == Credit(CREDITED, BEFORE, in_grace=True)
    assert attribute(LAST + timedelta(days=3), [BEFORE, short, third]) == Credit(CREDITED, third)


def test_a_grace_earns_as_well_where_nobody_holds_the_account() -> None:
    assert attribute(LAST + timedelta(days=5), [BEFORE]) == Credit(CREDITED, BEFORE, in_grace=True)
    assert attribute(LAST + timedelta(days=6), [BEFORE]) == Credit(AFTER_PLACEMENT, BEFORE)


def test_on_the_day_of_a_hand_over_who_held_it_before_earns_without_needing_a_grace() -> None:
    heir = Window(2, LAST, None)
    assert attribute(LAST, [BEFORE, heir]) == Credit(CREDITED, BEFORE)


def test_no_grace_is_no_day() -> None:
    assert grace_until(LAST, 0) is None
    assert grace_until(LAST, 3) == date(2005, 8, 3)


JULY = Window(1, FIRST, LAST)


def outcome(paid: Paid, clauses: Clauses, first_contact: date | None = None) -> tuple[str, str]:
    credit = decide(paid, [Place(JULY, clauses, first_contact)])
    return credit.decision, credit.exclusion


def test_free_days_end_where_their_number_of_days_has_passed() -> None:
    clauses = Clauses(free_days=3)
    assert [outcome(Paid(FIRST + timedelta(days=n)), clauses)[1] for n in range(5)] == ["free_period"] * 3 + ["", ""]


def test_free_days_may_go_by_who_received_the_payment() -> None:
    clauses = read_clauses({"free_days": {"bank": 5, "agency": 0}}, {})
    day = FIRST + timedelta(days=4)
    assert outcome(Paid(day, "bank"), clauses) == (EXCLUDED, "free_period")
    assert outcome(Paid(day, "agency"), clauses) == (CREDITED, "")


@pytest.mark.parametrize("channel", ["AutoPay", "ＡＵＴＯＰＡＹ", "银行代扣", "direct debit (SEPA)"])
def test_automatic_debits_are_known_by_the_words_of_their_channel(channel: str) -> None:
    clauses = Clauses(exclude_automatic=True)
    assert outcome(Paid(FIRST, channel=channel), clauses) == (EXCLUDED, "automatic_debit")
    assert outcome(Paid(FIRST, channel="counter"), clauses) == (CREDITED, "")
    assert outcome(Paid(FIRST, channel=channel), Clauses()) == (CREDITED, "")


def test_a_contract_may_name_its_own_automatic_channels() -> None:
    clauses = read_clauses({}, {"exclude_automatic": True, "automatic_channels": ["giro"]})
    assert outcome(Paid(FIRST, channel="GIRO 7"), clauses) == (EXCLUDED, "automatic_debit")
    assert outcome(Paid(FIRST, channel="autopay"), clauses) == (CREDITED, "")


def test_what_comes_before_the_first_contact_is_left_out_and_the_day_of_it_counts() -> None:
    clauses, contact = Clauses(exclude_before_contact=True), date(2005, 7, 10)
    assert outcome(Paid(date(2005, 7, 9)), clauses, contact) == (EXCLUDED, "before_first_contact")
    assert outcome(Paid(contact), clauses, contact) == (CREDITED, "")
    assert outcome(Paid(LAST), clauses, None) == (EXCLUDED, "before_first_contact")


def test_what_nobody_is_credited_with_is_not_left_out_either() -> None:
    assert outcome(Paid(LAST + timedelta(days=1)), Clauses(free_days=99)) == (AFTER_PLACEMENT, "")


@given(st.lists(st.integers(1, 500), min_size=1, max_size=4), st.lists(st.integers(1, 400), max_size=6))
def test_shares_are_taken_back_last_first_and_never_beyond_what_is_left(shares: list[int], amounts: list[int]) -> None:
    left, taken = list(shares), 0
    for amount in amounts:
        parts = take_back(left, amount)
        assert (parts is None) == (amount > sum(left))
        for part in parts or []:
            left[part.share] -= part.amount
            taken += part.amount
    assert min(left) >= 0
    assert sum(left) + taken == sum(shares)


def test_the_last_share_goes_first() -> None:
    assert take_back([50, 30], 40) == [TakeBack(1, 30), TakeBack(0, 10)]
    assert take_back([50, 30], 81) is None
    assert take_back([], 1) is None


def test_reversals_are_served_by_value_date_and_then_by_reference() -> None:
    class Reversal:
        def __init__(self, payment_ref: str, paid_on: date) -> None:
            self.payment_ref, self.paid_on = payment_ref, paid_on

    some = [Reversal("B", LAST), Reversal("C", FIRST), Reversal("A", LAST)]
    assert [reversal.payment_ref for reversal in in_order(some)] == ["C", "A", "B"]


def test_a_payment_needs_shares_where_it_is_more_than_owed_and_others_are_placed() -> None:
    assert needs_split(101, 100, 1)
    assert not needs_split(100, 100, 1)
    assert not needs_split(101, 100, 0)


def test_shares_are_the_payments_cents_each_account_once() -> None:
    assert share_faults(100, [(1, 60), (2, 40)]) == ""
    assert share_faults(100, [(1, 60), (2, 41)]) == "sum"
    assert share_faults(100, [(1, 60), (1, 40)]) == "twice"
    assert share_faults(100, [(1, 100), (2, 0)]) == "not_positive"


def test_the_worked_example_of_the_documentation() -> None:
    """docs/attribution.md."""

    def hengtong(end: date, grace: int = 0) -> Place:
        return Place(Window(1, date(2005, 3, 1), end, end + timedelta(days=10), grace_until(end, grace)))

    anhe = Place(Window(2, date(2005, 6, 8), None), Clauses(free_days=3))

    def said(day: date, former: Place) -> tuple[str, int | None, str]:
        credit = decide(Paid(day), [former, anhe])
        return credit.decision, credit.window.placement_id if credit.window else None, credit.exclusion

    usual = hengtong(date(2005, 5, 31))
    assert said(date(2005, 2, 28), usual) == ("before_placement", 1, "")
    assert said(date(2005, 5, 31), usual) == ("credited", 1, "")
    assert said(date(2005, 6, 3), usual) == ("credited", 1, "")
    assert said(date(2005, 6, 8), usual) == ("excluded", 2, "free_period")
    assert said(date(2005, 6, 11), usual) == ("credited", 2, "")
    assert said(date(2005, 6, 8), hengtong(date(2005, 5, 31), grace=9)) == ("credited", 1, "")
    assert said(date(2005, 5, 31), hengtong(date(2005, 5, 15))) == ("after_placement", 1, "")
