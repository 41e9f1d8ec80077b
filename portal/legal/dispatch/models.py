"""Tables of letters on their way: what was sent, what came of it, and what that changed elsewhere."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.legal.dispatch.terms import MailResult
from portal.portfolio.models import ContactStatus

__all__ = ["LetterDispatch", "LetterResult", "ResultEffect"]


class LetterDispatch(Model, OwnRows):
    """A letter was handed to a carrier. Append-only: a correction is a row that names the one before, so the latest row of a
    letter is the one that stands; one that takes the row before back repeats what it said, and nothing stands."""

    __tablename__ = "letter_dispatch"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    carrier: Mapped[str] = mapped_column(sa.String(64))
    tracking_no: Mapped[str] = mapped_column(sa.String(64), default="", index=True, comment="empty: none given (yet)")
    dispatched_on: Mapped[date]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter_dispatch.id"), unique=True)
    taken_back: Mapped[bool] = mapped_column(
        default=False,
        server_default=sa.false(),
        comment="what the row before said was an error, and nothing stands in its place",
    )
    why: Mapped[str] = mapped_column(sa.String(400), default="", server_default="", comment="it was")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"), comment="the file that said so")
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        # One first row of a letter; all later ones correct the one before.
        sa.Index(
            "uq_letter_dispatch_first",
            "letter_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        ),
        sa.Index("ix_letter_dispatch_letter", "letter_id", "id"),
    )


class LetterResult(Model, OwnRows):
    """What came of a letter that was sent. Append-only, corrected as a dispatch is."""

    __tablename__ = "letter_result"
    id: Mapped[int] = key_column()
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    result: Mapped[MailResult] = mapped_column(choice(MailResult))
    result_on: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200), default="", comment="the carrier's; no personal data")
    proof_digest: Mapped[str] = mapped_column(
        sa.String(64), default="", comment="the file, sealed for the person, in the storage"
    )
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter_result.id"), unique=True)
    taken_back: Mapped[bool] = mapped_column(
        default=False,
        server_default=sa.false(),
        comment="what the row before said was an error, and nothing stands in its place",
    )
    why: Mapped[str] = mapped_column(sa.String(400), default="", server_default="", comment="it was")
    import_run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"), comment="the file that said so")
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (
        # One first row of a letter; all later ones correct the one before.
        sa.Index(
            "uq_letter_result_first",
            "letter_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        ),
        sa.Index("ix_letter_result_letter", "letter_id", "id"),
        sa.CheckConstraint("result <> 'returned' OR reason <> ''", name="returned_says_why"),
    )


class ResultEffect(Model, OwnRows):
    """What a result changed elsewhere: the address that it marked, or the row by which the time to sue began anew. Append-only;
    a result that is corrected takes back what stands here."""

    __tablename__ = "letter_result_effect"
    id: Mapped[int] = key_column()
    result_id: Mapped[int] = mapped_column(sa.ForeignKey("letter_result.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    contact_point_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_point.id"))
    status_before: Mapped[ContactStatus | None] = mapped_column(choice(ContactStatus), comment="of the address")
    restart_id: Mapped[int | None] = mapped_column(sa.ForeignKey("limitation_restart.id"))
    at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("(contact_point_id IS NULL) = (status_before IS NULL)", name="marked_from"),
        sa.CheckConstraint("contact_point_id IS NULL OR restart_id IS NULL", name="is_one_thing"),
    )
