"""Tables of what a firm signs its letters with: its certificate, and the picture of its seal."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["FirmCertificate", "SealImage"]


class FirmCertificate(Model, OwnRows):
    """A firm's certificate with its key, sealed under the environment's data key. One stands at a time."""

    __tablename__ = "firm_certificate"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    subject: Mapped[str] = mapped_column(sa.String(200))
    issuer: Mapped[str] = mapped_column(sa.String(200))
    serial: Mapped[str] = mapped_column(sa.String(64), comment="hexadecimal")
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    secret_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary, comment="PKCS#12 and password as JSON")
    added_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_firm_certificate_standing",
            "organisation_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )


class SealImage(Model, OwnRows):
    """The picture of a firm's seal, as its letters show it from the next pack on. One stands at a time."""

    __tablename__ = "seal_image"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, comment="PNG")
    sha256: Mapped[str] = mapped_column(sa.String(64))
    added_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_seal_image_standing",
            "organisation_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )
