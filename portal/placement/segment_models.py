"""The table of saved segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import JsonData, Model, key_column
from portal.foundation.visibility import BankOnly

__all__ = ["Segment"]


class Segment(Model, BankOnly):
    """A question to the book that is asked again and again, under a name. A run made from it keeps a copy of its own."""

    __tablename__ = "segment"
    id: Mapped[int] = key_column()
    name: Mapped[str] = mapped_column(sa.String(80))
    data: Mapped[dict[str, Any]] = mapped_column(JsonData, comment="currency, and what Criteria.as_data gives")
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    version: Mapped[int] = mapped_column(default=1, comment="counts changes; who edits an older one is told")
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    changed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_segment_name",
            "name",
            unique=True,
            sqlite_where=sa.text("archived_at IS NULL"),
            postgresql_where=sa.text("archived_at IS NULL"),
        ),
    )
