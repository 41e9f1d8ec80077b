"""Tables of what agencies hand over of the money that they received. Append-only: a state is a row in the event table."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["Remittance", "RemittanceCover", "RemittanceEvent", "RemittanceState"]


class RemittanceState(StrEnum):
    """Where a remittance stands: the last thing that happened to it."""

    WITHDRAWN = "withdrawn"  # by the agency, before the bank has it
    TAKEN_BACK = "taken_back"  # by the bank: it was recorded wrongly, and counts no more
    ANNOUNCED = "announced"  # by the agency, that it has paid
    RECEIVED = "received"  # by the bank


class Remittance(Model, OwnRows):
    """One payment of an agency to the bank, in one currency."""

    __tablename__ = "remittance"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    currency: Mapped[str] = mapped_column(sa.String(3))
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the agency's slip, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_remittance_own", "organisation_id", "currency", "id"),)


class RemittanceEvent(Model, OwnRows):
    """A step of a remittance: amount, day and reference as whoever took the step tells them."""

    __tablename__ = "remittance_event"
    id: Mapped[int] = key_column()
    remittance_id: Mapped[int] = mapped_column(sa.ForeignKey("remittance.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="the remittance's")
    state: Mapped[RemittanceState] = mapped_column(choice(RemittanceState))
    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    on: Mapped[date | None] = mapped_column(comment="announced: sent on; received: received on")
    reference: Mapped[str] = mapped_column(sa.String(64), default="", comment="received: the bank's own, unique")
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "(state IN ('announced', 'received')) = (amount_minor IS NOT NULL)", name="step_has_amount"
        ),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name="amount"),
        sa.CheckConstraint("(amount_minor IS NULL) = (\"on\" IS NULL)", name="amount_has_day"),
        sa.Index(
            "uq_remittance_event_reference",
            "reference",
            unique=True,
            sqlite_where=sa.text("state = 'received'"),
            postgresql_where=sa.text("state = 'received'"),
        ),
    )  # fmt: skip


class RemittanceCover(Model, OwnRows):
    """How much of a received remittance is for which receipt; what is for none is over."""

    __tablename__ = "remittance_cover"
    id: Mapped[int] = key_column()
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("remittance_event.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    attribution_id: Mapped[int] = mapped_column(sa.ForeignKey("agency_receipt.attribution_id"), index=True)
    amount_minor: Mapped[int] = mapped_column(MinorUnits)

    __table_args__ = (
        sa.UniqueConstraint("event_id", "attribution_id"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
    )
