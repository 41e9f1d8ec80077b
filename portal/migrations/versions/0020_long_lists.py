"""Lists that cost at a million accounts what they cost at a thousand.

Indexes in the order of the lists; and batches that know how much of them has ended and what they were made of, which was
counted out of the placements for every new run, for the list of agencies and for a batch's own page.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import JsonData
from portal.migrations.building import see_all_rows

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# name, table, columns, of which rows
INDEXES = (
    ("ix_account_owed", "account", ["total_minor", "id"], None),
    ("ix_account_bucket_owed", "account", ["bucket", "total_minor", "id"], None),
    ("ix_account_status_owed", "account", ["status", "total_minor", "id"], None),
    ("ix_hold_open", "hold", ["raised_at", "id"], "released_at IS NULL"),
    ("ix_attribution_day", "attribution", ["paid_on", "id"], None),
    ("ix_attribution_holder_day", "attribution", ["organisation_id", "paid_on", "id"], None),
    ("ix_recall_line_progress", "recall_line", ["recall_id", "state", "final_on"], None),
    ("ix_placement_held", "placement", ["organisation_id", "placed_on", "id"], "ended_at IS NULL"),
    ("ix_placement_held_owed", "placement", ["organisation_id", "placed_total_minor", "id"], "ended_at IS NULL"),
    ("ix_placement_batch_live", "placement_batch", ["organisation_id"], "ended_count < account_count"),
)
ENDED = "FROM placement WHERE placement.batch_id = placement_batch.id AND placement.ended_at IS NOT NULL"
COUNT_ENDED = (
    f"UPDATE placement_batch SET ended_count = (SELECT count(*) {ENDED}), "
    f"ended_minor = (SELECT coalesce(sum(placed_total_minor), 0) {ENDED})"
)


def upgrade() -> None:
    see_all_rows()
    columns = (
        sa.Column(
            "ended_count", sa.BigInteger(), nullable=False, server_default="0", comment="accounts of it that have ended"
        ),
        sa.Column("ended_minor", sa.BigInteger(), nullable=False, server_default="0", comment="their amount as placed"),
        sa.Column("by_bucket", JsonData, nullable=True, comment="as placed: bucket, accounts, amount in minor units"),
    )
    for column in columns:
        op.add_column("placement_batch", column)
    op.execute(COUNT_ENDED)
    _tell_buckets()
    for name, table, of, which in INDEXES:
        where = sa.text(which) if which else None
        op.create_index(name, table, of, sqlite_where=where, postgresql_where=where)


def _tell_buckets() -> None:
    """What the batches that there are were made of."""
    bind = op.get_bind()
    made_of: dict[int, list[list[object]]] = {}
    asked = (
        "SELECT batch_id, placed_bucket, count(*), sum(placed_total_minor) FROM placement GROUP BY 1, 2 ORDER BY 1, 2"
    )
    for batch, bucket, accounts, minor in bind.execute(sa.text(asked)):
        made_of.setdefault(batch, []).append([bucket, accounts, int(minor)])
    table = sa.table("placement_batch", sa.column("id"), sa.column("by_bucket", JsonData))
    for batch, parts in made_of.items():
        bind.execute(sa.update(table).where(table.c.id == batch).values(by_bucket=parts))


def downgrade() -> None:
    for name, table, *_rest in INDEXES:
        op.drop_index(name, table)
    for column in ("by_bucket", "ended_minor", "ended_count"):
        op.drop_column("placement_batch", column)
