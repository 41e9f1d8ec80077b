"""Two at once, on PostgreSQL: nothing is paid twice, no number is left out, and whoever comes second is told."""

from __future__ import annotations

import threading
import time
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.commission import operations
from portal.commission.charge_models import ChargeClaim
from portal.commission.charging import approve_charge, propose_adjustment
from portal.commission.closing import close_period, draw_period
from portal.commission.models import LineClaim, Statement, StatementNumber, StatementState
from portal.commission.operations import issue_statement, release_statement
from portal.commission.rerunning import rerun
from portal.foundation.access import Role
from portal.foundation.errors import DomainError
from portal.foundation.work import reading
from portal.recovery.models import Attribution
from tests.commission.factories import JULY, commissions, drawn, make_finance, state
from tests.commission.test_beside import adjustment
from tests.commission.test_plans_paid import AUGUST, all_statements, assert_reruns_are_equal, post, was_withdrawn
from tests.identity.factories import actor_of, make_user, observer
from tests.recovery.factories import Held, held_account
from tests.recovery.test_payments import paid

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

pytestmark = [pytest.mark.settings(today=date(2005, 12, 1)), pytest.mark.databases("postgresql")]
S = StatementState


def at_once(app: Flask, *deeds: Callable[[], object]) -> list[str]:
    """Everybody begins at the same moment; the codes of those that were refused, in the order of the deeds ("": done)."""
    start, told = threading.Barrier(len(deeds)), [""] * len(deeds)

    def do(number: int, deed: Callable[[], object]) -> None:
        with app.app_context():
            start.wait(10)
            try:
                deed()
            except DomainError as error:
                told[number] = error.code
            except Exception as error:  # nobody is to meet anything else; the test says what it was
                told[number] = repr(error)

    threads = [threading.Thread(target=do, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


def standing() -> list[int]:
    return [number for number in all_statements() if not was_withdrawn(number)]


def claims() -> list[int]:
    """What statements pay: the credits, each as often as one holds it."""
    with reading(observer()) as session:
        return list(session.scalars(sa.select(LineClaim.attribution_id).order_by(LineClaim.attribution_id)))


def all_credits() -> list[int]:
    with reading(observer()) as session:
        return list(session.scalars(sa.select(Attribution.id).order_by(Attribution.id)))


def numbers_of(held: Held) -> list[int]:
    with reading(observer()) as session:
        wanted = sa.select(StatementNumber.serial).where(StatementNumber.organisation_id == held.agency.id)
        return list(session.scalars(wanted.order_by(StatementNumber.serial)))


def test_two_closes_at_once_pay_nothing_twice_and_numbers_have_no_gaps(app: Flask) -> None:
    """Of several organisations and two months; all that comes of it is released by four at once."""
    agencies, finance = [held_account("0.10") for _ in range(3)], make_finance()
    for n, held in enumerate(agencies):
        post(held, *(paid(f"P-{n}-{day}", day=f"2005-07-{day:02}") for day in range(1, 9)))

    assert at_once(app, *[lambda: draw_period(finance.issuer, JULY)] * 3) == ["", "", ""]

    assert len(standing()) == 3
    assert claims() == all_credits()
    for statement in standing():
        issue_statement(finance.issuer, statement)
    deeds = [lambda number=number: release_statement(finance.releaser, number) for number in standing() * 2]
    assert sorted(at_once(app, *deeds)) == ["", "", ""] + ["statement.state"] * 3
    for n, held in enumerate(agencies):
        post(held, paid(f"Q-{n}", day="2005-08-08"))
    assert at_once(app, *[lambda: draw_period(finance.issuer, AUGUST)] * 2) == ["", ""]
    for statement in standing():
        if state(statement) is S.DRAWN:
            issue_statement(finance.issuer, statement)
            release_statement(finance.releaser, statement)
    assert [numbers_of(held) for held in agencies] == [[1, 2]] * 3
    paid_for = sorted(line for statement in standing() for line in commissions(statement))
    wanted = [(f"P-{n}-{day}", 1_000) for n in range(3) for day in range(1, 9)]
    assert paid_for == sorted([*wanted, *((f"Q-{n}", 1_000) for n in range(3))])
    assert_reruns_are_equal()


def test_the_last_numbers_of_an_organisation_are_drawn_one_after_the_other(app: Flask) -> None:
    """Statements of one organisation in four currencies, released at the same moment."""
    first, finance = held_account("0.10"), make_finance()
    others = [held_account("0.10", agency=first.agency, currency=currency) for currency in ("CNY", "USD", "EUR")]
    for held in (first, *others):
        post(held, paid(f"P-{held.account.currency}") | {"currency": held.account.currency})
    found = drawn(finance)
    for number in found:
        issue_statement(finance.issuer, number)

    told = at_once(app, *(lambda number=number: release_statement(finance.releaser, number) for number in found))

    assert told == [""] * 4
    assert numbers_of(first) == [1, 2, 3, 4]


def test_of_two_who_release_a_statement_at_once_one_does(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = operations._issuer  # asked once a statement is found fit to be released

    def slowly(work: Work, statement: Statement) -> int | None:
        time.sleep(0.3)  # so that the other one comes in between, if nothing keeps it out
        return asked(work, statement)

    monkeypatch.setattr(operations, "_issuer", slowly)
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1"))
    (statement,) = drawn(finance)
    issue_statement(finance.issuer, statement)
    second = actor_of(make_user(Role.FINANCE))

    told = at_once(app, *(lambda who=who: release_statement(who, statement) for who in (finance.releaser, second)))

    assert sorted(told) == ["", "statement.state"]
    assert numbers_of(held) == [1]


def test_what_is_posted_during_a_close_is_on_this_statement_or_the_next(app: Flask) -> None:
    """Statements that are released stay as they are; each credit is held by one of them, none by two, none by nobody."""
    held, finance = held_account("0.10"), make_finance()
    post(held, *(paid(f"P-{n}", "10.00") for n in range(10)))

    def bring() -> None:
        for n in range(10, 40):
            post(held, paid(f"P-{n}", "10.00"))

    def close() -> None:
        for period in (JULY, AUGUST, date(2005, 9, 1), date(2005, 10, 1)):
            for number in [statement.id for statement in draw_period(finance.issuer, period)]:
                issue_statement(finance.issuer, number)
                release_statement(finance.releaser, number)

    assert at_once(app, bring, close) == ["", ""]
    before = {number: commissions(number) for number in standing()}
    draw_period(finance.issuer, date(2005, 11, 1))

    assert {number: commissions(number) for number in before} == before
    found = sorted(line for number in standing() for line in commissions(number))
    assert found == sorted((f"P-{n}", 100) for n in range(40))
    assert claims() == all_credits()
    assert_reruns_are_equal()


def test_an_adjustment_that_is_approved_during_a_close_is_paid_once_then_or_next_time(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, *(paid(f"P-{n}", "10.00") for n in range(20)))
    proposed = [propose_adjustment(finance.issuer, adjustment(held, "1.00")) for _ in range(8)]

    def approve(who: Actor) -> None:
        for charge in proposed:
            approve_charge(who, charge)

    told = at_once(app, lambda: approve(finance.releaser), *[lambda: close_period(finance.issuer, JULY)] * 2)
    assert told == ["", "", ""]
    for number in standing():
        issue_statement(finance.issuer, number)
        release_statement(finance.releaser, number)
    close_period(finance.issuer, AUGUST)
    assert close_period(finance.issuer, AUGUST).refused == []

    with reading(observer()) as session:
        held_charges = list(session.scalars(sa.select(ChargeClaim.charge_id).order_by(ChargeClaim.charge_id)))
        totals = session.scalars(sa.select(Statement.total_minor).where(Statement.id.in_(standing()))).all()
    assert held_charges == sorted(proposed)
    assert sum(totals) == 20 * 100 + 8 * 100
    assert all(rerun(observer(), number).is_equal for number in standing())
