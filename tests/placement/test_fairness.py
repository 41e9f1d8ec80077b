"""What says how alike the books of a run are."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from portal.placement.allocation import (
    Allocation,
    By,
    Candidate,
    Champion,
    Equal,
    Ranked,
    Receiver,
    Shares,
    Strata,
    Strategy,
    allocate,
)
from portal.placement.fairness import (
    DIMENSIONS,
    Bands,
    Book,
    compare_books,
    largest_difference,
    shares_of_steps,
)
from tests.placement.books import account, accounts, agencies, books, receivers, strategy


def compared(book: list[Candidate], result: Allocation, plan: Strategy) -> list[Book]:
    pairs = zip(sorted(book), result.decisions, strict=True)
    return compare_books(pairs, shares_of_steps(result.steps), Bands.of(plan, book))


def test_a_book_has_counts_means_and_its_distance_from_the_share() -> None:
    book = [account(1, total=300, days=10), account(2, total=100, days=31), account(3, total=600, days=100)]
    plan = strategy(Shares({"A": Decimal("0.4"), "B": Decimal("0.6")}))
    result = allocate(
        book, [Receiver(1, "A", buckets=frozenset({"M1"})), Receiver(2, "B", buckets=frozenset({"M2"}))], plan
    )

    first, second, nobody = compared(book, result, plan)

    assert (first.organisation_id, first.accounts, first.total_minor, first.mean_minor) == (1, 1, 300, 300)
    assert (first.mean_days, second.mean_days, nobody.mean_days) == (10, 31, 100)
    assert (first.share, second.share, nobody.share) == (Decimal("0.4"), Decimal("0.6"), None)
    assert (first.amount_part, first.amount_from_share) == (Decimal("0.3"), Decimal("-0.1"))
    assert second.part is not None and round(second.part, 4) == Decimal("0.3333")
    assert (nobody.organisation_id, nobody.by_bucket) == (None, {"M4": 1})


def test_bands_are_those_of_the_strategy_or_quarters() -> None:
    book = [account(i, total=i * 100) for i in range(1, 9)]
    named = strategy(Equal(("A",)), strata=Strata(("balance",), bands=(300, 700)))

    assert [Bands.of(named, book).name(c.total_minor) for c in book] == [
        *["<3.00"] * 2, *["3.00-7.00"] * 4, *["≥7.00"] * 2,
    ]  # fmt: skip
    assert Counter(Bands.of(strategy(Equal(("A",))), book).name(c.total_minor) for c in book) == {
        "1/4": 2, "2/4": 2, "3/4": 2, "4/4": 2,
    }  # fmt: skip


def test_the_largest_difference_names_the_value_and_both_books() -> None:
    alike = Book(1, None, accounts=4, by_bucket=Counter(M1=2, M2=2))
    other = Book(2, None, accounts=10, by_bucket=Counter(M1=2, M2=5, M3=3))
    nobody = Book(None, None, accounts=9, by_bucket=Counter(M7=9))

    found = largest_difference([alike, other, nobody], "bucket")

    assert found is not None
    assert (found.value, found.more, found.less, found.distance) == ("M1", 1, 2, Decimal("0.3"))
    assert largest_difference([alike, nobody, Book(3, None)], "bucket") is None


def test_shares_of_several_steps_are_weighed_by_what_the_steps_placed() -> None:
    trial = Champion({"A": Decimal(1)}, {"B": Decimal(1)}, Decimal("0.25"))
    taking = [Receiver(1, "A", room_accounts=30), Receiver(2, "B", room_accounts=10), Receiver(3, "C")]

    result = allocate(accounts(100), taking, strategy(trial, Ranked(("C",))))
    both = allocate(accounts(100), taking, strategy(trial, Equal(("C",))))

    assert shares_of_steps(result.steps) == {1: Fraction(3, 4), 2: Fraction(1, 4)}
    assert shares_of_steps(both.steps) == {1: Fraction(3, 10), 2: Fraction(1, 10), 3: Fraction(6, 10)}


@given(books(receivers=4), receivers(permits=True, most=4), st.sampled_from(By))
def test_books_hold_every_account_once_and_survive_being_kept(
    book: list[Candidate], taking: list[Receiver], by: By
) -> None:
    plan = strategy(Equal(tuple(r.code for r in taking), by))
    found = compared(book, allocate(book, taking, plan), plan)

    assert sum(each.accounts for each in found) == len(book)
    assert sum(each.total_minor for each in found) == sum(c.total_minor for c in book)
    for each in found:
        assert all(sum(each.spread(dimension).values()) == each.accounts for dimension in DIMENSIONS)
        assert Book.from_data(json.loads(json.dumps(each.as_data()))) == each


def test_equal_spread_by_strata_gives_books_that_hardly_differ() -> None:
    book = [
        account(i, days=i * 37 % 240 + 1, total=i * 7919 % 100_003, region="CN-GD" if i % 3 else "CN-SH")
        for i in range(1, 4001)
    ]
    plan = strategy(Equal(("A", "B", "C", "D")), strata=Strata(("bucket", "balance", "region"), quantiles=4))

    found = compared(book, allocate(book, agencies("A", "B", "C", "D"), plan), plan)

    for dimension in DIMENSIONS:
        difference = largest_difference(found, dimension)
        assert difference is not None and difference.distance < Decimal("0.02")
