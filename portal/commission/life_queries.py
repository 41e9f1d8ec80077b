"""Reads of a statement's life after its release: what is contested and until when, invoices, what is due and what was paid.

An agency sees what is its own, as everywhere.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.life_models import (
    DisputeEvent,
    InvoiceEvent,
    InvoiceState,
    Settlement,
    StatementDispute,
    StatementInvoice,
    StatementPaper,
    TaxRule,
)
from portal.commission.models import CommissionLine, Statement, StatementEvent, StatementState, counted_base
from portal.commission.queries import current_state, seen_by
from portal.commission.stepping import WITHDRAWN_LINES
from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.placement.models import PlacementBatch
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "ClauseTotal", "Deadlines", "Total", "clauses_of", "count_statements", "deadlines", "dispute_for", "disputes_of", "disputes_open", "due_for_payment",
    "due_in_sql", "has_open_dispute", "invoice_for", "invoice_state", "invoices_of", "is_unsettled",
    "local_day", "paid_so_far", "paper_of", "recovered_of", "settlements_of", "tax_rules", "to_bill", "totals_of", "undecided_invoice", "whole_was_contested",
]  # fmt: skip

S = StatementState


# --- until when ------------------------------------------------------------------------------------------------------------


class Deadlines(NamedTuple):
    """Last days on which lines may be contested: `first` for the first time, `last` for what was answered since."""

    first: date
    last: date


def deadlines(statement: Statement, events: Sequence[StatementEvent]) -> Deadlines | None:
    """From the release, and anew from each answer of the bank. None before the release, and for statements of before there
    was a deadline."""
    days = statement.contest_days
    released = next((event.at for event in events if event.state is S.RELEASED), None)
    if days is None or released is None:
        return None
    answers = [event.at for event in events if event.state is S.ANSWERED and event.reason != WITHDRAWN_LINES]
    first = local_day(released) + timedelta(days=days)
    last = local_day(answers[-1]) + timedelta(days=days) if answers else first
    return Deadlines(first, max(first, last))


def local_day(instant: datetime) -> date:
    """The business day of an instant, in the bank's zone."""
    return instant.astimezone(ZoneInfo(services().clock.time_zone)).date()


# --- what is contested -----------------------------------------------------------------------------------------------------


def disputes_of(actor: Actor, statement_id: int) -> sa.Select[tuple[StatementDispute]]:
    """What was contested of a statement, with the lines."""
    return (
        visible(StatementDispute, actor)
        .where(StatementDispute.statement_id == statement_id)
        .options(joinedload(StatementDispute.line))
    )


def dispute_for(session: Session, actor: Actor, statement_id: int, dispute_id: int) -> StatementDispute:
    """One contested line of this statement; NotFound."""
    found = session.scalar(disputes_of(actor, statement_id).where(StatementDispute.id == dispute_id))
    if found is None:
        raise NotFound
    return found


def disputes_open(session: Session, actor: Actor, statement_id: int | None = None) -> int:
    """How many contested lines wait for an answer, of one statement or of all."""
    wanted = visible(StatementDispute, actor).with_only_columns(StatementDispute.id).where(~_ended())
    if statement_id is not None:
        wanted = wanted.where(StatementDispute.statement_id == statement_id)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.limit(10_000).subquery())) or 0


def whole_was_contested(session: Session, actor: Actor, statement_id: int) -> bool:
    """Whether the agency has said something of a statement as a whole."""
    wanted = visible(StatementDispute, actor).where(
        StatementDispute.statement_id == statement_id, StatementDispute.line_id.is_(None)
    )
    return session.scalar(wanted.with_only_columns(StatementDispute.id).limit(1)) is not None


def _ended() -> sa.Exists:
    return sa.select(DisputeEvent.id).where(DisputeEvent.dispute_id == StatementDispute.id).exists()


def has_open_dispute() -> sa.Exists:
    """Of a statement, as a condition."""
    return (
        sa.select(StatementDispute.id)
        .where(StatementDispute.statement_id == Statement.id, ~_ended())
        .correlate(Statement)
        .exists()
    )


# --- invoices --------------------------------------------------------------------------------------------------------------


def invoices_of(session: Session, actor: Actor, statement_id: int) -> list[StatementInvoice]:
    """Invoices for a statement, the latest first."""
    wanted = visible(StatementInvoice, actor).where(StatementInvoice.statement_id == statement_id)
    return list(session.scalars(wanted.order_by(StatementInvoice.turn.desc())))


def invoice_for(session: Session, actor: Actor, statement_id: int, invoice_id: int) -> StatementInvoice:
    """One invoice of this statement; NotFound."""
    wanted = visible(StatementInvoice, actor).where(
        StatementInvoice.statement_id == statement_id, StatementInvoice.id == invoice_id
    )
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def invoice_state() -> sa.ScalarSelect[Any]:
    """Where the latest invoice for a statement stands, as a column of a select over statements; null: there is none."""
    return (
        sa.select(InvoiceEvent.state)
        .join(StatementInvoice, StatementInvoice.id == InvoiceEvent.invoice_id)
        .where(StatementInvoice.statement_id == Statement.id)
        .order_by(StatementInvoice.turn.desc(), InvoiceEvent.id.desc())
        .limit(1)
        .correlate(Statement)
        .scalar_subquery()
    )


def undecided_invoice(user_id: int | None) -> sa.ColumnElement[bool]:
    """Whether an invoice for a statement differs and waits for this person at the bank: whoever proposed to accept it has
    done their part."""
    theirs = (
        sa.select(InvoiceEvent.id)
        .join(StatementInvoice, StatementInvoice.id == InvoiceEvent.invoice_id)
        .where(StatementInvoice.statement_id == Statement.id, InvoiceEvent.state == InvoiceState.PROPOSED)
        .where(InvoiceEvent.by_user_id == user_id)
        .correlate(Statement)
        .exists()
    )
    return sa.or_(
        invoice_state() == InvoiceState.DIFFERS, sa.and_(invoice_state() == InvoiceState.PROPOSED, sa.not_(theirs))
    )


# --- what is due -----------------------------------------------------------------------------------------------------------


def due_for_payment(statement: Statement) -> int:
    """What goes from the bank to the organisation for a statement, in minor units; negative: what comes from it.

    The total with its tax, less what an organisation of a net contract has kept of what it received (frozen when the
    statement was drawn up). The one place that says so.
    """
    return statement.gross_minor - statement.kept_minor


def due_in_sql() -> sa.ColumnElement[int]:
    """The same as a column of a select over statements."""
    tax = sa.case((Statement.tax_included, 0), else_=Statement.tax_minor)
    return Statement.total_minor + tax - Statement.kept_minor


def to_bill() -> sa.ColumnElement[bool]:
    """Whether a statement is confirmed and an invoice for it is to be uploaded, as a condition. What sums to nothing or less
    needs none."""
    absent = sa.or_(invoice_state().is_(None), invoice_state() == InvoiceState.RETURNED)
    return sa.and_(current_state() == S.CONFIRMED, due_in_sql() > 0, absent)


def is_unsettled(*, payable: bool = False) -> sa.ColumnElement[bool]:
    """Whether a statement is confirmed and not yet paid; `payable`: with an invoice that stands."""
    unsettled = sa.and_(current_state() == S.CONFIRMED, due_in_sql() != 0)
    stands = invoice_state().in_((InvoiceState.MATCHED, InvoiceState.ACCEPTED))
    return sa.and_(unsettled, sa.or_(stands, due_in_sql() < 0)) if payable else unsettled


def settlements_of(session: Session, actor: Actor, statement_id: int) -> list[Settlement]:
    """What was paid for a statement, in order."""
    wanted = visible(Settlement, actor).where(Settlement.statement_id == statement_id)
    return list(session.scalars(wanted.order_by(Settlement.turn)))


def paid_so_far(session: Session, actor: Actor, statement_id: int) -> int:
    """Its sum in minor units, entries that were taken back included."""
    wanted = visible(Settlement, actor).where(Settlement.statement_id == statement_id)
    return int(session.scalar(wanted.with_only_columns(sa.func.coalesce(sa.func.sum(Settlement.amount_minor), 0))) or 0)


def count_statements(session: Session, actor: Actor, condition: sa.ColumnElement[bool]) -> int:
    """How many statements of the actor's this holds for, a thousand at the most."""
    wanted = seen_by(actor).with_only_columns(Statement.id).where(condition).limit(1_000)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


# --- totals, taxes, papers -------------------------------------------------------------------------------------------------


class Total(NamedTuple):
    """What the lines of one contract version and batch add up to, in minor units. Empty words: lines of no batch."""

    contract: str
    version: int | None
    batch_id: int | None
    batch: str
    lines: int
    recovered: int
    base: int
    commission: int
    contract_id: int | None
    version_id: int | None


class ClauseTotal(NamedTuple):
    """What the lines for one reason add up to, in minor units."""

    reason: str
    lines: int
    base: int
    commission: int


def clauses_of(session: Session, actor: Actor, statement: Statement) -> list[ClauseTotal]:
    """By reason, as they were kept when it was drawn up; of an older statement summed now."""
    kept = (statement.basis or {}).get("clauses")
    if kept is not None:
        return [ClauseTotal(each["reason"], each["lines"], each["base"], each["commission"]) for each in kept]
    line = CommissionLine
    wanted = (
        visible(line, actor)
        .with_only_columns(
            line.reason, sa.func.count(), sa.func.sum(line.base_minor), sa.func.sum(line.commission_minor)
        )
        .where(line.statement_id == statement.id)
        .group_by(line.reason)
        .order_by(line.reason)
    )
    return [ClauseTotal(reason, n, int(base), int(earned)) for reason, n, base, earned in session.execute(wanted)]


def totals_of(session: Session, actor: Actor, statement: Statement) -> list[Total]:
    """By contract version and batch, as they were kept when it was drawn up; of an older statement summed now."""
    parts = (statement.basis or {}).get("parts")
    rows = [_as_kept(part) for part in parts] if parts is not None else _summed(session, actor, statement.id)
    versions = {
        row.id: row
        for row in session.execute(
            visible(ContractVersion, actor)
            .join(Contract, Contract.id == ContractVersion.contract_id)
            .with_only_columns(
                ContractVersion.id, Contract.number, ContractVersion.version, ContractVersion.contract_id
            )
            .where(ContractVersion.id.in_({row[0] for row in rows if row[0]}))
        )
    }
    batches = {
        row.id: row.number
        for row in session.execute(
            visible(PlacementBatch, actor)
            .with_only_columns(PlacementBatch.id, PlacementBatch.number)
            .where(PlacementBatch.id.in_({row[1] for row in rows if row[1]}))
        )
    }
    found = []
    for version_id, batch, lines, recovered, base, commission in rows:
        version = versions.get(version_id)
        contract, number, contract_id = (
            (version.number, version.version, version.contract_id) if version else ("", None, None)
        )
        sums = (lines, recovered, base, commission)
        found.append(Total(contract, number, batch, batches.get(batch, ""), *sums, contract_id, version_id))
    return found


def recovered_of(session: Session, actor: Actor, statement: Statement) -> list[tuple[int, int]]:
    """What a statement says was recovered, by batch: (batch, minor units); a batch under several versions more than once."""
    parts = (statement.basis or {}).get("parts")
    rows = [_as_kept(part) for part in parts] if parts is not None else _summed(session, actor, statement.id)
    return [(row[1], row[3]) for row in rows if row[1]]


def _as_kept(part: dict[str, Any]) -> tuple[Any, ...]:
    return part["version"], part["batch"], part["lines"], part["recovered"], part["base"], part["commission"]


def _summed(session: Session, actor: Actor, statement_id: int) -> list[tuple[Any, ...]]:
    line = CommissionLine
    wanted = (
        visible(line, actor)
        .with_only_columns(
            line.contract_version_id, line.batch_id, sa.func.count(),
            sa.func.sum(counted_base()),
            sa.func.sum(line.commission_minor),
        )
        .where(line.statement_id == statement_id)
        .group_by(line.contract_version_id, line.batch_id)
        .order_by(line.contract_version_id, line.batch_id)
    )  # fmt: skip
    found = session.execute(wanted)
    return [(version, batch, n, int(base), int(base), int(earned)) for version, batch, n, base, earned in found]


def tax_rules(actor: Actor) -> sa.Select[tuple[TaxRule]]:
    """Settings of taxes that the actor may see."""
    return visible(TaxRule, actor).options(joinedload(TaxRule.organisation))


def paper_of(session: Session, actor: Actor, statement_id: int, language: str) -> StatementPaper | None:
    """The PDF of a statement in a language, if it was made."""
    wanted = visible(StatementPaper, actor).where(
        StatementPaper.statement_id == statement_id, StatementPaper.language == language
    )
    return session.scalar(wanted)
