"""Tables of allocation runs, batches and placements."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, MinorUnits, Model, choice, key_column
from portal.foundation.visibility import BankOnly, OwnRows
from portal.identity.models import Organisation
from portal.portfolio.models import Account
from portal.vendors.models import ContractVersion, PlacementKind

EXCLUDING = "kind IN ('collection', 'litigation')"


class RunState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    APPROVED = "approved"
    SENT = "sent"
    WITHDRAWN = "withdrawn"  # taken back by its maker before anybody decided


class BatchState(StrEnum):
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"  # not answered in time, so it came back
    ENDED = "ended"


class EndReason(StrEnum):
    """Why a placement ended (reference/domain.md 3.4)."""

    BATCH_REFUSED = "batch_refused"
    NOT_ANSWERED = "not_answered"
    RECALLED = "recalled"
    RETURNED = "returned"  # given back by the organisation, with a closure code
    ROTATED = "rotated"
    EXITED = "exited"  # the organisation has left
    TERM_EXPIRED = "term_expired"
    PAID_IN_FULL = "paid_in_full"


class AllocationRun(Model, BankOnly):
    """A proposal of who gets which accounts: made by one person, approved by another, then sent."""

    __tablename__ = "allocation_run"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(32), unique=True)
    kind: Mapped[PlacementKind] = mapped_column(choice(PlacementKind))
    state: Mapped[RunState] = mapped_column(choice(RunState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    placed_on: Mapped[date]
    criteria: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="buckets, balance limits, most accounts")
    shares: Mapped[list[Any]] = mapped_column(JsonData, comment="[{organisation_id, share}]")
    seed: Mapped[int]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(
        JsonData,
        comment="evidence of fairness: accounts by receiver and bucket, what was left out; null: not split yet",
    )
    account_count: Mapped[int] = mapped_column(default=0)
    total_minor: Mapped[int] = mapped_column(MinorUnits, default=0)
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")
    sent_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint(
            "decided_by IS NULL OR made_by IS NULL OR decided_by <> made_by", name="maker_is_not_checker"
        ),
    )


class AllocationLine(Model, BankOnly):
    """What a run decided for one account, and why; `organisation_id` null: not placed."""

    __tablename__ = "allocation_line"
    id: Mapped[int] = key_column()
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("allocation_run.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    days_past_due: Mapped[int]
    bucket: Mapped[str] = mapped_column(sa.String(4))
    reason: Mapped[str] = mapped_column(sa.String(64), comment="code: share, hold:dispute, placed, no_room …")
    trace: Mapped[str] = mapped_column(
        sa.Text,
        default="",
        comment="placed: step;stratum. Not placed: ;;receiver:rule,… See placement/trace.py",
    )

    __table_args__ = (
        sa.UniqueConstraint("run_id", "account_id"),
        sa.Index("ix_allocation_line_receiver", "run_id", "organisation_id", "account_id"),
    )


class PlacementBatch(Model, OwnRows):
    """What one organisation was sent on one date. It exists from the moment it is sent."""

    __tablename__ = "placement_batch"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(48), unique=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("allocation_run.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    contract_version_id: Mapped[int] = mapped_column(sa.ForeignKey("contract_version.id"))
    kind: Mapped[PlacementKind] = mapped_column(choice(PlacementKind))
    state: Mapped[BatchState] = mapped_column(choice(BatchState))
    currency: Mapped[str] = mapped_column(sa.String(3))
    placed_on: Mapped[date]
    term_ends_on: Mapped[date]
    account_count: Mapped[int]
    total_minor: Mapped[int] = mapped_column(MinorUnits)
    sent_at: Mapped[datetime]
    accept_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")
    acknowledged_count: Mapped[int | None] = mapped_column(comment="what the organisation says it has received")
    acknowledged_minor: Mapped[int | None] = mapped_column(MinorUnits)
    ended_at: Mapped[datetime | None] = mapped_column(comment="refused or recalled as a whole")
    ended_count: Mapped[int] = mapped_column(default=0, server_default="0", comment="accounts of it that have ended")
    ended_minor: Mapped[int] = mapped_column(
        MinorUnits, default=0, server_default="0", comment="their amount as placed"
    )
    by_bucket: Mapped[list[list[Any]] | None] = mapped_column(
        JsonData, comment="as placed: bucket, accounts, amount in minor units"
    )
    organisation: Mapped[Organisation] = relationship()
    contract_version: Mapped[ContractVersion] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("run_id", "organisation_id"),
        sa.Index(
            "ix_placement_batch_unanswered",
            "accept_by",
            sqlite_where=sa.text("state = 'sent'"),
            postgresql_where=sa.text("state = 'sent'"),
        ),
        sa.Index(
            "ix_placement_batch_live",
            "organisation_id",
            sqlite_where=sa.text("ended_count < account_count"),
            postgresql_where=sa.text("ended_count < account_count"),
        ),
    )


class Placement(Model, OwnRows):
    """One account × one organisation × one window × one plan version.

    Instants are half open, `[starts_at, ended_at)`; for money only dates count, both ends included: it earns from
    `placed_on` to `ended_on`. Collection and litigation of an account never overlap (exclusion constraint on
    PostgreSQL, trigger on SQLite); one live letter placement an account.
    """

    __tablename__ = "placement"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"))
    contract_version_id: Mapped[int] = mapped_column(sa.ForeignKey("contract_version.id"))
    kind: Mapped[PlacementKind] = mapped_column(choice(PlacementKind))
    round: Mapped[int] = mapped_column(default=1, comment="1st, 2nd, 3rd placement of its kind")
    currency: Mapped[str] = mapped_column(sa.String(3))
    placed_on: Mapped[date]
    starts_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None] = mapped_column(comment="null: the person's data is still closed")
    term_ends_on: Mapped[date] = mapped_column(comment="the day of the pending recall, unless it is moved")
    final_recall_on: Mapped[date | None] = mapped_column(comment="last day, once the recall is pending")
    stopped_at: Mapped[datetime | None] = mapped_column(comment="from here on no work, though it has not ended yet")
    ended_at: Mapped[datetime | None]
    ended_on: Mapped[date | None] = mapped_column(comment="last day that earns")
    end_reason: Mapped[EndReason | None] = mapped_column(choice(EndReason))
    closure_code: Mapped[str] = mapped_column(sa.String(32), default="", comment="why, in the field's codes")
    closure_note: Mapped[str] = mapped_column(sa.String(400), default="", comment="what who gave it back says of it")
    reverse: Mapped[bool] = mapped_column(default=False, comment="placed in error: out of all statistics")
    past_ref: Mapped[str] = mapped_column(
        sa.String(64), default="", comment="the account's reference, for the history of who does not hold it any more"
    )
    placed_principal_minor: Mapped[int] = mapped_column(MinorUnits)
    placed_interest_minor: Mapped[int] = mapped_column(MinorUnits)
    placed_fees_minor: Mapped[int] = mapped_column(MinorUnits)
    placed_total_minor: Mapped[int] = mapped_column(MinorUnits)
    placed_days_past_due: Mapped[int]
    placed_bucket: Mapped[str] = mapped_column(sa.String(4))
    batch: Mapped[PlacementBatch] = relationship()
    account: Mapped[Account] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(ended_at IS NULL) = (ended_on IS NULL)", name="end_has_both"),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= starts_at", name="window"),
        sa.Index(
            "uq_placement_live_excluding",
            "account_id",
            unique=True,
            sqlite_where=sa.text(f"ended_at IS NULL AND {EXCLUDING}"),
            postgresql_where=sa.text(f"ended_at IS NULL AND {EXCLUDING}"),
        ),
        sa.Index(
            "uq_placement_live_letter",
            "account_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL AND kind = 'letter'"),
            postgresql_where=sa.text("ended_at IS NULL AND kind = 'letter'"),
        ),
        sa.Index("ix_placement_batch", "batch_id", "id"),
        *(
            sa.Index(
                name,
                "organisation_id",
                order,
                "id",
                sqlite_where=sa.text("ended_at IS NULL"),
                postgresql_where=sa.text("ended_at IS NULL"),
            )
            for name, order in (("ix_placement_held", "placed_on"), ("ix_placement_held_owed", "placed_total_minor"))
        ),
        sa.Index("ix_placement_holder", "organisation_id", "account_id"),
        sa.Index("ix_placement_person", "customer_id", "organisation_id"),
        sa.Index(
            "ix_placement_term",
            "term_ends_on",
            "id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_placement_reverse", "id", sqlite_where=sa.text("reverse"), postgresql_where=sa.text("reverse")),
        sa.Index(
            "ix_placement_final",
            "final_recall_on",
            "id",
            sqlite_where=sa.text("ended_at IS NULL AND final_recall_on IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NULL AND final_recall_on IS NOT NULL"),
        ),
        sa.Index(
            "ix_placement_tail",
            "organisation_id",
            "ended_on",
            "id",
            sqlite_where=sa.text("ended_at IS NOT NULL"),
            postgresql_where=sa.text("ended_at IS NOT NULL"),
        ),
    )
