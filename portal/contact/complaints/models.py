"""Tables of complaints and of everything that was said and done about them."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.contact.complaints.codes import Category, ComplaintState, ComplaintStep, Outcome, Root, Source
from portal.contact.requests.thread import Side
from portal.foundation.database import MinorUnits, Model, choice, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["Complaint", "ComplaintEvent"]


class Complaint(Model, OwnRows):
    """Somebody complains about how an account is collected. `organisation_id`: who knows of it beside the bank and is asked
    about it, the organisation complained of or else the one that holds the account."""

    __tablename__ = "complaint"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="null: the bank alone"
    )
    placement_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("placement.id"), index=True, comment="by which the organisation holds or held the account"
    )
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hold.id"), comment="what stops contact meanwhile")
    category: Mapped[Category] = mapped_column(choice(Category))
    source: Mapped[Source] = mapped_column(choice(Source))
    root: Mapped[Root] = mapped_column(choice(Root), comment="whom it is about")
    received_on: Mapped[date] = mapped_column(comment="the day on which somebody complained")
    raised_side: Mapped[Side] = mapped_column(choice(Side))
    raised_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    raised_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="who at the bank decides it")
    due_on: Mapped[date] = mapped_column(comment="last day to decide it")
    question_due_at: Mapped[datetime | None] = mapped_column(comment="until when the organisation is to reply")
    state: Mapped[ComplaintState] = mapped_column(choice(ComplaintState))
    outcome: Mapped[Outcome | None] = mapped_column(choice(Outcome))
    compensation_minor: Mapped[int | None] = mapped_column(MinorUnits)
    currency: Mapped[str] = mapped_column(sa.String(3), comment="the account's")
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))

    __table_args__ = (
        sa.CheckConstraint("root = 'bank' OR organisation_id IS NOT NULL", name="root_is_known"),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed_has_outcome"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_instant"),
        sa.CheckConstraint(
            "question_due_at IS NULL OR (state = 'open' AND organisation_id IS NOT NULL)", name="question_is_answerable"
        ),
        sa.CheckConstraint("compensation_minor IS NULL OR compensation_minor > 0", name="compensation"),
        sa.CheckConstraint("compensation_minor IS NULL OR outcome <> 'rejected'", name="rejected_pays_nothing"),
        sa.Index("ix_complaint_due", "due_on", "id"),
        sa.Index("ix_complaint_received", "received_on", "id"),
        sa.Index("ix_complaint_own", "organisation_id", "received_on", "id"),
        sa.Index(
            "ix_complaint_open",
            "owner_id",
            "due_on",
            "id",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )

    @property
    def number(self) -> str:
        """By which people name it."""
        return number_of(self.id)


def number_of(complaint_id: int) -> str:
    """A complaint's number, from its key: it is the bank's, so that it tells no organisation of another's."""
    return f"CP{complaint_id:06d}"


class ComplaintEvent(Model, OwnRows):
    """One entry of a complaint. Append-only. Without an organisation it is the bank's own, and nobody else's row."""

    __tablename__ = "complaint_event"
    id: Mapped[int] = key_column()
    complaint_id: Mapped[int] = mapped_column(sa.ForeignKey("complaint.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="the complaint's; null: of the bank alone"
    )
    step: Mapped[ComplaintStep] = mapped_column(choice(ComplaintStep))
    side: Mapped[Side] = mapped_column(choice(Side))
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]
    due_on: Mapped[date | None] = mapped_column(comment="the deadline from here on, where it moved")
    due_at: Mapped[datetime | None] = mapped_column(comment="until when a question is to be replied to")
    text_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the file, sealed, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
