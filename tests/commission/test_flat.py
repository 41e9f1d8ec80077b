"""What a payment earns under a flat plan: exact, rounded once, and taken back to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.commission.flat import Earned, Earning, FlatPlan, PaidCredit, PlanError, earnings, read_plan

DAY = date(2005, 7, 10)
rates = st.decimals(min_value=0, max_value=1, places=6)
amounts = st.integers(1, 10**12)


def flat(rate: str = "0.1413") -> FlatPlan:
    return read_plan({"currency": "CNY", "rate": rate})


@pytest.mark.parametrize(
    ("amount", "rate", "commission"),
    [
        (100_000, "0.1413", 14_130),
        (1, "0.5", 1),  # half up
        (1, "0.499999", 0),
        (333, "0.1", 33),
        (335, "0.1", 34),
        (10**18, "0.333333", 333_333 * 10**12),
        (10_000, "0", 0),
    ],
)
def test_a_payment_earns_its_rate_rounded_half_up_once(amount: int, rate: str, commission: int) -> None:
    (earning,) = earnings(flat(rate), [PaidCredit(1, amount, DAY)])

    assert (earning.base, earning.rate, earning.commission, earning.reason) == (
        amount, Decimal(rate), commission, "rate",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("plan", "code", "key"),
    [
        ({"currency": "CNY"}, "no_rate", "rate"),
        ({"currency": "CNY", "rate": "a third"}, "no_rate", "rate"),
        ({"currency": "CNY", "rate": "NaN"}, "rate_out_of_range", "rate"),
        ({"currency": "CNY", "rate": "1.01"}, "rate_out_of_range", "rate"),
        ({"currency": "CNY", "rate": "-0.1"}, "rate_out_of_range", "rate"),
        ({"rate": "0.2"}, "unknown_currency", "currency"),
        ({"currency": "CNY", "rate": "0.2", "bonus": "0.1"}, "unknown_key", "bonus"),
        ({"currency": "CNY", "rate": "0.2", "tail": {"weeks": 2}}, "tail", "tail"),
        ({"currency": "CNY", "rate": "0.2", "tail": {"days": -1}}, "tail", "tail"),
        ({"currency": "CNY", "rate": "0.2", "tail": {"days": 1, "months": 1}}, "tail", "tail"),
        ({"currency": "CNY", "rate": "0.2", "tail": "long"}, "tail", "tail"),
    ],
)
def test_a_plan_that_says_anything_else_is_refused_by_name(plan: dict[str, object], code: str, key: str) -> None:
    with pytest.raises(PlanError) as error:
        read_plan(plan)

    assert (error.value.code, error.value.key) == (code, key)


def test_a_tail_is_attributions_business_and_changes_no_rate() -> None:
    assert read_plan({"currency": "CNY", "rate": "0.2", "tail": {"months": 1}}) == read_plan(
        {"currency": "CNY", "rate": "0.2"}
    )


def test_a_reversal_of_what_is_nowhere_is_an_error() -> None:
    with pytest.raises(KeyError):
        list(earnings(flat(), [PaidCredit(2, -1, DAY, reverses=1)]))


def test_a_reversal_takes_back_what_an_earlier_statement_paid() -> None:
    paid = {1: Earned(amount=10_000, commission=1_413)}

    (earning,) = earnings(flat("0.5"), [PaidCredit(2, -10_000, DAY, reverses=1)], paid)

    assert (earning.commission, earning.reason) == (-1_413, "reversal")
    assert paid[1].reversed_commission == 0  # what was handed in stays as it was


def test_a_payment_that_is_drawn_anew_knows_what_was_taken_back_elsewhere() -> None:
    taken = {1: Earned(0, 0, reversed_amount=1, reversed_commission=1)}  # a third of 2, rounded up

    lines = list(earnings(flat("0.666666"), [PaidCredit(1, 3, DAY), PaidCredit(3, -2, DAY, reverses=1)], taken))

    assert [line.commission for line in lines] == [2, -1]


@st.composite
def taken_back(draw: st.DrawFn) -> list[PaidCredit]:
    """A payment and reversals that take all of it back, in any order of value dates."""
    amount = draw(st.integers(1, 10**9))
    cuts = sorted(draw(st.sets(st.integers(1, amount), max_size=5)) | {amount})
    parts = [end - start for start, end in zip([0, *cuts], cuts, strict=False)]
    days = st.dates(date(2005, 7, 1), date(2005, 9, 30))
    payment = PaidCredit(1, amount, draw(days))
    return [payment, *(PaidCredit(n, -part, draw(days), reverses=1) for n, part in enumerate(parts, 2))]


@given(rates, taken_back())
def test_a_payment_and_all_that_takes_it_back_net_to_zero(rate: Decimal, credited: list[PaidCredit]) -> None:
    lines = list(earnings(FlatPlan("CNY", rate), credited))

    assert sum(line.base for line in lines) == 0
    assert sum(line.commission for line in lines) == 0
    assert all(line.commission <= 0 for line in lines[1:])


@given(rates, taken_back(), st.randoms(use_true_random=False), st.integers(0, 6))
def test_the_order_of_arrival_and_the_cut_between_statements_do_not_change_the_sum(
    rate: Decimal, credited: list[PaidCredit], dice: object, cut: int
) -> None:
    plan, credited = FlatPlan("CNY", rate), credited[: 1 + cut]
    together = sum(line.commission for line in earnings(plan, credited))
    shuffled = sorted(credited, key=lambda _: dice.random())  # type: ignore[attr-defined]

    assert sum(line.commission for line in earnings(plan, shuffled)) == together
    first = list(earnings(plan, credited[:1]))
    assert sum(one_by_one(plan, first[0], credited[1:])) + first[0].commission == together


def one_by_one(plan: FlatPlan, payment: Earning, reversals: list[PaidCredit]) -> list[int]:
    """Each reversal on a statement of its own."""
    earned = Earned(payment.credit.amount, payment.commission)
    found = []
    for reversal in reversals:
        (line,) = earnings(plan, [reversal], {payment.credit.id: earned})
        found.append(line.commission)
        earned.reversed_amount -= reversal.amount
        earned.reversed_commission -= line.commission
    return found


@given(rates, st.lists(amounts, max_size=20))
def test_the_sum_is_the_sum_of_its_lines(rate: Decimal, paid: list[int]) -> None:
    credited = [PaidCredit(n, amount, DAY) for n, amount in enumerate(paid)]
    lines = list(earnings(FlatPlan("CNY", rate), credited))

    assert sum(line.commission for line in lines) == sum(
        int((Decimal(amount) * rate).quantize(Decimal(1), "ROUND_HALF_UP")) for amount in paid
    )
