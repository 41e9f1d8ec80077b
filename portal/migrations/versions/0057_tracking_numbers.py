"""A tracking number is looked up by itself: whether another letter has it, and by who holds an envelope."""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_letter_dispatch_tracking_no", "letter_dispatch", ["tracking_no"])


def downgrade() -> None:
    op.drop_index("ix_letter_dispatch_tracking_no", "letter_dispatch")
