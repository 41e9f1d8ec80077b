"""A statement as a workbook: whose it is, all its lines, and what they add up to by contract version and batch."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from portal.commission.labels import clause_of, kind_of
from portal.commission.life_queries import due_for_payment, totals_of
from portal.commission.models import CommissionLine
from portal.commission.periods import last_day
from portal.commission.queries import lines_of
from portal.foundation.exports import book_stream
from portal.foundation.formats import day, month
from portal.foundation.language import from_data, say, translate
from portal.foundation.money import format_amount
from portal.foundation.visibility import visible
from portal.placement.models import PlacementBatch
from portal.vendors.labels import name_of
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.commission.models import Statement
    from portal.foundation.access import Actor

__all__ = ["workbook"]

AT_ONCE = 1_000
LINE_HEADS = (
    say("No."), say("Kind"), say("Payment"), say("Value date"), say("Batch"), say("Contract"), say("Version"), say("Base"),
    say("Rate"), say("Commission"), say("Currency"), say("Clause"), say("Clause code"), say("Why"),
)  # fmt: skip
TOTAL_HEADS = (
    say("Contract"), say("Version"), say("Batch"), say("Lines"), say("Recovered"), say("Base"), say("Commission"),
    say("Currency"),
)  # fmt: skip


def workbook(session: Session, actor: Actor, statement: Statement) -> Iterator[bytes]:
    """The file in pieces, in the reader's language. Amounts and rates are numbers; nothing of it grows in memory."""
    return book_stream(
        [
            (_said(say("Statement"))[:31], [_said(say("Statement")), statement.number], _whose(statement)),
            (_said(say("Lines"))[:31], _heads(LINE_HEADS), _lines(session, actor, statement)),
            (_said(say("Totals"))[:31], _heads(TOTAL_HEADS), _totals(session, actor, statement)),
        ]
    )


def _heads(words: tuple[Any, ...]) -> list[str]:
    return [_said(each) for each in words]


def _said(words: Any) -> str:
    return str(translate(words))


def _whose(statement: Statement) -> Iterator[list[Any]]:
    """What the file is, for whoever finds it without its name."""
    yield [_said(say("Organisation")), name_of(statement.organisation)]
    yield [_said(say("Month")), month(statement.period)]
    days = say("%(start)s to %(end)s", start=day(statement.period), end=day(last_day(statement.period)))
    yield [_said(say("Period")), _said(days)]
    yield [_said(say("Currency")), statement.currency]
    yield [_said(say("Lines")), statement.line_count]


def _lines(session: Session, actor: Actor, statement: Statement) -> Iterator[list[Any]]:
    wanted = (
        lines_of(actor, statement.id)
        .add_columns(_batch_number(actor), _contract(actor, Contract.number), _contract(actor, ContractVersion.version))
        .order_by(CommissionLine.position)
    )
    for line, batch, contract, version in session.execute(wanted.execution_options(yield_per=AT_ONCE)):
        yield [
            line.position, str(kind_of(line)), line.payment_ref, line.paid_on, batch or "", contract or "", version,
            _figure(line.base_minor, line.currency), Decimal(line.rate) if line.rate else None,
            _figure(line.commission_minor, line.currency), line.currency, str(clause_of(line)),
            line.reason, str(translate(from_data(line.why["message"]))),
        ]  # fmt: skip


def _batch_number(actor: Actor) -> Any:
    found = visible(PlacementBatch, actor).with_only_columns(PlacementBatch.number)
    return found.where(PlacementBatch.id == CommissionLine.batch_id).correlate(CommissionLine).scalar_subquery()


def _contract(actor: Actor, column: Any) -> Any:
    found = visible(ContractVersion, actor).join(Contract, Contract.id == ContractVersion.contract_id)
    wanted = found.with_only_columns(column).where(ContractVersion.id == CommissionLine.contract_version_id)
    return wanted.correlate(CommissionLine).scalar_subquery()


def _totals(session: Session, actor: Actor, statement: Statement) -> Iterator[list[Any]]:
    currency = statement.currency
    for total in totals_of(session, actor, statement):
        yield [
            total.contract, total.version, total.batch, total.lines, _figure(total.recovered, currency),
            _figure(total.base, currency), _figure(total.commission, currency), currency,
        ]  # fmt: skip
    sums: list[tuple[Any, int]] = [(say("Commission"), statement.total_minor)]
    if statement.tax_rate is not None:
        sums += [
            (say("Net"), statement.net_minor),
            (say("Tax"), statement.tax_minor),
            (say("Gross"), statement.gross_minor),
        ]
    if statement.kept_minor:
        sums.append((say("Kept by the entrusted party already"), -statement.kept_minor))
    sums.append((say("Due for payment"), due_for_payment(statement)))
    for words, minor in sums:
        yield [_said(words), None, None, None, None, None, _figure(minor, currency), currency]


def _figure(minor: int, currency: str) -> Decimal:
    return Decimal(format_amount(minor, currency))
