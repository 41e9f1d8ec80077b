"""The allocation keeps its promises for any book and any receivers."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.placement.allocation import Candidate, Decision, Order, Reason, Receiver, allocate, choose_most
from portal.portfolio.buckets import bucket


@st.composite
def books(draw: st.DrawFn) -> list[Candidate]:
    people = draw(st.lists(st.integers(1, 4), min_size=0, max_size=120))
    figures = random.Random(draw(st.integers(0, 2**32)))
    found = []
    for customer, accounts in enumerate(people, start=1):
        for _ in range(accounts):
            days = figures.randint(1, 250)
            found.append(Candidate(len(found) + 1, customer, figures.randint(1, 10**7), days, bucket(days)))
    return found


@st.composite
def receivers(draw: st.DrawFn, rooms: bool = True) -> list[Receiver]:
    parts = draw(st.lists(st.integers(1, 100), min_size=1, max_size=8))
    shares = [Decimal(100 * part // sum(parts)) / 100 for part in parts]
    shares[0] += 1 - sum(shares)
    limits = st.none() | st.integers(0, 60) if rooms else st.none()
    return [Receiver(key, share, draw(limits)) for key, share in enumerate(shares, start=1)]


def given_to(decisions: list[Decision]) -> Counter[int | None]:
    return Counter(d.receiver for d in decisions)


def largest_family(book: list[Candidate]) -> int:
    return max(Counter(c.customer_id for c in book).values(), default=0)


@given(books(), receivers(), st.integers(0, 2**40))
def test_every_account_is_decided_once_and_has_a_reason(
    book: list[Candidate], agencies: list[Receiver], seed: int
) -> None:
    decisions = allocate(book, agencies, seed)

    assert [d.account_id for d in decisions] == sorted(c.account_id for c in book)
    assert all((d.receiver is None) == (d.reason is Reason.NO_ROOM) for d in decisions)
    assert {d.receiver for d in decisions} <= {None, *(a.key for a in agencies)}


@given(books(), receivers(), st.integers(0, 2**40))
def test_accounts_of_one_customer_stay_together(book: list[Candidate], agencies: list[Receiver], seed: int) -> None:
    owner = {c.account_id: c.customer_id for c in book}
    holders = defaultdict(set)
    for decision in allocate(book, agencies, seed):
        holders[owner[decision.account_id]].add(decision.receiver)

    assert all(len(found) == 1 for found in holders.values())


@given(books(), receivers(), st.integers(0, 2**40))
def test_nobody_gets_more_than_there_is_room_for(book: list[Candidate], agencies: list[Receiver], seed: int) -> None:
    got = given_to(allocate(book, agencies, seed))

    assert all(a.room is None or got[a.key] <= a.room for a in agencies)


@given(books(), receivers(rooms=False), st.integers(0, 2**40))
def test_everybody_is_within_one_customer_of_the_share(
    book: list[Candidate], agencies: list[Receiver], seed: int
) -> None:
    got = given_to(allocate(book, agencies, seed))

    for agency in agencies:
        assert abs(got[agency.key] - agency.share * len(book)) < max(largest_family(book), 1)


@given(books(), receivers(), st.integers(0, 2**40))
def test_whoever_has_room_is_within_one_customer_of_the_share(
    book: list[Candidate], agencies: list[Receiver], seed: int
) -> None:
    got = given_to(allocate(book, agencies, seed))

    for agency in agencies:
        share = agency.share * len(book)
        wanted = share if agency.room is None else min(share, Decimal(agency.room))
        assert abs(got[agency.key] - wanted) < max(largest_family(book), 1)


@given(books(), receivers(), st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_a_shuffled_input_gives_the_same_result(
    book: list[Candidate], agencies: list[Receiver], seed: int, shuffle: random.Random
) -> None:
    decisions = allocate(book, agencies, seed)
    shuffle.shuffle(book)
    shuffle.shuffle(agencies)

    assert allocate(book, agencies, seed) == decisions


@settings(max_examples=30)
@given(st.integers(200, 600), receivers(rooms=False), st.integers(0, 2**40))
def test_every_bucket_is_spread_like_the_whole(people: int, agencies: list[Receiver], seed: int) -> None:
    figures = random.Random(people)
    days = [figures.randint(1, 250) for _ in range(people)]
    book = [Candidate(i, i, figures.randint(1, 10**7), d, bucket(d)) for i, d in enumerate(days, start=1)]
    of = {c.account_id: c.bucket for c in book}
    sizes = Counter(of.values())
    got = Counter((of[d.account_id], d.receiver) for d in allocate(book, agencies, seed))

    for name, size in sizes.items():
        for agency in agencies:
            assert abs(got[name, agency.key] - agency.share * size) < 2 + agency.share


def test_books_of_equal_shares_have_nearly_the_same_mean_balance() -> None:
    figures = random.Random(7)
    book = [
        Candidate(i, i, int(figures.lognormvariate(13, 0.7)), d, bucket(d))
        for i, d in ((i, figures.randint(1, 250)) for i in range(1, 4001))
    ]
    balance = {c.account_id: c.total_minor for c in book}
    sums: Counter[int] = Counter()
    for decision in allocate(book, [Receiver(k, Decimal("0.25")) for k in (1, 2, 3, 4)], seed=3):
        assert decision.receiver is not None
        sums[decision.receiver] += balance[decision.account_id]

    assert (max(sums.values()) - min(sums.values())) * 100 < min(sums.values()) * 2


def test_another_seed_gives_another_split() -> None:
    book = [Candidate(i, i, i * 100, 40, "M2") for i in range(1, 201)]
    halves = [Receiver(1, Decimal("0.5")), Receiver(2, Decimal("0.5"))]

    assert allocate(book, halves, 1) != allocate(book, halves, 2)


def test_what_no_receiver_has_room_for_is_left_with_that_reason() -> None:
    book = [Candidate(i, i, 100, 40, "M2") for i in range(1, 101)]

    got = given_to(allocate(book, [Receiver(1, Decimal("0.4")), Receiver(2, Decimal("0.6"), 50)], 1))

    assert got == {1: 40, 2: 50, None: 10}


@pytest.mark.parametrize(
    "agencies",
    [
        [],
        [Receiver(1, Decimal("0.5"))],
        [Receiver(1, Decimal("0.5")), Receiver(1, Decimal("0.5"))],
        [Receiver(0, Decimal(1))],
        [Receiver(1, Decimal(2)), Receiver(2, Decimal(-1))],
        [Receiver(1, Decimal(1), -1)],
    ],
)
def test_receivers_that_make_no_sense_are_refused(agencies: list[Receiver]) -> None:
    with pytest.raises(ValueError, match=r"receivers|shares"):
        allocate([], agencies, 1)


@given(books(), st.integers(1, 100), st.sampled_from(Order), st.integers(0, 2**40), st.randoms(use_true_random=False))
def test_a_choice_of_the_most_keeps_customers_whole_and_ignores_the_order_of_the_input(
    book: list[Candidate], most: int, order: Order, seed: int, shuffle: random.Random
) -> None:
    chosen = choose_most(book, most, order, seed)
    everybody = Counter(c.customer_id for c in book)
    shuffled = list(book)
    shuffle.shuffle(shuffled)

    assert len(chosen) <= most
    assert all(everybody[customer] == count for customer, count in Counter(c.customer_id for c in chosen).items())
    assert set(choose_most(shuffled, most, order, seed)) == set(chosen)


def test_the_largest_or_the_oldest_come_first() -> None:
    book = [Candidate(1, 1, 500, 10, "M1"), Candidate(2, 2, 900, 70, "M3"), Candidate(3, 3, 100, 95, "M4")]

    assert [c.account_id for c in choose_most(book, 2, Order.LARGEST, 1)] == [2, 1]
    assert [c.account_id for c in choose_most(book, 2, Order.OLDEST, 1)] == [3, 2]
