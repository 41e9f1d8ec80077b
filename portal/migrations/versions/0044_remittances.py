"""What agencies hand over of the money that they received."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

STATES = ("withdrawn", "taken_back", "announced", "received")
RECEIVED = sa.text("state = 'received'")
WALLS: tuple[Wall, ...] = tuple(
    (table, "OwnRows", "organisation_id", False) for table in ("remittance", "remittance_event", "remittance_cover")
)


def upgrade() -> None:
    op.create_table(
        "remittance",
        _id(),
        _key("organisation_id"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the agency's slip, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("remittance", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance")),
    )
    op.create_index("ix_remittance_own", "remittance", ["organisation_id", "currency", "id"])
    _event()
    _cover()
    build_walls(WALLS)
    build_guards("0044")


def downgrade() -> None:
    remove_guards("0044")
    remove_walls(WALLS)
    for table in ("remittance_cover", "remittance_event", "remittance"):
        op.drop_table(table)


def _event() -> None:
    table = "remittance_event"
    states = sa.Enum(*STATES, name="remittancestate", native_enum=False, create_constraint=True, length=32)
    op.create_table(
        table,
        _id(),
        _key("remittance_id"),
        sa.Column("organisation_id", BigKey, nullable=False, comment="the remittance's"),
        sa.Column("state", states, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("on", sa.Date(), nullable=True, comment="announced: sent on; received: received on"),
        sa.Column("reference", sa.String(length=64), nullable=False, comment="received: the bank's own, unique"),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("by", BigKey, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('announced', 'received')) = (amount_minor IS NOT NULL)",
            name=op.f("ck_remittance_event_step_has_amount"),
        ),
        sa.CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name=op.f("ck_remittance_event_amount")),
        sa.CheckConstraint('(amount_minor IS NULL) = ("on" IS NULL)', name=op.f("ck_remittance_event_amount_has_day")),
        _refers(table, "remittance_id", "remittance"),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance_event")),
    )
    op.create_index(op.f("ix_remittance_event_remittance_id"), table, ["remittance_id"])
    op.create_index(
        "uq_remittance_event_reference", table, ["reference"], unique=True, sqlite_where=RECEIVED,
        postgresql_where=RECEIVED,
    )  # fmt: skip


def _cover() -> None:
    table = "remittance_cover"
    op.create_table(
        table,
        _id(),
        _key("event_id"),
        _key("organisation_id"),
        _key("attribution_id"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_remittance_cover_amount")),
        _refers(table, "event_id", "remittance_event"),
        _refers(table, "organisation_id", "organisation"),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["agency_receipt.attribution_id"],
            name=op.f("fk_remittance_cover_attribution_id_agency_receipt"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remittance_cover")),
        sa.UniqueConstraint("event_id", "attribution_id", name=op.f("uq_remittance_cover_event_id_attribution_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_remittance_cover_attribution_id"), table, ["attribution_id"])


def _id() -> sa.Column[int]:
    return sa.Column("id", BigKey, autoincrement=True, nullable=False)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, BigKey, nullable=False)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
