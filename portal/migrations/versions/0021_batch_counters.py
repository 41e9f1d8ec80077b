"""How many accounts of a batch have ended, and their amount, kept with the batch.

What an organisation holds is asked for by every new run and on the list of agencies; counted out of the placements it cost
a second at a million accounts, and more with each that is placed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.migrations.building import see_all_rows

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None

COUNT = "UPDATE placement_batch SET ended_count = (SELECT count(*) {ended}), ended_minor = (SELECT coalesce(sum(placed_total_minor), 0) {ended})"
ENDED = "FROM placement WHERE placement.batch_id = placement_batch.id AND placement.ended_at IS NOT NULL"


def upgrade() -> None:
    see_all_rows()
    for name, kind, comment in (
        ("ended_count", sa.BigInteger(), "accounts of it that have ended"),
        ("ended_minor", sa.BigInteger(), "their amount as placed"),
    ):
        op.add_column("placement_batch", sa.Column(name, kind, nullable=False, server_default="0", comment=comment))
    op.execute(COUNT.format(ended=ENDED))
    some_live = sa.text("ended_count < account_count")
    op.create_index(
        "ix_placement_batch_live", "placement_batch", ["organisation_id"], sqlite_where=some_live,
        postgresql_where=some_live,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_placement_batch_live", "placement_batch")
    for name in ("ended_minor", "ended_count"):
        op.drop_column("placement_batch", name)
