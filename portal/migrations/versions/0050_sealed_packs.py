"""Packs whose files are made again, seals and certificates of firms, and letters that a lawyer lets go on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

WALLS = (
    ("firm_certificate", "OwnRows", "organisation_id", False),
    ("seal_image", "OwnRows", "organisation_id", False),
    ("letter_release", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    see_all_rows()
    for column in _columns():
        op.add_column("letter_pack", column)
    _certificate()
    _image()
    _release()
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    remove_guards(revision)
    remove_walls(WALLS)
    for table, *_rest in reversed(WALLS):
        op.drop_table(table)
    for column in reversed(_columns()):
        op.drop_column("letter_pack", column.name)


def _columns() -> list[sa.Column[Any]]:
    flag: dict[str, Any] = {"nullable": False, "server_default": sa.false()}
    return [
        sa.Column(
            "edition", sa.BigInteger(), nullable=False, server_default="1",
            comment="how often its files were made, from 1",
        ),
        sa.Column("duplex", sa.Boolean(), comment="each letter begins on the front of a sheet", **flag),
        sa.Column("postal", sa.Boolean(), comment="printed by postcode, not by number", **flag),
        sa.Column("labels_digest", sa.String(length=64), nullable=True),
        sa.Column("singles_digest", sa.String(length=64), nullable=True, comment="ZIP of sealed single letters"),
    ]  # fmt: skip


def _certificate() -> None:
    op.create_table(
        "firm_certificate",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False, comment="hexadecimal"),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False, comment="PKCS#12 and password as JSON"),
        *_standing("firm_certificate"),
    )
    _one_stands("firm_certificate")


def _image() -> None:
    op.create_table(
        "seal_image",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="PNG"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        *_standing("seal_image"),
    )
    _one_stands("seal_image")


def _standing(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("added_by", BigKey, nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["user_account.id"], name=op.f(f"fk_{table}_added_by_user_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _one_stands(table: str) -> None:
    stands = sa.text("ended_at IS NULL")
    op.create_index(
        f"uq_{table}_standing", table, ["organisation_id"], unique=True, sqlite_where=stands, postgresql_where=stands
    )


def _release() -> None:
    op.create_table(
        "letter_release",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("letter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("flags", JsonData, nullable=False, comment="why it stood aside, as letter.flags"),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user_account.id"], name=op.f("fk_letter_release_by_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_release_letter_id_letter")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_letter_release_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_release")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_letter_release_letter_id")),
    )
