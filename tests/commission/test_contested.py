"""A credit that an agency contests is decided anew by two persons; what was issued stays, the difference is on what follows."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.commission.disputes import answer_dispute, contest_lines, withdraw_dispute
from portal.commission.life_models import DisputeEnd, DisputeReason, Follows
from portal.commission.models import CommissionLine
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.portfolio.models import Account
from portal.recovery.clearing import approve, propose_nobody, propose_placement, propose_split
from portal.recovery.contested import count_contested, objections_to
from portal.recovery.models import Attribution
from portal.recovery.queries import count_exceptions, standing
from tests.commission.factories import Finance, drawn, make_finance, released
from tests.commission.test_life import disputes, on
from tests.commission.test_plans_paid import AUGUST, SEPTEMBER, assert_reruns_are_equal, lines, post
from tests.identity.factories import make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, make_agency, payments_file, place
from tests.recovery.test_clearing import accounts_of_one_customer, exception_of, trace_of
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.usefixtures("app")]


def handed_over(first_plan: dict[str, Any] | None = None, second_rate: str = "0.30") -> tuple[Held, Held]:
    """An account that went from one agency to another on 13 July."""
    first = held_account("0.10", ended_on=date(2005, 7, 12), plan=first_plan)
    agency = make_agency()
    second = place(first.account, agency, date(2005, 7, 13), rate=second_rate)
    return first, Held(first.account, agency, make_user(Role.AGENCY_LEADER, agency), second)


def contest(held: Held, statement_id: int, *positions: int, reason: DisputeReason = DisputeReason.CREDIT) -> list[int]:
    """Contest these lines; all disputes of the statement."""
    with reading(observer()) as session:
        wanted = sa.select(CommissionLine.id).where(
            CommissionLine.statement_id == statement_id, CommissionLine.position.in_(positions)
        )
        ids = session.scalars(wanted.order_by(CommissionLine.position)).all()
    contest_lines(held.actor, statement_id, ids, reason, "It was Anhe who brought it in.")
    return disputes(statement_id)


def waiting() -> int:
    with reading(observer()) as session:
        return count_contested(session, observer())


def objections(reference: str) -> list[str]:
    """What is said against the decision that stands on a payment."""
    with reading(observer()) as session:
        return [row.words for row in objections_to(session, observer(), exception_of(reference))]


def holder_of(reference: str) -> int | None:
    with reading(observer()) as session:
        wanted = standing(observer()).where(Attribution.payment_ref == reference)
        return session.scalars(wanted).one().organisation_id


def test_a_contested_credit_is_before_the_bank_and_nobodys_payments_are_counted_apart() -> None:
    held, _ = handed_over()
    post(held, paid("P-1"), paid("P-2"), paid("EARLY", day="2005-06-01"))
    (july,) = released(make_finance())
    assert waiting() == 0

    contest(held, july, 1)

    assert (waiting(), objections("P-1"), objections("P-2")) == (1, ["It was Anhe who brought it in."], [])
    with reading(observer()) as session:
        assert count_exceptions(session, observer()) == 1


@pytest.mark.parametrize("reason", [DisputeReason.RATE, DisputeReason.AMOUNT, DisputeReason.OTHER])
def test_another_objection_than_to_the_credit_is_no_matter_of_the_exceptions(reason: DisputeReason) -> None:
    held, _ = handed_over()
    post(held, paid("P-1"))
    finance = make_finance()
    (july,) = released(finance)

    (number,) = contest(held, july, 1, reason=reason)

    assert waiting() == 0
    with pytest.raises(NotFound):
        propose_nobody(finance.issuer, [exception_of("P-1")], "no")
    answer_dispute(finance.issuer, july, number, DisputeEnd.UPHELD, "Right: not yours.", Follows.CREDIT)
    assert waiting() == 1  # the bank has said that the credit changes, and it has not yet


def test_what_is_taken_back_or_refused_waits_no_more() -> None:
    held, _ = handed_over()
    finance = make_finance()
    post(held, paid("P-1"), paid("P-2"))
    (july,) = released(finance)
    one, other = contest(held, july, 1, 2)
    number = propose_nobody(finance.issuer, [exception_of("P-1")], "Theirs.")

    withdraw_dispute(held.actor, july, one, "our mistake")
    assert waiting() == 1
    with pytest.raises(Refused, match="in the meantime"):
        approve(finance.releaser, number)
    answer_dispute(finance.issuer, july, other, DisputeEnd.REFUSED, "The trace is right.")

    assert waiting() == 0
    assert holder_of("P-1") == holder_of("P-2") == held.agency.id


def test_two_persons_credit_it_otherwise_and_the_next_statements_have_the_difference() -> None:
    held, other = handed_over()
    finance = make_finance()
    post(held, paid("P-1", "100.00"), paid("P-2", "50.00"))
    (july,) = released(finance)
    before = lines(july)
    (dispute,) = contest(held, july, 1)

    number = propose_placement(finance.issuer, exception_of("P-1"), other.placement_id, "Their promise of 9 July.")
    with pytest.raises(Refused, match="another person"):
        approve(finance.issuer, number)
    approve(finance.releaser, number)

    assert (waiting(), holder_of("P-1"), holder_of("P-2")) == (0, other.agency.id, held.agency.id)
    for part in (finance.maker.name, finance.checker.name, "Their promise of 9 July"):
        assert part in trace_of("P-1")
    answer_dispute(finance.issuer, july, dispute, DisputeEnd.UPHELD, "It is theirs.", Follows.CREDIT)
    assert waiting() == 0
    mine, theirs = released(finance, AUGUST)
    assert lines(july) == before == [("P-1", 1_000, "rate"), ("P-2", 500, "rate")]
    assert lines(mine) == [("P-1", -1_000, "taken_back")]
    assert lines(theirs) == [("P-1", 3_000, "rate")]
    assert_reruns_are_equal()


def test_to_leave_a_credit_where_it_is_is_no_proposal_but_an_answer() -> None:
    held, _ = handed_over()
    finance = make_finance()
    post(held, paid("P-1"))
    (july,) = released(finance)
    contest(held, july, 1)

    with pytest.raises(DomainError, match="answer the objection") as error:
        propose_placement(finance.issuer, exception_of("P-1"), held.placement_id, "It is theirs.")
    assert error.value.field == "placement_id"


def test_what_the_contract_left_out_may_be_credited_to_the_same_placement() -> None:
    held, _ = handed_over({"rate": "0.10", "free_days": 20})
    finance = make_finance()
    post(held, paid("P-1", "100.00"))
    (july,) = released(finance)
    assert lines(july) == [("P-1", 0, "free_period")]
    contest(held, july, 1)

    approve(
        finance.releaser, propose_placement(finance.issuer, exception_of("P-1"), held.placement_id, "Agreed by letter.")
    )

    (august,) = released(finance, AUGUST)
    assert lines(august) == [("P-1", 1_000, "rate"), ("P-1", 0, "taken_back")]
    assert_reruns_are_equal()


def test_a_credit_that_was_taken_away_is_decided_anew_once_and_not_before_whoever_lost_it_says_so() -> None:
    on(date(2005, 10, 1))
    held, other = handed_over()
    finance = make_finance()
    post(held, paid("P-1", "100.00"))
    (july,) = released(finance)
    contest(held, july, 1)
    approve(finance.releaser, propose_placement(finance.issuer, exception_of("P-1"), other.placement_id, "Theirs."))
    mine, _ = released(finance, AUGUST)
    on(date(2005, 10, 3))

    contest(held, mine, 1)

    assert (waiting(), objections("P-1")) == (1, ["It was Anhe who brought it in."])
    on(date(2005, 10, 4))
    approve(
        finance.releaser, propose_placement(finance.issuer, exception_of("P-1"), held.placement_id, "It was theirs.")
    )
    assert (waiting(), holder_of("P-1")) == (0, held.agency.id)
    again, back = released(finance, SEPTEMBER)
    assert (lines(again), lines(back)) == ([("P-1", 1_000, "rate")], [("P-1", -3_000, "taken_back")])
    assert_reruns_are_equal()


def test_an_objection_to_a_reversal_is_one_to_its_payment_and_the_reversal_follows() -> None:
    held, other = handed_over()
    finance = make_finance()
    post(held, paid("P-1", "100.00"), reversal("R-1", "P-1", "40.00"))
    (july,) = released(finance)
    contest(held, july, 2)

    assert objections("P-1")
    with pytest.raises(NotFound):
        propose_nobody(finance.issuer, [exception_of("R-1")], "no")
    approve(finance.releaser, propose_placement(finance.issuer, exception_of("P-1"), other.placement_id, "Theirs."))

    assert holder_of("R-1") == other.agency.id
    mine, theirs = released(finance, AUGUST)
    assert sorted(lines(mine)) == [("P-1", -1_000, "taken_back"), ("R-1", 400, "taken_back")]
    assert sorted(lines(theirs)) == [("P-1", 3_000, "rate"), ("R-1", -1_200, "reversal")]
    assert_reruns_are_equal()


def test_a_share_of_a_payment_is_contested_and_shared_once_more_behind_the_others() -> None:
    first, second = accounts_of_one_customer()
    with transaction(observer()) as work:
        work.session.execute(sa.update(Account).values(total_minor=10_000))
    one, other = make_agency(), make_agency()
    leader = make_user(Role.AGENCY_LEADER, one)
    held = Held(first, one, leader, place(first, one, date(2005, 7, 1), rate="0.10"))
    place(second, other, date(2005, 7, 1), rate="0.10")
    finance = make_finance()
    bring_payments(payments_file(first, paid("P-1", "150.00")))
    shares = [(first.id, 10_000), (second.id, 5_000)]
    approve(finance.releaser, propose_split(finance.issuer, exception_of("P-1"), shares, "As the debtor said."))
    mine, _ = released(finance)
    contest(held, mine, 1)
    with reading(observer()) as session:
        wanted = standing(observer()).where(Attribution.payment_ref == "P-1", Attribution.share == 0)
        contested = session.scalars(wanted).one().id

    again = [(first.id, 6_000), (second.id, 4_000)]
    approve(finance.releaser, propose_split(finance.issuer, contested, again, "He wrote once more."))

    with reading(observer()) as session:
        found = session.scalars(standing(observer()).order_by(Attribution.share)).all()
        assert [(s.share, s.organisation_id, s.credit_minor) for s in found] == [
            (0, one.id, 6_000), (1, other.id, 5_000), (2, other.id, 4_000)
        ]  # fmt: skip
    assert waiting() == 0


# --- pages -------------------------------------------------------------------------------------------------------------


@pytest.mark.databases("sqlite")
def test_the_way_from_the_objection_to_the_new_credit_and_back(app: Flask) -> None:
    held, other = handed_over()
    finance = make_finance()
    post(held, paid("P-1", "100.00"))
    released(finance)
    first, second = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    agency = PageClient(app).sign_in(held.leader)
    agency.post("/statements/1/lines/contest", {"row": "1", "code": "credit", "reason": "Anhe's promise"})
    assert "Credits of payments that agencies contest" in first.get("/")

    page = first.get("/payments/exceptions")
    for words in ("Credits that agencies contest", "Anhe's promise", held.agency.name):
        assert words in page
    assert page.links["P-1"] == "/payments/exceptions/1"
    dispute = first.get("/statements/1/disputes/1")
    assert dispute.links["Decide about the credit anew"] == "/payments/exceptions/1"
    exception = first.get("/payments/exceptions/1")
    assert "Anhe's promise" in exception and "Clear the exception" in first.get("/payments/1").links
    chosen = {"placement-placement_id": str(other.placement_id), "placement-reason": "Their promise."}
    exception.submit("form-placement", **chosen, to="/payments/exceptions/proposals/1")
    assert "waits for a second person" in first.get("/payments/exceptions")
    assert first.get("/statements/1/disputes/1").links["Credit to a placement"] == "/payments/exceptions/proposals/1"
    second.post("/payments/exceptions/proposals/1/approve", {}, to="/payments/exceptions")

    after = first.get("/statements/1/disputes/1")
    assert other.agency.name in after and "Their promise." in after and "approved" in after
    assert "Decide about the credit anew" not in after.links
    assert "Anhe's promise" not in first.get("/payments/exceptions")
    first.get("/payments/exceptions/1", status=404)
    mine, theirs = released(finance, AUGUST)
    later = first.get("/statements/1/disputes/1")
    assert f"/statements/{mine}/lines/1" in later.links.values()
    assert f"/statements/{theirs}/lines/1" in later.links.values()


@pytest.mark.databases("sqlite")
def test_the_agency_sees_of_its_objection_only_its_own_side(app: Flask) -> None:
    held, other = handed_over()
    finance = make_finance()
    post(held, paid("P-1", "100.00"))
    released(finance)
    agency, rival = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(other.leader)
    contest(held, 1, 1)
    page = agency.get("/statements/1/disputes/1")
    assert "credited" in page and "Decide about the credit anew" not in page.links
    number = propose_placement(finance.issuer, exception_of("P-1"), other.placement_id, "Their secret promise.")
    assert "Credit to a placement" not in agency.get("/statements/1/disputes/1")
    approve(finance.releaser, number)
    mine, theirs = released(finance, AUGUST)

    page = agency.get("/statements/1/disputes/1")

    assert "This payment is not credited to you any more." in page
    assert f"/statements/{mine}/lines/1" in page.links.values()
    for hidden in (other.agency.name, "Their secret promise", finance.maker.name, f"/statements/{theirs}/"):
        assert hidden not in page.html
    rival.get("/statements/1/disputes/1", status=404)
    assert "Their secret promise" in rival.get("/payments/1")  # whose it is now reads why
    agency.get("/payments/exceptions", status=403)


# --- an adjustment of what was right --------------------------------------------------------------------------------------


def upheld(finance: Finance, held: Held) -> None:
    """The agency is right about line 1 of statement 1: the next statement has an adjustment."""
    post(held, paid("P-1", "100.00"))
    (statement,) = released(finance)
    (number,) = contest(held, statement, 1, reason=DisputeReason.AMOUNT)
    answer_dispute(finance.issuer, statement, number, DisputeEnd.UPHELD, "Two per cent more.", Follows.ADJUSTMENT)


@pytest.mark.databases("sqlite")
def test_an_adjustment_is_proposed_from_the_objection_that_was_right_and_shown_beside_it(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    upheld(finance, held)
    first, second = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    agency = PageClient(app).sign_in(held.leader)
    page = first.get("/statements/1/disputes/1")
    number = f"CS-{held.agency.code}-2005-0001/1/1"
    assert number in page and "There is none yet." in page
    assert "New adjustment" not in agency.get("/statements/1/disputes/1").links

    form = first.get(page.links["New adjustment"])
    page = form.submit("form", amount="2.00", reason="Two per cent more.", to="/charges/1")

    assert number in page
    shown = first.get("/statements/1/disputes/1")
    assert f"AD-{held.agency.code}-2005" in shown and "undecided" in shown
    assert "AD-" not in agency.get("/statements/1/disputes/1")  # not before it is approved
    second.post("/charges/1/approve", to="/charges/1")
    assert f"AD-{held.agency.code}-2005" in agency.get("/statements/1/disputes/1")
    assert "Paid by" not in first.get("/statements/1/disputes/1")
    post(held, paid("P-2", day="2005-08-05"))
    (august,) = released(finance, AUGUST)
    assert f"/statements/{august}" in first.get("/statements/1/disputes/1").links.values()
    assert f"/statements/{august}" in agency.get("/statements/1/disputes/1").links.values()
    with reading(observer()) as session:
        line = sa.select(CommissionLine.commission_minor).where(CommissionLine.payment_ref.startswith("AD-"))
        assert session.scalars(line).all() == [200]


@pytest.mark.databases("sqlite")
def test_a_draft_that_pays_an_adjustment_is_not_for_the_agencys_eyes(app: Flask) -> None:

    held, finance = held_account("0.10"), make_finance()
    upheld(finance, held)
    first, second = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    form = first.get(first.get("/statements/1/disputes/1").links["New adjustment"])
    form.submit("form", amount="2.00", reason="More.", to="/charges/1")
    second.post("/charges/1/approve", to="/charges/1")
    (august,) = drawn(finance, AUGUST)

    page = PageClient(app).sign_in(held.leader).get("/statements/1/disputes/1")

    assert "AD-" in page and f"/statements/{august}" not in page.links.values()
    assert f"/statements/{august}" in first.get("/statements/1/disputes/1").links.values()


@pytest.mark.databases("sqlite")
def test_after_an_answer_that_promises_an_adjustment_its_page_is_next(app: Flask) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "100.00"))
    released(finance)
    contest(held, 1, 1, reason=DisputeReason.AMOUNT)
    page = PageClient(app).sign_in(finance.maker).get("/statements/1/disputes/1")
    assert "New adjustment" not in page.links

    answered = page.submit(
        "/statements/1/disputes/1/answer",
        to="/statements/1/disputes/1",
        end="upheld",
        words="yes",
        follows="adjustment",
    )

    assert "New adjustment" in answered.links
