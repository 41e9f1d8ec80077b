"""Statements of the demo: drawn up and issued by one at finance, released by the other, confirmed or contested."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.closing import draw_period
from portal.commission.disputes import answer_dispute, contest_lines
from portal.commission.invoices import InvoiceDetails, accept_difference, upload_invoice
from portal.commission.life_models import DisputeEnd, DisputeReason, Follows, StatementDispute, TaxRule
from portal.commission.life_queries import due_for_payment
from portal.commission.models import CommissionLine, Statement, StatementState
from portal.commission.operations import confirm_statement, issue_statement, release_statement
from portal.commission.paying import Paid, record_settlement
from portal.commission.queries import current_state, statement_for
from portal.commission.tax_setting import set_tax, taxed_organisations
from portal.demo.cast import HOUSES
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.vendors.proofs import Proof

if TYPE_CHECKING:
    from portal.demo.stage import Stage

__all__ = ["answer_agencies", "draw", "release", "settle"]

CENTS = 12  # in minor units
QUARREL = (
    (DisputeReason.CREDIT, "该笔回款由我方外访当日促成，承诺记录在案，应计入我方"),
    (DisputeReason.RATE, "按我方统计该批次回收率已达更高一档，应适用更高费率"),
)
ANSWERS: tuple[tuple[DisputeEnd, str, Follows | None], ...] = (
    (DisputeEnd.UPHELD, "核实无误，该差额以调整项列入下期结算单", Follows.ADJUSTMENT),
    (DisputeEnd.REFUSED, "按期末回收率核算，该批次未达更高一档，费率无误", None),
)
LEADERS = {house.code: house.leader.user_name for house in HOUSES}
ABROAD = {house.code for house in HOUSES if house.is_abroad}  # bill without the bank's country's tax
LEFT_AS_DRAWN = {"YF"}  # of the newest month: where each statement is left for somebody to go on
LEFT_AS_ISSUED = {"XT"}
CONTESTING = "ZX"
UNANSWERED = {"BL"}
BILLS_OTHERWISE = "ZX"  # of the older months its invoice differs by some cents
NOT_BILLED = {"BL"}


def draw(stage: Stage, period: date, newest: bool) -> None:
    """Draw a month up and put its statements before the second person."""
    _set_taxes(stage)
    draw_period(stage.actor("finance1"), period)
    for statement_id, code in _statements(stage, period, StatementState.DRAWN):
        if not (newest and code in LEFT_AS_DRAWN):
            issue_statement(stage.actor("finance1"), statement_id)


def release(stage: Stage, period: date, newest: bool) -> None:
    """The second person lets the agencies see them."""
    for statement_id, code in _statements(stage, period, StatementState.ISSUED):
        if not (newest and code in LEFT_AS_ISSUED):
            release_statement(stage.actor("finance2"), statement_id)


def answer_agencies(stage: Stage, period: date, newest: bool) -> None:
    """The agencies look at what was released to them; of an older month the bank has answered what was contested."""
    for statement_id, code in _statements(stage, period, StatementState.RELEASED):
        leader = stage.actor(LEADERS[code])
        if code == CONTESTING:
            _quarrel(stage, statement_id, newest)
        elif not (newest and code in UNANSWERED):
            confirm_statement(leader, statement_id)


def _quarrel(stage: Stage, statement_id: int, newest: bool) -> None:
    """Two lines are contested; one is answered at once, the other of the newest month is still open."""
    leader, finance = stage.actor(LEADERS[CONTESTING]), stage.actor("finance1")
    with reading(leader) as session:
        wanted = sa.select(CommissionLine.id).where(CommissionLine.statement_id == statement_id)
        lines = list(session.scalars(wanted.order_by(CommissionLine.position).limit(2)))
    for line, (reason, words) in zip(lines, QUARREL, strict=False):
        contest_lines(leader, statement_id, [line], reason, words)
    with reading(finance) as session:
        open_ones = sa.select(StatementDispute.id).where(StatementDispute.statement_id == statement_id)
        disputes = list(session.scalars(open_ones.order_by(StatementDispute.id)))
    for number, dispute in enumerate(disputes):
        if number and newest:
            return
        end, words, follows = ANSWERS[number]
        answer_dispute(finance, statement_id, dispute, end, words, follows)
    if not newest:
        confirm_statement(leader, statement_id)


def settle(stage: Stage, period: date, newest: bool) -> None:
    """The agencies bill what they confirmed and the bank pays: of an older month all of it, in one part or two; of the newest
    some are billed, one of them paid in part."""
    for statement_id, code in _statements(stage, period, StatementState.CONFIRMED):
        leader = stage.actor(LEADERS[code])
        with reading(leader) as session:
            due = due_for_payment(statement := statement_for(session, leader, statement_id))
            tax, number = statement.tax_minor, statement.number
        if due <= 0 or (newest and code in NOT_BILLED):
            continue
        beyond = CENTS if code == BILLS_OTHERWISE or (newest and code == "HT" and due > CENTS) else 0
        details = InvoiceDetails(f"{code}{period:%Y%m}{statement_id:04}", services().clock.today(), due + beyond, tax)
        content = f"%PDF-1.4\n% 演示发票 {number}\n%%EOF\n".encode()
        invoice = upload_invoice(leader, statement_id, details, Proof(content, f"{number}.pdf"))
        if beyond:
            accept_difference(stage.actor("finance1"), statement_id, invoice.id, "四舍五入造成的尾差，金额很小")
            if newest:
                continue
            accept_difference(stage.actor("finance2"), statement_id, invoice.id, "同意，按结算单金额付款")
        _pay(stage, statement_id, due, code, newest)


def _pay(stage: Stage, statement_id: int, due: int, code: str, newest: bool) -> None:
    today = services().clock.today()
    first = due if code != "HT" and not newest else due // 2
    parts = [first] if newest else [first, due - first]
    for number, part in enumerate(parts, 1):
        if part:
            reference = f"TT{today:%y%m%d}{statement_id:04}{number}"
            record_settlement(stage.actor("finance2"), statement_id, Paid(part, today, reference))


def _set_taxes(stage: Stage) -> None:
    """Once: value added tax within the amounts, and of one agency on top of them."""
    finance = stage.actor("finance1")
    with reading(finance) as session:
        if session.scalar(sa.select(TaxRule.id).limit(1)) is not None:
            return
        houses = [(each.id, each.code) for each in taxed_organisations(session, finance)]
    for organisation_id, code in houses:
        if code in ABROAD:
            continue
        set_tax(finance, organisation_id, Decimal("0.06"), code not in NOT_BILLED, date(stage.begins.year, 1, 1))


def _statements(stage: Stage, period: date, state: StatementState) -> list[tuple[int, str]]:
    """A month's statements in a state, with the organisation's code."""
    wanted = (
        sa.select(Statement.id, Organisation.code)
        .join(Organisation, Organisation.id == Statement.organisation_id)
        .where(Statement.period == period, current_state() == state)
        .order_by(Statement.id)
    )
    with reading(stage.actor("finance1")) as session:
        return [(row[0], row[1]) for row in session.execute(wanted)]
