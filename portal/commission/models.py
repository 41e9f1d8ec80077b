"""Tables of commission statements. Content is append-only; a state is a row in an event table beside it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from portal.commission.life_models import StatementDispute


class StatementState(StrEnum):
    """Issued by one person at the bank, released by a second; only then does the agency see it."""

    DRAWN = "drawn"
    ISSUED = "issued"
    RELEASED = "released"
    CONTESTED = "contested"
    ANSWERED = "answered"  # the bank's word on what was contested; the agency confirms, or contests again
    CONFIRMED = "confirmed"
    SETTLED = "settled"  # all that is due has been paid
    WITHDRAWN = "withdrawn"  # before its release: discarded, or refused by the second person


TRUE_UP = "true_up"  # a line's reason: what an earlier line paid for the same credit has changed


class LineKind(StrEnum):
    """What a line is for."""

    PAYMENT = "payment"  # a credited payment, its reversal, or what has changed of either
    LETTER = "letter"
    COST = "cost"
    KPI = "kpi"
    ADJUSTMENT = "adjustment"


class Statement(Model, OwnRows):
    """One organisation's commission in one currency over one month. Totals equal the sum of its lines.

    While its lines are being written, within the transaction that draws it up, `line_count` is -1; from then on the database
    lets nothing change. `basis` keeps what the lines rest on beside their credits, so that it can be reckoned again, and what
    freezing.py adds to it.
    """

    __tablename__ = "statement"
    id: Mapped[int] = key_column()
    draft_number: Mapped[str] = mapped_column("number", sa.String(64), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    period: Mapped[date] = mapped_column(comment="first day of the month")
    recovered_minor: Mapped[int] = mapped_column(MinorUnits)
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    line_count: Mapped[int]
    drawn_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    drawn_at: Mapped[datetime]
    tax_rate: Mapped[str | None] = mapped_column(sa.String(32), comment="decimal as text; null: no tax")
    tax_included: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), comment="the lines hold the tax already"
    )
    tax_minor: Mapped[int] = mapped_column(MinorUnits, default=0, server_default="0")
    kept_minor: Mapped[int] = mapped_column(
        MinorUnits,
        default=0,
        server_default="0",
        comment="of net contracts: what the organisation has kept of it already",
    )
    basis: Mapped[dict[str, Any] | None] = mapped_column(JsonData, comment="totals placed, by batch")
    organisation: Mapped[Organisation] = relationship()
    numbered: Mapped[StatementNumber | None] = relationship(lazy="joined", viewonly=True, uselist=False)

    __table_args__ = (sa.Index("ix_statement_period", "period", "organisation_id", "currency"),)

    @property
    def number(self) -> str:
        """Its number; of one that is not released the mark of the draft."""
        return self.numbered.number if self.numbered else self.draft_number

    @property
    def net_minor(self) -> int:
        """What it says is due without the tax, in minor units."""
        return self.total_minor - self.tax_minor if self.tax_included else self.total_minor

    @property
    def gross_minor(self) -> int:
        """With the tax."""
        return self.total_minor if self.tax_included else self.total_minor + self.tax_minor

    @property
    def contest_days(self) -> int | None:
        """Days from its release in which it may be contested; None: drawn up before there was such a deadline."""
        return (self.basis or {}).get("contest_days")


class StatementNumber(Model, OwnRows):
    """The number that a statement gets when it is released: one after the other for each organisation and year."""

    __tablename__ = "statement_number"
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    year: Mapped[int]
    serial: Mapped[int] = mapped_column(comment="1 … n, without gaps: a trigger sees to it")
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)

    __table_args__ = (sa.UniqueConstraint("organisation_id", "year", "serial"),)


class StatementEvent(Model, OwnRows):
    """A step of a statement's life: who took it, when, and why."""

    __tablename__ = "statement_event"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[StatementState] = mapped_column(choice(StatementState))
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    by_name: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")


class CommissionLine(Model, OwnRows):
    """What one credited payment earned under one plan version, or what is due beside, and why.

    `payment_ref` and `paid_on` (value date) of what is no payment: what it is for, and its day.
    """

    __tablename__ = "commission_line"
    id: Mapped[int] = key_column()
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    position: Mapped[int] = mapped_column(comment="1 … n on the statement")
    kind: Mapped[LineKind] = mapped_column(choice(LineKind), server_default=LineKind.PAYMENT.value)
    attribution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("attribution.id"), index=True)
    placement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_batch.id"), index=True)
    contract_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contract_version.id"))
    payment_ref: Mapped[str] = mapped_column(sa.String(64))
    paid_on: Mapped[date]
    currency: Mapped[str] = mapped_column(sa.String(3))
    base_minor: Mapped[int] = mapped_column(MinorUnits)
    rate: Mapped[str | None] = mapped_column(sa.String(32), comment="decimal as text; null: no one rate made it")
    commission_minor: Mapped[int] = mapped_column(MinorUnits)
    reason: Mapped[str] = mapped_column(sa.String(32), comment="code: rate, outside_placement, reversal …")
    why: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="placement window, clause, measure, rounding")
    if TYPE_CHECKING:  # life_models.py adds it, where the other side stands
        disputes: Mapped[list[StatementDispute]]

    __table_args__ = (
        sa.UniqueConstraint("statement_id", "position"),
        sa.CheckConstraint("kind <> 'payment' OR attribution_id IS NOT NULL", name="payment_has_credit"),
    )


class LineClaim(Model, OwnRows):
    """Which statement pays a credit: at most one. A withdrawn statement's claims are given back."""

    __tablename__ = "line_claim"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))


class LineChange(Model, OwnRows):
    """What a later statement changes of what an issued credit earned: `turn` 1, 2 … of a credit, so that no two statements
    make the same change. `takes_back`: the credit is somebody else's now, and nothing of it stands any more."""

    __tablename__ = "line_change"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    takes_back: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (sa.UniqueConstraint("statement_id", "attribution_id"),)


def counted_base() -> sa.ColumnElement[int]:
    """What a line adds to a sum of bases, in minor units: of true-ups drawn up before bases were counted once, nothing."""
    return sa.case((CommissionLine.reason == TRUE_UP, 0), else_=CommissionLine.base_minor)
