"""Webhooks: where organisations want to hear, events, and how each was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("webhook", "OwnRows", "organisation_id", False),
    ("webhook_event", "OwnRows", "organisation_id", False),
    ("webhook_delivery", "OwnRows", "organisation_id", False),
)
WAITING = sa.text("state = 'waiting'")
KINDS = (
    "batch.sent", "batch.accepted", "batch.ended", "recall.announced", "recall.carried_out", "recall.withdrawn",
    "payments.credited", "hold.raised", "hold.released", "test",
)  # fmt: skip


def _choice(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    _webhooks()
    _events()
    _deliveries()
    build_walls(WALLS)
    build_guards(revision)


def _webhooks() -> None:
    table = "webhook"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("kinds", JsonData, nullable=False, comment="of events that it is told"),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret_sealed", sa.LargeBinary(), nullable=True, comment="signs beside the new one for a day"),
        sa.Column("old_secret_until", UtcDateTime(), nullable=True),
        sa.Column("made_by", BigKey, nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("disabled_why", _choice("stopreason", "paused", "failing"), nullable=True),
        sa.Column(
            "failing_since", UtcDateTime(), nullable=True, comment="an event was given up and none was taken since"
        ),
        sa.Column("busy_job", sa.BigInteger(), nullable=True),
        sa.Column("busy_until", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(disabled_at IS NULL) = (disabled_why IS NULL)", name=op.f("ck_webhook_disabled_for_a_reason")
        ),
        sa.CheckConstraint(
            "(old_secret_sealed IS NULL) = (old_secret_until IS NULL)", name=op.f("ck_webhook_old_secret_has_its_end")
        ),
        _to(table, "organisation_id", "organisation"),
        _to(table, "made_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_organisation_id"), table, ["organisation_id"])


def _events() -> None:
    table = "webhook_event"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("public_id", sa.String(length=40), nullable=False, comment="told to the receiver; guessed by nobody"),
        sa.Column("kind", _choice("eventkind", *KINDS), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("data", JsonData, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_event")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_event_public_id")),
        sa.UniqueConstraint(
            "organisation_id", "kind", "subject", name=op.f("uq_webhook_event_organisation_id_kind_subject")
        ),
    )
    op.create_index("ix_webhook_event_time", table, ["organisation_id", "at", "id"])


def _deliveries() -> None:
    table = "webhook_delivery"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("webhook_id", BigKey, nullable=False),
        sa.Column("event_id", BigKey, nullable=False),
        sa.Column("state", _choice("deliverystate", "waiting", "delivered", "given_up"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="tries that were begun"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", BigKey, nullable=True, comment="who had it sent once more"),
        sa.Column("next_at", UtcDateTime(), nullable=True, comment="not before; null: nothing more happens"),
        sa.Column("last_tried_at", UtcDateTime(), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True, comment="what the last try was answered"),
        sa.Column("last_error", sa.String(length=32), nullable=False, comment="a code: why the last try failed"),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state = 'waiting') = (next_at IS NOT NULL)", name=op.f("ck_webhook_delivery_waiting_has_its_time")
        ),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name=op.f("ck_webhook_delivery_delivered_at_a_time")
        ),
        _to(table, "organisation_id", "organisation"),
        _to(table, "webhook_id", "webhook"),
        _to(table, "event_id", "webhook_event"),
        _to(table, "asked_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(op.f("ix_webhook_delivery_event_id"), table, ["event_id"])
    op.create_index("ix_webhook_delivery_of", table, ["webhook_id", "id"])
    op.create_index(
        "ix_webhook_delivery_waiting", table, ["webhook_id", "id"], sqlite_where=WAITING, postgresql_where=WAITING
    )


def downgrade() -> None:
    remove_guards(revision)
    remove_walls(WALLS)
    for table in ("webhook_delivery", "webhook_event", "webhook"):
        op.drop_table(table)
