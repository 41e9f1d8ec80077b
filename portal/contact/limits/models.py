"""Table of what began the limitation of claims anew, each with its evidence."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.contact.conduct import Ground
from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import PlacedRows

__all__ = ["LimitationRestart"]


class LimitationRestart(Model, PlacedRows):
    """Something by which the limitation of an account's claim begins anew under the pack of its day: it names the attempt,
    the message or the arrangement that proves it, or was noted by a person with a file. Append-only: what takes one back is a
    row as well. Payments are not among them: they prove themselves.

    A fact of the account, for whoever holds it; it does not say who made the attempt.
    """

    __tablename__ = "limitation_restart"
    id: Mapped[int] = key_column()
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    placed_account_id = synonym("account_id")
    happened_on: Mapped[date] = mapped_column(comment="where the debtor is")
    ground: Mapped[Ground] = mapped_column(choice(Ground))
    pack: Mapped[str] = mapped_column(sa.String(64), comment="name and version of the rules that it restarts by")
    attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_attempt.id"), unique=True)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("outgoing_message.id"), unique=True)
    arrangement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("arrangement.id"), unique=True)
    takes_back_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("limitation_restart.id"), unique=True, comment="the row that is not true"
    )
    words: Mapped[str] = mapped_column(
        sa.String(200), default="", comment="number of the case or letter, or why it is taken back; no personal data"
    )
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="who noted it; null: the bank, or the portal itself"
    )
    proof_digest: Mapped[str] = mapped_column(
        sa.String(64), default="", comment="the file, sealed for the person, in the storage"
    )
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")
    noted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    noted_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "takes_back_id IS NULL OR (attempt_id IS NULL AND message_id IS NULL AND arrangement_id IS NULL)",
            name="takes_back_by_itself",
        ),
        sa.Index("ix_limitation_restart_account", "account_id", "happened_on"),
    )

    @property
    def is_noted(self) -> bool:
        """Whether a person noted it, without evidence of the portal's own."""
        return self.attempt_id is None and self.message_id is None and self.arrangement_id is None
