"""Table of the files that prove why somebody is on hold, or why not any more."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation.database import Model, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["HoldProof"]


class HoldProof(Model, OwnRows):
    """A file about a hold, of the organisation that brought it; the bank sees all of them. Append-only, sealed with the
    person's key."""

    __tablename__ = "hold_proof"
    id: Mapped[int] = key_column()
    hold_id: Mapped[int] = mapped_column(sa.ForeignKey("hold.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="who brought it; null: the bank"
    )
    proof_digest: Mapped[str] = mapped_column(sa.String(64), comment="the file, sealed, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200))
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    at: Mapped[datetime]
