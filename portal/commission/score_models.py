"""Tables of how organisations did in a period, and of plans that are tried on what was paid."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import BankOnly
from portal.identity.models import Organisation
from portal.placement.models import PlacementBatch
from portal.vendors.models import Contract


class ScoringState(StrEnum):
    """A scoring is proposed by one person, and fixed or refused by another."""

    PROPOSED = "proposed"
    FIXED = "fixed"
    REFUSED = "refused"


class Scoring(Model, BankOnly):
    """How the organisations of one currency did in a month. What is fixed is what bonuses and penalties go by."""

    __tablename__ = "scoring"
    id: Mapped[int] = key_column()
    period: Mapped[date] = mapped_column(comment="first day of the month")
    currency: Mapped[str] = mapped_column(sa.String(3))
    state: Mapped[ScoringState] = mapped_column(choice(ScoringState))
    made_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    made_by_name: Mapped[str] = mapped_column(sa.String(120))
    made_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_by_name: Mapped[str] = mapped_column(sa.String(120), default="")
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(sa.String(1000), default="")
    rows: Mapped[list[ScoringRow]] = relationship(order_by="ScoringRow.rank, ScoringRow.organisation_id")

    __table_args__ = (
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> made_by", name="maker_is_not_checker"),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decision_has_its_person"),
        sa.Index(
            "uq_scoring_fixed", "period", "currency", unique=True, sqlite_where=sa.text("state = 'fixed'"),
            postgresql_where=sa.text("state = 'fixed'"),
        ),
        sa.Index("ix_scoring_period", "period", "currency"),
    )  # fmt: skip


class ScoringRow(Model, BankOnly):
    """One organisation's figures, points (in hundredths) and rank. Never changed: another proposal is another scoring."""

    __tablename__ = "scoring_row"
    id: Mapped[int] = key_column()
    scoring_id: Mapped[int] = mapped_column(sa.ForeignKey("scoring.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    recovered_minor: Mapped[int] = mapped_column(MinorUnits, comment="credits of the month, reversals taken off")
    serviced: Mapped[int] = mapped_column(comment="accounts held that were worked in the month")
    administrative: Mapped[int] = mapped_column(comment="points for administrative work, in hundredths, 0 to 10000")
    score: Mapped[int] = mapped_column(comment="points in hundredths, 0 to 10000")
    rank: Mapped[int] = mapped_column(comment="1 is the best; a tie shares its rank")
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (sa.UniqueConstraint("scoring_id", "organisation_id"),)


class PlanTrial(Model, BankOnly):
    """A plan tried on the payments of a contract and a stretch of days: changes nothing, is paid to nobody."""

    __tablename__ = "plan_trial"
    id: Mapped[int] = key_column()
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    version: Mapped[int | None] = mapped_column(comment="of the contract whose plan it is; null: a plan as entered")
    plan: Mapped[dict[str, Any]] = mapped_column(JsonData)
    first_on: Mapped[date]
    last_on: Mapped[date]
    made_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    made_by_name: Mapped[str] = mapped_column(sa.String(120))
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    payments: Mapped[int | None]
    recovered_minor: Mapped[int | None] = mapped_column(MinorUnits)
    own_minor: Mapped[int | None] = mapped_column(MinorUnits, comment="under the plans of its placements")
    tried_minor: Mapped[int | None] = mapped_column(MinorUnits)
    contract: Mapped[Contract] = relationship()


class PlanTrialRow(Model, BankOnly):
    """What a trial comes to for one batch."""

    __tablename__ = "plan_trial_row"
    id: Mapped[int] = key_column()
    trial_id: Mapped[int] = mapped_column(sa.ForeignKey("plan_trial.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"))
    payments: Mapped[int]
    recovered_minor: Mapped[int] = mapped_column(MinorUnits)
    own_minor: Mapped[int] = mapped_column(MinorUnits)
    tried_minor: Mapped[int] = mapped_column(MinorUnits)
    batch: Mapped[PlacementBatch] = relationship()

    __table_args__ = (sa.UniqueConstraint("trial_id", "batch_id"),)
