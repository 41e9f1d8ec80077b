"""Tokens with which agencies' own systems come in, and answers that are given again to whoever asks again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData, UtcDateTime
from portal.migrations.building import Wall, build_walls, remove_walls

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("api_token", "OwnRows", "organisation_id", True),
    ("api_answer", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False, comment="what it is for: the dialler, the nightly log"),
        sa.Column("prefix", sa.String(length=16), nullable=False, comment="how the secret begins, to tell it by"),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256"),
        sa.Column("scopes", JsonData, nullable=False, comment="words of api/scopes.py"),
        sa.Column(
            "expires_on", sa.Date(), nullable=False, comment="the last day on which it opens, where the organisation is"
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", BigKey, nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_by", BigKey, nullable=True),
        sa.Column(
            "last_used_on", sa.Date(), nullable=True, comment="the day, not the moment: each request would be a write"
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_api_token_revoked_by_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_api_token_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name=op.f("fk_api_token_created_by_user_account")),
        sa.ForeignKeyConstraint(["revoked_by"], ["user_account.id"], name=op.f("fk_api_token_revoked_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_token_prefix")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
    )
    op.create_index("ix_api_token_latest", "api_token", ["organisation_id", "created_at", "id"])
    op.create_table(
        "api_answer",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(length=32), nullable=False, comment="of address and content"),
        sa.Column("at", UtcDateTime(), nullable=False, comment="real instant at which the work was begun"),
        sa.Column("status", sa.BigInteger(), nullable=True, comment="null: still at work"),
        sa.Column("body", sa.Text(), nullable=True, comment="JSON; no personal data"),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name=op.f("ck_api_answer_answered_whole")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_api_answer_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_answer")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_api_answer_organisation_id_key")),
    )
    op.create_index(op.f("ix_api_answer_at"), "api_answer", ["at"])
    build_walls(WALLS)


def downgrade() -> None:
    remove_walls(WALLS)
    op.drop_table("api_answer")
    op.drop_table("api_token")
