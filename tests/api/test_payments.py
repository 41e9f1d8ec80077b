"""Payments by the interface: the bank posts, agencies report, both judged as their files are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.api.tokens import make_token
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.recovery.models import Attribution, Decision, Payment
from portal.recovery.rule_models import AboveBalance
from portal.recovery.rules import PaymentRules, set_rules
from tests.api.machines import Machine, problem_in
from tests.identity.factories import actor_of, make_user, observer
from tests.recovery.factories import held_account

if TYPE_CHECKING:
    from flask import Flask

    from tests.recovery.factories import Held

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1))]


@pytest.fixture
def core(app: Flask) -> Machine:
    """The bank's own system."""
    return _system(app, Role.ADMINISTRATOR, "payments.write")


@pytest.fixture
def held(app: Flask) -> Held:
    return held_account()


def _system(app: Flask, role: Role, *scopes: str, held: Held | None = None) -> Machine:
    user = held.leader if held else make_user(role)
    return Machine(app, make_token(actor_of(user), "system", scopes, services().clock.today()).secret)


def payment(held: Held, reference: str = "B-1", **more: str) -> dict[str, str]:
    return {
        "payment_ref": reference, "account_ref": held.account.account_ref, "amount": "100.00", "paid_on": "2005-07-10"
    } | more  # fmt: skip


def test_the_banks_system_posts_payments_once(core: Machine, held: Held) -> None:
    told = core.post("/payments", {"rows": [payment(held), payment(held, "B-2", amount="5.00")]}).json
    assert told is not None
    assert (told["summary"]["created"], told["summary"]["total"], told["rejected"]) == (2, "105.00", [])
    again = core.post("/payments", {"rows": [payment(held), payment(held, "B-3")]}).json
    assert again is not None
    assert (again["summary"]["created"], again["summary"]["unchanged"]) == (1, 1)
    with reading(observer()) as session:
        assert session.scalar(sa.select(sa.func.count(Payment.id))) == 3


@pytest.mark.parametrize(
    ("wrong", "column", "code"),
    [
        ({"amount": "-1"}, "amount", "negative"),
        ({"amount": "0"}, "amount", "negative"),
        ({"amount": "1.001"}, "amount", "unreadable"),
        ({"currency": "XYZ"}, "currency", "unknown_value"),
        ({"currency": "JPY", "amount": "100"}, "currency", "currency"),
        ({"currency": "JPY", "amount": "100.50"}, "amount", "unreadable"),
        ({"paid_on": "2005-10-02"}, "paid_on", "future_date"),
        ({"account_ref": "AC-9"}, "account_ref", "unknown_account"),
        ({"received_by": "friend"}, "received_by", "unknown_value"),
        ({"principal": "60", "interest": "60"}, "amount", "sum_mismatch"),
        ({"payment_ref": "4111111111111111"}, "payment_ref", "card_number"),
    ],
)
def test_a_row_that_is_wrong_is_told_with_its_column(
    core: Machine, held: Held, wrong: dict[str, str], column: str, code: str
) -> None:
    told = problem_in(core.post("/payments", {"rows": [payment(held, **wrong)]}))
    assert told["code"] == "import.nothing_good"
    assert (column, code) in {(e["column"], e["code"]) for e in told["rejected"][0]["errors"]}


def test_another_content_under_a_known_reference_is_a_conflict(core: Machine, held: Held) -> None:
    core.post("/payments", {"rows": [payment(held)]})
    told = core.post("/payments", {"rows": [payment(held, amount="1.00"), payment(held, "B-2")]}).json
    assert told is not None
    assert told["summary"]["errors"] == {"conflict": 1} and told["rejected"][0]["line"] == 1


def test_what_is_more_than_owed_waits_for_two_persons_where_the_banks_rules_say_so(core: Machine, held: Held) -> None:
    set_rules(actor_of(make_user(Role.FINANCE)), PaymentRules(above_balance=AboveBalance.QUEUE))
    told = core.post("/payments", {"rows": [payment(held, amount="100000.01"), payment(held, "B-2")]}).json
    assert told is not None
    assert (told["summary"]["created"], told["summary"]["warnings"], told["rejected"]) == (2, {"above_balance": 1}, [])
    with reading(observer()) as session:
        found = session.execute(sa.select(Attribution.payment_ref, Attribution.decision).order_by(Attribution.id)).all()
    assert [tuple(row) for row in found] == [("B-1", Decision.ABOVE_BALANCE), ("B-2", Decision.CREDITED)]


def test_an_agencys_token_posts_nothing(app: Flask, held: Held) -> None:
    agency = _system(app, Role.AGENCY_LEADER, "reported.write", held=held)
    assert problem_in(agency.post("/payments", {"rows": [payment(held)]}))["code"] == "token.scope"


def test_an_agency_reports_reads_and_sees_the_match(app: Flask, core: Machine, held: Held) -> None:
    agency = _system(app, Role.AGENCY_LEADER, "reported.write", "reported.read", held=held)
    row = {
        "reported_ref": "A-1", "account_ref": held.account.account_ref, "kind": "received", "amount": "100.00",
        "paid_on": "2005-07-10", "received_on": "2005-07-11",
    }  # fmt: skip
    assert agency.post("/reported-payments", {"rows": [row]}).json["summary"]["created"] == 1  # type: ignore[index]
    assert agency.post("/reported-payments", {"rows": [row]}).json["summary"]["unchanged"] == 1  # type: ignore[index]
    core.post("/payments", {"rows": [payment(held, received_by="agency")]})
    run_pending(app)
    (item,) = agency.get("/reported-payments?state=matched").json["items"]  # type: ignore[index]
    assert (item["payment_ref"], item["way"], item["differs"]) == ("B-1", "exact", False)
    assert agency.get("/reported-payments?state=open").json["items"] == []  # type: ignore[index]


def test_a_rival_neither_reads_nor_reports_on_what_is_not_its_own(app: Flask, held: Held) -> None:
    rival = _system(app, Role.AGENCY_LEADER, "reported.write", "reported.read", held=held_account())
    row = {"reported_ref": "A-1", "account_ref": held.account.account_ref, "kind": "expected", "amount": "1",
           "paid_on": "2005-07-10"}  # fmt: skip
    told = problem_in(rival.post("/reported-payments", {"rows": [row]}))
    assert told["rejected"][0]["errors"][0]["code"] == "unknown_account"
