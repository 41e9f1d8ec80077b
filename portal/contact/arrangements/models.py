"""Tables of what was arranged with a debtor: plans, settlements and waivers with their parts, and what the debtor lives on.

They are facts of the account: whoever holds it sees them, and they stay with it when it goes on to another.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from portal.contact.arrangements.rules import Kind, Rhythm
from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import PlacedRows

__all__ = ["HOLD_REASON", "LIVE", "Arrangement", "ArrangementState", "IncomeProof", "IncomeStatement", "Instalment"]


class ArrangementState(StrEnum):
    """`proposed` waits for the bank, `offered` for the debtor; `agreed` is in force. The others are ends; only a payment
    that is posted late takes one that was broken back."""

    PROPOSED = "proposed"
    OFFERED = "offered"
    AGREED = "agreed"
    KEPT = "kept"
    BREACHED = "breached"
    LAPSED = "lapsed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


LIVE = (ArrangementState.PROPOSED, ArrangementState.OFFERED, ArrangementState.AGREED)
HOLD_REASON = "arrangement:"  # how a hold says that an arrangement has raised it
_LIVE_SQL = "state IN ('proposed', 'offered', 'agreed')"


class IncomeStatement(Model, PlacedRows):
    """What a debtor has and needs in a month, as it was taken down. Append-only: a later one takes its place."""

    __tablename__ = "income_statement"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    placed_account_id = synonym("account_id")
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="who took it down")
    currency: Mapped[str] = mapped_column(sa.String(3))
    household: Mapped[int] = mapped_column(comment="people who live on it")
    lines: Mapped[dict[str, Any]] = mapped_column(
        JsonData, comment="code of income.LINES: minor units a month; nought is left out"
    )
    income_minor: Mapped[int] = mapped_column(MinorUnits, comment="a month")
    outgoings_minor: Mapped[int] = mapped_column(MinorUnits, comment="a month, without what is owed here")
    taken_on: Mapped[date]
    taken_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    taken_at: Mapped[datetime]
    proofs: Mapped[list[IncomeProof]] = relationship(order_by="IncomeProof.id")

    __table_args__ = (
        sa.CheckConstraint("income_minor >= 0 AND outgoings_minor >= 0", name="amounts"),
        sa.CheckConstraint("household > 0", name="household"),
    )

    @property
    def left_minor(self) -> int:
        """What is left in a month; negative where it does not reach."""
        return self.income_minor - self.outgoings_minor


class IncomeProof(Model, PlacedRows):
    """A scan that proves a statement, sealed for its person: erasing the person makes it unreadable. Append-only."""

    __tablename__ = "income_proof"
    id: Mapped[int] = key_column()
    income_statement_id: Mapped[int] = mapped_column(sa.ForeignKey("income_statement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placed_account_id = synonym("account_id")
    digest: Mapped[str] = mapped_column(sa.String(64), comment="of the sealed content, in storage")
    content_type: Mapped[str] = mapped_column(sa.String(32))
    size: Mapped[int] = mapped_column(comment="bytes, before it was sealed")
    kept_at: Mapped[datetime]


class Arrangement(Model, PlacedRows):
    """A plan, settlement or waiver about one account. Amounts in minor units of `currency`, as they were when it was made."""

    __tablename__ = "arrangement"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    placed_account_id = synonym("account_id")
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="who drew it up")
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    state: Mapped[ArrangementState] = mapped_column(choice(ArrangementState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    balance_minor: Mapped[int] = mapped_column(MinorUnits)
    agreed_minor: Mapped[int] = mapped_column(MinorUnits, comment="to be paid in all")
    waived_minor: Mapped[int] = mapped_column(MinorUnits, comment="given up once it is kept")
    waived_interest_minor: Mapped[int] = mapped_column(MinorUnits, default=0, comment="of a waiver")
    waived_fees_minor: Mapped[int] = mapped_column(MinorUnits, default=0, comment="of a waiver")
    floor_minor: Mapped[int | None] = mapped_column(
        MinorUnits, comment="the least to which the contract, or the bank for this account, consents; null: all of it"
    )
    parts: Mapped[int] = mapped_column(comment="number of instalments")
    rhythm: Mapped[Rhythm] = mapped_column(choice(Rhythm))
    own_amounts: Mapped[bool] = mapped_column(default=False, comment="the parts differ by agreement")
    first_on: Mapped[date]
    last_on: Mapped[date]
    beyond: Mapped[list[Any]] = mapped_column(
        JsonData, comment="codes of arrangement_rules.Beyond: why the bank decides"
    )
    reason_behind: Mapped[str] = mapped_column(sa.String(32), default="")
    reason: Mapped[str] = mapped_column(sa.String(400), comment="why this suits; no personal data")
    income_statement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("income_statement.id"))
    valid_until: Mapped[date] = mapped_column(comment="the last day on which it can be agreed to")
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(sa.String(400), default="")
    agreed_on: Mapped[date | None] = mapped_column(comment="the day of the debtor's consent; payments count from it")
    paid_minor: Mapped[int] = mapped_column(MinorUnits, default=0, comment="net, since agreed_on")
    next_due_on: Mapped[date | None] = mapped_column(comment="of the first part that is open, while it is in force")
    judge_on: Mapped[date | None] = mapped_column(comment="the day on which it is broken if nothing more comes")
    ended_on: Mapped[date | None]
    end_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    instalments: Mapped[list[Instalment]] = relationship(order_by="Instalment.number", cascade="all, delete-orphan")
    statement: Mapped[IncomeStatement | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("agreed_minor > 0 AND agreed_minor + waived_minor = balance_minor", name="adds_up"),
        sa.CheckConstraint(
            "waived_minor >= 0 AND waived_interest_minor >= 0 AND waived_fees_minor >= 0 "
            "AND (kind <> 'waiver' OR waived_interest_minor + waived_fees_minor = waived_minor) "
            "AND (kind <> 'instalments' OR waived_minor = 0)",
            name="waived",
        ),
        sa.CheckConstraint("parts BETWEEN 1 AND 60", name="parts"),
        sa.CheckConstraint(
            "decided_by IS NULL OR made_by IS NULL OR decided_by <> made_by", name="maker_is_not_checker"
        ),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'kept', 'breached') OR agreed_on IS NOT NULL", name="in_force_is_agreed"
        ),
        sa.CheckConstraint("(state = 'agreed') = (judge_on IS NOT NULL)", name="in_force_is_judged"),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'kept', 'breached', 'offered') OR beyond = '[]' OR decided_at IS NOT NULL",
            name="beyond_is_decided",
        ),
        sa.Index(
            "uq_arrangement_live", "account_id", unique=True, sqlite_where=sa.text(_LIVE_SQL),
            postgresql_where=sa.text(_LIVE_SQL),
        ),
        sa.Index("ix_arrangement_own", "organisation_id", "id"),
        sa.Index("ix_arrangement_state", "state", "id"),
        sa.Index("ix_arrangement_judge", "state", "judge_on", "id"),
        sa.Index("ix_arrangement_valid", "state", "valid_until", "id"),
    )  # fmt: skip

    @property
    def number(self) -> str:
        """How people call it."""
        return f"AR{self.id:06d}"


class Instalment(Model, PlacedRows):
    """One payment of an arrangement, and what has been paid of it."""

    __tablename__ = "arrangement_instalment"
    id: Mapped[int] = key_column()
    arrangement_id: Mapped[int] = mapped_column(sa.ForeignKey("arrangement.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placed_account_id = synonym("account_id")
    number: Mapped[int]
    due_on: Mapped[date]
    kept_until: Mapped[date] = mapped_column(comment="the last value date that keeps it: due_on and the days of grace")
    amount_minor: Mapped[int] = mapped_column(MinorUnits)
    paid_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    paid_on: Mapped[date | None] = mapped_column(comment="the value date that completed it")

    __table_args__ = (
        sa.UniqueConstraint("arrangement_id", "number"),
        sa.CheckConstraint("amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor", name="amount"),
        sa.CheckConstraint("kept_until >= due_on", name="grace"),
    )
