"""A statement after its release: contested line by line, confirmed by silence, billed, paid, taxed."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from portal.commission import life_queries as queries
from portal.commission.disputes import answer_dispute, contest_lines, contest_statement, withdraw_dispute
from portal.commission.freezing import contest_days
from portal.commission.invoice_files import read_invoice_file
from portal.commission.invoices import InvoiceDetails, accept_difference, return_invoice, upload_invoice
from portal.commission.life_models import (
    DisputeEnd,
    DisputeReason,
    Follows,
    InvoiceEvent,
    InvoiceState,
    Settlement,
    StatementDispute,
)
from portal.commission.models import CommissionLine, Statement, StatementEvent, StatementState
from portal.commission.operations import confirm_statement
from portal.commission.paying import Paid, record_settlement, take_back_settlement
from portal.commission.queries import statement_for
from portal.commission.rerunning import rerun
from portal.commission.silence import confirm_by_silence
from portal.commission.stepping import SILENCE
from portal.commission.tax_setting import set_tax
from portal.commission.taxes import taxed
from portal.foundation.clock import FrozenClock
from portal.foundation.daily import ask_for_due
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.vendors.proofs import Proof
from tests.commission.factories import Finance, drawn, make_finance, released, state
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, payments_file
from tests.recovery.test_payments import paid, reversal

if TYPE_CHECKING:
    from flask import Flask

S = StatementState
TODAY = date(2005, 8, 1)
PDF = Proof(b"%PDF-1.4 invoice", "invoice.pdf")
pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def statement_of(amounts: tuple[str, ...] = ("1000.00", "500.00")) -> tuple[Held, Finance, int]:
    """A released statement of an agency, at 20 % of these payments."""
    held, finance = held_account("0.20"), make_finance()
    bring_payments(
        payments_file(held.account, *(paid(f"P-{held.account.id}-{n}", amount) for n, amount in enumerate(amounts)))
    )
    (statement_id,) = released(finance)
    return held, finance, statement_id


def confirmed(amounts: tuple[str, ...] = ("1000.00",)) -> tuple[Held, Finance, int]:
    held, finance, statement_id = statement_of(amounts)
    confirm_statement(held.actor, statement_id)
    return held, finance, statement_id


def lines(statement_id: int) -> list[int]:
    with reading(observer()) as session:
        wanted = sa.select(CommissionLine.id).where(CommissionLine.statement_id == statement_id)
        return list(session.scalars(wanted.order_by(CommissionLine.position)))


def disputes(statement_id: int) -> list[int]:
    with reading(observer()) as session:
        wanted = sa.select(StatementDispute.id).where(StatementDispute.statement_id == statement_id)
        return list(session.scalars(wanted.order_by(StatementDispute.id)))


def on(day: date) -> None:
    """From here on it is noon of this day."""
    clock = services().clock
    at = FrozenClock(time_zone=clock.time_zone, today_is=None).at.replace(year=day.year, month=day.month, day=day.day)
    services().clock = FrozenClock(time_zone=clock.time_zone, at=at)


def events(statement_id: int) -> list[tuple[StatementState, str]]:
    with reading(observer()) as session:
        wanted = sa.select(StatementEvent.state, StatementEvent.reason).where(
            StatementEvent.statement_id == statement_id
        )
        return [(row[0], row[1]) for row in session.execute(wanted.order_by(StatementEvent.id))]


# --- line by line ------------------------------------------------------------------------------------------------------


def test_several_lines_are_contested_at_once_and_the_last_answer_answers_the_statement() -> None:
    held, finance, statement_id = statement_of()
    first, second = lines(statement_id)

    assert contest_lines(held.actor, statement_id, [second, first], DisputeReason.RATE, "25 % was agreed") == 2
    assert state(statement_id) is S.CONTESTED
    with pytest.raises(Refused):
        confirm_statement(held.actor, statement_id)
    one, other = disputes(statement_id)
    answer_dispute(finance.issuer, statement_id, one, DisputeEnd.UPHELD, "right", Follows.ADJUSTMENT)
    assert state(statement_id) is S.CONTESTED
    answer_dispute(finance.issuer, statement_id, other, DisputeEnd.REFUSED, "20 % until August")
    assert state(statement_id) is S.ANSWERED
    confirm_statement(held.actor, statement_id)
    assert state(statement_id) is S.CONFIRMED


def test_a_line_has_one_open_dispute_and_may_be_contested_again_after_an_answer() -> None:
    held, finance, statement_id = statement_of()
    first, second = lines(statement_id)
    contest_lines(held.actor, statement_id, [first], DisputeReason.AMOUNT, "too little")

    with pytest.raises(Refused) as refused:
        contest_lines(held.actor, statement_id, [first, second], DisputeReason.AMOUNT, "too little")
    assert refused.value.code == "dispute.open"
    contest_lines(held.actor, statement_id, [second], DisputeReason.OTHER, "this one too")
    for dispute_id in disputes(statement_id):
        answer_dispute(finance.issuer, statement_id, dispute_id, DisputeEnd.REFUSED, "no")
    contest_lines(held.actor, statement_id, [first], DisputeReason.AMOUNT, "still too little")

    with reading(observer()) as session:
        turns = session.scalars(sa.select(StatementDispute.turn).where(StatementDispute.line_id == first)).all()
    assert sorted(turns) == [1, 2]


def test_an_upheld_line_says_what_follows_and_the_line_stays() -> None:
    held, finance, statement_id = statement_of()
    contest_lines(held.actor, statement_id, lines(statement_id)[:1], DisputeReason.CREDIT, "ours")
    (dispute_id,) = disputes(statement_id)

    with pytest.raises(DomainError) as error:
        answer_dispute(finance.issuer, statement_id, dispute_id, DisputeEnd.UPHELD, "right")
    assert error.value.field == "follows"
    answer_dispute(finance.issuer, statement_id, dispute_id, DisputeEnd.UPHELD, "right", Follows.CREDIT)
    with pytest.raises(Refused):
        answer_dispute(finance.issuer, statement_id, dispute_id, DisputeEnd.REFUSED, "or not")
    assert rerun(observer(), statement_id).is_equal


def test_what_the_agency_takes_back_needs_no_answer() -> None:
    held, _finance, statement_id = statement_of()
    contest_lines(held.actor, statement_id, lines(statement_id), DisputeReason.OTHER, "let us see")
    one, other = disputes(statement_id)

    withdraw_dispute(held.actor, statement_id, one, "our mistake")
    assert state(statement_id) is S.CONTESTED
    withdraw_dispute(held.actor, statement_id, other, "our mistake")

    assert state(statement_id) is S.ANSWERED
    confirm_statement(held.actor, statement_id)


def test_lines_of_another_statement_and_other_agencies_are_not_there() -> None:
    held, _finance, statement_id = statement_of()
    other, _finance2, theirs = statement_of(("10.00",))

    with pytest.raises(NotFound):
        contest_lines(held.actor, statement_id, lines(theirs), DisputeReason.RATE, "x")
    with pytest.raises(NotFound):
        contest_lines(other.actor, statement_id, lines(statement_id), DisputeReason.RATE, "x")
    contest_lines(held.actor, statement_id, lines(statement_id)[:1], DisputeReason.RATE, "x")
    contest_lines(other.actor, theirs, lines(theirs), DisputeReason.RATE, "x")
    with pytest.raises(NotFound):
        withdraw_dispute(other.actor, theirs, disputes(statement_id)[0], "x")


# --- the deadline ------------------------------------------------------------------------------------------------------


def test_after_the_deadline_lines_cannot_be_contested_and_silence_confirms(app: Flask) -> None:
    held, _finance, statement_id = statement_of()
    on(date(2005, 8, 11))
    assert confirm_by_silence(observer()) == 0
    on(date(2005, 8, 12))

    with pytest.raises(Refused) as refused:
        contest_lines(held.actor, statement_id, lines(statement_id), DisputeReason.RATE, "late")
    assert refused.value.code == "dispute.too_late"
    with pytest.raises(Refused):
        contest_statement(held.actor, statement_id, "late")
    assert ask_for_due()
    run_pending(app)

    assert events(statement_id)[-1] == (S.CONFIRMED, SILENCE)
    assert confirm_by_silence(observer()) == 0


def test_an_open_dispute_stops_silence_and_its_answer_opens_only_that_line_again() -> None:
    held, finance, statement_id = statement_of()
    first, second = lines(statement_id)
    contest_lines(held.actor, statement_id, [first], DisputeReason.RATE, "wrong")
    on(date(2005, 8, 20))
    assert confirm_by_silence(observer()) == 0
    answer_dispute(finance.issuer, statement_id, disputes(statement_id)[0], DisputeEnd.REFUSED, "right")

    with pytest.raises(Refused):
        contest_lines(held.actor, statement_id, [second], DisputeReason.RATE, "too late for this one")
    on(date(2005, 8, 30))
    contest_lines(held.actor, statement_id, [first], DisputeReason.RATE, "still wrong")


def test_the_contract_says_how_long_and_else_it_is_ten_days() -> None:
    assert contest_days({"recovery": {"contest_days": 3}}) == 3
    assert contest_days({"recovery": {}}) == contest_days({}) == 10


# --- taxes -------------------------------------------------------------------------------------------------------------


@given(total=st.integers(-(10**12), 10**12), percent=st.integers(0, 9_999), included=st.booleans())
def test_net_and_tax_are_the_gross_and_a_credit_note_mirrors_its_statement(
    total: int, percent: int, included: bool
) -> None:
    rate = Decimal(percent) / 10_000
    found, mirrored = taxed(total, rate, included), taxed(-total, rate, included)

    assert found.net + found.tax == found.gross
    assert (found.gross if included else found.net) == total
    assert mirrored == tuple(-part for part in found)
    assert abs(Decimal(found.tax) - Decimal(found.net) * rate) <= 1


@pytest.mark.parametrize(
    ("included", "net", "tax", "gross"), [(False, 20_000, 1_200, 21_200), (True, 18_868, 1_132, 20_000)]
)
def test_a_statement_keeps_the_tax_that_counted_when_it_was_drawn_up(
    included: bool, net: int, tax: int, gross: int
) -> None:
    held, finance = held_account("0.20"), make_finance()
    set_tax(finance.issuer, held.agency.id, Decimal("0.06"), included, date(2005, 7, 31))
    bring_payments(payments_file(held.account, paid("P-1", "1000.00")))
    (statement_id,) = drawn(finance)
    set_tax(finance.issuer, held.agency.id, Decimal("0.13"), included, date(2005, 7, 1))

    with reading(observer()) as session:
        found = statement_for(session, observer(), statement_id)
        assert (found.net_minor, found.tax_minor, found.gross_minor) == (net, tax, gross)
        assert queries.due_for_payment(found) == gross
        assert session.scalar(sa.select(queries.due_in_sql()).where(Statement.id == statement_id)) == gross


def test_a_tax_that_begins_after_the_month_does_not_count() -> None:
    held, finance = held_account("0.20"), make_finance()
    set_tax(finance.issuer, held.agency.id, Decimal("0.06"), False, date(2005, 8, 1))
    bring_payments(payments_file(held.account, paid("P-1", "1000.00")))
    (statement_id,) = drawn(finance)

    with reading(observer()) as session:
        assert statement_for(session, observer(), statement_id).tax_rate is None
    with pytest.raises(DomainError):
        set_tax(finance.issuer, held.agency.id, Decimal(1), False, TODAY)


def test_of_a_net_contract_only_what_was_not_kept_is_due() -> None:
    held, finance = held_account(plan={"rate": "0.20", "remittance": "net"}), make_finance()
    theirs = paid("P-1", "1000.00") | {"received_by": "agency"}
    bring_payments(payments_file(held.account, theirs, paid("P-2", "100.00") | {"received_by": "bank"}))
    (statement_id,) = released(finance)

    with reading(held.actor) as session:
        found = statement_for(session, held.actor, statement_id)
        assert (found.total_minor, queries.due_for_payment(found)) == (22_000, 2_000)


def test_totals_are_kept_by_contract_and_batch() -> None:
    held, _finance, statement_id = statement_of()

    with reading(held.actor) as session:
        (found,) = queries.totals_of(session, held.actor, statement_for(session, held.actor, statement_id))
    assert (found.lines, found.recovered, found.commission) == (2, 150_000, 30_000)
    assert found.contract and found.batch


# --- invoices ----------------------------------------------------------------------------------------------------------


def bill(held: Held, statement_id: int, amount: int, number: str = "INV-1") -> int:
    return upload_invoice(held.actor, statement_id, InvoiceDetails(number, TODAY, amount, 0), PDF).id


def invoice_states(statement_id: int) -> list[InvoiceState]:
    with reading(observer()) as session:
        return [each.state for each in queries.invoices_of(session, observer(), statement_id)]


def test_an_invoice_over_what_is_due_is_matched_at_once() -> None:
    held, _finance, statement_id = confirmed()
    bill(held, statement_id, 20_000)

    assert invoice_states(statement_id) == [InvoiceState.MATCHED]
    with pytest.raises(Refused):
        bill(held, statement_id, 20_000, "INV-2")


def test_a_difference_is_proposed_by_one_person_and_accepted_by_another() -> None:
    held, finance, statement_id = confirmed()
    invoice_id = bill(held, statement_id, 20_001)
    assert invoice_states(statement_id) == [InvoiceState.DIFFERS]

    assert accept_difference(finance.issuer, statement_id, invoice_id, "a cent") is InvoiceState.PROPOSED
    with pytest.raises(Refused) as refused:
        accept_difference(finance.issuer, statement_id, invoice_id, "a cent")
    assert refused.value.code == "invoice.own_proposal"
    assert accept_difference(finance.releaser, statement_id, invoice_id, "yes") is InvoiceState.ACCEPTED


def test_the_database_itself_refuses_an_acceptance_by_the_one_who_proposed() -> None:
    held, finance, statement_id = confirmed()
    invoice_id = bill(held, statement_id, 20_001)
    with pytest.raises(DBAPIError), transaction(finance.issuer) as work:
        work.session.add(
            InvoiceEvent(
                invoice_id=invoice_id, organisation_id=held.agency.id, state=InvoiceState.ACCEPTED,
                proposed_by=finance.maker.id, by_user_id=finance.maker.id, by_name="x", at=work.now,
            )
        )  # fmt: skip


def test_an_invoice_that_is_sent_back_makes_room_for_another_also_of_the_same_number() -> None:
    held, finance, statement_id = confirmed()
    invoice_id = bill(held, statement_id, 19_000)
    return_invoice(finance.issuer, statement_id, invoice_id, "the amount is 200.00")
    bill(held, statement_id, 20_000)

    assert invoice_states(statement_id) == [InvoiceState.MATCHED, InvoiceState.RETURNED]
    with pytest.raises(Refused):
        return_invoice(finance.issuer, statement_id, invoice_id, "again")


def test_one_invoice_number_bills_one_statement() -> None:
    held, finance, statement_id = confirmed()
    bill(held, statement_id, 20_000)
    bring_payments(payments_file(held.account, paid("P-LATE", "10.00")))
    (later,) = released(finance)
    confirm_statement(held.actor, later)

    with pytest.raises(DomainError) as error:
        bill(held, later, 200)
    assert error.value.code == "invoice.used"


def test_nothing_is_billed_before_the_agency_has_confirmed() -> None:
    held, _finance, statement_id = statement_of()
    with pytest.raises(Refused):
        bill(held, statement_id, 30_000)


OFD = b"PK\x05\x06" + b"\0" * 18  # an empty archive


@pytest.mark.parametrize(
    "content",
    [
        b"", b"MZ\x90", b"<html", b"GIF89a", OFD, b"PK\x03\x04 broken", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>",
        b"<?xml version='1.0'?>\0<x/>", b"%PDF-" + b"x" * (10 * 1024 * 1024),
    ],
    ids=range(9),
)  # fmt: skip
def test_what_is_no_invoice_file_is_refused(content: bytes) -> None:
    with pytest.raises(DomainError) as error:
        read_invoice_file(BytesIO(content), "../../evil\0.pdf")
    assert error.value.field == "file"


def test_an_invoice_file_gets_a_name_that_is_safe() -> None:
    found = read_invoice_file(BytesIO(b"%PDF-1.7 x"), "..\\..\\发票 07.exe")
    assert found.name == "发票_07.pdf"


# --- payments ----------------------------------------------------------------------------------------------------------


def pay(finance: Finance, statement_id: int, amount: int, reference: str = "TT-1", reason: str = "") -> int:
    return record_settlement(finance.issuer, statement_id, Paid(amount, TODAY, reference, reason))


def test_a_statement_is_paid_in_parts_until_the_whole_and_is_settled_then() -> None:
    held, finance, statement_id = confirmed()
    with pytest.raises(Refused) as refused:
        pay(finance, statement_id, 5_000)
    assert refused.value.code == "settlement.no_invoice"
    bill(held, statement_id, 20_000)

    assert pay(finance, statement_id, 5_000) == 15_000
    assert state(statement_id) is S.CONFIRMED
    with pytest.raises(DomainError) as error:
        pay(finance, statement_id, 15_000)
    assert error.value.code == "settlement.twice"
    with pytest.raises(DomainError) as error:
        pay(finance, statement_id, 15_001, "TT-2")
    assert error.value.code == "settlement.too_much"
    assert pay(finance, statement_id, 15_000, "TT-2") == 0
    assert state(statement_id) is S.SETTLED
    with pytest.raises(Refused):
        pay(finance, statement_id, 1, "TT-3")


def test_more_than_is_owed_needs_a_reason_also_by_the_database() -> None:
    held, finance, statement_id = confirmed()
    bill(held, statement_id, 20_000)

    with pytest.raises(DBAPIError), transaction(observer()) as work:
        work.session.add(
            Settlement(
                statement_id=statement_id, organisation_id=held.agency.id, turn=1, currency="TWD", amount_minor=20_001,
                owing_minor=20_000, paid_on=TODAY, bank_ref="X", reason="", by_name="x", at=work.now,
            )
        )  # fmt: skip
    assert pay(finance, statement_id, 20_001, reason="rounded up by the bank") == -1
    assert state(statement_id) is S.SETTLED


def test_an_entry_that_was_wrong_is_taken_back_by_a_second_one_and_is_owed_again() -> None:
    held, finance, statement_id = confirmed()
    bill(held, statement_id, 20_000)
    pay(finance, statement_id, 20_000)
    with reading(observer()) as session:
        (entry,) = [row.id for row in queries.settlements_of(session, observer(), statement_id)]

    take_back_settlement(finance.issuer, statement_id, entry, "wrong account")

    assert state(statement_id) is S.CONFIRMED
    with pytest.raises(Refused):
        take_back_settlement(finance.issuer, statement_id, entry, "again")
    assert pay(finance, statement_id, 20_000) == 0  # the reference is free again
    assert state(statement_id) is S.SETTLED


def test_what_the_agency_owes_is_recorded_as_coming_from_it() -> None:
    held, finance = held_account("0.20"), make_finance()
    bring_payments(payments_file(held.account, paid("P-1", "100.00")))
    released(finance)
    bring_payments(payments_file(held.account, reversal("R-1", "P-1", "100.00", "2005-07-20")))
    (statement_id,) = released(finance)
    confirm_statement(held.actor, statement_id)

    with pytest.raises(Refused):
        bill(held, statement_id, 2_000)
    with pytest.raises(DomainError):
        pay(finance, statement_id, 2_001)
    assert pay(finance, statement_id, 2_000) == 0
    assert state(statement_id) is S.SETTLED
    with reading(observer()) as session:
        assert queries.paid_so_far(session, observer(), statement_id) == -2_000


@pytest.mark.databases("postgresql")
def test_two_payments_at_once_do_not_pay_twice(app: Flask) -> None:
    held, finance, statement_id = confirmed()
    bill(held, statement_id, 20_000)
    done: list[str] = []
    start = threading.Barrier(4)

    def pay_all(number: int) -> None:
        with app.app_context():
            start.wait(10)
            try:
                pay(finance, statement_id, 20_000, f"TT-{number}")
            except DomainError as error:
                done.append(error.code)
            else:
                done.append("paid")

    threads = [threading.Thread(target=pay_all, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(done) == ["paid"] + ["statement.state"] * 3
    with reading(observer()) as session:
        assert queries.paid_so_far(session, observer(), statement_id) == 20_000
