"""Statements under plans of every kind: what is issued stays, what has changed since is on the next one."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.commission.closing import close_period, draw_period
from portal.commission.models import CommissionLine, Statement, StatementState
from portal.commission.rerunning import rerun
from portal.foundation.errors import NotFound
from portal.foundation.language import from_data
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.recovery.models import Attribution
from tests.commission.factories import JULY, commissions, drawn, make_finance, released, state, total
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, payments_file
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask

TODAY = date(2005, 12, 1)
AUGUST, SEPTEMBER, OCTOBER = (date(2005, month, 1) for month in (8, 9, 10))
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]

# of 100,000.00 placed
LADDER: dict[str, Any] = {
    "bands": {
        "by": "recovery_rate",
        "mode": "whole",
        "rows": [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}, {"above": "0.3", "rate": "0.05"}],
    }
}


def lines(statement_id: int) -> list[tuple[str, int, str]]:
    """Payment, commission and reason of each line."""
    with reading(observer()) as session:
        wanted = sa.select(CommissionLine).where(CommissionLine.statement_id == statement_id)
        found = session.scalars(wanted.order_by(CommissionLine.position))
        return [(line.payment_ref, line.commission_minor, line.reason) for line in found]


def why(statement_id: int, position: int) -> str:
    with reading(observer()) as session:
        wanted = sa.select(CommissionLine.why).where(
            CommissionLine.statement_id == statement_id, CommissionLine.position == position
        )
        return str(from_data(session.scalars(wanted).one()["message"]))


def post(held: Held, *rows: dict[str, str]) -> None:
    assert bring_payments(payments_file(held.account, *rows))["status"] == "applied"


def assert_reruns_are_equal() -> None:
    with reading(observer()) as session:
        numbers = session.scalars(sa.select(Statement.id)).all()
    for number in numbers:
        again = rerun(observer(), number)
        assert again.is_equal, again.differences
        assert again.issued == again.now == total(number)


def test_a_higher_step_re_rates_what_is_open_and_trues_up_what_was_issued() -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"), paid("P-3", "1000.00", "2005-08-11"))

    (august,) = released(finance, AUGUST)

    assert lines(july) == [("P-1", 20_000, "rate")]
    assert lines(august) == [("P-1", 10_000, "true_up"), ("P-2", 18_000, "rate"), ("P-3", 3_000, "rate")]
    assert "recovery rate of the batch 17 %; paid so far TWD 200.00" in why(august, 1)
    assert "recovery rate of the batch 17 %; TWD 6000.00" in why(august, 2)
    assert_reruns_are_equal()


def test_a_reversal_after_the_true_up_takes_back_all_that_its_payment_earned_and_what_it_lifted() -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    released(finance, AUGUST)
    post(held, reversal("R-2", "P-2", "6000.00", "2005-09-05"))

    (september,) = released(finance, SEPTEMBER)

    assert lines(september) == [("P-1", -10_000, "true_up"), ("R-2", -18_000, "reversal")]
    assert_reruns_are_equal()


def test_a_reversal_takes_its_amount_off_the_base_of_its_statement() -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "100.00"), paid("P-2", "50.00"), reversal("R-1", "P-1", "30.00", "2005-07-20"))

    (july,) = drawn(finance)

    with reading(observer()) as session:
        wanted = sa.select(CommissionLine).where(CommissionLine.statement_id == july).order_by(CommissionLine.paid_on)
        bases = {line.payment_ref: line.base_minor for line in session.scalars(wanted)}
    assert bases == {"P-1": 10_000, "P-2": 5_000, "R-1": -3_000}
    assert sum(bases.values()) == recovered(july)
    assert "reversal of TWD 30.00 takes back TWD 3.00" in why(july, 3)


def test_what_was_issued_of_a_credit_that_is_somebody_elses_now_is_taken_back_and_paid_to_whom_it_is_due() -> None:
    held, other, finance = held_account("0.10"), held_account("0.30"), make_finance()
    post(held, paid("P-1", "100.00"), paid("P-2", "50.00"))
    (july,) = released(finance)
    credited_to(other, "P-1")

    mine, theirs = drawn(finance, AUGUST)

    assert lines(july) == [("P-1", 1_000, "rate"), ("P-2", 500, "rate")]
    assert lines(mine) == [("P-1", -1_000, "taken_back")]
    assert lines(theirs) == [("P-1", 3_000, "rate")]
    assert recovered(july) + recovered(mine) == 5_000
    assert drawn(finance, AUGUST) == []
    assert_reruns_are_equal()


def test_a_lower_total_after_a_credit_went_trues_the_rest_down() -> None:
    held, other, finance = held_account(plan=LADDER), held_account(), make_finance()
    post(held, paid("P-1", "10000.00"), paid("P-2", "6000.00"))
    (july,) = released(finance)
    credited_to(other, "P-2")

    mine, _ = drawn(finance, AUGUST)

    assert lines(july) == [("P-1", 30_000, "rate"), ("P-2", 18_000, "rate")]
    assert lines(mine) == [("P-1", -10_000, "true_up"), ("P-2", -18_000, "taken_back")]
    assert_reruns_are_equal()


def credited_to(held: Held, payment_ref: str) -> None:
    """A later decision gives a payment to whoever holds another account."""
    with transaction(observer()) as work:
        before = work.session.scalars(sa.select(Attribution).where(Attribution.payment_ref == payment_ref)).one()
        placement = work.session.scalars(sa.select(Placement).where(Placement.id == held.placement_id)).one()
        work.session.add(
            Attribution(
                payment_id=before.payment_id, organisation_id=held.agency.id, placement_id=held.placement_id,
                batch_id=placement.batch_id, account_id=before.account_id, decision=before.decision,
                payment_ref=payment_ref, paid_on=before.paid_on, currency=before.currency,
                credit_minor=before.credit_minor, amount_minor=before.amount_minor, rule="by-hand/1", trace=before.trace,
                supersedes_id=before.id, decided_at=work.now,
            )
        )  # fmt: skip


def recovered(statement_id: int) -> int:
    with reading(observer()) as session:
        return session.scalars(sa.select(Statement.recovered_minor).where(Statement.id == statement_id)).one()


def test_a_cap_of_the_contract_counts_over_months_and_says_so() -> None:
    held, finance = held_account(plan={"rate": "0.10", "cap": {"per": "contract", "amount": "150"}}), make_finance()
    post(held, paid("P-1", "1000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "1000.00", "2005-08-10"), paid("P-3", "10.00", "2005-08-11"))

    (august,) = released(finance, AUGUST)

    assert lines(july) == [("P-1", 10_000, "rate")]
    assert lines(august) == [("P-2", 5_000, "cap"), ("P-3", 0, "cap")]
    assert "cut to what the cap leaves, TWD 50.00" in why(august, 1)
    assert_reruns_are_equal()


def test_a_plan_paid_on_principal_names_the_payment_that_does_not_say_its_parts_and_others_are_drawn_up() -> None:
    held, other, finance = held_account(plan={"rate": "0.10", "basis": "principal"}), held_account(), make_finance()
    post(held, paid("P-1") | {"principal": "80.00", "interest": "20.00", "fees": "0"}, paid("P-2"))
    post(other, paid("P-3"))

    close = close_period(finance.issuer, JULY)

    assert [statement.organisation_id for statement in close.drawn] == [other.agency.id]
    ((_, error),) = close.refused
    assert error.code == "commission.part_missing"
    assert "P-2" in str(error.message) and "principal" in str(error.message)
    assert "Not drawn up: 1" in str(close.message())


def test_a_part_of_each_payment_earns_where_the_plan_says_so() -> None:
    held, finance = held_account(plan={"rate": "0.10", "basis": "principal"}), make_finance()
    post(held, paid("P-1") | {"principal": "80.00", "interest": "20.00", "fees": "0"})

    (july,) = drawn(finance)

    assert lines(july) == [("P-1", 800, "rate")]


def test_payments_that_were_issued_stay_equal_when_reckoned_again_whatever_came_since() -> None:
    held, finance = held_account("0.3333"), make_finance()
    post(held, paid("P-1", "10.01"), paid("P-2", "0.01"), reversal("R-1", "P-1", "3.33", "2005-07-20"))
    (july,) = released(finance)
    before = commissions(july)
    post(held, reversal("R-2", "P-1", "6.68", "2005-07-21"), paid("LATE", "77.77", "2005-07-02"))
    released(finance, AUGUST)

    assert commissions(july) == before
    assert_reruns_are_equal()


def test_an_agency_reckons_its_own_statement_again_and_nobody_elses() -> None:
    held, finance = held_account(plan=LADDER), make_finance()
    post(held, paid("P-1", "10000.00"))
    (july,) = released(finance)

    again = rerun(held.actor, july)
    assert again.is_equal
    with pytest.raises(NotFound):
        rerun(held_account().actor, july)


@pytest.mark.databases("postgresql")
def test_payments_that_come_in_during_a_close_are_paid_once_then_or_next_time(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, *(paid(f"P-{n}", "10.00") for n in range(30)))
    start = threading.Barrier(2)

    def bring() -> None:
        with app.app_context():
            start.wait(10)
            for n in range(30, 60):
                post(held, paid(f"P-{n}", "10.00"))

    importing = threading.Thread(target=bring)
    importing.start()
    start.wait(10)
    closed = [draw_period(finance.issuer, JULY) for _ in range(6)]
    importing.join(60)
    draw_period(finance.issuer, JULY)

    assert any(closed)
    standing = [number for number in all_statements() if not was_withdrawn(number)]
    found = [line for number in standing for line in commissions(number)]
    assert sorted(found) == sorted((f"P-{n}", 100) for n in range(60))


def all_statements() -> list[int]:
    with reading(observer()) as session:
        return list(session.scalars(sa.select(Statement.id).order_by(Statement.id)))


def was_withdrawn(statement_id: int) -> bool:
    return state(statement_id) is StatementState.WITHDRAWN
