"""Tables of the public verification page: what may be confirmed of a letter, and how often somebody asked."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["Answer", "IssuedLetter", "VerificationCount"]


class Answer(StrEnum):
    """What the page says."""

    GENUINE = "genuine"
    WITHDRAWN = "withdrawn"
    MISMATCH = "mismatch"  # the code is one letter's, the number another's
    UNKNOWN = "unknown"


class IssuedLetter(Model, OwnRows):
    """What may be confirmed of a letter of a ready pack to whoever has its code, and nothing else: the verification page acts
    for nobody, so it reads this table and neither the letter's own nor anybody's data. A trigger notes when a letter
    becomes void."""

    __tablename__ = "issued_letter"
    visible_to_system: ClassVar[bool] = True
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id"), primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    verify_code: Mapped[str] = mapped_column(sa.String(32), unique=True)
    letter_no: Mapped[str] = mapped_column(sa.String(64))
    issued_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None] = mapped_column(comment="when the letter became void")


class VerificationCount(Model, OwnRows):
    """How often the page gave one answer about one letter on one day; of codes that nobody has issued, without letter and
    organisation. Of who asked nothing is kept."""

    __tablename__ = "verification_count"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    letter_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"))
    day: Mapped[date] = mapped_column(comment="business day")
    answer: Mapped[Answer] = mapped_column(choice(Answer))
    times: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        sa.CheckConstraint("(letter_id IS NULL) = (answer = 'unknown')", name="known_names_letter"),
        sa.CheckConstraint("(letter_id IS NULL) = (organisation_id IS NULL)", name="letter_has_firm"),
        sa.CheckConstraint("times > 0", name="times"),
        sa.Index("uq_verification_count_once", sa.text("coalesce(letter_id, 0)"), "day", "answer", unique=True),
    )
