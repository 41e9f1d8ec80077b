"""Tables of contracts: what was agreed with an agency or a law firm, version by version."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation


class PlacementKind(StrEnum):
    """What an organisation is asked to do with an account. The first two exclude each other."""

    COLLECTION = "collection"
    LITIGATION = "litigation"
    LETTER = "letter"


class Contract(Model, OwnRows):
    """An agreement with one organisation about one kind of placement in one currency."""

    __tablename__ = "contract"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[PlacementKind] = mapped_column(choice(PlacementKind))
    currency: Mapped[str] = mapped_column(sa.String(3))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    created_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    versions: Mapped[list[ContractVersion]] = relationship(
        back_populates="contract", order_by="ContractVersion.effective_from"
    )


class ContractVersion(Model, OwnRows):
    """The terms from a date on. Append-only: new terms are a new version."""

    __tablename__ = "contract_version"
    id: Mapped[int] = key_column()
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    version: Mapped[int]
    effective_from: Mapped[date]
    plan: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="notation of reference/commission.md")
    letter_fee_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    term_days: Mapped[int] = mapped_column(default=90, comment="length of a placement")
    capacity_accounts: Mapped[int | None]
    capacity_minor: Mapped[int | None] = mapped_column(MinorUnits, comment="amount that may be held at one time")
    answer_hours: Mapped[int] = mapped_column(default=48, comment="hours in which a batch is to be answered")
    recall_notice_days: Mapped[int] = mapped_column(default=0, comment="days from the pending to the final recall")
    objection_days: Mapped[int] = mapped_column(default=30, comment="most days that an objection may ask for")
    payment_extends_days: Mapped[int] = mapped_column(
        default=0, comment="days by which a payment moves the recall; 0: none"
    )
    clauses: Mapped[dict[str, Any]] = mapped_column(
        JsonData, default=dict, comment="settlement authority, tail, data; see vendors/terms.py"
    )
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    contract: Mapped[Contract] = relationship(back_populates="versions")

    __table_args__ = (
        sa.UniqueConstraint("contract_id", "version"),
        sa.UniqueConstraint("contract_id", "effective_from"),
    )
