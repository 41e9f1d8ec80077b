"""A run that nobody has decided about can be taken back by its maker."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.migrations.building import rebuild, see_all_rows

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATES = ("draft", "submitted", "refused", "approved", "sent")


def upgrade() -> None:
    withdrawn_at = sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True)
    rebuild("allocation_run", add=[withdrawn_at], choices={"ck_allocation_run_runstate": (*STATES, "withdrawn")})


def downgrade() -> None:
    see_all_rows()
    op.execute("UPDATE allocation_run SET state = 'draft' WHERE state = 'withdrawn'")
    rebuild("allocation_run", drop=("withdrawn_at",), choices={"ck_allocation_run_runstate": STATES})
