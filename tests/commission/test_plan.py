"""What payments earn under a plan: the rules of reference/commission.md by worked figures, then by properties."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commission.plan import Basis, Book, Payment, Placing, PlanError, earn, read_plan
from portal.foundation.money import divided_half_up

if TYPE_CHECKING:
    from random import Random

    from portal.commission.plan import Line, Plan

PLACED = date(2024, 1, 1)
PLACING = Placing(placed_on=PLACED, ended_on=date(2024, 3, 31), balance=50_000_00, round=1, bucket="M3", age_months=13)
LADDER = [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.30", "rate": "0.05"}]
MILLION = 1_000_000_00


def plan(**terms: Any) -> Plan:
    return read_plan({"currency": "CNY", **terms})


def by_rate(mode: str, **terms: Any) -> Plan:
    return plan(bands={"by": "recovery_rate", "mode": mode, "rows": LADDER}, **terms)


def paid(number: str, amount: int, day: int = 10, **more: Any) -> Payment:
    """`amount` in minor units, `day` days after the placement."""
    more = {"placing": PLACING} | more
    return Payment(id=number, amount=amount, paid_on=PLACED + timedelta(days=day), **more)


def back(number: str, of: str, amount: int, day: int = 40, **more: Any) -> Payment:
    return paid(number, -amount, day, reverses=of, **more)


def told(terms: Plan, *payments: Payment, **book: Any) -> list[tuple[str, int, str]]:
    """Lines as payment, commission in minor units, reason."""
    found = earn(terms, payments, Book(**({"placed": {"": MILLION}} | book)))
    return [(line.payment.id, line.commission, line.reason) for line in found]


# --- when a payment earns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "last"),
    [
        ({}, date(2024, 3, 31)),
        ({"tail": {"days": 90}}, date(2024, 6, 29)),
        ({"tail": {"months": 1}}, date(2024, 4, 30)),  # the same day, or the month's last
        ({"tail": {"months": 2}}, date(2024, 5, 31)),
    ],
)
def test_a_payment_earns_from_the_day_of_placement_to_the_last_day_of_its_tail(tail: Any, last: date) -> None:
    days = [(date(2023, 12, 31), False), (PLACED, True), (last, True), (last + timedelta(days=1), False)]
    for day, earns in days:
        ((_, commission, reason),) = told(plan(rate="0.18", **tail), paid("p", 100_00, (day - PLACED).days))
        assert (commission, reason) == ((18_00, "rate") if earns else (0, "outside_placement")), day


def test_free_days_go_by_who_received_the_money() -> None:
    terms = plan(rate="0.25", free_days={"bank": 10, "agency": 0})
    lines = told(terms, paid("a", 100_00, 9), paid("b", 100_00, 9, received_by="agency"), paid("c", 100_00, 10))
    assert lines == [("a", 0, "free_period"), ("b", 25_00, "rate"), ("c", 25_00, "rate")]


def test_what_earns_nothing_moves_no_measure() -> None:
    lines = told(by_rate("whole", free_days=5), paid("a", 200_000_00, 1), paid("b", 140_000_00, 9))
    assert lines == [("a", 0, "free_period"), ("b", 2_800_00, "rate")]


# --- rates ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "whole", "marginal"),
    [
        (149_999_99, 3_000_00, 3_000_00),
        (150_000_00, 4_500_00, 3_000_00),  # from: the bound is in
        (300_000_00, 9_000_00, 7_500_00),  # above: the bound is out
        (300_000_01, 15_000_00, 7_500_00),
        (400_000_00, 20_000_00, 12_500_00),
    ],
)
def test_bands_of_the_recovery_rate_are_of_everything_or_slice_by_slice(amount: int, whole: int, marginal: int) -> None:
    assert told(by_rate("whole"), paid("p", amount)) == [("p", whole, "rate")]
    assert told(by_rate("marginal"), paid("p", amount)) == [("p", marginal, "rate")]


def test_below_the_first_row_nothing_is_earned_not_even_a_minimum() -> None:
    bands = {"by": "payment_amount", "mode": "whole", "rows": [{"from": "100", "rate": "0.2"}]}
    terms = plan(bands=bands, minimum={"per": "payment", "amount": "5"})
    assert told(terms, paid("a", 99_99), paid("b", 100_00)) == [("a", 0, "below_first_band"), ("b", 20_00, "rate")]


def test_the_stage_of_a_payment_goes_before_the_bands_and_before_its_placements() -> None:
    terms = plan(rate="0.25", stage_rates={"legal": "0.35"})
    legal = Placing(placed_on=PLACED, stage="legal")
    payments = [paid("a", 100_00), paid("b", 100_00, stage="legal"), paid("c", 100_00, placing=legal)]
    assert [line[1] for line in told(terms, *payments)] == [25_00, 35_00, 35_00]


def test_every_surcharge_that_matches_is_added_in_its_order() -> None:
    points = {"by": "age_months", "above": "12", "add": "0.10"}
    factor = {"by": "placed_balance", "from": "50000", "multiply": "1.5"}
    none = {"by": "age_months", "above": "13", "add": "0.50"}
    assert told(plan(rate="0.1", surcharges=[points, factor, none]), paid("p", 100_00)) == [("p", 30_00, "rate")]
    assert told(plan(rate="0.1", surcharges=[factor, points]), paid("p", 100_00)) == [("p", 25_00, "rate")]


def test_words_are_named_and_a_word_that_is_not_named_earns_nothing() -> None:
    rows = [{"is": ["M1", "M2"], "rate": "0.05"}, {"is": ["M3"], "rate": "0.12"}]
    terms = plan(bands={"by": "bucket", "rows": rows})
    assert told(terms, paid("p", 8_888_88)) == [("p", 1_066_67, "rate")]
    old = Placing(placed_on=PLACED, bucket="M7+")
    assert told(terms, paid("p", 8_888_88, placing=old)) == [("p", 0, "below_first_band")]


def test_a_part_of_the_payment_earns_and_all_of_it_moves_the_measure() -> None:
    terms = by_rate("whole", basis="principal")
    lines = told(terms, paid("p", 200_000_00, parts={Basis.PRINCIPAL: 100_000_00}))
    assert lines == [("p", 3_000_00, "rate")]
    sliced = by_rate("marginal", basis="principal")
    assert told(sliced, paid("p", 200_000_00, parts={Basis.PRINCIPAL: 100_000_00})) == [("p", 2_250_00, "rate")]
    with pytest.raises(PlanError, match="missing"):
        told(terms, paid("p", 100_00))


# --- minimum and cap --------------------------------------------------------------------------------------------------------


def test_a_minimum_is_never_more_than_the_payment() -> None:
    terms = plan(rate="0.35", minimum={"per": "payment", "amount": "25"})
    lines = told(terms, paid("a", 15_00), paid("b", 60_00), paid("c", 100_00))
    assert lines == [("a", 15_00, "minimum"), ("b", 25_00, "minimum"), ("c", 35_00, "rate")]


def test_small_balances_have_a_rate_or_a_minimum_of_their_own() -> None:
    small = [{"upto": "200", "rate": "0.50"}, {"upto": "400", "minimum": "100"}]
    terms = plan(rate="0.25", small_balance=small)
    of = {size: Placing(placed_on=PLACED, balance=size) for size in (200_00, 200_01, 400_00, 400_01)}
    found = [told(terms, paid("p", 200_00, placing=placing))[0][1:] for placing in of.values()]
    assert found == [(100_00, "small_balance"), (100_00, "minimum"), (100_00, "minimum"), (50_00, "rate")]


def test_a_cap_leaves_what_its_scope_has_not_earned_and_the_lower_of_amount_and_share() -> None:
    terms = plan(rate="0.25", cap={"per": "contract", "amount": "500", "share": "0.22"})
    lines = told(terms, paid("a", 1_000_00, 1), paid("b", 1_000_00, 2), paid("c", 1_000_00, 3), earned_to_date=0)
    assert lines == [("a", 220_00, "cap"), ("b", 220_00, "cap"), ("c", 60_00, "cap")]
    assert told(terms, paid("a", 1_000_00), earned_to_date=49_990)[0] == ("a", 10, "cap")


def test_an_amount_that_earned_nothing_makes_no_room_under_a_share() -> None:
    bands = {"by": "payment_amount", "mode": "whole", "rows": [{"from": "100", "rate": "0.5"}]}
    terms = plan(bands=bands, cap={"per": "contract", "share": "0.22"})
    assert told(terms, paid("a", 99_00, 1), paid("b", 100_00, 2)) == [("a", 0, "below_first_band"), ("b", 22_00, "cap")]


def test_a_cap_of_the_contracts_year_begins_again_with_each_year() -> None:
    cap = {"per": "contract_year", "amount": "100"}
    terms = plan(rate="0.5", cap=cap, contract_started_on="2023-02-01")
    lines = told(terms, paid("a", 300_00, 30), paid("b", 300_00, 31), earned_to_date=40_00)
    assert lines == [("a", 60_00, "cap"), ("b", 100_00, "cap")]


# --- reversals and what was issued ------------------------------------------------------------------------------------------


def test_a_reversal_mirrors_its_payment_and_the_others_are_as_if_neither_had_been() -> None:
    lines = told(by_rate("whole"), paid("a", 100_000_00, 5), paid("b", 250_000_00, 9), back("c", "b", 250_000_00))
    assert lines == [("a", 2_000_00, "rate"), ("b", 5_000_00, "rate"), ("c", -5_000_00, "reversal")]


def test_a_part_that_is_reversed_takes_its_share_and_all_parts_together_no_more_than_there_was() -> None:
    parts = [back(number, "p", 1_00, 20 + n) for n, number in enumerate("xyz")]
    lines = told(plan(rate="0.1"), paid("p", 3_05), *parts, back("zz", "p", 9_00, 60))
    assert [line[1] for line in lines] == [31, -10, -10, -10, -1]


def test_lines_that_were_issued_stay_and_what_differs_follows_as_a_true_up() -> None:
    first = paid("a", 100_000_00, 5)
    assert told(by_rate("whole"), first) == [("a", 2_000_00, "rate")]
    later = told(by_rate("whole"), first, paid("b", 100_000_00, 50), issued={"a": 2_000_00})
    assert later == [("a", 1_000_00, "true_up"), ("b", 3_000_00, "rate")]
    undone = told(
        by_rate("whole"), first, paid("b", 100_000_00, 50), back("c", "b", 100_000_00, 80),
        issued={"a": 3_000_00, "b": 3_000_00},
    )  # fmt: skip
    assert undone == [("a", -1_000_00, "true_up"), ("c", -3_000_00, "reversal")]


@given(
    part=st.integers(0, 9_99), amounts=st.lists(st.integers(1, 3_33), min_size=1, max_size=4), issued=st.integers(0, 4),
    order=st.randoms(use_true_random=False),
)  # fmt: skip
def test_what_reversals_take_off_the_base_is_the_share_of_all_of_them_whichever_statement_they_are_on(
    part: int, amounts: list[int], issued: int, order: Random
) -> None:
    payment = paid("p", 10_00, 0, parts={Basis.PRINCIPAL: part})
    reversals = [back(f"r{n}", "p", amount, 1 + n) for n, amount in enumerate(amounts)]
    order.shuffle(reversals)  # so that one that came later may have an earlier day
    earlier, later = reversals[:issued], reversals[issued:]
    terms = plan(rate="0.1", basis="principal")
    book = Book(issued={"p": 0} | {reversal.id: 0 for reversal in earlier})

    first = {line.payment.id: line.base for line in earn(terms, [payment, *earlier], Book())}
    second = {line.payment.id: line.base for line in earn(terms, [payment, *earlier, *later], book)}

    taken = min(sum(amounts), 10_00)
    bases = [*first.values(), *(second[reversal.id] for reversal in later)]
    assert sum(bases) == part - divided_half_up(part * taken, 10_00)


@pytest.mark.parametrize(
    ("payments", "code"),
    [
        ([paid("a", 1_00), paid("a", 1_00)], "twice"),
        ([paid("a", -1_00)], "amount"),
        ([paid("a", 1_00), paid("b", 1_00, reverses="a")], "amount"),
        ([back("b", "a", 1_00)], "unknown_payment"),
        ([paid("a", 1_00), back("b", "a", 1_00), back("c", "b", 1_00)], "reversal_of_reversal"),
    ],
)
def test_payments_that_cannot_be_so_are_refused(payments: list[Payment], code: str) -> None:
    with pytest.raises(PlanError) as error:
        told(plan(rate="0.1"), *payments)
    assert error.value.code == code


def test_a_measure_that_nobody_knows_is_asked_for_by_name() -> None:
    terms = plan(bands={"by": "days_past_due", "rows": [{"from": "0", "rate": "0.1"}]})
    with pytest.raises(PlanError, match=r"placement\.days_past_due"):
        told(terms, paid("p", 1_00))
    with pytest.raises(PlanError, match=r"batch\.placed_total"):
        told(by_rate("whole"), paid("p", 1_00), placed={})


# --- whatever the plan, whatever is paid ------------------------------------------------------------------------------------

RATES = st.decimals("0", "1", places=4)
AMOUNTS = st.integers(1, 10**9)


@st.composite
def _bands(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.sampled_from(["recovery_rate", "batch_recovered", "payment_amount"]))
    places = 4 if by == "recovery_rate" else 2
    bounds = sorted(
        draw(st.sets(st.decimals("0", "2" if places == 4 else "1000000", places=places), min_size=1, max_size=5))
    )
    rows = [{draw(st.sampled_from(["from", "above"])): str(bound), "rate": str(draw(RATES))} for bound in bounds]
    return {"by": by, "mode": draw(st.sampled_from(["whole", "marginal"])), "rows": rows}


PLANS = st.one_of(RATES.map(lambda rate: plan(rate=str(rate))), _bands().map(lambda bands: plan(bands=bands)))


@st.composite
def _payments(draw: st.DrawFn) -> list[Payment]:
    """Payments in no order, some of them taken back whole."""
    found = []
    for number, (amount, day) in enumerate(
        draw(st.lists(st.tuples(AMOUNTS, st.integers(0, 90)), min_size=1, max_size=7))
    ):
        found.append(paid(f"p{number}", amount, day))
        if draw(st.booleans()):
            found.append(back(f"r{number}", f"p{number}", amount, draw(st.integers(0, 200))))
    return list(draw(st.permutations(found)))


def _sum(lines: list[Line]) -> int:
    return sum(line.commission for line in lines)


@given(PLANS, _payments())
def test_a_pair_nets_to_nothing_and_the_rest_is_as_if_it_had_never_been(terms: Plan, payments: list[Payment]) -> None:
    book = Book(placed={"": MILLION})
    undone = {p.reverses for p in payments if p.reverses}
    rest = [p for p in payments if not p.reverses and p.id not in undone]
    lines = {line.payment.id: line for line in earn(terms, payments, book)}
    for line in lines.values():
        if line.payment.reverses:
            assert line.commission == -lines[line.payment.reverses].commission
    assert _sum(earn(terms, rest, book)) == _sum(list(lines.values()))
    for line in earn(terms, rest, book):
        assert lines[line.payment.id].commission == line.commission


@given(PLANS, _payments(), st.randoms(use_true_random=False))
def test_the_order_in_which_payments_become_known_does_not_change_the_sum(
    terms: Plan, payments: list[Payment], chance: Any
) -> None:
    """Statement after statement, with true-ups, as much is paid as if all had been known at once."""
    first = sorted(payments, key=lambda p: (p.reverses is not None, p.paid_on, p.id))  # a reversal after its payment
    book: dict[str, int] = {}
    total, known = 0, 0
    while known < len(first):
        known = chance.randint(known + 1, len(first))
        lines = earn(terms, first[:known], Book(placed={"": MILLION}, issued=book))
        for line in lines:
            book[line.payment.id] = book.get(line.payment.id, 0) + line.commission
        total += _sum(lines)
    assert total == _sum(earn(terms, payments, Book(placed={"": MILLION})))
    assert earn(terms, payments, Book(placed={"": MILLION}, issued=book)) == []


@given(_bands().filter(lambda bands: bands["by"] != "payment_amount"), st.lists(AMOUNTS, min_size=1, max_size=6))
def test_lines_of_a_batch_add_up_to_the_rounded_commission_of_its_total(bands: Any, amounts: list[int]) -> None:
    terms, book = plan(bands=bands), Book(placed={"": MILLION})
    lines = earn(terms, [paid(f"p{n}", amount, n) for n, amount in enumerate(amounts)], book)
    assert _sum(lines) == _sum(earn(terms, [paid("all", sum(amounts))], book))


@given(_bands(), AMOUNTS, st.integers(0, 10**6))
def test_slices_never_earn_less_when_more_is_recovered(bands: Any, amount: int, more: int) -> None:
    terms, book = plan(bands=bands | {"mode": "marginal"}), Book(placed={"": MILLION})
    assert _sum(earn(terms, [paid("p", amount)], book)) <= _sum(earn(terms, [paid("p", amount + more)], book))


@given(PLANS, st.lists(AMOUNTS, min_size=1, max_size=5), st.integers(1, 10**7))
def test_no_cap_is_exceeded_and_no_minimum_is_more_than_the_payment(terms: Plan, amounts: list[int], most: int) -> None:
    capped = read_plan(
        {
            "currency": "CNY", "rate": "0.5", "minimum": {"per": "payment", "amount": "25"},
            "cap": {"per": "placement", "amount": f"{most // 100}.{most % 100:02d}"},
        }
    )  # fmt: skip
    lines = earn(capped, [paid(f"p{n}", amount, n) for n, amount in enumerate(amounts)], Book())
    assert _sum(lines) <= most
    assert all(0 <= line.commission <= line.payment.amount for line in lines)
    assert all(line.rate in (None, Fraction(1, 2)) for line in lines)
