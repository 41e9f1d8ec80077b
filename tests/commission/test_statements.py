"""Statements: every credit paid once, two people at the bank, and nothing for an agency's eyes before its time."""

from __future__ import annotations

import threading
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.commission.closing import ask_for_period, close_period, draw_period
from portal.commission.models import (
    CommissionLine,
    LineClaim,
    Statement,
    StatementEvent,
    StatementNumber,
    StatementState,
)
from portal.commission.operations import (
    answer_statement,
    confirm_statement,
    contest_statement,
    issue_statement,
    refuse_statement,
    release_statement,
)
from portal.commission.queries import statement_for, statements
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import from_data
from portal.foundation.work import reading, transaction
from tests.commission.factories import JULY, commissions, drawn, make_finance, released, state, total
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

TODAY = date(2005, 10, 1)
AUGUST = date(2005, 8, 1)
S = StatementState
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def test_a_month_is_drawn_up_line_by_line_with_the_why(db_session: Session) -> None:
    held = held_account("0.1413")
    bring_payments(payments_file(held.account, paid("P-1", "1000.05"), paid("P-2", day="2005-08-01")))

    (statement_id,) = drawn(make_finance())

    statement = db_session.scalars(sa.select(Statement)).one()
    assert (statement.recovered_minor, statement.total_minor, statement.line_count) == (100_005, 14_131, 1)
    assert statement.number == f"CS-2005-07-{held.agency.code}-TWD-1"
    line = db_session.scalars(sa.select(CommissionLine)).one()
    assert (line.payment_ref, line.base_minor, line.rate, line.commission_minor) == ("P-1", 100_005, "0.1413", 14_131)
    why = str(from_data(line.why["message"]))
    for fact in ("2005-07-01", "2005-07-10", "CT-R", "1000.05", "14.13 %", "141.31", "half up"):
        assert fact in why
    assert state(statement_id) is S.DRAWN


def test_each_organisation_and_currency_has_its_own_statement() -> None:
    agency = make_agency()
    for held in (held_account(agency=agency), held_account(agency=agency, currency="CNY"), held_account()):
        bring_payments(payments_file(held.account, paid(f"P-{held.account.id}")))

    assert len(drawn(make_finance())) == 3


def test_drawing_twice_pays_nothing_twice(db_session: Session) -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (first,) = drawn(finance)

    assert drawn(finance) == []
    assert state(first) is S.DRAWN
    assert db_session.scalar(sa.select(sa.func.count()).select_from(LineClaim)) == 1


def test_a_drawn_statement_takes_in_what_came_later_as_a_new_one() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (first,) = drawn(finance)
    bring_payments(payments_file(held.account, paid("P-2")))

    (second,) = drawn(finance)

    assert (state(first), state(second)) == (S.WITHDRAWN, S.DRAWN)
    assert commissions(second) == [("P-1", 2_000), ("P-2", 2_000)]


def test_a_late_payment_stands_on_the_next_statement_and_not_on_a_released_one() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (july,) = released(finance)
    bring_payments(payments_file(held.account, paid("LATE"), paid("P-2", day="2005-08-05")))

    (august,) = drawn(finance, AUGUST)

    assert commissions(july) == [("P-1", 2_000)]
    assert commissions(august) == [("LATE", 2_000), ("P-2", 2_000)]


def test_a_month_that_is_not_over_is_not_drawn_up() -> None:
    finance = make_finance()

    for draw in (draw_period, ask_for_period):
        with pytest.raises(DomainError) as error:
            draw(finance.issuer, date(2005, 10, 1))
        assert error.value.code == "commission.period_open"


def test_a_reversal_on_a_later_statement_takes_back_what_was_earned_to_the_cent() -> None:
    held, finance = held_account("0.3333"), make_finance()
    bring_payments(payments_file(held.account, paid("P-1", "10.00")))
    (july,) = released(finance)
    parts = [
        reversal(f"R-{n}", "P-1", amount, f"2005-0{8 if n < 3 else 9}-10")
        for n, amount in ((1, "3.33"), (2, "3.33"), (3, "3.34"))
    ]
    bring_payments(payments_file(held.account, *parts))

    (august,) = released(finance, AUGUST)
    (september,) = drawn(finance, date(2005, 9, 1))

    assert total(july) == 333
    assert total(july) + total(august) + total(september) == 0


def test_a_reversal_dated_before_its_payment_waits_for_the_payments_month() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-08-02"), reversal("R-1", "P-1", day="2005-07-30")))

    assert drawn(finance) == []
    (august,) = drawn(finance, AUGUST)
    assert commissions(august) == [("R-1", -2_000), ("P-1", 2_000)]


def test_what_follows_a_statement_waits_for_its_release() -> None:
    held, other, finance = held_account(), held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (july,) = drawn(finance)
    bring_payments(payments_file(held.account, paid("P-2", day="2005-08-10")))
    bring_payments(payments_file(other.account, paid("P-3", day="2005-08-10")))

    close = close_period(finance.issuer, AUGUST)

    assert [statement.organisation_id for statement in close.drawn] == [other.agency.id]
    ((name, error),) = close.refused
    assert (name, error.code) == (held.agency.name, "commission.earlier_open")
    issue_statement(finance.issuer, july)
    assert [error.code for _, error in close_period(finance.issuer, AUGUST).refused] == ["commission.earlier_open"]
    release_statement(finance.releaser, july)
    assert len(drawn(finance, AUGUST)) == 1


def test_numbers_follow_each_other_for_each_organisation_and_a_withdrawn_draft_takes_none() -> None:
    held, other, finance = held_account(), held_account(), make_finance()
    for each in (held, other):
        bring_payments(payments_file(each.account, paid(f"P-{each.account.id}")))
    first, second = drawn(finance)
    refuse_statement(finance.issuer, first, "the contract is being looked at")
    released(finance)
    issue_statement(finance.issuer, second)
    release_statement(finance.releaser, second)
    bring_payments(payments_file(held.account, paid("LATER", day="2005-08-10")))
    released(finance, AUGUST)

    with reading(observer()) as session:
        numbers = session.scalars(sa.select(StatementNumber.number).order_by(StatementNumber.number)).all()
    assert sorted(numbers) == sorted(
        [f"CS-{held.agency.code}-2005-0001", f"CS-{held.agency.code}-2005-0002", f"CS-{other.agency.code}-2005-0001"]
    )


def test_the_database_itself_refuses_a_number_that_leaves_a_gap() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = drawn(finance)

    with pytest.raises(DBAPIError, match="follow each other"), transaction(observer()) as work:
        work.session.add(
            StatementNumber(
                statement_id=statement_id, organisation_id=held.agency.id, year=2005, serial=2, number="CS-GAP"
            )
        )


def test_after_a_withdrawal_the_month_can_be_asked_for_again() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    first = ask_for_period(finance.issuer, JULY).id
    assert ask_for_period(finance.issuer, JULY).id == first
    (statement_id,) = drawn(finance)
    refuse_statement(finance.issuer, statement_id, "too early")

    assert ask_for_period(finance.issuer, JULY).id != first
    assert len(drawn(finance)) == 1


def test_a_plan_in_another_currency_than_the_payment_stops_the_drawing(db_session: Session) -> None:
    (account,) = make_book()
    place(account, make_agency(), JULY, plan_currency="CNY")
    bring_payments(payments_file(account, paid("P-1")))

    with pytest.raises(DomainError) as error:
        drawn(make_finance())

    assert error.value.code == "commission.plan"
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Statement))


# --- two people --------------------------------------------------------------------------------------------------------


def test_who_issued_a_statement_does_not_release_it() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = drawn(finance)
    issue_statement(finance.issuer, statement_id)

    with pytest.raises(Refused) as refused:
        release_statement(finance.issuer, statement_id)

    assert refused.value.code == "statement.own_issue"
    assert state(statement_id) is S.ISSUED
    release_statement(finance.releaser, statement_id)
    assert state(statement_id) is S.RELEASED


def test_the_database_itself_refuses_a_release_by_the_issuer() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = drawn(finance)
    issue_statement(finance.issuer, statement_id)

    with pytest.raises(DBAPIError, match="does not release"), transaction(finance.issuer) as work:
        work.session.add(
            StatementEvent(
                statement_id=statement_id, organisation_id=held.agency.id, state=S.RELEASED,
                by_user_id=finance.maker.id, by_name="x", at=work.now, reason="",
            )
        )  # fmt: skip
    assert state(statement_id) is S.ISSUED


def test_the_database_itself_refuses_to_issue_what_is_not_the_sum_of_its_lines() -> None:
    held = held_account()
    with pytest.raises(DBAPIError, match="not the sum"), transaction(observer()) as work:
        statement = Statement(
            draft_number="FALSE", organisation_id=held.agency.id, currency="TWD", period=JULY, recovered_minor=0, total_minor=1,
            line_count=0, drawn_at=work.now,
        )  # fmt: skip
        work.session.add(statement)
        work.session.flush()
        work.session.add(
            StatementEvent(
                statement_id=statement.id, organisation_id=held.agency.id, state=S.ISSUED, by_name="x", at=work.now,
                reason="",
            )
        )  # fmt: skip


def test_steps_that_the_state_does_not_allow_are_refused() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = drawn(finance)

    with pytest.raises(Refused):
        release_statement(finance.releaser, statement_id)
    issue_statement(finance.issuer, statement_id)
    with pytest.raises(Refused):
        issue_statement(finance.releaser, statement_id)
    release_statement(finance.releaser, statement_id)
    with pytest.raises(Refused):
        refuse_statement(finance.issuer, statement_id, "too late for that")
    with pytest.raises(Refused):
        answer_statement(finance.issuer, statement_id, "nobody asked")


# --- the agency --------------------------------------------------------------------------------------------------------


def test_an_agency_sees_nothing_of_a_statement_before_its_release() -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = drawn(finance)
    issue_statement(finance.issuer, statement_id)

    with reading(held.actor) as session:
        assert session.execute(statements(held.actor)).all() == []
        with pytest.raises(NotFound):
            statement_for(session, held.actor, statement_id)
    with pytest.raises(NotFound):
        confirm_statement(held.actor, statement_id)

    release_statement(finance.releaser, statement_id)
    with reading(held.actor) as session:
        assert [row.state for row in session.execute(statements(held.actor))] == [S.RELEASED]


def test_another_agencys_statement_is_not_there() -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = released(make_finance())

    with reading(other.actor) as session, pytest.raises(NotFound):
        statement_for(session, other.actor, statement_id)
    with pytest.raises(NotFound):
        confirm_statement(other.actor, statement_id)


def test_a_statement_is_contested_answered_and_confirmed_each_with_its_words(db_session: Session) -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, paid("P-1")))
    (statement_id,) = released(finance)

    with pytest.raises(DomainError):
        contest_statement(held.actor, statement_id, "  ")
    contest_statement(held.actor, statement_id, "line 1: the rate was 25 %")
    with pytest.raises(Refused):
        confirm_statement(held.actor, statement_id)
    answer_statement(finance.issuer, statement_id, "25 % is agreed from August on")
    confirm_statement(held.actor, statement_id)

    events = db_session.scalars(sa.select(StatementEvent).order_by(StatementEvent.id)).all()
    assert [event.state for event in events] == [S.DRAWN, S.ISSUED, S.RELEASED, S.CONTESTED, S.ANSWERED, S.CONFIRMED]
    assert events[3].reason == "line 1: the rate was 25 %"
    assert events[5].by_user_id == held.leader.id


# --- at once -----------------------------------------------------------------------------------------------------------


@pytest.mark.databases("postgresql")
def test_two_people_who_close_a_month_at_once_pay_each_credit_once(app: Flask, db_session: Session) -> None:
    held, finance = held_account(), make_finance()
    bring_payments(payments_file(held.account, *(paid(f"P-{n}") for n in range(40))))
    found: list[int] = []
    start = threading.Barrier(3)

    def close() -> None:
        with app.app_context():
            start.wait(10)
            found.append(len(draw_period(finance.issuer, JULY)))

    threads = [threading.Thread(target=close) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(found) == [0, 0, 1]
    assert db_session.scalar(sa.select(sa.func.count()).select_from(LineClaim)) == 40
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Statement)) == 1
