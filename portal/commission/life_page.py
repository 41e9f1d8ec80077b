"""What the page of a statement shows of its life after the release, and what this reader may do next."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flask import url_for
from sqlalchemy.orm import joinedload

from portal.commission import life_queries as queries
from portal.commission.contribution import steps_of
from portal.commission.disputes import is_in_time, may_contest, may_contest_line
from portal.commission.life_labels import DISPUTE_REASONS, INVOICE_STATES, INVOICE_STEPS, dispute_tag, percent_words
from portal.commission.life_models import InvoiceState, StatementDispute
from portal.commission.models import StatementState
from portal.commission.step_words import step_facts
from portal.foundation.access import Permission
from portal.foundation.language import _l, say
from portal.foundation.money import Money
from portal.foundation.services import services
from portal.foundation.table_pages import table_page
from portal.foundation.tables import Column, Empty, Table
from portal.foundation.visibility import visible
from portal.placement.models import PlacementBatch
from portal.vendors.labels import exact_percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.commission.life_models import Settlement, StatementInvoice
    from portal.commission.models import CommissionLine, Statement, StatementEvent
    from portal.foundation.access import Actor
    from portal.foundation.states import StateTag
    from portal.foundation.tables import TablePage

__all__ = ["LIFE_FILTERS", "Life", "disputes_table", "life_of", "to_settle"]

S = StatementState
STEPS_SHOWN = 12
UNDECIDED = (InvoiceState.DIFFERS, InvoiceState.PROPOSED)
STANDING = (InvoiceState.MATCHED, InvoiceState.ACCEPTED)
# What the list of statements can be narrowed to: code, words, condition.
LIFE_FILTERS = (
    ("disputed", _l("contested lines to answer"), queries.has_open_dispute),
    ("to_bill", _l("invoice to upload"), queries.to_bill),
    ("invoice", _l("invoice to look at"), lambda: queries.invoice_state().in_(UNDECIDED)),
    ("payable", _l("to be paid"), lambda: queries.is_unsettled(payable=True)),
    ("unsettled", _l("confirmed and not settled"), queries.is_unsettled),
)


@dataclass(frozen=True)
class Life:
    """Amounts in minor units of the statement's currency. `until`: deadlines to contest; `owing`: of what is due, what has not
    been paid; negative where the organisation owes it. `steps`: step_words.py, of its batches."""

    statement: Statement
    state: StatementState
    reader: Actor
    today: date
    until: queries.Deadlines | None
    open_disputes: int
    whole_contested: bool
    disputes: TablePage | None
    totals: list[queries.Total]
    clauses: list[queries.ClauseTotal]
    due: int
    owing: int
    invoices: list[StatementInvoice]
    settlements: list[Settlement]
    steps: list[dict[str, Any]]

    @property
    def contests(self) -> bool:
        """Whether the reader may contest lines now."""
        return may_contest(self.reader, self.state, self.until, self.today)

    def may_contest(self, line: CommissionLine) -> bool:
        """Whether this line can be ticked."""
        return self.contests and may_contest_line(line, self.until, self.today)

    @property
    def is_late(self) -> bool:
        """Whether the first deadline has passed, so that what was not contested counts as confirmed."""
        return self.until is not None and self.today > self.until.first

    @staticmethod
    def tag_of(line: CommissionLine) -> StateTag | None:
        """Where a line stands that was contested."""
        return dispute_tag(line.disputes[-1]) if line.disputes else None

    @property
    def contests_whole(self) -> bool:
        """Whether the reader may say now that something is missing."""
        in_time = is_in_time(self.until, self.today, again=self.whole_contested)
        return self.contests and in_time and self.state is not S.CONTESTED

    @property
    def invoice(self) -> StatementInvoice | None:
        """The latest."""
        return self.invoices[0] if self.invoices else None

    def invoice_tag(self, invoice: StatementInvoice) -> StateTag:
        """Where an invoice stands."""
        return INVOICE_STATES[invoice.state]

    def invoice_steps(self, invoice: StatementInvoice) -> list[dict[str, Any]]:
        """The latest first, for the timeline."""
        return [
            {"at": e.at, "title": INVOICE_STEPS[e.state], "who": e.by_name, "text": e.reason}
            for e in reversed(invoice.events)
        ]

    @property
    def only_contract(self) -> int | None:
        """The contract that all lines are under, where it is one."""
        found = {total.contract_id for total in self.totals if total.contract_id}
        return found.pop() if len(found) == 1 else None

    @property
    def shows_settlement(self) -> bool:
        """Whether there is anything to say of an invoice and of payments."""
        return self.state in (S.CONFIRMED, S.SETTLED) or bool(self.invoices or self.settlements)

    @property
    def bills(self) -> bool:
        """Whether the reader has an invoice to upload."""
        may = self.reader.can(Permission.STATEMENTS_CONFIRM) and self.state is S.CONFIRMED and self.due > 0
        return may and (self.invoice is None or self.invoice.state is InvoiceState.RETURNED)

    @property
    def decides_invoice(self) -> bool:
        """Whether an invoice with a difference is before this reader."""
        may = self.reader.can(Permission.STATEMENTS_SETTLE) and self.state is S.CONFIRMED
        return may and self.invoice is not None and self.invoice.state in UNDECIDED

    @property
    def proposed_by_me(self) -> bool:
        """Whether the reader is the one who proposed to accept the difference."""
        if self.invoice is None or self.invoice.state is not InvoiceState.PROPOSED:
            return False
        return self.invoice.events[-1].by_user_id == self.reader.user_id

    @property
    def pays(self) -> bool:
        """Whether the reader may record a payment now."""
        may = self.reader.can(Permission.STATEMENTS_SETTLE) and self.state is S.CONFIRMED and self.owing != 0
        return may and (self.due < 0 or (self.invoice is not None and self.invoice.state in STANDING))

    @property
    def paid_words(self) -> Any:
        """What was paid of what is due, in words; None before anything was."""
        if not self.settlements:
            return None
        currency = self.statement.currency
        paid, owing = Money(abs(self.due - self.owing), currency), Money(abs(self.owing), currency)
        return say("paid %(paid)s, still owed %(owing)s", paid=paid, owing=owing)

    @property
    def taken_back(self) -> set[int]:
        """Entries of payments that another row takes back."""
        return {row.reverses_id for row in self.settlements if row.reverses_id}

    @property
    def tax_words(self) -> Any:
        """The rate, and whether it is within the lines' amounts; None without a tax."""
        if self.statement.tax_rate is None:
            return None
        return say(
            "%(rate)s, %(how)s", rate=exact_percent(Decimal(self.statement.tax_rate)),
            how=percent_words(self.statement.tax_included),
        )  # fmt: skip


def life_of(session: Session, reader: Actor, statement: Statement, events: Sequence[StatementEvent]) -> Life:
    """All of it, for one statement and one reader."""
    table = table_page(disputes_table(reader, statement))
    due = queries.due_for_payment(statement)
    totals = queries.totals_of(session, reader, statement)
    return Life(
        statement=statement,
        state=events[-1].state,
        reader=reader,
        today=services().clock.today(),
        until=queries.deadlines(statement, events),
        open_disputes=queries.disputes_open(session, reader, statement.id),
        whole_contested=queries.whole_was_contested(session, reader, statement.id),
        disputes=table if table.rows else None,
        totals=totals,
        clauses=queries.clauses_of(session, reader, statement),
        due=due,
        owing=due - queries.paid_so_far(session, reader, statement.id),
        invoices=queries.invoices_of(session, reader, statement.id),
        settlements=queries.settlements_of(session, reader, statement.id),
        steps=_steps(session, reader, totals),
    )


def _steps(session: Session, reader: Actor, totals: Sequence[queries.Total]) -> list[dict[str, Any]]:
    """Where the batches of a statement stand today on the steps of their plans: of the few that are with most of its lines."""
    ids = [total.batch_id for total in sorted(totals, key=lambda total: -total.lines) if total.batch_id]
    wanted = (
        visible(PlacementBatch, reader)
        .where(PlacementBatch.id.in_(list(dict.fromkeys(ids))[:STEPS_SHOWN]))
        .options(joinedload(PlacementBatch.contract_version))
        .order_by(PlacementBatch.id)
    )
    return [step_facts(step) for step in steps_of(session, reader, list(session.scalars(wanted)))]


def disputes_table(reader: Actor, statement: Statement) -> Table:
    """What was contested, the open ones first in time."""
    today = services().clock.today()

    def age(dispute: StatementDispute) -> int | None:
        return None if dispute.end else (today - queries.local_day(dispute.at)).days

    def line_url(dispute: StatementDispute) -> str | None:
        if dispute.line is None:
            return None
        return url_for("commission.line", statement_id=statement.id, position=dispute.line.position)

    return Table(
        name=f"{statement.number}-contested",
        statement=queries.disputes_of(reader, statement.id),
        key=StatementDispute.id,
        prefix="contested_",
        page_size=20,
        columns=[
            Column("line", _l("Line"), value=lambda d: str(d.line.position) if d.line else say("the whole")),
            Column("payment", _l("Payment"), value=lambda d: d.line.payment_ref if d.line else None, link=line_url),
            Column("reason", _l("Kind of objection"), value=lambda d: DISPUTE_REASONS[d.reason]),
            Column("words", _l("In words"), wraps=True),
            Column("at", _l("Contested at"), "instant", expression=StatementDispute.at, sortable=True),
            Column("age", _l("Days open"), "number", value=age),
            Column("state", _l("State"), "state", value=dispute_tag),
        ],
        default_sort="at",
        row_url=lambda d: url_for("commission.dispute", statement_id=statement.id, dispute_id=d.id),
        empty=Empty(say("Nothing of this statement was contested.")),
    )


def to_settle(session: Session, who: Actor) -> int:
    """What waits of invoices and payments behind the entry of the navigation."""
    if who.can(Permission.STATEMENTS_SETTLE):
        undecided = queries.undecided_invoice(who.user_id)
        return queries.count_statements(session, who, undecided) + queries.count_statements(
            session, who, queries.is_unsettled(payable=True)
        )
    if who.can(Permission.STATEMENTS_CONFIRM):
        return queries.count_statements(session, who, queries.to_bill())
    return 0
