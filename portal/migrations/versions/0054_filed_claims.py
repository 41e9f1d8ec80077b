"""A claim that was filed begins the time to sue anew by itself: which row it was that a step of a matter has brought about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

TABLE = "matter_step_effect"
WALLS: tuple[Wall, ...] = ((TABLE, "OwnRows", "organisation_id", False),)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("step_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("restart_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to("step_id", "matter_step"),
        _to("organisation_id", "organisation"),
        _to("restart_id", "limitation_restart"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("step_id", name=op.f(f"uq_{TABLE}_step_id")),
        sa.UniqueConstraint("restart_id", name=op.f(f"uq_{TABLE}_restart_id")),
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
