"""Complaints with their deadline, owner and outcome, and all that was said about them; holds with a clock and their proofs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

SIDES = ("bank", "organisation")
CATEGORIES = (
    "behaviour", "frequency", "hours", "third_party", "privacy", "amount", "payment", "identity", "letter", "other",
)  # fmt: skip
SOURCES = ("phone", "letter", "email", "app", "branch", "regulator", "media")
STEPS = ("raised", "note", "question", "reply", "taken", "moved", "closed")
USUAL_DAYS = {
    "dispute": 30, "complaint": 15, "deceased": 90, "bankrupt": 90, "represented": 90, "do_not_contact": 180,
    "hardship": 60, "imprisoned": 180, "fraud_claimed": 30,
}  # fmt: skip
FLAGS = (*USUAL_DAYS, "plan")
OPEN = sa.text("state = 'open'")
WALLS: tuple[Wall, ...] = (
    ("complaint", "OwnRows", "organisation_id", False),
    ("complaint_event", "OwnRows", "organisation_id", False),
    ("hold_term", "Shared", "", True),
    ("hold_proof", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    _complaint()
    _event()
    _hold_clocks()
    _hold_proof()
    build_walls(WALLS)
    build_guards("0033")


def downgrade() -> None:
    remove_guards("0033")
    remove_walls(WALLS)
    op.drop_table("hold_proof")
    op.drop_table("hold_term")
    op.drop_index("ix_hold_due", "hold")
    op.drop_column("hold", "due_on")
    op.drop_table("complaint_event")
    op.drop_table("complaint")


def _complaint() -> None:
    op.create_table(
        "complaint",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="null: the bank alone"),
        sa.Column(
            "placement_id", BigKey, nullable=True, comment="by which the organisation holds or held the account"
        ),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("hold_id", BigKey, nullable=True, comment="what stops contact meanwhile"),
        sa.Column("category", _choice("category", CATEGORIES), nullable=False),
        sa.Column("source", _choice("source", SOURCES), nullable=False),
        sa.Column("root", _choice("root", SIDES), nullable=False, comment="whom it is about"),
        sa.Column("received_on", sa.Date(), nullable=False, comment="the day on which somebody complained"),
        sa.Column("raised_side", _choice("side", SIDES), nullable=False),
        sa.Column("raised_by", BigKey, nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", BigKey, nullable=True, comment="who at the bank decides it"),
        sa.Column("due_on", sa.Date(), nullable=False, comment="last day to decide it"),
        sa.Column(
            "question_due_at", sa.DateTime(timezone=True), nullable=True, comment="until when the organisation is to reply"
        ),
        sa.Column("state", _choice("complaintstate", ("open", "closed")), nullable=False),
        sa.Column("outcome", _choice("outcome", ("upheld", "partly", "rejected")), nullable=True),
        sa.Column("compensation_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False, comment="the account's"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", BigKey, nullable=True),
        sa.CheckConstraint("root = 'bank' OR organisation_id IS NOT NULL", name=op.f("ck_complaint_root_is_known")),
        sa.CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_complaint_closed_has_outcome")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_complaint_closed_has_instant")),
        sa.CheckConstraint(
            "question_due_at IS NULL OR (state = 'open' AND organisation_id IS NOT NULL)",
            name=op.f("ck_complaint_question_is_answerable"),
        ),
        sa.CheckConstraint(
            "compensation_minor IS NULL OR compensation_minor > 0", name=op.f("ck_complaint_compensation")
        ),
        sa.CheckConstraint(
            "compensation_minor IS NULL OR outcome <> 'rejected'", name=op.f("ck_complaint_rejected_pays_nothing")
        ),
        *(
            _refers("complaint", column, other)
            for column, other in (
                ("organisation_id", "organisation"), ("placement_id", "placement"), ("account_id", "account"),
                ("hold_id", "hold"), ("raised_by", "user_account"), ("owner_id", "user_account"),
                ("closed_by", "user_account"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
    )  # fmt: skip
    op.create_index(op.f("ix_complaint_placement_id"), "complaint", ["placement_id"])
    op.create_index(op.f("ix_complaint_account_id"), "complaint", ["account_id"])
    op.create_index("ix_complaint_due", "complaint", ["due_on", "id"])
    op.create_index("ix_complaint_received", "complaint", ["received_on", "id"])
    op.create_index("ix_complaint_own", "complaint", ["organisation_id", "received_on", "id"])
    op.create_index(
        "ix_complaint_open", "complaint", ["owner_id", "due_on", "id"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def _event() -> None:
    op.create_table(
        "complaint_event",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("complaint_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="the complaint's; null: of the bank alone"),
        sa.Column("step", _choice("complaintstep", STEPS), nullable=False),
        sa.Column("side", _choice("side", SIDES), nullable=False),
        sa.Column("by", BigKey, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True, comment="the deadline from here on, where it moved"),
        sa.Column(
            "due_at", sa.DateTime(timezone=True), nullable=True, comment="until when a question is to be replied to"
        ),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        _refers("complaint_event", "complaint_id", "complaint"),
        _refers("complaint_event", "organisation_id", "organisation"),
        _refers("complaint_event", "by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_event")),
    )
    op.create_index(op.f("ix_complaint_event_complaint_id"), "complaint_event", ["complaint_id"])


def _hold_clocks() -> None:
    """A clock for every kind of hold; what stands gets its day by the usual terms."""
    op.create_table(
        "hold_term",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("flag", _choice("holdflag", FLAGS), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=True, comment="null: such holds have no clock"),
        sa.CheckConstraint("days BETWEEN 1 AND 3650", name=op.f("ck_hold_term_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_term")),
        sa.UniqueConstraint("flag", name=op.f("uq_hold_term_flag")),
    )
    op.add_column(
        "hold",
        sa.Column("due_on", sa.Date(), nullable=True, comment="by when it is decided about; null: it has no clock"),
    )
    see_all_rows()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for flag, days in USUAL_DAYS.items():
        day = f"date(raised_at, '+{days} days')" if sqlite else f"raised_at::date + {days}"
        op.execute(f"UPDATE hold SET due_on = {day} WHERE released_at IS NULL AND flag = '{flag}'")
    standing = sa.text("released_at IS NULL")
    op.create_index("ix_hold_due", "hold", ["due_on", "id"], sqlite_where=standing, postgresql_where=standing)


def _hold_proof() -> None:
    op.create_table(
        "hold_proof",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("hold_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="who brought it; null: the bank"),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("by", BigKey, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _refers("hold_proof", "hold_id", "hold"),
        _refers("hold_proof", "organisation_id", "organisation"),
        _refers("hold_proof", "by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_proof")),
    )
    op.create_index(op.f("ix_hold_proof_hold_id"), "hold_proof", ["hold_id"])


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
