"""Recalls, objections, returns and retention; the recall of a whole batch becomes a recall like any other."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, rebuild, remove_guards, remove_walls

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = tuple(
    (table, "OwnRows", "organisation_id", False)
    for table in ("recall", "recall_line", "recall_objection", "retention", "retention_line", "recall_move")
)
KIND = "ck_import_run_importkind"
CHECK = "ck_placement_batch_recall_maker_is_not_checker"
BATCH_RECALL = ("recall_asked_by", "recall_asked_at", "recall_reason", "recalled_by")
APPLIED = sa.text("state = 'applied'")

# What was asked for or done with whole batches so far, as recalls with their lines.
TAKE_OVER = """
INSERT INTO recall (number, organisation_id, origin, batch_id, reason, category, note, reverse, at_term, state,
  account_count, asked_by, asked_at, announced_at, decided_by, decided_at, closed_at)
SELECT 'RC-' || number, organisation_id, 'batch', id, 'client', 'strategic', recall_reason, :no, :no,
  CASE WHEN ended_at IS NULL THEN 'asked' ELSE 'done' END, account_count, recall_asked_by, recall_asked_at, ended_at,
  CASE WHEN ended_at IS NULL THEN NULL ELSE recalled_by END, ended_at, ended_at
FROM placement_batch WHERE recall_asked_at IS NOT NULL
"""
TAKE_OVER_LINES = """
INSERT INTO recall_line (recall_id, organisation_id, placement_id, account_id, state)
SELECT r.id, r.organisation_id, p.id, p.account_id, CASE WHEN p.ended_at IS NULL THEN 'asked' ELSE 'ended' END
FROM recall r JOIN placement p ON p.batch_id = r.batch_id
"""
GIVE_BACK = """
UPDATE placement_batch SET recall_asked_by = r.asked_by, recall_asked_at = r.asked_at, recall_reason = r.note,
  recalled_by = r.decided_by
FROM recall r WHERE r.batch_id = placement_batch.id AND r.state IN ('asked', 'done') AND r.id = (
  SELECT max(l.id) FROM recall l WHERE l.batch_id = r.batch_id AND l.state IN ('asked', 'done'))
"""


def upgrade() -> None:
    _make_tables()
    build_walls(WALLS)
    build_guards(revision)
    _take_over()
    rebuild("placement_batch", drop=BATCH_RECALL, checks={CHECK: None})
    _kinds_of_files({*_kinds(), "recalls"})
    op.add_column(
        "placement",
        sa.Column(
            "closure_note", sa.String(length=400), nullable=False, server_default="",
            comment="what who gave it back says of it",
        ),
    )  # fmt: skip
    live = sa.text("ended_at IS NULL AND final_recall_on IS NOT NULL")
    op.create_index(
        "ix_placement_final", "placement", ["final_recall_on", "id"], sqlite_where=live, postgresql_where=live
    )
    error = sa.text("reverse")
    op.create_index("ix_placement_reverse", "placement", ["id"], sqlite_where=error, postgresql_where=error)
    sent = sa.text("state = 'sent'")
    op.create_index(
        "ix_placement_batch_unanswered", "placement_batch", ["accept_by"], sqlite_where=sent, postgresql_where=sent
    )


def downgrade() -> None:
    op.drop_index("ix_placement_batch_unanswered", "placement_batch")
    op.drop_index("ix_placement_reverse", "placement")
    op.drop_index("ix_placement_final", "placement")
    rebuild("placement", drop=("closure_note",))
    rebuild(
        "placement_batch",
        add=(
            sa.Column("recall_asked_by", BigKey, _user("recall_asked_by"), nullable=True),
            sa.Column("recall_asked_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("recall_reason", sa.String(length=400), nullable=False, server_default=""),
            sa.Column("recalled_by", BigKey, _user("recalled_by"), nullable=True),
        ),
        checks={CHECK: "recalled_by IS NULL OR recall_asked_by IS NULL OR recalled_by <> recall_asked_by"},
    )
    op.execute(GIVE_BACK)
    remove_guards(revision)
    remove_walls(WALLS)
    for table in ("recall_objection", "recall_move", "retention_line", "retention", "recall_line", "recall"):
        op.drop_table(table)
    op.execute("DELETE FROM rejected_row WHERE import_run_id IN (SELECT id FROM import_run WHERE kind = 'recalls')")
    op.execute("DELETE FROM import_run WHERE kind = 'recalls'")
    _kinds_of_files(_kinds() - {"recalls"})


def _user(column: str) -> sa.ForeignKey:
    return sa.ForeignKey("user_account.id", name=op.f(f"fk_placement_batch_{column}_user_account"))


def _take_over() -> None:
    bind = op.get_bind()
    bind.execute(sa.text(TAKE_OVER).bindparams(sa.bindparam("no", False, sa.Boolean())))
    bind.execute(sa.text(TAKE_OVER_LINES))


def _kinds() -> set[str]:
    """What kinds of files there are so far; other revisions add theirs."""
    checks = {str(c["name"]): str(c["sqltext"]) for c in sa.inspect(op.get_bind()).get_check_constraints("import_run")}
    return set(re.findall(r"'(\w+)'", checks[KIND]))


def _kinds_of_files(kinds: set[str]) -> None:
    """SQLite copies the table, and does not see the index over an expression: it is made anew."""
    op.drop_index("uq_import_run_applied", "import_run")
    rebuild("import_run", choices={KIND: sorted(kinds)})
    parts: list[str | sa.TextClause] = ["kind", "content_sha256", "mapping", sa.text("coalesce(as_of, '0001-01-01')")]
    op.create_index(
        "uq_import_run_applied", "import_run", parts, unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )


def _make_tables() -> None:
    op.create_table(
        "recall",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "choice",
                "batch",
                "file",
                "term",
                name="recallorigin",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("batch_id", BigKey, nullable=True, comment="where a whole batch is recalled"),
        sa.Column("import_run_id", BigKey, nullable=True, comment="the file that asked"),
        sa.Column(
            "reason",
            sa.Enum(
                "client",
                "paid",
                "settled",
                "term",
                "rotation",
                "deceased",
                "bankrupt",
                "dispute",
                "complaint",
                "conduct",
                "do_not_contact",
                "fraud",
                "hardship",
                "legal",
                "write_off",
                "error",
                "exit",
                name="recallreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "category",
            sa.Enum(
                "compliance",
                "strategic",
                "data_control",
                name="recallcategory",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=400), nullable=False, comment="in words; both sides read it"),
        sa.Column("reverse", sa.Boolean(), nullable=False, comment="placed in error: out of all statistics"),
        sa.Column("at_term", sa.Boolean(), nullable=False, comment="each account on its own term's day"),
        sa.Column("final_on", sa.Date(), nullable=True, comment="last day; null: at once, or each account's own"),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "withdrawn",
                "pending",
                "done",
                name="recallstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("account_count", sa.BigInteger(), nullable=False, comment="accounts that it covers"),
        sa.Column("asked_by", BigKey, nullable=True, comment="null: the portal itself"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "announced_at", sa.DateTime(timezone=True), nullable=True, comment="since when the organisation knows"
        ),
        sa.Column("decided_by", BigKey, nullable=True, comment="who carried it out"),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", BigKey, nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True, comment="done or withdrawn"),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (state IN ('asked', 'pending'))", name=op.f("ck_recall_closed_has_instant")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR asked_by IS NULL OR decided_by <> asked_by",
            name=op.f("ck_recall_maker_is_not_checker"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["user_account.id"], name=op.f("fk_recall_asked_by_user_account")),
        sa.ForeignKeyConstraint(["batch_id"], ["placement_batch.id"], name=op.f("fk_recall_batch_id_placement_batch")),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_recall_decided_by_user_account")),
        sa.ForeignKeyConstraint(["import_run_id"], ["import_run.id"], name=op.f("fk_recall_import_run_id_import_run")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recall_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["user_account.id"], name=op.f("fk_recall_withdrawn_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("number", name=op.f("uq_recall_number")),
    )
    op.create_index(op.f("ix_recall_batch_id"), "recall", ["batch_id"], unique=False)
    op.create_index("ix_recall_holder", "recall", ["organisation_id", "id"], unique=False)
    op.create_index("ix_recall_state", "recall", ["state", "id"], unique=False)
    op.create_table(
        "retention",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=True, comment="where of a whole batch"),
        sa.Column("extra_days", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "approved",
                "refused",
                name="retentionstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("account_count", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("asked_by", BigKey, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(decided_at IS NULL) = (state = 'asked')", name=op.f("ck_retention_decided_has_instant")),
        sa.CheckConstraint(
            "decided_by IS NULL OR asked_by IS NULL OR decided_by <> asked_by",
            name=op.f("ck_retention_maker_is_not_checker"),
        ),
        sa.CheckConstraint("extra_days >= 1", name=op.f("ck_retention_asks_for_days")),
        sa.ForeignKeyConstraint(["asked_by"], ["user_account.id"], name=op.f("fk_retention_asked_by_user_account")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_retention_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_retention_decided_by_user_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_retention_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention")),
    )
    op.create_index("ix_retention_holder", "retention", ["organisation_id", "id"], unique=False)
    op.create_index(
        "ix_retention_open",
        "retention",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
    op.create_table(
        "recall_line",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("recall_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "asked",
                "pending",
                "ended",
                "released",
                "superseded",
                name="recalllinestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("first_final_on", sa.Date(), nullable=True, comment="last day as it was announced"),
        sa.Column("final_on", sa.Date(), nullable=True, comment="last day as it stands; null: at once"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recall_line_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recall_line_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_recall_line_placement_id_placement")),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_line_recall_id_recall")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_line")),
        sa.UniqueConstraint("recall_id", "placement_id", name=op.f("uq_recall_line_recall_id_placement_id")),
    )
    op.create_index(op.f("ix_recall_line_placement_id"), "recall_line", ["placement_id"], unique=False)
    op.create_index("ix_recall_line_recall", "recall_line", ["recall_id", "id"], unique=False)
    op.create_index(
        "uq_recall_line_open",
        "recall_line",
        ["placement_id", "state"],
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'pending')"),
        postgresql_where=sa.text("state IN ('asked', 'pending')"),
    )
    op.create_table(
        "recall_move",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "payment",
                "objection",
                "retention",
                name="movecause",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "reference",
            sa.String(length=64),
            nullable=False,
            comment="payment_ref, or the objection's or retention's id",
        ),
        sa.Column("term_before", sa.Date(), nullable=False),
        sa.Column("term_after", sa.Date(), nullable=False),
        sa.Column("final_before", sa.Date(), nullable=True),
        sa.Column("final_after", sa.Date(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "final_before IS NULL OR final_after >= final_before", name=op.f("ck_recall_move_final_never_back")
        ),
        sa.CheckConstraint("term_after >= term_before", name=op.f("ck_recall_move_term_never_back")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recall_move_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_recall_move_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_move")),
        sa.UniqueConstraint(
            "placement_id", "cause", "reference", name=op.f("uq_recall_move_placement_id_cause_reference")
        ),
    )
    op.create_table(
        "retention_line",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("retention_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_retention_line_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_retention_line_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_retention_line_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(
            ["retention_id"], ["retention.id"], name=op.f("fk_retention_line_retention_id_retention")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_line")),
        sa.UniqueConstraint("retention_id", "placement_id", name=op.f("uq_retention_line_retention_id_placement_id")),
    )
    op.create_index(
        "uq_retention_line_open",
        "retention_line",
        ["placement_id"],
        unique=True,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "recall_objection",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("recall_line_id", BigKey, nullable=False),
        sa.Column("recall_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "promise",
                "plan",
                "payment",
                "settlement",
                "contact",
                "suit",
                "other",
                name="objectionreason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.Column("extra_days", sa.BigInteger(), nullable=False, comment="asked for, beyond the final day"),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "granted",
                "refused",
                "void",
                name="objectionstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("granted_days", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column("raised_by", BigKey, nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(granted_days IS NULL) = (state <> 'granted')", name=op.f("ck_recall_objection_granted_has_days")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR raised_by IS NULL OR decided_by <> raised_by",
            name=op.f("ck_recall_objection_two_people"),
        ),
        sa.CheckConstraint("extra_days >= 1", name=op.f("ck_recall_objection_asks_for_days")),
        sa.CheckConstraint(
            "granted_days IS NULL OR granted_days BETWEEN 1 AND extra_days",
            name=op.f("ck_recall_objection_granted_within"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_recall_objection_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_recall_objection_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["raised_by"], ["user_account.id"], name=op.f("fk_recall_objection_raised_by_user_account")
        ),
        sa.ForeignKeyConstraint(["recall_id"], ["recall.id"], name=op.f("fk_recall_objection_recall_id_recall")),
        sa.ForeignKeyConstraint(
            ["recall_line_id"], ["recall_line.id"], name=op.f("fk_recall_objection_recall_line_id_recall_line")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_objection")),
        sa.UniqueConstraint("recall_line_id", name=op.f("uq_recall_objection_recall_line_id")),
    )
    op.create_index(
        "ix_recall_objection_open",
        "recall_objection",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(op.f("ix_recall_objection_recall_id"), "recall_objection", ["recall_id"], unique=False)
