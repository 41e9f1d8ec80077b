"""Why a run decided as it did, account by account: the step and the stratum, or what stopped each receiver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "allocation_line",
        sa.Column(
            "trace", sa.Text(), nullable=False, server_default="",
            comment="placed: step;stratum. Not placed: ;;receiver:rule,… See placement/trace.py",
        ),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_column("allocation_line", "trace")
