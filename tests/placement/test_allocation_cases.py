"""The allocation in cases that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from portal.placement.allocation import (
    By,
    Champion,
    Equal,
    Former,
    FormerHolders,
    Licence,
    Only,
    Order,
    Overflow,
    Performance,
    Picks,
    Ranked,
    Reason,
    Receiver,
    Rules,
    Shares,
    Strata,
    allocate,
    fixed_shares,
)
from tests.placement.books import FREE, TODAY, account, accounts, agencies, given_to, holders, strategy

HALVES = Equal(("A", "B"))


def decide(candidate: Any, taking: list[Receiver], rules: Rules, step: Any = HALVES) -> Any:
    return allocate([candidate], taking, strategy(step, rules=rules)).decisions[0]


# --- shares -------------------------------------------------------------------------------------------------------------


def test_fixed_shares_are_met_exactly() -> None:
    shares = {"A": Decimal("0.4"), "B": Decimal("0.6")}
    plan = fixed_shares(shares, seed=1, date=TODAY, currency="CNY")

    assert given_to(allocate(accounts(100), agencies("A", "B"), plan)) == {1: 40, 2: 60}


def test_what_does_not_fit_goes_to_nobody_or_to_the_others_in_proportion() -> None:
    taking = [Receiver(1, "A"), Receiver(2, "B", room_accounts=10), Receiver(3, "C")]
    shares = {"A": Decimal("0.2"), "B": Decimal("0.4"), "C": Decimal("0.4")}

    nobody = allocate(accounts(100), taking, strategy(Shares(shares)))
    others = allocate(accounts(100), taking, strategy(Shares(shares, overflow=Overflow.OTHERS)))

    assert given_to(nobody) == {1: 20, 2: 10, 3: 40, None: 30}
    assert {d.reason for d in nobody.decisions if d.receiver is None} == {Reason.NO_ROOM}
    assert given_to(others) == {1: 30, 2: 10, 3: 60}
    assert others.steps[0].targets == {1: 30, 2: 10, 3: 60}


def test_shares_of_the_amount_divide_the_amount() -> None:
    book = [account(i, total=total) for i, total in enumerate([40_000, 30_000, 20_000, 10_000], start=1)]

    outcome = allocate(book, agencies("A", "B"), strategy(Equal(("A", "B"), By.AMOUNT))).steps[0]

    assert outcome.amounts == {1: 50_000, 2: 50_000}


def test_room_in_amount_is_kept_and_named() -> None:
    taking = [Receiver(1, "A", room_minor=25_000), Receiver(2, "B", room_minor=0)]

    result = allocate(accounts(5), taking, strategy(Equal(("A",), overflow=Overflow.OTHERS)))

    assert given_to(result) == {1: 2, None: 3}
    assert {d.reason for d in result.decisions if not d.receiver} == {Reason.NO_ROOM_AMOUNT}


def test_who_may_take_what_nobody_else_may_gets_it_and_the_others_make_up_for_it() -> None:
    taking = [Receiver(1, "A"), Receiver(2, "B", regions=frozenset({"CN-SH"}))]
    book = [account(i, region="CN-GD" if i <= 50 else "CN-SH") for i in range(1, 101)]

    got = holders(allocate(book, taking, strategy(HALVES)))

    assert all(got[i] == 1 for i in range(1, 51))
    assert all(got[i] == 2 for i in range(51, 101))


def test_chains_are_found_where_nobody_can_change_hands_directly() -> None:
    # C may take only what A would like; A can take B's; so C gets A's and A gets B's
    taking = [
        Receiver(1, "A", regions=frozenset({"CN-GD", "CN-SH"})),
        Receiver(2, "B", regions=frozenset({"CN-SH", "CN-BJ"})),
        Receiver(3, "C", regions=frozenset({"CN-GD"})),
    ]
    regions = ["CN-GD"] * 30 + ["CN-SH"] * 30 + ["CN-BJ"] * 30
    book = [account(i, region=region) for i, region in enumerate(regions, start=1)]

    assert given_to(allocate(book, taking, strategy(Equal(("A", "B", "C"))))) == {1: 30, 2: 30, 3: 30}


def test_a_customer_counts_as_one_and_stands_in_the_worst_bucket() -> None:
    book = [account(1, 1, days=10), account(2, 1, days=100), account(3, 2, days=10)]

    result = allocate(book, agencies("A"), strategy(Equal(("A",))))

    assert [d.stratum for d in result.decisions] == ["M4", "M4", "M1"]


def test_customers_may_be_divided_where_the_strategy_says_so() -> None:
    book = [account(i, 1) for i in range(1, 11)]

    apart = allocate(book, agencies("A", "B"), strategy(HALVES, rules=replace(FREE, customers_together=False)))

    assert given_to(apart) == {1: 5, 2: 5}
    assert set(given_to(allocate(book, agencies("A", "B"), strategy(HALVES))).values()) == {10}


def test_strata_are_named_by_bucket_band_and_region() -> None:
    book = [account(1, total=99_999, region="CN-GD"), account(2, total=100_000), account(3, total=500_000)]
    strata = Strata(("bucket", "balance", "region"), bands=(100_000, 500_000))

    result = allocate(book, agencies("A"), strategy(Equal(("A",)), strata=strata))

    assert [d.stratum for d in result.decisions] == [
        "M2 · <1000.00 · CN-GD", "M2 · 1000.00-5000.00 · –", "M2 · ≥5000.00 · –",
    ]  # fmt: skip


# --- scores -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "floor", "ceiling", "shares"),
    [
        ({"A": 3, "B": 1}, "0", "1", {"A": Fraction(3, 4), "B": Fraction(1, 4)}),
        ({"A": 8, "B": 1, "C": 1}, "0", "0.5", {"A": Fraction(1, 2), "B": Fraction(1, 4), "C": Fraction(1, 4)}),
        ({"A": 96, "B": 2, "C": 2}, "0.1", "1", {"A": Fraction(8, 10), "B": Fraction(1, 10), "C": Fraction(1, 10)}),
        ({"A": 6, "B": 3, "C": 0}, "0.1", "0.5", {"A": Fraction(1, 2), "B": Fraction(4, 10), "C": Fraction(1, 10)}),
        ({"A": 1, "B": 2, "C": 4}, "0", "1", {"A": Fraction(1, 7), "B": Fraction(2, 7), "C": Fraction(4, 7)}),
        ({"A": 5, "B": 1}, "0.5", "0.5", {"A": Fraction(1, 2), "B": Fraction(1, 2)}),
    ],
)
def test_scores_become_shares_between_the_floor_and_the_ceiling(
    scores: dict[str, int], floor: str, ceiling: str, shares: dict[str, Fraction]
) -> None:
    step = Performance({code: Decimal(score) for code, score in scores.items()}, Decimal(floor), Decimal(ceiling))

    assert step.parts() == shares


# --- trial, ranks, picks ------------------------------------------------------------------------------------------------


def test_a_tenth_is_drawn_for_the_challenger_and_both_sides_are_told_apart() -> None:
    step = Champion({"A": Decimal(1)}, {"B": Decimal(1)}, Decimal("0.1"))

    result = allocate(accounts(200), agencies("A", "B"), strategy(step))

    assert given_to(result) == {1: 180, 2: 20}
    assert {(d.receiver, d.reason) for d in result.decisions} == {(1, Reason.CHAMPION), (2, Reason.CHALLENGER)}


def test_only_what_every_arm_may_take_is_in_the_trial_and_the_rest_flows_on() -> None:
    taking = [Receiver(1, "A"), Receiver(2, "B", regions=frozenset({"CN-GD"}))]
    book = [account(i, region="CN-GD" if i <= 20 else "CN-SH") for i in range(1, 31)]
    trial = Champion({"A": Decimal(1)}, {"B": Decimal(1)}, Decimal("0.5"))

    alone = allocate(book, taking, strategy(trial))
    followed = allocate(book, taking, strategy(trial, Ranked(("A",))))

    assert given_to(alone) == {1: 10, 2: 10, None: 10}
    assert dict(alone.decisions[-1].stopped) == {1: Reason.OUT_OF_TRIAL, 2: Reason.REGION}
    assert given_to(followed) == {1: 20, 2: 10}
    assert {(d.step, d.reason) for d in followed.decisions[20:]} == {(2, Reason.RANK)}


@pytest.mark.parametrize(("order", "first"), [(Order.LARGEST, {9, 10}), (Order.OLDEST, {1, 2})])
def test_the_first_is_filled_with_what_comes_first_and_then_the_next(order: Order, first: set[int]) -> None:
    taking = [Receiver(1, "A", room_accounts=2), Receiver(2, "B", room_accounts=3), Receiver(3, "C")]
    book = [account(i, total=i * 100, days=200 - i) for i in range(1, 11)]

    got = holders(allocate(book, taking, strategy(Ranked(("A", "B"), order))))

    assert {i for i, receiver in got.items() if receiver == 1} == first
    assert sum(receiver == 2 for receiver in got.values()) == 3
    assert sum(receiver is None for receiver in got.values()) == 5


def test_a_rank_takes_what_fits_whole_and_leaves_the_others_to_the_next() -> None:
    taking = [Receiver(1, "A", room_minor=500), Receiver(2, "B")]
    book = [account(1, total=400), account(2, total=300), account(3, total=100)]

    assert holders(allocate(book, taking, strategy(Ranked(("A", "B"))))) == {1: 1, 2: 2, 3: 1}


def test_a_pick_is_followed_with_the_whole_customer() -> None:
    result = allocate([account(1, 1), account(2, 1), account(3)], agencies("A", "B"), strategy(Picks({"2": "B"})))

    assert holders(result) == {1: 2, 2: 2, 3: None}
    assert {d.reason for d in result.decisions} == {Reason.PICK, Reason.NO_STEP}


def test_a_pick_that_breaks_a_rule_is_refused_with_the_rule_and_flows_on() -> None:
    taking = [
        Receiver(1, "A", regions=frozenset({"CN-SH"})),
        Receiver(2, "B", room_accounts=1),
        Receiver(3, "C"),
    ]
    book = [account(1, region="CN-GD"), account(2), account(3), account(4, 9), account(5, 9)]
    picks = Picks({"1": "A", "2": "B", "3": "B", "4": "A", "5": "C", "77": "C"})

    result = allocate(book, taking, strategy(picks, Ranked(("C",))))

    assert [tuple(pick) for pick in result.refused_picks] == [
        ("1", "A", Reason.REGION),
        ("3", "B", Reason.NO_ROOM),
        ("4", "A", Reason.PICKS_DISAGREE),
        ("5", "C", Reason.PICKS_DISAGREE),
        ("77", "C", Reason.NOT_A_CANDIDATE),
    ]
    assert holders(result) == {1: 3, 2: 2, 3: 3, 4: 3, 5: 3}


def test_steps_follow_one_another_each_for_the_accounts_that_it_is_for() -> None:
    book = [account(i, days=20 if i <= 10 else 70, total=i * 1_000, region="CN-GD") for i in range(1, 21)]
    steps = (
        Equal(("A",), only=Only(buckets=frozenset({"M1"}), to_minor=5_000)),
        Ranked(("B",), only=Only(regions=frozenset({"CN"}), from_minor=15_000)),
        Ranked(("C",)),
    )

    result = allocate(book, agencies("A", "B", "C"), strategy(*steps))

    assert [d.step for d in result.decisions] == [1] * 5 + [3] * 9 + [2] * 6
    assert result.share_of(result.decisions[0]) == 1
    assert result.share_of(result.decisions[-1]) is None


# --- rules --------------------------------------------------------------------------------------------------------------


def test_nobody_gets_what_it_had_before() -> None:
    held = account(1, former=(Former(1, 1, date(2025, 1, 31)), Former(2, 2, date(2025, 9, 30))))

    decision = decide(held, agencies("A", "B"), Rules())

    assert decision.receiver is None
    assert decision.reason is Reason.FORMER_HOLDER
    assert decision.stopped == ((1, Reason.FORMER_HOLDER), (2, Reason.FORMER_HOLDER))


@pytest.mark.parametrize(("within", "takers"), [(0, {1, 2}), (1, {1}), (2, set()), (None, set())])
def test_former_holders_are_kept_away_for_so_many_rounds(within: int | None, takers: set[int]) -> None:
    held = account(1, former=(Former(1, 1), Former(2, 2)))
    rules = Rules(former_holders=FormerHolders(within))

    got = {decide(held, agencies("A", "B"), rules, Equal((code,))).receiver for code in ("A", "B")}

    assert got - {None} == takers


def test_a_round_with_somebody_who_takes_no_part_counts_too() -> None:
    held = account(1, former=(Former(1, 1), Former(0, 2)))

    assert decide(held, agencies("A"), Rules(FormerHolders(1)), Equal(("A",))).receiver == 1


@pytest.mark.parametrize(
    ("ended", "today", "receiver"),
    [
        (date(2026, 1, 31), date(2026, 3, 2), None),
        (date(2026, 1, 31), date(2026, 3, 3), 1),
    ],
)
def test_so_many_whole_days_lie_between_two_placements(ended: date, today: date, receiver: int | None) -> None:
    plan = replace(strategy(Equal(("A",)), rules=Rules(cool_down_days=30)), date=today)

    decision = allocate([account(1, ended_on=ended)], agencies("A"), plan).decisions[0]

    assert decision.receiver == receiver
    assert receiver or decision.reason is Reason.COOL_DOWN


@pytest.mark.parametrize(
    ("until", "licence", "receiver"),
    [
        (TODAY + timedelta(90), Licence.TERM, 1),
        (TODAY + timedelta(89), Licence.TERM, None),
        (TODAY + timedelta(89), Licence.DAY, 1),
        (TODAY, Licence.DAY, 1),
        (TODAY - timedelta(1), Licence.DAY, None),
        (None, Licence.TERM, 1),
    ],
)
def test_a_licence_is_valid_through_the_term_or_on_the_day(
    until: date | None, licence: Licence, receiver: int | None
) -> None:
    taking = [Receiver(1, "A", licence_until=until, term_days=90)]

    decision = decide(account(1), taking, replace(FREE, licence=licence), Equal(("A",)))

    assert decision.receiver == receiver
    assert receiver or decision.reason is Reason.LICENCE


@pytest.mark.parametrize(
    ("receiver", "reason"),
    [
        (Receiver(1, "A", may_not_receive="audit open"), Reason.MAY_NOT_RECEIVE),
        (Receiver(1, "A", buckets=frozenset({"M1", "M3"})), Reason.BUCKET),
        (Receiver(1, "A", regions=frozenset({"TW", "CN-SH"})), Reason.REGION),
        (Receiver(1, "A", regions=frozenset()), Reason.REGION),
        (Receiver(1, "A", room_accounts=0), Reason.NO_ROOM),
        (Receiver(1, "A", room_minor=9_999), Reason.NO_ROOM_AMOUNT),
    ],
)
def test_the_rule_that_stopped_the_only_receiver_is_the_reason(receiver: Receiver, reason: Reason) -> None:
    decision = decide(account(1, region="CN-GD"), [receiver], FREE, Equal(("A",)))

    assert (decision.receiver, decision.reason, decision.stopped) == (None, reason, ((1, reason),))


def test_a_country_permits_its_regions_and_an_unknown_region_is_never_permitted() -> None:
    china = [Receiver(1, "A", regions=frozenset({"CN"}))]

    assert decide(account(1, region="CN-GD"), china, FREE, Equal(("A",))).receiver == 1
    assert decide(account(1, region="CN"), china, FREE, Equal(("A",))).receiver == 1
    assert decide(account(1, region=""), china, FREE, Equal(("A",))).reason is Reason.REGION


def test_different_rules_for_different_receivers_are_all_told() -> None:
    taking = [Receiver(1, "A", buckets=frozenset({"M1"})), Receiver(2, "B", room_accounts=0)]

    decision = decide(account(1), taking, FREE)

    assert decision.reason is Reason.NO_RECEIVER
    assert decision.stopped == ((1, Reason.BUCKET), (2, Reason.NO_ROOM))


def test_a_customer_goes_only_to_who_may_take_each_of_its_accounts() -> None:
    taking = [Receiver(1, "A", regions=frozenset({"CN-GD"})), Receiver(2, "B")]
    book = [account(1, 1, region="CN-GD"), account(2, 1, region="CN-SH", former=(Former(2, 1),))]

    result = allocate(book, taking, strategy(HALVES, rules=Rules()))

    assert [d.reason for d in result.decisions] == [Reason.NO_RECEIVER] * 2
    assert result.decisions[0].stopped == ((1, Reason.REGION), (2, Reason.FORMER_HOLDER))
