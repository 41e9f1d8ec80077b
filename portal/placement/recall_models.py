"""Tables of the way back: recalls with what they cover, objections, retention, and every move of a recall date."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation
from portal.placement.codes import ObjectionReason, RecallCategory, RecallReason
from portal.placement.models import Placement, PlacementBatch

__all__ = [
    "OPEN_LINES", "OPEN_RECALLS", "MoveCause", "Objection", "ObjectionState", "Recall", "RecallLine", "RecallLineState", "RecallMove", "RecallOrigin",
    "RecallState", "Retention", "RetentionLine", "RetentionState",
]  # fmt: skip


class RecallOrigin(StrEnum):
    """How a recall came about."""

    CHOICE = "choice"  # an account, or rows of a list
    BATCH = "batch"
    FILE = "file"
    TERM = "term"  # by the portal itself, on the day on which the term ends


class RecallState(StrEnum):
    ASKED = "asked"
    WITHDRAWN = "withdrawn"
    PENDING = "pending"  # decided; its accounts go on their final days
    DONE = "done"  # nothing of it is held any more


class RecallLineState(StrEnum):
    ASKED = "asked"
    PENDING = "pending"
    ENDED = "ended"  # the placement has ended, by this recall or before it
    RELEASED = "released"  # the recall was withdrawn
    SUPERSEDED = "superseded"  # a later recall has taken its place


OPEN_RECALLS = (RecallState.ASKED, RecallState.PENDING)
OPEN_LINES = (RecallLineState.ASKED, RecallLineState.PENDING)


class ObjectionState(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    VOID = "void"  # the account was recalled again, or the placement has ended


class RetentionState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"


class MoveCause(StrEnum):
    """What moved a recall date."""

    PAYMENT = "payment"
    OBJECTION = "objection"
    RETENTION = "retention"


class Recall(Model, OwnRows):
    """The bank takes placements of one organisation back. One person asks, another carries it out.

    The organisation hears of it when it is carried out, or asked for where the work stops at once: `announced_at`.
    """

    __tablename__ = "recall"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(48), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    origin: Mapped[RecallOrigin] = mapped_column(choice(RecallOrigin))
    batch_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("placement_batch.id"), index=True, comment="where a whole batch is recalled"
    )
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"), comment="the file that asked")
    reason: Mapped[RecallReason] = mapped_column(choice(RecallReason))
    category: Mapped[RecallCategory] = mapped_column(choice(RecallCategory))
    note: Mapped[str] = mapped_column(sa.String(400), default="", comment="in words; both sides read it")
    reverse: Mapped[bool] = mapped_column(default=False, comment="placed in error: out of all statistics")
    at_term: Mapped[bool] = mapped_column(default=False, comment="each account on its own term's day")
    final_on: Mapped[date | None] = mapped_column(comment="last day; null: at once, or each account's own")
    state: Mapped[RecallState] = mapped_column(choice(RecallState))
    account_count: Mapped[int] = mapped_column(comment="accounts that it covers")
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    asked_at: Mapped[datetime]
    announced_at: Mapped[datetime | None] = mapped_column(comment="since when the organisation knows")
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="who carried it out")
    decided_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(comment="done or withdrawn")
    organisation: Mapped[Organisation] = relationship()
    batch: Mapped[PlacementBatch | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint(
            "decided_by IS NULL OR asked_by IS NULL OR decided_by <> asked_by", name="maker_is_not_checker"
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (state IN ('asked', 'pending'))", name="closed_has_instant"),
        sa.Index("ix_recall_holder", "organisation_id", "id"),
        sa.Index("ix_recall_state", "state", "id"),
    )


class RecallLine(Model, OwnRows):
    """One placement of a recall, with its final day as it stands now. Decided lines move with objections and payments."""

    __tablename__ = "recall_line"
    id: Mapped[int] = key_column()
    recall_id: Mapped[int] = mapped_column(sa.ForeignKey("recall.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    state: Mapped[RecallLineState] = mapped_column(choice(RecallLineState))
    first_final_on: Mapped[date | None] = mapped_column(comment="last day as it was announced")
    final_on: Mapped[date | None] = mapped_column(comment="last day as it stands; null: at once")
    recall: Mapped[Recall] = relationship()
    placement: Mapped[Placement] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("recall_id", "placement_id"),
        sa.Index("ix_recall_line_recall", "recall_id", "id"),
        sa.Index("ix_recall_line_progress", "recall_id", "state", "final_on"),
        # of a placement one recall is asked for at a time, and one is decided
        sa.Index(
            "uq_recall_line_open",
            "placement_id",
            "state",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'pending')"),
            postgresql_where=sa.text("state IN ('asked', 'pending')"),
        ),
    )


class Objection(Model, OwnRows):
    """An organisation asks for more days before the final recall of one account; the bank decides. One a line."""

    __tablename__ = "recall_objection"
    id: Mapped[int] = key_column()
    recall_line_id: Mapped[int] = mapped_column(sa.ForeignKey("recall_line.id"), unique=True)
    recall_id: Mapped[int] = mapped_column(sa.ForeignKey("recall.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    reason: Mapped[ObjectionReason] = mapped_column(choice(ObjectionReason))
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    extra_days: Mapped[int] = mapped_column(comment="asked for, beyond the final day")
    state: Mapped[ObjectionState] = mapped_column(choice(ObjectionState))
    granted_days: Mapped[int | None]
    answer: Mapped[str] = mapped_column(sa.String(400), default="")
    raised_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    raised_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    line: Mapped[RecallLine] = relationship()

    __table_args__ = (
        sa.CheckConstraint("extra_days >= 1", name="asks_for_days"),
        sa.CheckConstraint("(granted_days IS NULL) = (state <> 'granted')", name="granted_has_days"),
        sa.CheckConstraint("granted_days IS NULL OR granted_days BETWEEN 1 AND extra_days", name="granted_within"),
        sa.CheckConstraint("decided_by IS NULL OR raised_by IS NULL OR decided_by <> raised_by", name="two_people"),
        sa.Index(
            "ix_recall_objection_open",
            "id",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
        # the order of the list of requests, in which they stand (contact/request_queries.py)
        sa.Index("ix_recall_objection_raised", "raised_at", sa.text("(id * 2 + 1)")),
        sa.Index("ix_recall_objection_own", "organisation_id", "raised_at", sa.text("(id * 2 + 1)")),
    )


class Retention(Model, OwnRows):
    """A wish to leave placements where they are for some days past their term; the bank decides, by another person."""

    __tablename__ = "retention"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("placement_batch.id"), comment="where of a whole batch")
    extra_days: Mapped[int]
    reason: Mapped[str] = mapped_column(sa.String(400))
    state: Mapped[RetentionState] = mapped_column(choice(RetentionState))
    account_count: Mapped[int]
    answer: Mapped[str] = mapped_column(sa.String(400), default="")
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        sa.CheckConstraint("extra_days >= 1", name="asks_for_days"),
        sa.CheckConstraint("(decided_at IS NULL) = (state = 'asked')", name="decided_has_instant"),
        sa.CheckConstraint(
            "decided_by IS NULL OR asked_by IS NULL OR decided_by <> asked_by", name="maker_is_not_checker"
        ),
        sa.Index("ix_retention_holder", "organisation_id", "id"),
        sa.Index(
            "ix_retention_open",
            "id",
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        ),
    )


class RetentionLine(Model, OwnRows):
    """One placement of a wish for retention. `is_open`: it waits for the answer; one at a time of a placement."""

    __tablename__ = "retention_line"
    id: Mapped[int] = key_column()
    retention_id: Mapped[int] = mapped_column(sa.ForeignKey("retention.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    is_open: Mapped[bool]

    __table_args__ = (
        sa.UniqueConstraint("retention_id", "placement_id"),
        sa.Index(
            "uq_retention_line_open",
            "placement_id",
            unique=True,
            sqlite_where=sa.text("is_open"),
            postgresql_where=sa.text("is_open"),
        ),
    )


class RecallMove(Model, OwnRows):
    """A recall date that was moved, by what, from when to when. Append-only; each cause moves a placement once."""

    __tablename__ = "recall_move"
    id: Mapped[int] = key_column()
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    cause: Mapped[MoveCause] = mapped_column(choice(MoveCause))
    reference: Mapped[str] = mapped_column(sa.String(64), comment="payment_ref, or the objection's or retention's id")
    term_before: Mapped[date]
    term_after: Mapped[date]
    final_before: Mapped[date | None]
    final_after: Mapped[date | None]
    moved_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("placement_id", "cause", "reference"),
        sa.CheckConstraint("term_after >= term_before", name="term_never_back"),
        sa.CheckConstraint("final_before IS NULL OR final_after >= final_before", name="final_never_back"),
    )
