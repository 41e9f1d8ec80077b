"""Requests between the bank and who holds an account, and what was said in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SIDES = ("bank", "organisation")
ANSWERS = ("granted", "refused", "done", "needs_more")
CODES = (
    "documents", "balance_check", "payment_query", "settlement", "hold", "recording", "progress", "other",
)  # fmt: skip
STEPS = ("asked", "said", "answered", "reopened", "closed", "ended")
# Keys of the list in which requests and objections stand together.
EVEN, ODD = sa.text("(id * 2)"), sa.text("(id * 2 + 1)")
WALLS: tuple[Wall, ...] = (
    ("request", "OwnRows", "organisation_id", False),
    ("request_message", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    _request()
    _message()
    op.create_index("ix_recall_objection_raised", "recall_objection", ["raised_at", ODD])
    op.create_index("ix_recall_objection_own", "recall_objection", ["organisation_id", "raised_at", ODD])
    build_walls(WALLS)
    build_guards("0032")


def downgrade() -> None:
    remove_guards("0032")
    remove_walls(WALLS)
    op.drop_index("ix_recall_objection_own", "recall_objection")
    op.drop_index("ix_recall_objection_raised", "recall_objection")
    op.drop_table("request_message")
    op.drop_table("request")


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("code", _choice("requestcode", CODES), nullable=False),
        sa.Column("asked_side", _choice("side", SIDES), nullable=False),
        sa.Column("asked_by", BigKey, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "answer_hours", sa.BigInteger(), nullable=False, comment="what either side has for its turn, by the contract"
        ),
        sa.Column("state", _choice("requeststate", ("open", "answered", "closed")), nullable=False),
        sa.Column("turn", sa.String(length=16), nullable=True, comment="bank or organisation; null: closed"),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), nullable=True,
            comment="until when whose turn it is should have done its part",
        ),
        sa.Column("answer", _choice("answer", ANSWERS), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("turn IN ('bank', 'organisation')", name=op.f("ck_request_turn")),
        sa.CheckConstraint("(state = 'closed') = (turn IS NULL)", name=op.f("ck_request_closed_waits_for_nobody")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_request_closed_has_instant")),
        sa.CheckConstraint("(state = 'open') = (due_at IS NOT NULL)", name=op.f("ck_request_open_has_clock")),
        sa.CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name=op.f("ck_request_answered_has_answer")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_request_answer_has_instant")),
        sa.CheckConstraint("answer_hours > 0", name=op.f("ck_request_answer_hours")),
        _refers("request", "organisation_id", "organisation"),
        _refers("request", "placement_id", "placement"),
        _refers("request", "account_id", "account"),
        _refers("request", "asked_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )  # fmt: skip
    op.create_index(op.f("ix_request_placement_id"), "request", ["placement_id"])
    op.create_index(op.f("ix_request_account_id"), "request", ["account_id"])
    op.create_index("ix_request_asked", "request", ["asked_at", EVEN])
    op.create_index("ix_request_own", "request", ["organisation_id", "asked_at", EVEN])
    op.create_index("ix_request_turn", "request", ["turn", "due_at", "id"])
    op.create_index("ix_request_own_turn", "request", ["organisation_id", "turn", "due_at", "id"])


def _message() -> None:
    op.create_table(
        "request_message",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("request_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False, comment="the request's"),
        sa.Column("step", _choice("step", STEPS), nullable=False),
        sa.Column("side", _choice("side", SIDES), nullable=False),
        sa.Column("by", BigKey, nullable=True, comment="null: the portal itself"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", _choice("answer", ANSWERS), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="the clock from here on"),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(step = 'answered') = (answer IS NOT NULL)", name=op.f("ck_request_message_has_answer")),
        _refers("request_message", "request_id", "request"),
        _refers("request_message", "organisation_id", "organisation"),
        _refers("request_message", "by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_message")),
    )
    op.create_index(op.f("ix_request_message_request_id"), "request_message", ["request_id"])


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
