"""Tables of exceptions that persons clear: what one proposes and another decides. Evidence but for the claims."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import BankOnly


class ClearingKind(StrEnum):
    """What is proposed for payments that no rule decides."""

    PLACEMENT = "placement"  # credit it to this placement
    SPLIT = "split"  # it pays these accounts
    NOBODY = "nobody"  # nobody is credited, for good


class Clearing(Model, BankOnly):
    """A proposal, by one person, with the reason."""

    __tablename__ = "clearing"
    id: Mapped[int] = key_column()
    kind: Mapped[ClearingKind] = mapped_column(choice(ClearingKind))
    reason: Mapped[str] = mapped_column(sa.String(1000))
    payment_count: Mapped[int]
    proposed_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    proposed_at: Mapped[datetime]
    lines: Mapped[list[ClearingLine]] = relationship(order_by="ClearingLine.id")
    decision: Mapped[ClearingDecision | None] = relationship(viewonly=True)

    # what a decision refers to, so that the database itself compares the two persons
    __table_args__ = (sa.UniqueConstraint("id", "proposed_by"),)


class ClearingLine(Model, BankOnly):
    """One decision that is to take another's place; of a split one for each share. Amounts in the payment's currency."""

    __tablename__ = "clearing_line"
    id: Mapped[int] = key_column()
    clearing_id: Mapped[int] = mapped_column(sa.ForeignKey("clearing.id"))
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement.id"))
    amount_minor: Mapped[int] = mapped_column(MinorUnits, comment="as an attribution's: negative for a reversal")

    __table_args__ = (sa.UniqueConstraint("clearing_id", "attribution_id", "account_id"),)


class ClearingDecision(Model, BankOnly):
    """What a second person said to a proposal: approved, or sent back with the reason."""

    __tablename__ = "clearing_decision"
    clearing_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    proposed_by: Mapped[int] = mapped_column(comment="again, so that the database compares")
    approved: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    decided_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime]

    __table_args__ = (
        sa.ForeignKeyConstraint(["clearing_id", "proposed_by"], ["clearing.id", "clearing.proposed_by"]),
        sa.CheckConstraint("decided_by <> proposed_by", name="maker_is_not_checker"),
    )


class ClearingClaim(Model, BankOnly):
    """Which open proposal a decision waits for: at most one. Gone once that is decided."""

    __tablename__ = "clearing_claim"
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("attribution.id"), primary_key=True, autoincrement=False)
    clearing_id: Mapped[int] = mapped_column(sa.ForeignKey("clearing.id"), index=True)
