"""A document that was put to a matter in error can be withdrawn: a row beside it says so, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TABLE = "matter_document_withdrawal"
WALLS: tuple[Wall, ...] = ((TABLE, "OwnRows", "organisation_id", False),)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("document_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False, comment="no personal data"),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to("document_id", "matter_document"),
        _to("organisation_id", "organisation"),
        _to("by_user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("document_id", name=op.f(f"uq_{TABLE}_document_id")),
    )
    op.create_index(op.f(f"ix_{TABLE}_organisation_id"), TABLE, ["organisation_id"])
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    remove_guards(revision)
    remove_walls(WALLS)
    op.drop_table(TABLE)


def _to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{TABLE}_{column}_{other}"))
