"""Mapping profiles, stored and versioned."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the room that it is for."""


def downgrade() -> None:
    """The inverse."""
