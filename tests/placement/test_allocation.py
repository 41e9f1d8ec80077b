"""The allocation keeps its promises for any book and any receivers."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.placement.allocation import (
    By,
    Candidate,
    Champion,
    Equal,
    Former,
    FormerHolders,
    Licence,
    Order,
    Overflow,
    Performance,
    Picks,
    Ranked,
    Reason,
    Receiver,
    Rules,
    Shares,
    Step,
    Strata,
    StrategyError,
    allocate,
    choose_most,
)
from portal.placement.allocation.rules import Permissions
from portal.placement.allocation.targets import fair_targets, members
from portal.portfolio.buckets import bucket
from tests.placement.books import accounts, agencies, books, given_to, receivers, shared, strategy

SEEDS = st.integers(0, 2**40)
STRICT = Rules(former_holders=FormerHolders(2), cool_down_days=20, licence=Licence.TERM)


def largest_family(book: list[Candidate]) -> int:
    return max(Counter(c.customer_id for c in book).values(), default=0)


@st.composite
def any_step(draw: st.DrawFn, taking: list[Receiver]) -> Step:
    """One step of any kind over some of these receivers."""
    some = draw(st.lists(st.sampled_from(taking), min_size=1, unique=True))
    codes = tuple(r.code for r in some)
    by, overflow = draw(st.sampled_from(By)), draw(st.sampled_from(Overflow))
    kind = draw(st.sampled_from(("shares", "equal", "performance", "champion", "ranked", "picks")))
    if kind == "shares":
        return draw(shared(some, overflow))
    if kind == "performance":
        scores = {code: Decimal(draw(st.integers(1, 9))) for code in codes}
        return Performance(scores, Decimal(0), Decimal(1), by, overflow)
    if kind == "champion" and len(codes) > 1:
        challengers = {code: Fraction(1, len(codes) - 1) for code in codes[1:]}
        if len(codes) in (2, 3, 5, 6):
            return Champion(
                {codes[0]: Decimal(1)},
                {c: Decimal(1) * f.numerator / f.denominator for c, f in challengers.items()},
                Decimal("0.3"),
                by,
            )
    if kind == "ranked":
        return Ranked(codes, draw(st.sampled_from(Order)))
    if kind == "picks":
        return Picks(draw(st.dictionaries(st.integers(1, 60).map(str), st.sampled_from(codes), min_size=1, max_size=9)))
    return Equal(codes, by, overflow)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Candidate], list[Receiver], list[Step]]:
    """A book with a past, receivers with every kind of limit, and a few steps."""
    taking = draw(receivers(permits=True))
    steps = draw(st.lists(any_step(taking), min_size=1, max_size=3))
    return draw(books(receivers=len(taking), most=50)), taking, steps


# --- whatever the strategy ----------------------------------------------------------------------------------------------


@given(cases(), SEEDS, st.booleans())
def test_no_step_breaks_a_rule_and_every_account_is_decided_once_with_a_reason(
    case: tuple[list[Candidate], list[Receiver], list[Step]], seed: int, together: bool
) -> None:
    book, taking, steps = case
    rules = Rules(STRICT.former_holders, STRICT.cool_down_days, together, STRICT.licence)
    plan = strategy(*steps, rules=rules, seed=seed, strata=Strata(("bucket", "balance", "region"), quantiles=3))
    result = allocate(book, taking, plan)
    by_key = {r.key: r for r in taking}
    permissions = Permissions(taking, plan)
    known = {c.account_id: c for c in book}
    got: Counter[int] = Counter()
    amount: Counter[int] = Counter()
    holder = defaultdict(set)

    assert [d.account_id for d in result.decisions] == sorted(known)
    for decision in result.decisions:
        candidate = known[decision.account_id]
        holder[candidate.customer_id].add(decision.receiver)
        if decision.receiver is None:
            assert decision.step == 0 and decision.stopped
            continue
        assert permissions.stop(candidate, decision.receiver - 1) is None
        assert decision.step and not decision.stopped
        got[decision.receiver] += 1
        amount[decision.receiver] += candidate.total_minor
    for key, receiver in by_key.items():
        assert receiver.room_accounts is None or got[key] <= receiver.room_accounts
        assert receiver.room_minor is None or amount[key] <= receiver.room_minor
    assert not together or all(len(found) == 1 for found in holder.values())


@given(cases(), SEEDS, st.randoms(use_true_random=False))
def test_a_shuffled_input_gives_the_same_result(
    case: tuple[list[Candidate], list[Receiver], list[Step]], seed: int, shuffle: random.Random
) -> None:
    book, taking, steps = case
    plan = strategy(*steps, rules=STRICT, seed=seed)
    result = allocate(book, taking, plan)
    shuffle.shuffle(book)
    shuffle.shuffle(taking)

    assert allocate(book, taking, plan) == result


@given(cases(), SEEDS)
def test_what_stopped_a_receiver_is_said_for_every_account_that_nobody_got(
    case: tuple[list[Candidate], list[Receiver], list[Step]], seed: int
) -> None:
    book, taking, steps = case
    plan = strategy(*steps, rules=STRICT, seed=seed)
    permissions = Permissions(taking, plan)
    families = defaultdict(list)
    for candidate in book:
        families[candidate.customer_id].append(candidate)
    named = {r.key for r in taking if any(r.code in step.names() for step in steps)}
    owner = {c.account_id: c.customer_id for c in book}

    for decision in allocate(book, taking, plan).decisions:
        if decision.receiver is None:
            own = families[owner[decision.account_id]]
            assert {key for key, _ in decision.stopped} == named
            for key, reason in decision.stopped:
                rules = {permissions.stop(c, key - 1) for c in own} - {None}
                assert reason in rules if rules else reason in (
                    Reason.NO_ROOM, Reason.NO_ROOM_AMOUNT, Reason.BEYOND_SHARE, Reason.OUT_OF_TRIAL, Reason.NO_STEP
                )  # fmt: skip


# --- shares -------------------------------------------------------------------------------------------------------------


@given(st.data(), books(), receivers(rooms=False), SEEDS, st.sampled_from(Overflow))
def test_everybody_is_within_one_customer_of_the_share(
    data: st.DataObject, book: list[Candidate], taking: list[Receiver], seed: int, overflow: Overflow
) -> None:
    step = data.draw(shared(taking, overflow))
    got = given_to(allocate(book, taking, strategy(step, seed=seed)))

    assert got[None] == 0
    for agency in taking:
        assert abs(got[agency.key] - step.parts()[agency.code] * len(book)) < max(largest_family(book), 1)


@given(st.data(), books(), receivers(rooms=False), SEEDS)
def test_everybody_is_within_one_customer_of_the_share_of_the_amount(
    data: st.DataObject, book: list[Candidate], taking: list[Receiver], seed: int
) -> None:
    step = data.draw(shared(taking))
    owed: Counter[int] = Counter()
    for candidate in book:
        owed[candidate.customer_id] += candidate.total_minor
    got: Counter[int | None] = Counter()
    totals = {c.account_id: c.total_minor for c in book}
    plan = strategy(Shares(step.shares, By.AMOUNT), seed=seed)
    for decision in allocate(book, taking, plan).decisions:
        got[decision.receiver] += totals[decision.account_id]

    assert got[None] == 0
    for agency in taking:
        distance = abs(got[agency.key] - step.parts()[agency.code] * sum(owed.values()))
        assert distance <= max(owed.values(), default=0)


@given(st.data(), books(), receivers(), SEEDS)
def test_whoever_has_room_is_within_one_customer_of_the_share_and_nobody_gets_what_does_not_fit(
    data: st.DataObject, book: list[Candidate], taking: list[Receiver], seed: int
) -> None:
    step = data.draw(shared(taking))
    got = given_to(allocate(book, taking, strategy(step, seed=seed)))

    for agency in taking:
        share = step.parts()[agency.code] * len(book)
        wanted = share if agency.room_accounts is None else min(share, Fraction(agency.room_accounts))
        assert abs(got[agency.key] - wanted) < max(largest_family(book), 1)


@given(st.data(), books(), receivers(permits=True), SEEDS)
def test_with_the_overflow_to_the_others_nobody_is_left_while_somebody_has_room_and_may_take_it(
    data: st.DataObject, book: list[Candidate], taking: list[Receiver], seed: int
) -> None:
    step = data.draw(shared(taking, Overflow.OTHERS))

    for decision in allocate(book, taking, strategy(step, seed=seed, rules=STRICT)).decisions:
        assert decision.receiver or all(reason is not Reason.BEYOND_SHARE for _, reason in decision.stopped)


@settings(max_examples=300)
@given(
    st.data(),
    books(families=1, receivers=5),
    receivers(permits=True, least=2, most=5),
    SEEDS,
    st.sampled_from(Overflow),
)
def test_single_accounts_are_within_one_of_what_rules_and_room_leave_of_the_share(
    data: st.DataObject, book: list[Candidate], taking: list[Receiver], seed: int, overflow: Overflow
) -> None:
    taking = [Receiver(r.key, r.code, "", r.room_accounts, None, r.regions, r.buckets) for r in taking]
    step = data.draw(shared(taking, overflow))
    plan = strategy(step, rules=Rules(), seed=seed)
    permissions = Permissions(taking, plan)
    supply = Counter(permissions.of(c) for c in book)
    best = fairest(supply, taking, step, overflow)

    outcome = allocate(book, taking, plan).steps[0]

    for key, wanted in best.items():
        assert outcome.targets[key] == wanted
        assert abs(outcome.accounts[key] - wanted) < 1


def fairest(supply: Counter[int], taking: list[Receiver], step: Shares, overflow: Overflow) -> dict[int, Fraction]:
    """The targets once more, by trying every group of receivers: all rise together; the group that gets short first
    stops where it gets short."""
    shares = {i: step.parts()[r.code] for i, r in enumerate(taking)}
    room = {i: r.room_accounts for i, r in enumerate(taking)}
    whole = sum(count for bits, count in supply.items() if bits)
    cap = {i: Fraction(whole) if room[i] is None else Fraction(room[i] or 0) for i in shares}
    if overflow is Overflow.NOBODY:
        cap = {i: min(cap[i], shares[i] * whole) for i in shares}
    groups = [set(g) for size in range(1, len(taking) + 1) for g in combinations(shares, size)]
    within = {frozenset(g): sum(n for bits, n in supply.items() if g & set(members(bits))) for g in groups}
    fixed: dict[int, Fraction] = {}
    while len(fixed) < len(shares):
        levels: dict[int, Fraction] = {i: cap[i] / shares[i] for i in shares if i not in fixed}
        for group in groups:
            rising = group - set(fixed)
            if rising:
                left = within[frozenset(group)] - sum(fixed[i] for i in group & set(fixed))
                level = Fraction(left) / sum(shares[i] for i in rising)
                for i in rising:
                    levels[i] = min(levels[i], level)
        lowest = min(levels.values())
        fixed |= {i: shares[i] * lowest for i, level in levels.items() if level == lowest}
    return {taking[i].key: amount for i, amount in fixed.items()}


def test_a_level_is_found_where_many_groups_get_short_one_after_the_other() -> None:
    supply = {0b001: 10, 0b011: 10, 0b111: 10}
    third = Fraction(1, 3)

    found = fair_targets(supply, {0: third, 1: third, 2: third}, {})
    assert found.totals == {0: 10, 1: 10, 2: 10}

    found = fair_targets({0b001: 28, 0b011: 1, 0b111: 1}, {0: third, 1: third, 2: third}, {})
    assert found.totals == {0: 28, 1: 1, 2: 1}

    found = fair_targets({0b001: 28, 0b011: 1, 0b111: 1}, {0: third, 1: third, 2: third}, {}, most=30)
    assert found.totals == {0: 10, 1: 1, 2: 1}


# --- comparable books ---------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.data(), st.integers(200, 600), receivers(rooms=False), SEEDS)
def test_every_bucket_is_spread_like_the_whole(
    data: st.DataObject, people: int, taking: list[Receiver], seed: int
) -> None:
    figures = random.Random(people)
    days = [figures.randint(1, 250) for _ in range(people)]
    book = [Candidate(i, i, figures.randint(1, 10**7), d, bucket(d)) for i, d in enumerate(days, start=1)]
    step = data.draw(shared(taking))
    result = allocate(book, taking, strategy(step, seed=seed))
    sizes = Counter(d.stratum for d in result.decisions)
    got = Counter((d.stratum, d.receiver) for d in result.decisions)

    assert set(sizes) == {c.bucket for c in book}
    for name, size in sizes.items():
        for agency in taking:
            share = step.parts()[agency.code]
            assert abs(got[name, agency.key] - share * size) < 2 + share


def test_books_of_equal_shares_have_nearly_the_same_mean_balance() -> None:
    figures = random.Random(7)
    book = [
        Candidate(i, i, int(figures.lognormvariate(13, 0.7)), d, bucket(d))
        for i, d in ((i, figures.randint(1, 250)) for i in range(1, 4001))
    ]
    outcome = allocate(book, agencies("A", "B", "C", "D"), strategy(Equal(("A", "B", "C", "D")))).steps[0]

    sums = outcome.amounts.values()
    assert (max(sums) - min(sums)) * 100 < min(sums) * 2


def test_another_seed_gives_another_split() -> None:
    book = accounts(200)
    halves = Equal(("A", "B"))

    first = allocate(book, agencies("A", "B"), strategy(halves, seed=1))
    assert first != allocate(book, agencies("A", "B"), strategy(halves, seed=2))


@given(st.integers(100, 400), SEEDS)
def test_the_arms_of_a_trial_have_the_same_strata(people: int, seed: int) -> None:
    figures = random.Random(people)
    days = [figures.randint(1, 250) for _ in range(people)]
    book = [
        Candidate(i, i, figures.randint(1, 10**7), d, bucket(d), figures.choice(("CN-GD", "CN-SH")))
        for i, d in enumerate(days, start=1)
    ]
    step = Champion({"A": Decimal(1)}, {"B": Decimal("0.5"), "C": Decimal("0.5")}, Decimal("0.2"))
    strata = Strata(("bucket", "region", "balance"), quantiles=2)
    result = allocate(book, agencies("A", "B", "C"), strategy(step, seed=seed, strata=strata))
    sizes = Counter(d.stratum for d in result.decisions)
    got = Counter((d.stratum, d.receiver) for d in result.decisions)

    assert {d.reason for d in result.decisions} <= {Reason.CHAMPION, Reason.CHALLENGER}
    for name, size in sizes.items():
        for key, share in {1: Fraction(8, 10), 2: Fraction(1, 10), 3: Fraction(1, 10)}.items():
            assert abs(got[name, key] - share * size) < 2


# --- fewer than there are -----------------------------------------------------------------------------------------------


@given(books(), st.integers(1, 100), st.sampled_from(Order), SEEDS, st.randoms(use_true_random=False))
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


# --- what cannot be meant -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "taking",
    [
        [],
        [Receiver(1, "A"), Receiver(1, "B")],
        [Receiver(1, "A"), Receiver(2, "A")],
        [Receiver(0, "A")],
        [Receiver(1, "A", room_accounts=-1)],
        [Receiver(1, "A", room_minor=-1)],
    ],
)
def test_receivers_that_make_no_sense_are_refused(taking: list[Receiver]) -> None:
    with pytest.raises(ValueError, match=r"receivers|rooms"):
        allocate([], taking, strategy(Equal(("A",))))


def test_a_candidate_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="candidates"):
        allocate([*accounts(2), *accounts(1)], agencies("A"), strategy(Equal(("A",))))


def test_a_step_that_names_somebody_unknown_is_refused() -> None:
    with pytest.raises(StrategyError, match=r"steps\[0\].*“Z”"):
        allocate([], agencies("A"), strategy(Equal(("A", "Z"))))


# --- customers of many sizes under rules --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", By)
def test_rules_on_top_of_customers_of_many_sizes_leave_everybody_within_one_customer_of_the_target(by: By) -> None:
    for seed in range(150):
        figures = random.Random(seed)
        codes = "ABCDEF"[: figures.randint(2, 6)]
        taking = [
            Receiver(
                key, code, regions=frozenset(figures.sample(("CN-GD", "CN-SH", "CN-BJ", "TW"), figures.randint(1, 4)))
            )
            for key, code in enumerate(codes, start=1)
        ]
        book: list[Candidate] = []
        owed: Counter[int] = Counter()
        for customer in range(1, figures.randint(10, 80)):
            region = figures.choice(("CN-GD", "CN-SH", "CN-BJ", "TW"))
            for _ in range(figures.choice((1, 1, 1, 2, 3, 4))):
                days, total = figures.randint(1, 200), figures.randint(1, 10**6)
                former = (Former(figures.randint(1, len(codes)), 1),) if figures.random() < 0.3 else ()
                book.append(Candidate(len(book) + 1, customer, total, days, bucket(days), region, former))
                owed[customer] += 1 if by is By.ACCOUNTS else total

        step = Equal(tuple(codes), by, Overflow.OTHERS)
        outcome = allocate(book, taking, strategy(step, rules=Rules(), seed=seed)).steps[0]

        got = outcome.accounts if by is By.ACCOUNTS else outcome.amounts
        assert all(abs(got[key] - target) < max(owed.values()) for key, target in outcome.targets.items())
