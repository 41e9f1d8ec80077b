"""Tables of what happens after the end: certificates of return and deletion, and the exit of an organisation."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, Model, choice, key_column
from portal.foundation.visibility import BankOnly, OwnRows
from portal.identity.models import Organisation
from portal.placement.models import Placement, PlacementBatch

__all__ = [
    "Certificate", "CertificateDuty", "ExceptionKind", "ExitException", "ExitState", "OrganisationExit",
]  # fmt: skip

LIVE_EXIT = "state IN ('draft', 'submitted', 'approved', 'running')"


class ExitState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    APPROVED = "approved"  # nothing is placed with it any more; its last day has not passed
    RUNNING = "running"  # its placements are going back
    DONE = "done"  # nothing lives with it any more


class ExceptionKind(StrEnum):
    """What stands against ending a placement at once, in the order in which one that is several is counted."""

    SUIT = "suit"
    PLAN = "plan"
    OBJECTION = "objection"
    PROMISE = "promise"


class OrganisationExit(Model, BankOnly):
    """An agency or a law firm leaves: planned by one person, approved by another, carried out by a job."""

    __tablename__ = "organisation_exit"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(48), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    state: Mapped[ExitState] = mapped_column(choice(ExitState))
    last_on: Mapped[date] = mapped_column(comment="the organisation's last day; what goes back earns until then")
    reason: Mapped[str] = mapped_column(sa.String(400))
    choices: Mapped[dict[str, Any]] = mapped_column(
        JsonData, default=dict, comment="kind of exception: the day until which it stays; left out: goes back at once"
    )
    found: Mapped[dict[str, Any]] = mapped_column(
        JsonData, default=dict, comment="what lives with it: by kind and currency [accounts, amount in minor units]"
    )
    counted_at: Mapped[datetime]
    planned_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    planned_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")
    started_at: Mapped[datetime | None] = mapped_column(comment="when the first placements went back")
    done_at: Mapped[datetime | None] = mapped_column(comment="when the last one had")
    sign_in_closed_at: Mapped[datetime | None]
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        sa.CheckConstraint(
            "decided_by IS NULL OR planned_by IS NULL OR decided_by <> planned_by", name="maker_is_not_checker"
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'running', 'done') OR decided_at IS NOT NULL", name="carried_out_is_approved"
        ),
        sa.Index(
            "uq_organisation_exit_live",
            "organisation_id",
            unique=True,
            sqlite_where=sa.text(LIVE_EXIT),
            postgresql_where=sa.text(LIVE_EXIT),
        ),
        sa.Index("ix_organisation_exit_day", "state", "last_on", "id"),
    )


class ExitException(Model, BankOnly):
    """A placement that something stands against; frozen when it was counted. `until`: it stays to the end of this day."""

    __tablename__ = "exit_exception"
    id: Mapped[int] = key_column()
    exit_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation_exit.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    kind: Mapped[ExceptionKind] = mapped_column(choice(ExceptionKind))
    until: Mapped[date | None]
    placement: Mapped[Placement] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("exit_id", "placement_id"),
        sa.Index("ix_exit_exception_kind", "exit_id", "kind", "id"),
        sa.Index("ix_exit_exception_until", "exit_id", "until", "id"),
    )


class CertificateDuty(Model, OwnRows):
    """A certificate of return and deletion has fallen due: of a batch that is over, or of an exit. Append-only."""

    __tablename__ = "certificate_duty"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_batch.id"), unique=True)
    exit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation_exit.id"), unique=True)
    subject: Mapped[str] = mapped_column(sa.String(48), comment="number of the batch or the exit")
    ended_on: Mapped[date]
    due_on: Mapped[date] = mapped_column(comment="last day on which it is in time")
    account_count: Mapped[int] = mapped_column(comment="accounts whose people were open to the organisation")
    fell_due_at: Mapped[datetime]
    organisation: Mapped[Organisation] = relationship()
    batch: Mapped[PlacementBatch | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(batch_id IS NULL) <> (exit_id IS NULL)", name="of_one_thing"),
        sa.CheckConstraint("due_on >= ended_on", name="due"),
        sa.Index("ix_certificate_duty_due", "organisation_id", "due_on", "id"),
        sa.Index("ix_certificate_duty_day", "due_on", "id"),
    )


class Certificate(Model, OwnRows):
    """What the organisation confirms: given back, deleted, kept by law. Append-only; a correction names the old one."""

    __tablename__ = "certificate"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(64), unique=True)
    duty_id: Mapped[int] = mapped_column(sa.ForeignKey("certificate_duty.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("certificate.id"), unique=True)
    returned: Mapped[str] = mapped_column(sa.String(1000), comment="what was given back; no personal data")
    deleted: Mapped[str] = mapped_column(sa.String(1000), comment="what was deleted; no personal data")
    methods: Mapped[list[Any]] = mapped_column(JsonData, comment="codes of certificates.METHODS")
    carried_out_by: Mapped[str] = mapped_column(sa.String(120), comment="who answers for it at the organisation")
    carried_out_on: Mapped[date]
    kept: Mapped[str] = mapped_column(sa.String(1000), default="", comment="what the law wants kept, and which law")
    kept_until: Mapped[date | None]
    confirmed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    confirmed_name: Mapped[str] = mapped_column(sa.String(120))
    confirmed_at: Mapped[datetime]
    confirmed_on: Mapped[date]
    duty: Mapped[CertificateDuty] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(kept = '') = (kept_until IS NULL)", name="kept_until_a_day"),
        sa.CheckConstraint("returned <> '' AND deleted <> ''", name="says_what"),
        sa.Index(
            "uq_certificate_first",
            "duty_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        ),
    )
