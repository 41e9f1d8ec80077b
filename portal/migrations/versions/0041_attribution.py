"""Decisions say what a contract leaves out, a payment may have shares, and differences are summed without a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    rebuild,
    remove_guards,
    remove_walls,
    see_all_rows,
)
from portal.migrations.guards import EVIDENCE, keep_on_sqlite

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("ended_credit", "OwnRows", "organisation_id", False),
    ("account_touch", "OwnRows", "organisation_id", False),
    ("decision_round", "BankOnly", "", False),
    ("second_look", "BankOnly", "", False),
)
DECISION = "ck_attribution_decision"
BEFORE = ("credited", "not_placed", "before_placement", "after_placement", "original_unknown", "cannot_reverse")
NAMES = "ck_attribution_credit_names_placement"
CLAUSE = "ck_attribution_exclusion_has_clause"
SHARE = "ck_attribution_exclusion_and_share"
SAME = "(placement_id IS NULL) = (organisation_id IS NULL)"
NEW = "decision IN ('excluded', 'nobody', 'split_needed') OR share > 0 OR supersedes_id IS NOT NULL"


def upgrade() -> None:
    see_all_rows()
    columns = (
        sa.Column(
            "exclusion", sa.String(length=32), server_default="", nullable=False,
            comment="code of the clause that leaves it out; see attribution/",
        ),
        sa.Column(
            "share", sa.SmallInteger(), server_default="0", nullable=False,
            comment="0, and 1 … n of a payment that was split",
        ),
    )  # fmt: skip
    rebuild(
        "attribution",
        add=columns,
        choices={DECISION: ("credited", "excluded", "nobody", "split_needed", *BEFORE[1:])},
        checks={
            NAMES: f"(decision IN ('credited', 'excluded')) = (placement_id IS NOT NULL) AND {SAME}",
            CLAUSE: "(decision = 'excluded') = (exclusion <> '')",
            SHARE: "length(exclusion) <= 32 AND share >= 0",
        },
    )
    _first_decision("payment_id", "share")
    _file_of_days(nullable=True)
    _guards_again()
    _ended_credit()
    _account_touch()
    _decision_round()
    _second_look()
    build_walls(WALLS)
    build_guards("0041")


def downgrade() -> None:
    """What was decided under the new rules cannot be told in the old words: a bank that has such decisions stays."""
    see_all_rows()
    if op.get_bind().scalar(sa.text(f"SELECT 1 FROM attribution WHERE {NEW.partition(' OR supersedes')[0]} LIMIT 1")):
        raise RuntimeError("attributions stand that the revision before cannot say")
    if op.get_bind().scalar(sa.text("SELECT 1 FROM day_credit WHERE import_run_id IS NULL LIMIT 1")):
        raise RuntimeError("differences stand that the revision before cannot say")
    remove_guards("0041")
    remove_walls(WALLS)
    for table in ("second_look", "decision_round", "account_touch", "ended_credit"):
        op.drop_table(table)
    _file_of_days(nullable=False)
    _first_decision("payment_id")
    rebuild(
        "attribution",
        drop=("exclusion", "share"),
        choices={DECISION: BEFORE},
        checks={NAMES: f"(decision = 'credited') = (placement_id IS NOT NULL) AND {SAME}", CLAUSE: None, SHARE: None},
    )
    _guards_again()


def _first_decision(*columns: str) -> None:
    first = sa.text("supersedes_id IS NULL")
    op.drop_index("uq_attribution_first", "attribution")
    op.create_index(
        "uq_attribution_first", "attribution", list(columns), unique=True, sqlite_where=first, postgresql_where=first
    )


def _file_of_days(*, nullable: bool) -> None:
    with op.batch_alter_table("day_credit", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.alter_column("import_run_id", existing_type=BigKey, nullable=nullable)


def _guards_again() -> None:
    """SQLite has copied both tables, and their triggers went with the old ones."""
    if op.get_bind().dialect.name == "sqlite":
        for evidence in EVIDENCE:
            if evidence.table in ("attribution", "day_credit"):
                for statement in keep_on_sqlite(evidence):
                    op.execute(statement)


def _ended_credit() -> None:
    """Decisions that were superseded so far named nobody: reversals that waited for their payment."""
    op.create_table(
        "ended_credit",
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_ended_credit_attribution_id_attribution")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_ended_credit_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("attribution_id", name=op.f("pk_ended_credit")),
    )


def _account_touch() -> None:
    op.create_table(
        "account_touch",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_touch_account_id_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_account_touch_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_touch")),
    )


def _decision_round() -> None:
    op.create_table(
        "decision_round",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "last_attempt_id", sa.BigInteger(), nullable=False, comment="logs were looked through up to this entry"
        ),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False, comment="decisions that took another's place"),
        sa.Column(
            "doubted", sa.BigInteger(), nullable=False,
            comment="decisions by hand that the rules would now make otherwise",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_round")),
    )  # fmt: skip


def _second_look() -> None:
    op.create_table(
        "second_look",
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trace", JsonData, nullable=False, comment="what the rules say now, message data"),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_second_look_attribution_id_attribution")
        ),
        sa.PrimaryKeyConstraint("attribution_id", name=op.f("pk_second_look")),
    )
