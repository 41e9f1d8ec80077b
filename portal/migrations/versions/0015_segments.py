"""Segments, and the strategy of a run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import build_walls, remove_walls

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SEGMENT_WALLS = (("segment", "BankOnly", "", False),)


def upgrade() -> None:
    _make_segments()


def downgrade() -> None:
    _drop_segments()


def _make_segments() -> None:
    op.create_table(
        "segment",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("data", JsonData, nullable=False, comment="currency, and what Criteria.as_data gives"),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False, comment="counts changes; who edits an older one is told"),
        sa.Column("made_by", BigKey, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", BigKey, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["user_account.id"], name=op.f("fk_segment_changed_by_user_account")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_segment_made_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
    )
    op.create_index(
        "uq_segment_name",
        "segment",
        ["name"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    build_walls(SEGMENT_WALLS)


def _drop_segments() -> None:
    remove_walls(SEGMENT_WALLS)
    op.drop_table("segment")
