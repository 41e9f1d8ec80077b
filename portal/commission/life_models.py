"""Tables of a statement's life after its release: what is contested, what is billed, what is paid, and the papers made of it.

All of it is evidence, append-only: what becomes of a thing is a row of its own.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.commission.models import CommissionLine
from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation


class DisputeReason(StrEnum):
    """What an agency says is wrong with a line."""

    CREDIT = "credit"
    RATE = "rate"
    AMOUNT = "amount"
    MISSING = "missing"
    OTHER = "other"


class DisputeEnd(StrEnum):
    """How a contested line ends: by the bank's word, or taken back by the agency."""

    UPHELD = "upheld"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Follows(StrEnum):
    """What follows where the agency was right. The statement stays; the difference is on a later one."""

    CREDIT = "credit"
    ADJUSTMENT = "adjustment"
    PLAN = "plan"
    OTHER = "other"


class InvoiceState(StrEnum):
    """What became of an invoice. A difference that one person proposes to accept is accepted by another."""

    MATCHED = "matched"
    DIFFERS = "differs"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    RETURNED = "returned"


class TaxRule(Model, OwnRows):
    """The tax on an organisation's statements whose month ends on or after a day. A later row takes its place."""

    __tablename__ = "tax_rule"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    rate: Mapped[str] = mapped_column(sa.String(32), comment="decimal as text, 0.06; 0: no tax")
    included: Mapped[bool] = mapped_column(comment="the lines hold the tax already")
    effective_from: Mapped[date]
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()


class StatementDispute(Model, OwnRows):
    """A line that its agency does not agree with; without a line: the statement as a whole, for what is not on it."""

    __tablename__ = "statement_dispute"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("commission_line.id"))
    turn: Mapped[int] = mapped_column(comment="1, 2 … of a line: contested again after an answer")
    reason: Mapped[DisputeReason] = mapped_column(choice(DisputeReason))
    words: Mapped[str] = mapped_column(sa.String(1000))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    line: Mapped[CommissionLine | None] = relationship(viewonly=True)
    end: Mapped[DisputeEvent | None] = relationship(lazy="joined", viewonly=True, uselist=False)

    __table_args__ = (sa.UniqueConstraint("line_id", "turn"),)


class DisputeEvent(Model, OwnRows):
    """The end of a contested line; one only."""

    __tablename__ = "statement_dispute_event"
    id: Mapped[int] = key_column()
    dispute_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_dispute.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[DisputeEnd] = mapped_column(choice(DisputeEnd))
    follows: Mapped[Follows | None] = mapped_column(choice(Follows))
    words: Mapped[str] = mapped_column(sa.String(1000))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("(state = 'upheld') = (follows IS NOT NULL)", name="upheld_names_what_follows"),
    )


class StatementInvoice(Model, OwnRows):
    """An invoice for a confirmed statement, as its organisation uploaded it. Amounts in minor units, the tax within the
    amount."""

    __tablename__ = "statement_invoice"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    turn: Mapped[int] = mapped_column(comment="1, 2 … of a statement: another one after it was sent back")
    number: Mapped[str] = mapped_column(sa.String(64))
    issued_on: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    tax_minor: Mapped[int] = mapped_column(MinorUnits)
    due_minor: Mapped[int] = mapped_column(MinorUnits, comment="what the statement says is to be billed")
    file_digest: Mapped[str] = mapped_column(sa.String(64), comment="in the storage")
    file_name: Mapped[str] = mapped_column(sa.String(200))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    events: Mapped[list[InvoiceEvent]] = relationship(viewonly=True, order_by="InvoiceEvent.id", lazy="selectin")

    __table_args__ = (
        sa.UniqueConstraint("statement_id", "turn"),
        sa.CheckConstraint("amount_minor > 0 AND tax_minor >= 0 AND tax_minor < amount_minor", name="amounts"),
        sa.Index("ix_statement_invoice_number", "organisation_id", "number"),
    )

    @property
    def state(self) -> InvoiceState:
        """Where it stands."""
        return self.events[-1].state

    @property
    def difference_minor(self) -> int:
        """What it bills beyond the statement; negative: less."""
        return self.amount_minor - self.due_minor


class InvoiceEvent(Model, OwnRows):
    """A step of an invoice. Who accepts a difference is not who proposed it."""

    __tablename__ = "statement_invoice_event"
    id: Mapped[int] = key_column()
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("statement_invoice.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[InvoiceState] = mapped_column(choice(InvoiceState))
    proposed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")

    __table_args__ = (
        sa.CheckConstraint(
            "state <> 'accepted' OR (proposed_by IS NOT NULL AND by_user_id IS NOT NULL AND proposed_by <> by_user_id)",
            name="accepted_by_a_second_person",
        ),
    )


class Settlement(Model, OwnRows):
    """Money that went to an organisation for a statement (negative: that came from it), or one entry taken back.

    `owing_minor`: what was still to be paid before it, so that the database can tell a payment beyond that from one within.
    """

    __tablename__ = "settlement"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    turn: Mapped[int] = mapped_column(comment="1, 2 … of a statement")
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    owing_minor: Mapped[int] = mapped_column(MinorUnits)
    paid_on: Mapped[date]
    bank_ref: Mapped[str] = mapped_column(sa.String(64))
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("settlement.id"), unique=True)
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("statement_id", "turn"),
        sa.CheckConstraint("abs(amount_minor) <= abs(owing_minor) OR reason <> ''", name="more_needs_a_reason"),
        sa.CheckConstraint("amount_minor <> 0", name="amount"),
    )


class StatementPaper(Model, OwnRows):
    """A PDF made of a released statement, once for each language; its content is in the storage under its hash."""

    __tablename__ = "statement_paper"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    language: Mapped[str] = mapped_column(sa.String(8))
    digest: Mapped[str] = mapped_column(sa.String(64))
    size: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("statement_id", "language"),)


CommissionLine.disputes = relationship(StatementDispute, viewonly=True, order_by=StatementDispute.id)
