"""What holds whatever the plan, whatever is paid, taken back and told late: properties of the whole notation. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.commission.plan import Basis, Book, Payment, Placing, earn, read_plan
from tests.commission.random_plans import BATCHES, CURRENCY, PLACED, RATES, payments, plans, sliced_bands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from portal.commission.plan import Line, Plan

CHANCE = st.randoms(use_true_random=False)


def lines_of(plan: Plan, paid: Sequence[Payment], issued: dict[str, int] | None = None) -> list[Line]:
    return earn(plan, paid, Book(placed=PLACED, issued=issued or {}))


def total(lines: Iterable[Line]) -> int:
    return sum(line.commission for line in lines)


def left_of(paid: Sequence[Payment]) -> dict[str, int]:
    """What is left of each payment; never less than nothing."""
    left = {payment.id: payment.amount for payment in paid if not payment.reverses}
    for payment in paid:
        if payment.reverses:
            left[payment.reverses] = max(left[payment.reverses] + payment.amount, 0)
    return left


def statements(plan: Plan, paid: Sequence[Payment], chance: Random) -> tuple[int, dict[str, int]]:
    """What statement after statement pays as payments become known, a reversal never before its payment; in all and of each."""
    known: list[Payment] = []
    waiting = sorted(paid, key=lambda payment: payment.id)
    chance.shuffle(waiting)
    issued: dict[str, int] = {}
    paid_in_all = 0
    while waiting:
        there = {payment.id for payment in known}
        able = [each for each in waiting if not each.reverses or each.reverses in there]
        now = able[: chance.randint(1, len(able))]
        known += now
        waiting = [each for each in waiting if each not in now]
        lines = lines_of(plan, known, issued)
        for line in lines:
            issued[line.payment.id] = issued.get(line.payment.id, 0) + line.commission
        paid_in_all += total(lines)
    return paid_in_all, issued


# --- of any plan ------------------------------------------------------------------------------------------------------------


@given(plans(), payments())
def test_each_payment_has_one_line_that_says_why_and_takes_no_more_than_was_paid(
    terms: dict[str, Any], paid: list[Payment]
) -> None:
    lines = lines_of(read_plan(terms), paid)

    assert sorted(line.payment.id for line in lines) == sorted(payment.id for payment in paid)
    assert [(line.payment.paid_on, line.payment.id) for line in lines] == sorted((p.paid_on, p.id) for p in paid)
    for line in lines:
        assert line.reason
        if line.payment.reverses is None:
            assert line.commission >= 0
        if line.reason in ("outside_placement", "free_period", "below_first_band"):
            assert line.commission == 0


@given(plans(), payments(), CHANCE)
def test_the_order_in_which_rows_stand_changes_no_line(
    terms: dict[str, Any], paid: list[Payment], chance: Random
) -> None:
    plan, mixed = read_plan(terms), list(paid)
    chance.shuffle(mixed)
    assert lines_of(plan, mixed) == lines_of(plan, paid)


@given(plans(), payments())
def test_a_pair_nets_to_nothing_and_leaves_no_trace_in_any_other_line(
    terms: dict[str, Any], paid: list[Payment]
) -> None:
    """Payments with what reverses them whole, however many parts that took."""
    plan, left = read_plan(terms), left_of(paid)
    undone = {number for number, amount in left.items() if not amount}
    lines = lines_of(plan, paid)
    net: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        net[line.payment.reverses or line.payment.id] += line.commission

    assert all(net[number] == 0 for number in undone)
    rest = [payment for payment in paid if (payment.reverses or payment.id) not in undone]
    others = [line for line in lines if (line.payment.reverses or line.payment.id) not in undone]
    assert lines_of(plan, rest) == others


@settings(max_examples=300)
@given(plans(), payments(), CHANCE)
def test_the_order_of_arrival_does_not_change_what_is_paid_in_the_end(
    terms: dict[str, Any], paid: list[Payment], chance: Random
) -> None:
    """Of any plan, with minima and caps: what is drawn up late re-rates and re-cuts what was issued, by true-ups."""
    plan = read_plan(terms)
    in_all, issued = statements(plan, paid, chance)

    assert in_all == total(lines_of(plan, paid))
    assert lines_of(plan, paid, issued) == []


@given(plans(), payments())
def test_a_cap_of_an_amount_holds_in_its_scope(terms: dict[str, Any], paid: list[Payment]) -> None:
    capped = read_plan(terms | {"cap": {"per": "placement", "amount": "10.00"}})
    by_place: defaultdict[str, int] = defaultdict(int)
    for line in lines_of(capped, paid):
        by_place[line.payment.placing.id] += line.commission
    assert all(amount <= 1_000 for amount in by_place.values())


# --- of plans by what a batch recovers --------------------------------------------------------------------------------------


def half_up(amount: Fraction) -> int:
    return (amount + Fraction(1, 2)).__floor__()


def met(row: dict[str, Any], value: Fraction) -> bool:
    return value >= Fraction(row["from"]) if "from" in row else value > Fraction(row["above"])


def due(bands: dict[str, Any], placed: int, recovered: int, extra: Fraction) -> Fraction:
    """What so much of a batch earns, unrounded, worked out apart from the engine; `extra`: points on each rate."""
    unit = placed if bands["by"] == "recovery_rate" else 100
    rows = bands["rows"]
    if bands["mode"] == "whole":
        rates = [Fraction(row["rate"]) for row in rows if met(row, Fraction(recovered, unit))]
        return recovered * (rates[-1] + extra) if rates else Fraction(0)
    starts = [Fraction(row.get("from", row.get("above"))) * unit for row in rows]
    found = Fraction(0)
    for number, row in enumerate(rows):
        end = min([Fraction(recovered), *starts[number + 1 : number + 2]])
        found += max(end - starts[number], Fraction(0)) * (Fraction(row["rate"]) + extra)
    return found


BATCH_BANDS = sliced_bands(("recovery_rate", "batch_recovered"))
EXTRA = st.none() | st.tuples(st.sampled_from(["0", "0.2", "0.9"]), st.sampled_from(["0.01", "0.125"]))


@settings(max_examples=300)
@given(BATCH_BANDS, EXTRA, payments(), CHANCE)
def test_lines_of_a_batch_with_their_true_ups_end_at_the_rounded_commission_of_its_net_total(
    bands: dict[str, Any], extra: tuple[str, str] | None, paid: list[Payment], chance: Random
) -> None:
    """Each batch by itself, parts that were taken back included. `extra`: points from a recovery rate on.

    Left out are minimum and cap, which work line by line, rates of the payment's own stage or of a small balance, and slices of
    a part that earns: of those no total of the batch is a measure.
    """
    surcharges = [{"by": "recovery_rate", "from": extra[0], "add": extra[1]}] if extra else []
    plan = read_plan({"currency": CURRENCY, "bands": bands, "surcharges": surcharges, "tail": {"days": 5}})
    _, issued = statements(plan, paid, chance)
    left, earning = (
        left_of(paid),
        {line.payment.id for line in lines_of(plan, paid) if line.reason != "outside_placement"},
    )
    recovered = dict.fromkeys(PLACED, 0)
    for payment in paid:
        if not payment.reverses and payment.id in earning:
            recovered[payment.placing.batch] += left[payment.id]
    paid_for = dict.fromkeys(PLACED, 0)
    for payment in paid:
        paid_for[payment.placing.batch] += issued.get(payment.id, 0)

    for batch, placed in PLACED.items():
        points = Fraction(extra[1]) if extra and recovered[batch] >= Fraction(extra[0]) * placed else Fraction(0)
        assert paid_for[batch] == half_up(due(bands, placed, recovered[batch], points)), batch


# --- more is never less -----------------------------------------------------------------------------------------------------


@st.composite
def _rising(draw: st.DrawFn) -> dict[str, Any]:
    """Plans of which it holds that more recovered never earns less; which these are stands with the test."""
    bands = draw(sliced_bands(rising=True))
    found: dict[str, Any] = {"currency": CURRENCY, "tail": {"days": 5}, "free_days": draw(st.sampled_from([0, 5]))}
    found |= {"rate": str(draw(RATES))} if draw(st.booleans()) else {"bands": bands}
    by_batch = "bands" in found and bands["by"] != "payment_amount"
    if draw(st.booleans()):
        small = [{"upto": "200.00", "rate": "0.50"}, *([] if by_batch else [{"upto": "400.00", "minimum": "30.00"}])]
        found["small_balance"] = small
    if draw(st.booleans()):
        found["surcharges"] = [{"by": "age_months", "from": "10", "add": "0.05"}]
    if draw(st.booleans()):
        found["cap"] = {"per": "placement", "amount": "300.00"} | ({} if by_batch else {"share": "0.22"})
        if by_batch:
            found["cap"]["per"] = "contract"
    if draw(st.booleans()) and not by_batch:
        found["minimum"] = {"per": "payment", "amount": "12.00"}
    return found


@settings(max_examples=300)
@given(_rising(), payments(reversals=False), st.integers(0, 5), st.integers(1, 400_000), st.booleans())
def test_marginal_commission_never_falls_when_more_is_recovered(
    terms: dict[str, Any], paid: list[Payment], which: int, more: int, is_another: bool
) -> None:
    """A payment is higher, or there is another one: the commission of all is no lower.

    It holds for flat rates, for slices of whatever rates, and for whole bands whose rates do not fall, with what does not
    depend on what is recovered (surcharges and small balances by the placement, free days, tail), minimum and cap. Left out:
    - whole bands with a lower rate further up, and surcharges or small balances by the payment's amount that lower a rate:
      their cliff downwards is what the contract says, and the page of the plan shows it;
    - stage rates beside bands by the batch: a payment at its own rate takes up a slice that others would have earned in;
    - a minimum or a cap's share on lines of a batch: these work line by line, and where a cent of the rounded sum falls is
      moved by what comes before, so that the sum may be a cent lower; a cap by placement on them likewise.
    """
    plan = read_plan(terms)
    one = paid[which % len(paid)]
    if is_another:
        then = [*paid, replace(one, id="more", amount=more, paid_on=one.paid_on + timedelta(days=1))]
    else:
        then = [replace(one, amount=one.amount + more) if payment is one else payment for payment in paid]
    assert total(lines_of(plan, paid)) <= total(lines_of(plan, then))


@given(RATES, st.integers(1, 10**6), st.integers(0, 10**6), BATCHES)
def test_a_part_that_earns_earns_in_proportion(rate: object, amount: int, part: int, batch: str) -> None:
    """The basis is exact: what a payment of the part alone would earn."""
    part = min(part, amount)
    whole = read_plan({"currency": CURRENCY, "rate": str(rate)})
    of_it = read_plan({"currency": CURRENCY, "rate": str(rate), "basis": "principal"})
    template = _template(batch)
    told = lines_of(of_it, [replace(template, amount=amount, parts={Basis.PRINCIPAL: part})])
    if part:
        assert total(told) == total(lines_of(whole, [replace(template, amount=part)]))
    else:
        assert total(told) == 0


def _template(batch: str) -> Payment:
    day = date(2024, 1, 1)
    return Payment(id="p", placing=Placing(placed_on=day, batch=batch), amount=1, paid_on=day)
