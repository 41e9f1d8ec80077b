"""What the bank knows of its vendors and their staff."""

from __future__ import annotations

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the room that it is for."""


def downgrade() -> None:
    """The inverse."""
