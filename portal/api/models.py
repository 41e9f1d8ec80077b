"""Tables of tokens, and of answers that are given again to whoever asks again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import JsonData, Model, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["ApiAnswer", "ApiToken"]


class ApiToken(Model, OwnRows):
    """A token with which a system of an organisation comes in. The secret itself is shown once and kept nowhere."""

    __tablename__ = "api_token"
    visible_to_system: ClassVar[bool] = True
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(sa.String(80), comment="what it is for: the dialler, the nightly log")
    prefix: Mapped[str] = mapped_column(sa.String(16), unique=True, comment="how the secret begins, to tell it by")
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True, comment="SHA-256")
    scopes: Mapped[list[Any]] = mapped_column(JsonData, comment="words of api/scopes.py")
    expires_on: Mapped[date] = mapped_column(comment="the last day on which it opens, where the organisation is")
    created_at: Mapped[datetime]
    created_by: Mapped[int] = mapped_column(sa.ForeignKey("user_account.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    last_used_on: Mapped[date | None] = mapped_column(comment="the day, not the moment: each request would be a write")

    __table_args__ = (
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_by_somebody"),
        sa.Index("ix_api_token_latest", "organisation_id", "created_at", "id"),
    )


class ApiAnswer(Model, OwnRows):
    """What a request with an idempotency key was answered, or that it is still at work."""

    __tablename__ = "api_answer"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(sa.String(200))
    request_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), comment="of address and content")
    at: Mapped[datetime] = mapped_column(index=True, comment="real instant at which the work was begun")
    status: Mapped[int | None] = mapped_column(comment="null: still at work")
    body: Mapped[str | None] = mapped_column(sa.Text, comment="JSON; no personal data")

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "key"),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_whole"),
    )
