"""Dealing out evenly: everything once, a customer to one person, and no two people further apart than a customer."""

from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.contact.team.dealing import By, Parcel, deal_evenly

PEOPLE = [11, 12, 13]


def parcels_of(values: list[tuple[int, int]], currency: str = "CNY") -> list[Parcel]:
    return [Parcel(n, customer, value, currency) for n, (customer, value) in enumerate(values, 1)]


some_parcels = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 10**9)), max_size=40).map(parcels_of)
some_people = st.lists(st.integers(1, 9), min_size=1, max_size=5, unique=True)
either = st.sampled_from(By)


@given(some_parcels, some_people, either)
def test_every_account_is_dealt_once_and_to_one_of_those_named(
    parcels: list[Parcel], people: list[int], by: By
) -> None:
    dealt = deal_evenly(parcels, people, by)
    assert dealt.keys() == {parcel.id for parcel in parcels}
    assert set(dealt.values()) <= set(people)


@given(some_parcels, some_people, either)
def test_all_accounts_of_a_customer_go_to_one_collector(parcels: list[Parcel], people: list[int], by: By) -> None:
    dealt = deal_evenly(parcels, people, by)
    of_customer = defaultdict(set)
    for parcel in parcels:
        of_customer[parcel.customer_id].add(dealt[parcel.id])
    assert all(len(collectors) == 1 for collectors in of_customer.values())


@given(some_parcels, some_people, either)
def test_two_collectors_differ_by_no_more_than_the_largest_customer(
    parcels: list[Parcel], people: list[int], by: By
) -> None:
    dealt = deal_evenly(parcels, people, by)
    load = Counter(dict.fromkeys(people, 0))
    of_customer: Counter[int] = Counter()
    for parcel in parcels:
        weight = parcel.value_minor if by is By.VALUE else 1
        load[dealt[parcel.id]] += weight
        of_customer[parcel.customer_id] += weight
    assert max(load.values()) - min(load.values()) <= max(of_customer.values(), default=0)


@given(some_parcels, some_people, either, st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_and_people_are_named_makes_no_difference(
    parcels: list[Parcel], people: list[int], by: By, dice: Random
) -> None:
    shuffled, others = list(parcels), list(people)
    dice.shuffle(shuffled)
    dice.shuffle(others)
    assert deal_evenly(shuffled, others, by) == deal_evenly(parcels, people, by)


@given(some_parcels, either)
def test_who_has_an_account_of_a_customer_gets_the_others(parcels: list[Parcel], by: By) -> None:
    known = dict.fromkeys(range(1, 13, 2), 12)
    dealt = deal_evenly(parcels, PEOPLE, by, known)
    assert all(dealt[parcel.id] == 12 for parcel in parcels if parcel.customer_id in known)


def test_a_collector_who_is_not_named_gets_nothing_although_the_customer_is_known() -> None:
    dealt = deal_evenly(parcels_of([(1, 100), (2, 50)]), PEOPLE, By.VALUE, {1: 99})
    assert set(dealt.values()) <= set(PEOPLE)


def test_amounts_of_two_currencies_are_shared_out_each_by_itself() -> None:
    yuan = [Parcel(n, n, 1_000_000, "CNY") for n in range(1, 4)]
    dollars = [Parcel(n, n, 900, "TWD") for n in range(4, 7)]
    dealt = deal_evenly([*yuan, *dollars], PEOPLE, By.VALUE)
    assert sorted(dealt[parcel.id] for parcel in yuan) == PEOPLE
    assert sorted(dealt[parcel.id] for parcel in dollars) == PEOPLE


def test_a_customer_who_owes_in_two_currencies_counts_in_that_of_most_accounts() -> None:
    both = [Parcel(1, 1, 5, "TWD"), Parcel(2, 1, 7, "TWD"), Parcel(3, 1, 900_000, "CNY")]
    other = [Parcel(4, 2, 11, "TWD")]
    dealt = deal_evenly([*both, *other], [11, 12], By.VALUE)
    assert dealt[1] == dealt[2] == dealt[3] != dealt[4]


@pytest.mark.parametrize("by", By)
def test_with_nobody_to_deal_to_nothing_is_dealt(by: By) -> None:
    assert deal_evenly(parcels_of([(1, 100)]), [], by) == {}
