"""Payments that no rule can decide are cleared by one person and checked by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TABLES = ("clearing", "clearing_line", "clearing_decision", "clearing_claim")
WALLS: tuple[Wall, ...] = tuple((table, "BankOnly", "", False) for table in TABLES)


def upgrade() -> None:
    _clearing()
    _line()
    _decision()
    _claim()
    build_walls(WALLS)
    build_guards("0042")


def downgrade() -> None:
    remove_guards("0042")
    remove_walls(WALLS)
    for table in reversed(TABLES):
        op.drop_table(table)


def _clearing() -> None:
    kind = sa.Enum(
        "placement", "split", "nobody", name="clearingkind", native_enum=False, create_constraint=True, length=32
    )
    op.create_table(
        "clearing",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("payment_count", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", BigKey, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["user_account.id"], name=op.f("fk_clearing_proposed_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearing")),
        sa.UniqueConstraint("id", "proposed_by", name=op.f("uq_clearing_id_proposed_by")),
    )


def _line() -> None:
    op.create_table(
        "clearing_line",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("clearing_id", BigKey, nullable=False),
        sa.Column("attribution_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=True),
        sa.Column(
            "amount_minor", sa.BigInteger(), nullable=False, comment="as an attribution's: negative for a reversal"
        ),
        sa.ForeignKeyConstraint(["clearing_id"], ["clearing.id"], name=op.f("fk_clearing_line_clearing_id_clearing")),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_clearing_line_attribution_id_attribution")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_clearing_line_account_id_account")),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_clearing_line_placement_id_placement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearing_line")),
        sa.UniqueConstraint(
            "clearing_id", "attribution_id", "account_id",
            name=op.f("uq_clearing_line_clearing_id_attribution_id_account_id"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_clearing_line_attribution_id"), "clearing_line", ["attribution_id"])


def _decision() -> None:
    op.create_table(
        "clearing_decision",
        sa.Column("clearing_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False, comment="again, so that the database compares"),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("decided_by", BigKey, nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_clearing_decision_maker_is_not_checker")),
        sa.ForeignKeyConstraint(
            ["clearing_id", "proposed_by"], ["clearing.id", "clearing.proposed_by"],
            name=op.f("fk_clearing_decision_clearing_id_clearing"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_clearing_decision_decided_by_user_account")
        ),
        sa.PrimaryKeyConstraint("clearing_id", name=op.f("pk_clearing_decision")),
    )  # fmt: skip


def _claim() -> None:
    op.create_table(
        "clearing_claim",
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("clearing_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_clearing_claim_attribution_id_attribution")
        ),
        sa.ForeignKeyConstraint(["clearing_id"], ["clearing.id"], name=op.f("fk_clearing_claim_clearing_id_clearing")),
        sa.PrimaryKeyConstraint("attribution_id", name=op.f("pk_clearing_claim")),
    )
    op.create_index(op.f("ix_clearing_claim_clearing_id"), "clearing_claim", ["clearing_id"])
