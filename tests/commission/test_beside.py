"""What statements pay beside payments: adjustments and costs that two people stand behind, letters, success fees, a bonus."""

from __future__ import annotations

import io
import threading
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.commission.charge_models import Charge, ChargeEvent, ChargeState, StatementShare
from portal.commission.charging import (
    Adjustment,
    Cost,
    approve_charge,
    enter_cost,
    propose_adjustment,
    refuse_charge,
    withdraw_charge,
)
from portal.commission.closing import close_period
from portal.commission.models import CommissionLine, Statement
from portal.commission.operations import refuse_statement
from portal.commission.scoring import fix_scoring, propose_scoring, refuse_scoring
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.vendors.models import PlacementKind
from portal.vendors.proofs import read_proof
from tests.commission.factories import JULY, drawn, make_finance, released, total
from tests.commission.test_plans_paid import (
    AUGUST,
    SEPTEMBER,
    assert_reruns_are_equal,
    credited_to,
    lines,
    post,
    recovered,
    why,
)
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.recovery.factories import Held, held_account, place
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor

TODAY = date(2005, 12, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]

RECEIPT = b"%PDF-1.4 a court's receipt"


def adjustment(held: Held, amount: str = "-12.50", **said: Any) -> Adjustment:
    wanted = {"reason": "Paid twice by mistake", "about": "D-1"} | said
    return Adjustment(held.agency.id, "TWD", amount, **wanted)


def cost(held: Held, amount: str = "300.00", **said: Any) -> Cost:
    proof = read_proof(io.BytesIO(RECEIPT), "court.pdf")
    wanted = {"charged_on": date(2005, 7, 20), "reason": "Court fee", "proof": proof} | said
    return Cost(held.account.account_ref, amount, **wanted)


# --- adjustments ----------------------------------------------------------------------------------------------------------


def test_an_adjustment_that_another_person_approved_is_on_the_next_statement_and_reckoned_again() -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "100.00"))
    (july,) = released(finance)
    charge = propose_adjustment(finance.issuer, adjustment(held, reason="Rate was wrong"))
    assert drawn(finance, AUGUST) == []
    approve_charge(finance.releaser, charge)

    (august,) = released(finance, AUGUST)

    assert lines(july) == [("P-1", 1_000, "rate")]
    assert lines(august) == [(number_of(charge), -1_250, "adjustment")]
    assert f"Rate was wrong (D-1). Proposed by {finance.maker.name}, approved by {finance.checker.name}" in why(
        august, 1
    )
    assert recovered(august) == 0 and total(august) == -1_250
    assert drawn(finance, SEPTEMBER) == []
    assert_reruns_are_equal()


def test_who_proposed_an_adjustment_does_not_approve_it_and_the_database_knows_it() -> None:
    held, finance = held_account(), make_finance()
    charge = propose_adjustment(finance.issuer, adjustment(held))

    with pytest.raises(Refused) as refused:
        approve_charge(finance.issuer, charge)
    assert refused.value.code == "charge.own"
    with pytest.raises(sa.exc.DBAPIError, match="does not approve"), transaction(observer()) as work:
        work.session.add(
            ChargeEvent(
                charge_id=charge, organisation_id=held.agency.id, state=ChargeState.APPROVED, by_user_id=finance.maker.id,
                by_name="", at=work.now,
            )
        )  # fmt: skip
        work.session.flush()


def test_what_was_proposed_and_decided_cannot_be_changed() -> None:
    held, finance = held_account(), make_finance()
    charge = propose_adjustment(finance.issuer, adjustment(held))
    refuse_charge(finance.releaser, charge, "No such dispute")

    with pytest.raises(Refused):
        approve_charge(finance.releaser, charge)
    for model, key in ((Charge, Charge.id), (ChargeEvent, ChargeEvent.charge_id)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(sa.delete(model).where(key == charge))
    assert drawn(finance) == []


def test_an_adjustment_says_what_it_is_about_and_names_only_what_is_the_organisations() -> None:
    held, other, finance = held_account("0.10"), held_account("0.10"), make_finance()
    post(held, paid("P-1"))
    post(other, paid("P-2"))
    mine, theirs = released(finance)

    line = propose_adjustment(finance.issuer, adjustment(held, about="", statement=name_of(mine), line=1))
    batch = batch_of(held)
    propose_adjustment(finance.issuer, adjustment(held, about="", batch=batch[1]))

    with reading(observer()) as session:
        found = session.scalars(sa.select(Charge).where(Charge.id == line)).one()
        assert found.line_id is not None and found.batch_id == batch[0] and found.about.endswith("/ 1")
    for said, field in (
        ({"about": ""}, "about"), ({"statement": name_of(theirs), "line": 1}, "statement"),
        ({"statement": name_of(mine), "line": 9}, "line"), ({"batch": batch_of(other)[1]}, "batch"), ({"reason": " "}, "reason"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as error:
            propose_adjustment(finance.issuer, adjustment(held, **said))
        assert error.value.field == field
    for amount in ("0", "1.234", "much"):
        with pytest.raises(DomainError) as error:
            propose_adjustment(finance.issuer, adjustment(held, amount))
        assert error.value.field == "amount"


def test_an_agency_sees_of_adjustments_what_is_approved_and_nobody_elses() -> None:
    held, finance = held_account(), make_finance()
    charge = propose_adjustment(finance.issuer, adjustment(held))
    with pytest.raises(NotFound):
        withdraw_charge(held.actor, charge)
    approve_charge(finance.releaser, charge)
    with pytest.raises(Refused):
        withdraw_charge(held.actor, charge)
    with pytest.raises(NotFound):
        withdraw_charge(held_account().actor, charge)


def test_a_withdrawn_statement_gives_back_what_it_held_beside_payments() -> None:
    held, finance = held_account(), make_finance()
    charge = propose_adjustment(finance.issuer, adjustment(held, "5.00"))
    approve_charge(finance.releaser, charge)
    (first,) = drawn(finance)
    refuse_statement(finance.issuer, first, "Too early")

    (second,) = drawn(finance)

    assert lines(second) == [(number_of(charge), 500, "adjustment")]


@pytest.mark.databases("postgresql")
def test_of_two_who_decide_at_once_one_does_and_the_other_is_told(app: Flask) -> None:
    held, finance = held_account(), make_finance()
    charge = propose_adjustment(finance.issuer, adjustment(held))
    deciders = [finance.releaser, actor_of(make_user(Role.VENDOR_MANAGER))]
    start, told = threading.Barrier(2), []

    def decide(who: Actor) -> None:
        with app.app_context():
            start.wait(10)
            try:
                approve_charge(who, charge)
            except Refused as refused:
                told.append(refused.code)

    people = [threading.Thread(target=decide, args=(who,)) for who in deciders]
    for one in people:
        one.start()
    for one in people:
        one.join(30)

    assert told == ["charge.decided"]
    with reading(observer()) as session:
        assert session.scalar(sa.select(sa.func.count(ChargeEvent.charge_id))) == 1


# --- costs ----------------------------------------------------------------------------------------------------------------


def litigated() -> Held:
    firm = make_law_firm()
    held = held_account()
    placement = place(held.account, firm, date(2005, 7, 1), kind=PlacementKind.LETTER)
    return Held(held.account, firm, make_user(Role.LEGAL_PARTNER, firm), placement)


def test_a_cost_with_its_receipt_is_paid_on_the_next_statement_once_the_bank_has_approved_it() -> None:
    held, finance = litigated(), make_finance()
    charge = enter_cost(held.actor, cost(held))
    with pytest.raises(DomainError):
        approve_charge(held.actor, charge)
    approve_charge(finance.issuer, charge)

    (july,) = released(finance)

    assert lines(july) == [(number_of(charge), 30_000, "cost")]
    with reading(observer()) as session:
        share = session.scalars(sa.select(StatementShare)).one()
        assert (share.statement_id, share.kind.value, share.commission_minor) == (july, "cost", 30_000)
    assert_reruns_are_equal()


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"proof": None}, "proof"),
        ({"amount": "-1.00"}, "amount"),
        ({"charged_on": date(2005, 6, 30)}, "charged_on"),
        ({"charged_on": date(2005, 12, 2)}, "charged_on"),
        ({"reason": ""}, "reason"),
    ],
)
def test_a_cost_without_proof_amount_day_or_reason_is_refused_with_its_field(said: dict[str, Any], field: str) -> None:
    held = litigated()
    with pytest.raises(DomainError) as error:
        enter_cost(held.actor, cost(held, **said))
    assert error.value.field == field


def test_a_cost_names_an_account_that_the_organisation_had_for_letters_or_litigation() -> None:
    collected, held = held_account(), litigated()
    for actor in (collected.actor, litigated().actor):
        with pytest.raises(DomainError) as error:
            enter_cost(actor, cost(held))
        assert error.value.field == "account_ref"
    with pytest.raises(DomainError) as error:
        enter_cost(collected.actor, cost(collected))
    assert error.value.field == "account_ref"


def test_what_is_no_scan_is_no_receipt() -> None:
    with pytest.raises(DomainError) as error:
        read_proof(io.BytesIO(b"<html><script>"), "court.pdf")
    assert error.value.field == "proof"


# --- success fees ---------------------------------------------------------------------------------------------------------


def letters_beside(
    held: Held, plan: dict[str, Any] | None = None, ended_on: date | None = None, **clauses: Any
) -> Held:
    """A letter placement of a law firm on the account that an agency collects."""
    firm = make_law_firm()
    placement = place(
        held.account, firm, date(2005, 7, 5), ended_on, kind=PlacementKind.LETTER, plan=plan or {"rate": "0.02"},
        clauses={"success": True} | clauses,
    )  # fmt: skip
    return Held(held.account, firm, make_user(Role.LEGAL_PARTNER, firm), placement)


def of(found: list[int], held: Held) -> int:
    """The statement of an organisation among several."""
    with reading(observer()) as session:
        wanted = sa.select(Statement.id).where(Statement.id.in_(found), Statement.organisation_id == held.agency.id)
        return session.scalars(wanted).one()


def test_a_payment_credited_to_an_agency_also_earns_for_the_letters_beside_it_where_their_contract_says_so() -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held)
    post(held, paid("EARLY", "100.00", "2005-07-02"), paid("P-1", "100.00"), paid("P-2", "50.00"))

    found = released(finance)

    assert lines(of(found, firm)) == [("P-1", 200, "success"), ("P-2", 100, "success")]
    assert recovered(of(found, firm)) == 0
    assert recovered(of(found, held)) == 25_000
    with reading(observer()) as session:
        line = session.scalars(sa.select(CommissionLine).where(CommissionLine.statement_id == of(found, firm))).first()
        assert line is not None and held.agency.name not in str(line.why)
    assert drawn(finance) == []
    assert_reruns_are_equal()


def test_without_the_clause_letters_earn_nothing_on_what_others_recover() -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held, success=False)
    post(held, paid("P-1", "100.00"))

    assert [one for one in released(finance) if owner(one) == firm.agency.id] == []


def test_a_reversal_takes_its_share_of_the_success_fee_back_and_another_holders_credit_earns_it_no_twice() -> None:
    held, other, finance = held_account("0.20"), held_account(), make_finance()
    firm = letters_beside(held)
    post(held, paid("P-1", "100.00"), paid("P-2", "50.00"))
    released(finance)
    post(held, reversal("R-1", "P-1", "40.00", "2005-08-03"))
    credited_to(other, "P-2")

    august = released(finance, AUGUST)

    assert lines(of(august, firm)) == [
        ("P-2", 100, "success"), ("R-1", -80, "reversal"), ("P-2", -100, "taken_back"),
    ]  # fmt: skip
    assert total(of(august, firm)) == -80
    assert_reruns_are_equal()


def test_a_payment_and_its_reversal_of_one_month_net_to_nothing_beside_it_too() -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held)
    post(held, paid("P-1", "100.00"), reversal("R-1", "P-1", "100.00", "2005-07-20"))

    found = released(finance)

    assert total(of(found, firm)) == 0
    assert [commission for _, commission, _ in lines(of(found, firm))] == [200, -200]
    assert_reruns_are_equal()


def test_letters_that_have_ended_earn_within_their_tail_and_steps_count_their_own_batch() -> None:
    held, finance = held_account("0.20"), make_finance()
    steps = {
        "bands": {
            "by": "batch_recovered",
            "mode": "whole",
            "rows": [{"from": "0", "rate": "0.01"}, {"from": "120", "rate": "0.02"}],
        }
    }
    firm = letters_beside(held, steps | {"tail": {"days": 5}}, ended_on=date(2005, 7, 20))
    post(held, paid("P-1", "100.00", "2005-07-10"))
    first = released(finance)
    post(held, paid("P-2", "100.00", "2005-07-25"), paid("LATE", "100.00", "2005-07-26"))

    second = released(finance, AUGUST)

    assert lines(of(first, firm)) == [("P-1", 100, "success")]
    assert lines(of(second, firm)) == [("P-1", 100, "true_up"), ("P-2", 200, "success")]
    assert_reruns_are_equal()


# --- bonus and penalty ----------------------------------------------------------------------------------------------------

BONUS: dict[str, Any] = {
    "rate": "0.10",
    "kpi": {
        "by": "rank",
        "rows": [{"is": [1], "factor": "1.05"}, {"is": [2], "factor": "0.97"}],
        "floor": "0.95",
        "ceiling": "1.10",
    },
}


def managers() -> tuple[Actor, Actor]:
    return actor_of(make_user(Role.VENDOR_MANAGER)), actor_of(make_user(Role.VENDOR_MANAGER))


def test_a_bonus_is_a_line_on_the_months_commission_of_the_version_and_waits_for_a_fixed_score() -> None:
    best, second, finance = held_account(plan=BONUS), held_account(plan=BONUS), make_finance()
    maker, checker = managers()
    post(best, paid("P-1", "1000.00"))
    post(second, paid("P-2", "500.00"))

    close = close_period(finance.issuer, JULY)
    assert close.drawn == [] and len(close.refused) == 2
    assert best.agency.name in str(close.message()) and "2005-07" in str(close.message())

    scoring = propose_scoring(maker, JULY, "TWD", {best.agency.id: 80_00, second.agency.id: 40_00})
    with pytest.raises(Refused):
        fix_scoring(maker, scoring)
    fix_scoring(checker, scoring)
    found = released(finance)

    assert [line[1:] for line in lines(of(found, best))] == [(10_000, "rate"), (500, "kpi")]
    assert [line[1:] for line in lines(of(found, second))] == [(5_000, "rate"), (-150, "kpi")]
    assert "Rank 1 with 80 points in the period: factor 1.05" in why(of(found, best), 2)
    with pytest.raises(Refused):
        propose_scoring(maker, JULY, "TWD", {})
    assert_reruns_are_equal()


def test_refused_scores_leave_the_month_open_for_others() -> None:
    held, finance = held_account(plan=BONUS), make_finance()
    maker, checker = managers()
    post(held, paid("P-1", "1000.00"))
    refuse_scoring(checker, propose_scoring(maker, JULY, "TWD", {}), "Marks are missing")
    fix_scoring(checker, propose_scoring(maker, JULY, "TWD", {held.agency.id: 1_00}))

    assert total(released(finance)[0]) == 10_500


def test_a_month_that_is_not_over_is_not_scored() -> None:
    maker, _ = managers()
    held_account()
    for period, currency, marks, field in (
        (date(2005, 12, 1), "TWD", {}, "period"), (JULY, "XXX", {}, "currency"), (JULY, "EUR", {}, "currency"),
        (JULY, "TWD", {1: 100_01}, "marks"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as error:
            propose_scoring(maker, period, currency, marks)
        assert error.value.field == field


# --- what the tests ask ---------------------------------------------------------------------------------------------------


def number_of(charge_id: int) -> str:
    with reading(observer()) as session:
        return session.scalars(sa.select(Charge.number).where(Charge.id == charge_id)).one()


def statement_row(statement_id: int) -> Statement:
    with reading(observer()) as session:
        found = session.scalars(sa.select(Statement).where(Statement.id == statement_id)).one()
        session.expunge(found)
        return found


def name_of(statement_id: int) -> str:
    return statement_row(statement_id).number


def owner(statement_id: int) -> int:
    return statement_row(statement_id).organisation_id


def batch_of(held: Held) -> tuple[int, str]:
    with reading(observer()) as session:
        batch = session.scalars(sa.select(Placement).where(Placement.id == held.placement_id)).one().batch
        return batch.id, batch.number
