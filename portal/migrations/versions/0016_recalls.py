"""Recalls, objections, returns and retention."""

from __future__ import annotations

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the room that it is for."""


def downgrade() -> None:
    """The inverse."""
