"""Mapping profiles, stored and versioned; files that wait for their mapping; what a file changed and brought."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import build_guards, build_walls, rebuild, remove_guards, remove_walls

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

WALLS = (("mapping_profile", "BankOnly", "", False), ("mapping_profile_version", "BankOnly", "", False))
KINDS = ("accounts", "payments", "recalls")  # of the last nobody keeps one before 0016
STATES = ("received", "running", "applied", "refused")
MORE_STATES = ("waiting", *STATES, "dropped")


def upgrade() -> None:
    op.create_table(
        "mapping_profile",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="importkind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=48), nullable=False),
        sa.Column("created_by", BigKey, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_by", BigKey, nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["archived_by"], ["user_account.id"], name=op.f("fk_mapping_profile_archived_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_mapping_profile_created_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_profile")),
        sa.UniqueConstraint("name", name=op.f("uq_mapping_profile_name")),
    )
    op.create_table(
        "mapping_profile_version",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("mapping_profile_id", BigKey, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="YAML, the grammar of intake/profile.py"),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False, comment="why this version"),
        sa.Column("created_by", BigKey, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_mapping_profile_version_created_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["mapping_profile_id"],
            ["mapping_profile.id"],
            name=op.f("fk_mapping_profile_version_mapping_profile_id_mapping_profile"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping_profile_version")),
        sa.UniqueConstraint(
            "mapping_profile_id", "version", name=op.f("uq_mapping_profile_version_mapping_profile_id_version")
        ),
    )
    _forget_once_applied()
    rebuild(
        "import_run",
        add=(
            sa.Column("changes", JsonData, nullable=True, comment="what the file changed; see portfolio/changes.py"),
            sa.Column("trial", JsonData, nullable=True, comment="the latest trial: mapping, summary, refusal"),
        ),
        choices={"ck_import_run_importstate": MORE_STATES},
    )
    _once_applied()
    rebuild("contact_point", add=(_brought_by(),))
    _say_of_errors("[{column, value, code, message}], values masked")
    build_walls(WALLS)
    build_guards(revision)


def _say_of_errors(comment: str) -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.execute(f"COMMENT ON COLUMN rejected_row.errors IS '{comment}'")


def _brought_by() -> sa.Column[Any]:
    name = "fk_contact_point_import_run_id_import_run"
    return sa.Column(
        "import_run_id", BigKey, sa.ForeignKey("import_run.id", name=name), nullable=True,
        comment="the file that brought it",
    )  # fmt: skip


def _forget_once_applied() -> None:
    """SQLite's copy of a table cannot carry an index over an expression."""
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("uq_import_run_applied", "import_run")


def _once_applied() -> None:
    """The index again, as 0003 made it."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_index(
        "uq_import_run_applied",
        "import_run",
        ["kind", "content_sha256", "mapping", sa.literal_column("coalesce(as_of, '0001-01-01')")],
        unique=True,
        sqlite_where=sa.text("state = 'applied'"),
    )


def downgrade() -> None:
    op.execute("UPDATE import_run SET state = 'refused' WHERE state IN ('waiting', 'dropped')")
    _say_of_errors("[{column, code, message}], no values")
    rebuild("contact_point", drop=("import_run_id",))
    _forget_once_applied()
    rebuild("import_run", drop=("changes", "trial"), choices={"ck_import_run_importstate": STATES})
    _once_applied()
    remove_guards(revision)
    remove_walls(WALLS)
    op.drop_table("mapping_profile_version")
    op.drop_table("mapping_profile")
