"""Certificates, carried promises, and the exit of an organisation."""

from __future__ import annotations

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the room that it is for."""


def downgrade() -> None:
    """The inverse."""
