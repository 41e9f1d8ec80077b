"""Which posting a report is: exact before near, one to one, and the same whatever order they come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.recovery.matching import EXACT, TOLERANT, Item, Limits, Pair, age_of, match

DAY = date(2005, 7, 10)
LIMITS = Limits(days=3, amounts={"TWD": 100})


def item(
    key: int = 1, amount: int = 10_000, days: int = 0, account: int = 1, by: str = "bank", person: int = 1
) -> Item:
    return Item(key, account + 10 * person, person, "TWD", amount, DAY + timedelta(days=days), by)


def ways(pairs: list[Pair]) -> list[tuple[int, int, str]]:
    return [(pair.report.id, pair.posting.id, pair.way) for pair in pairs]


def test_the_same_account_amount_day_and_receiver_match_exactly() -> None:
    assert ways(match([item(1)], [item(7)], Limits())) == [(1, 7, EXACT)]


@pytest.mark.parametrize(
    ("posting", "way"),
    [
        (item(7, amount=10_100), TOLERANT),
        (item(7, amount=10_101), None),
        (item(7, days=3), TOLERANT),
        (item(7, days=-3), TOLERANT),
        (item(7, days=4), None),
        (item(7, account=2), TOLERANT),
        (item(7, account=2, person=2), None),
        (item(7, by="agency"), None),
        (replace(item(7), currency="USD"), None),
    ],
)
def test_what_differs_is_matched_within_the_settings_and_no_further(posting: Item, way: str | None) -> None:
    assert ways(match([item(1)], [posting], LIMITS)) == ([(1, 7, way)] if way else [])


def test_an_exact_posting_goes_to_its_report_though_another_is_nearer_in_time_of_telling() -> None:
    assert ways(match([item(1, days=1), item(2)], [item(7)], LIMITS)) == [(2, 7, EXACT)]


def test_the_nearest_day_comes_first_and_nothing_is_matched_twice() -> None:
    found = match([item(1), item(2, days=2)], [item(7, amount=10_050, days=2), item(8, amount=10_050, days=1)], LIMITS)
    assert ways(found) == [(1, 8, TOLERANT), (2, 7, TOLERANT)]


def test_the_same_account_comes_before_a_nearer_day_of_another_one() -> None:
    found = match([item(1)], [item(7, account=2, amount=10_001), item(8, days=3)], LIMITS)
    assert ways(found) == [(1, 8, TOLERANT)]


def test_two_equal_reports_take_two_equal_postings_in_order() -> None:
    assert ways(match([item(2), item(1)], [item(9), item(8)], LIMITS)) == [(1, 8, EXACT), (2, 9, EXACT)]


@pytest.mark.parametrize(("days", "name"), [(-1, "0-3"), (3, "0-3"), (4, "4-7"), (7, "4-7"), (8, "8-30"), (31, "31+")])
def test_ages_have_both_ends(days: int, name: str) -> None:
    assert age_of(days) == name


ITEMS = st.lists(
    st.builds(
        item, st.just(0), st.integers(1, 4).map(lambda n: n * 60), st.integers(0, 6), st.integers(1, 3),
        st.sampled_from(["bank", "agency"]), st.integers(1, 2),
    ),
    max_size=14,
)  # fmt: skip


def numbered(items: list[Item], base: int) -> list[Item]:
    return [replace(each, id=base + n) for n, each in enumerate(items)]


@given(ITEMS, ITEMS, st.integers(0, 4), st.integers(0, 120), st.randoms())
def test_one_to_one_within_the_limits_whatever_the_order(
    reports: list[Item], postings: list[Item], days: int, amount: int, chance: object
) -> None:
    limits = Limits(days, {"TWD": amount})
    left, right = numbered(reports, 100), numbered(postings, 200)

    found = match(left, right, limits)

    assert len({p.report.id for p in found}) == len({p.posting.id for p in found}) == len(found)
    for pair in found:
        assert pair.report.person == pair.posting.person
        assert pair.report.received_by == pair.posting.received_by
        assert abs((pair.report.paid_on - pair.posting.paid_on).days) <= days
        assert abs(pair.report.amount - pair.posting.amount) <= amount
        same = replace(pair.report, id=0) == replace(pair.posting, id=0)
        assert same or pair.way == TOLERANT
    chance.shuffle(left)  # type: ignore[attr-defined]
    chance.shuffle(right)  # type: ignore[attr-defined]
    assert match(left, right, limits) == found
    # Nothing is left that could have been matched.
    free = [r for r in left if r.id not in {p.report.id for p in found}]
    others = [p for p in right if p.id not in {p.posting.id for p in found}]
    assert not match(free, others, limits)
