"""Payments as agencies report them: taken once, seen by nobody else, matched with the bank's postings in either order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.recovery.reported import queries
from portal.recovery.reported.models import AgencyReceipt, ReportedEvent, ReportedPayment, ReportState, Way
from portal.recovery.reported.operations import match_by_hand, report_payment, undo_match, withdraw_report
from tests.identity.factories import actor_of, make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, payments_file, place
from tests.recovery.telling import bring_reported, report, standing_of, told
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask

TODAY = date(2005, 10, 1)
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def finance() -> object:
    return actor_of(make_user(Role.FINANCE))


def test_a_posting_finds_the_report_that_came_before_it() -> None:
    held = held_account()
    key = report(held)
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-07-10")))
    standing = standing_of(key, held.actor)
    assert (standing.state, standing.way, standing.payment_ref) == (ReportState.MATCHED, Way.EXACT, "P-1")
    assert not standing.differs


def test_a_report_finds_the_posting_that_came_before_it(app: Flask) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "100.50", "2005-07-12")))
    key = report(held)
    assert standing_of(key).state is ReportState.OPEN
    run_pending(app)
    standing = standing_of(key)
    assert (standing.way, standing.differs, standing.posting_minor) == (Way.TOLERANT, True, 10_050)


def test_a_reversal_is_no_posting_to_match() -> None:
    held = held_account()
    bring_payments(payments_file(held.account, reversal("R-1", "P-0", "100.00", "2005-07-10")))
    key = report(held)
    bring_payments(payments_file(held.account, paid("P-9", "5.00", "2005-07-10")))
    assert standing_of(key).state is ReportState.OPEN


def test_the_same_reference_is_the_same_report_and_other_content_a_conflict() -> None:
    held = held_account()
    key, is_new = report_payment(held.actor, held.account.account_ref, told())
    assert is_new
    assert report_payment(held.actor, held.account.account_ref, told()) == (key, False)
    with pytest.raises(DomainError) as error:
        report_payment(held.actor, held.account.account_ref, told(amount=1))
    assert error.value.code == "reported.conflict"


def test_two_agencies_may_use_the_same_reference() -> None:
    assert report(held_account()) != report(held_account())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"currency": "CNY"}, "currency"),
        ({"paid_on": "2006-03-01"}, "paid_on"),
        ({"received_on": date(2005, 7, 10)}, "received_on"),
        ({"received": True, "paid_on": "2005-10-02"}, "paid_on"),
        ({"received": True, "received_on": None}, "received_on"),
        ({"reference": "4111111111111111"}, "reported_ref"),
        ({"channel": "card 4111 1111 1111 1111"}, "channel"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field(wrong: dict[str, object], field: str) -> None:
    held = held_account()
    with pytest.raises(DomainError) as error:
        report_payment(held.actor, held.account.account_ref, told(**wrong))  # type: ignore[arg-type]
    assert error.value.field == field


def test_only_what_one_holds_or_has_a_tail_on_can_be_named() -> None:
    mine, theirs = held_account(), held_account()
    with pytest.raises(DomainError, match=r"reported\.account"):
        report_payment(mine.actor, theirs.account.account_ref, told())
    ended = held_account(ended_on=date(2005, 9, 20))
    with pytest.raises(DomainError, match=r"reported\.account"):
        report(ended)


def test_while_the_tail_runs_a_payment_is_reported_without_words_or_file() -> None:
    held = held_account(ended_on=date(2005, 7, 2))
    agency = make_agency()
    leader = actor_of(make_user(Role.AGENCY_LEADER, agency))
    place(held.account, agency, date(2005, 8, 1), date(2005, 9, 20), tail={"days": 30})
    with transaction(observer()) as work:
        work.session.execute(
            sa.text("UPDATE placement SET past_ref = :r WHERE ended_on = '2005-09-20'"), {"r": held.account.account_ref}
        )
    with pytest.raises(DomainError, match=r"reported\.closed"):
        report_payment(leader, held.account.account_ref, told(), "the debtor rang")
    key, is_new = report_payment(leader, held.account.account_ref, told())
    assert is_new
    assert standing_of(key, leader).state is ReportState.OPEN


def test_another_agency_sees_nothing_of_a_report() -> None:
    mine, other = held_account(), held_account()
    key = report(mine)
    with reading(other.actor) as session, pytest.raises(NotFound):
        queries.report_for(session, other.actor, key)
    with pytest.raises(NotFound):
        withdraw_report(other.actor, key, "no reason")


def test_the_bank_matches_by_hand_and_undoes_it_and_the_portal_does_not_do_it_again(app: Flask) -> None:
    held = held_account()
    key, bank = report(held), finance()
    bring_payments(
        payments_file(held.account, paid("P-1", "100.00", "2005-08-20"), paid("P-2", "100.00", "2005-07-10"))
    )
    assert standing_of(key).payment_ref == "P-2"
    undo_match(bank, key, "paid by somebody else")  # type: ignore[arg-type]
    bring_payments(payments_file(held.account, paid("P-3", "7.00", "2005-07-10")))
    assert standing_of(key).state is ReportState.OPEN
    match_by_hand(bank, key, "P-1", "the debtor's own slip says so")  # type: ignore[arg-type]
    standing = standing_of(key, held.actor)
    assert (standing.way, standing.payment_ref, standing.differs) == (Way.BY_HAND, "P-1", True)
    with reading(held.actor) as session:
        steps = [row.ReportedEvent.step.value for row in queries.events_of(session, held.actor, key)]
    assert steps == ["reported", "matched", "undone", "matched"]


def test_no_posting_is_matched_twice() -> None:
    held, bank = held_account(), finance()
    report(held, "A-1")
    second = report(held, "A-2")
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-07-10")))
    assert standing_of(second).state is ReportState.OPEN
    with pytest.raises(DomainError, match=r"reported\.taken"):
        match_by_hand(bank, second, "P-1", "it is this one")  # type: ignore[arg-type]


@pytest.mark.parametrize(("reference", "code"), [("P-404", "no_posting"), ("P-X", "other_person"), ("R-1", "reversal")])
def test_a_posting_that_cannot_be_it_is_refused(reference: str, code: str) -> None:
    held, other = held_account(), held_account()
    key = report(held)
    bring_payments(payments_file(other.account, paid("P-X", "100.00")))
    bring_payments(payments_file(held.account, paid("P-7", "9.00"), reversal("R-1", "P-7", "9.00")))
    with pytest.raises(DomainError, match=rf"reported\.{code}"):
        match_by_hand(finance(), key, reference, "because")  # type: ignore[arg-type]


def test_a_report_is_withdrawn_while_it_is_open_and_then_never_matched() -> None:
    held = held_account()
    key = report(held)
    with pytest.raises(DomainError, match=r"reported\.reason"):
        withdraw_report(held.actor, key, " ")
    withdraw_report(held.actor, key, "entered twice")
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-07-10")))
    assert standing_of(key).state is ReportState.WITHDRAWN
    with pytest.raises(Refused):
        withdraw_report(held.actor, key, "again")


def test_a_matched_report_is_not_withdrawn() -> None:
    held = held_account()
    key = report(held)
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-07-10")))
    with pytest.raises(Refused, match=r"reported\.matched"):
        withdraw_report(held.actor, key, "changed my mind")


def test_what_an_agency_received_waits_for_its_report_and_dates_are_compared(app: Flask) -> None:
    held = held_account()
    row = {**paid("P-1", "100.00", "2005-07-10"), "received_by": "agency", "received_on": "2005-07-20",
           "cleared_on": "2005-07-21", "posted_on": "2005-07-21"}  # fmt: skip
    bring_payments(payments_file(held.account, row))
    with reading(held.actor) as session:
        assert [r.AgencyReceipt.payment_ref for r in session.execute(queries.unreported(held.actor))] == ["P-1"]
        assert queries.count_open(session, held.actor) == 1
    key = report(held, received=True, received_on=date(2005, 7, 11))
    run_pending(app)
    standing = standing_of(key, held.actor)
    assert (standing.way, standing.differs, standing.late) == (Way.EXACT, False, True)  # nine days to the bank
    with reading(held.actor) as session:
        assert queries.count_open(session, held.actor) == 0


def test_a_receipt_that_was_taken_back_whole_waits_for_nothing() -> None:
    held = held_account()
    bring_payments(payments_file(held.account, {**paid("P-1", "100.00"), "received_by": "agency"}))
    bring_payments(payments_file(held.account, {**reversal("R-1", "P-1", "100.00"), "received_by": "agency"}))
    with reading(held.actor) as session:
        assert not session.execute(queries.unreported(held.actor)).all()
        amounts = session.scalars(sa.select(AgencyReceipt.amount_minor).order_by(AgencyReceipt.attribution_id)).all()
    assert list(amounts) == [10_000, -10_000]


def test_a_reversal_that_came_first_is_noted_with_its_payment() -> None:
    held = held_account()
    bring_payments(payments_file(held.account, {**reversal("R-1", "P-1", "100.00"), "received_by": "agency"}))
    bring_payments(payments_file(held.account, {**paid("P-1", "100.00"), "received_by": "agency"}))
    with reading(held.actor) as session:
        assert sum(session.scalars(sa.select(AgencyReceipt.amount_minor))) == 0
        assert queries.count_open(session, held.actor) == 0


def test_open_items_have_ages_and_totals(app: Flask) -> None:
    held = held_account()
    report(held, "A-1")
    report(held, "A-2", 5_000)
    with reading(held.actor) as session:
        found = queries.open_totals(session, held.actor, date(2005, 10, 6))
    assert found == {"reported": [("TWD", "4-7", 2, 15_000)], "posted": []}


def test_a_file_of_reports_is_taken_once_and_says_what_is_wrong_row_by_row(app: Flask) -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-07-10")))
    rows = (
        {}, {"kind": "已收", "received_on": "2005-07-11"}, {"amount": "-1"}, {"kind": "maybe"},
        {"account_ref": other.account.account_ref}, {"paid_on": ""}, {"currency": "XYZ"},
    )  # fmt: skip
    summary = bring_reported(held, *rows)
    assert (summary["created"], summary["rejected"], summary["total"]) == (2, 5, "200.00")
    assert summary["errors"] == {"missing": 1, "negative": 1, "unknown_account": 1, "unknown_value": 2}
    assert bring_reported(held, *rows)["status"] == "already_imported"
    again = bring_reported(held, {}, {"reported_ref": "F-1", "amount": "3.00"})
    assert (again["unchanged"], again["errors"]) == (1, {"conflict": 1})
    run_pending(app)
    with reading(held.actor) as session:
        ways = session.execute(queries.with_standing(held.actor).order_by(ReportedPayment.id)).all()
    assert [row[1].state.value for row in ways] == ["matched", "open"]


def test_the_bank_does_not_report_and_an_agency_does_not_match() -> None:
    held = held_account()
    key = report(held)
    with pytest.raises(Refused):
        report_payment(finance(), held.account.account_ref, told())  # type: ignore[arg-type]
    with pytest.raises(Refused):
        match_by_hand(held.actor, key, "P-1", "mine")


def test_reports_and_their_events_do_not_change(app: Flask) -> None:
    report(held_account())
    for model in (ReportedPayment, ReportedEvent):
        with pytest.raises(sa.exc.DBAPIError, match=r"append-only"), transaction(observer()) as work:
            work.session.execute(sa.delete(model))
