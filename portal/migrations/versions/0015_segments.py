"""Segments, and the strategy of a run."""

from __future__ import annotations

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the room that it is for."""


def downgrade() -> None:
    """The inverse."""
