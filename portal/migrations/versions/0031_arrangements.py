"""Plans, settlements and waivers with debtors, what a debtor lives on, and promises of several days with days of grace."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("income_statement", "PlacedRows", "account_id", False),
    ("income_proof", "PlacedRows", "account_id", False),
    ("arrangement", "PlacedRows", "account_id", False),
    ("arrangement_instalment", "PlacedRows", "account_id", False),
)
LIVE = sa.text("state IN ('proposed', 'offered', 'agreed')")


def upgrade() -> None:
    _income_statement()
    _income_proof()
    _arrangement()
    _instalment()
    build_walls(WALLS)
    build_guards("0031")
    _promises_of_several_days()


def downgrade() -> None:
    see_all_rows()
    _one_promise_an_attempt()
    remove_guards("0031")
    remove_walls(WALLS)
    for table in ("arrangement_instalment", "arrangement", "income_proof", "income_statement"):
        op.drop_table(table)


def _promises_of_several_days() -> None:
    """Promises that are there were judged without days of grace, and stay so."""
    for table in ("promise", "carried_promise"):
        note = (
            "the last value date that keeps it: with the days of grace"
            if table == "promise"
            else "with the days of grace"
        )
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("kept_until", sa.Date(), nullable=True, comment=note))
        op.execute(f"UPDATE {table} SET kept_until = promised_on")
    with op.batch_alter_table("carried_promise", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.alter_column("kept_until", nullable=False)
    with op.batch_alter_table("promise", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.alter_column("kept_until", nullable=False)
        batch.drop_constraint(op.f("uq_promise_attempt_id"), type_="unique")
        batch.create_unique_constraint(op.f("uq_promise_attempt_id_promised_on"), ["attempt_id", "promised_on"])
        batch.create_check_constraint(op.f("ck_promise_grace"), "kept_until >= promised_on")


def _one_promise_an_attempt() -> None:
    """Of several promises of an attempt the first day stays."""
    later = "id NOT IN (SELECT min(id) FROM promise GROUP BY attempt_id)"
    op.execute(f"DELETE FROM carried_promise WHERE promise_id IN (SELECT id FROM promise WHERE {later})")
    op.execute(f"DELETE FROM promise WHERE {later}")
    with op.batch_alter_table("carried_promise", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_column("kept_until")
    with op.batch_alter_table("promise", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(op.f("ck_promise_grace"), type_="check")
        batch.drop_constraint(op.f("uq_promise_attempt_id_promised_on"), type_="unique")
        batch.create_unique_constraint(op.f("uq_promise_attempt_id"), ["attempt_id"])
        batch.drop_column("kept_until")


def _income_statement() -> None:
    op.create_table(
        "income_statement",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False, comment="who took it down"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("household", sa.BigInteger(), nullable=False, comment="people who live on it"),
        sa.Column(
            "lines", JsonData, nullable=False, comment="code of income.LINES: minor units a month; nought is left out"
        ),
        sa.Column("income_minor", sa.BigInteger(), nullable=False, comment="a month"),
        sa.Column("outgoings_minor", sa.BigInteger(), nullable=False, comment="a month, without what is owed here"),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("taken_by", BigKey, nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("household > 0", name=op.f("ck_income_statement_household")),
        sa.CheckConstraint("income_minor >= 0 AND outgoings_minor >= 0", name=op.f("ck_income_statement_amounts")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_income_statement_account_id_account")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_income_statement_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_income_statement_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"], ["user_account.id"], name=op.f("fk_income_statement_taken_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_statement")),
    )
    op.create_index(op.f("ix_income_statement_account_id"), "income_statement", ["account_id"], unique=False)


def _income_proof() -> None:
    op.create_table(
        "income_proof",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("income_statement_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="of the sealed content, in storage"),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes, before it was sealed"),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_income_proof_account_id_account")),
        sa.ForeignKeyConstraint(
            ["income_statement_id"],
            ["income_statement.id"],
            name=op.f("fk_income_proof_income_statement_id_income_statement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_proof")),
    )
    op.create_index(op.f("ix_income_proof_income_statement_id"), "income_proof", ["income_statement_id"], unique=False)


def _arrangement() -> None:
    op.create_table(
        "arrangement",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False, comment="who drew it up"),
        sa.Column(
            "kind",
            sa.Enum(
                "instalments", "settlement", "waiver", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "offered",
                "agreed",
                "kept",
                "breached",
                "lapsed",
                "refused",
                "withdrawn",
                name="arrangementstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("agreed_minor", sa.BigInteger(), nullable=False, comment="to be paid in all"),
        sa.Column("waived_minor", sa.BigInteger(), nullable=False, comment="given up once it is kept"),
        sa.Column("waived_interest_minor", sa.BigInteger(), nullable=False, comment="of a waiver"),
        sa.Column("waived_fees_minor", sa.BigInteger(), nullable=False, comment="of a waiver"),
        sa.Column(
            "floor_minor",
            sa.BigInteger(),
            nullable=True,
            comment="the least to which the contract, or the bank for this account, consents; null: all of it",
        ),
        sa.Column("parts", sa.BigInteger(), nullable=False, comment="number of instalments"),
        sa.Column(
            "rhythm",
            sa.Enum("monthly", "fortnightly", name="rhythm", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("own_amounts", sa.Boolean(), nullable=False, comment="the parts differ by agreement"),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column(
            "beyond", JsonData, nullable=False, comment="codes of arrangement_rules.Beyond: why the bank decides"
        ),
        sa.Column("reason_behind", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False, comment="why this suits; no personal data"),
        sa.Column("income_statement_id", BigKey, nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=False, comment="the last day on which it can be agreed to"),
        sa.Column("made_by", BigKey, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=400), nullable=False),
        sa.Column(
            "agreed_on", sa.Date(), nullable=True, comment="the day of the debtor's consent; payments count from it"
        ),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False, comment="net, since agreed_on"),
        sa.Column(
            "next_due_on", sa.Date(), nullable=True, comment="of the first part that is open, while it is in force"
        ),
        sa.Column("judge_on", sa.Date(), nullable=True, comment="the day on which it is broken if nothing more comes"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(length=400), nullable=False),
        sa.CheckConstraint(
            "(state = 'agreed') = (judge_on IS NOT NULL)", name=op.f("ck_arrangement_in_force_is_judged")
        ),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'kept', 'breached') OR agreed_on IS NOT NULL",
            name=op.f("ck_arrangement_in_force_is_agreed"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('agreed', 'kept', 'breached', 'offered') OR beyond = '[]' OR decided_at IS NOT NULL",
            name=op.f("ck_arrangement_beyond_is_decided"),
        ),
        sa.CheckConstraint(
            "waived_minor >= 0 AND waived_interest_minor >= 0 AND waived_fees_minor >= 0 AND (kind <> 'waiver' OR waived_interest_minor + waived_fees_minor = waived_minor) AND (kind <> 'instalments' OR waived_minor = 0)",
            name=op.f("ck_arrangement_waived"),
        ),
        sa.CheckConstraint(
            "agreed_minor > 0 AND agreed_minor + waived_minor = balance_minor", name=op.f("ck_arrangement_adds_up")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR made_by IS NULL OR decided_by <> made_by",
            name=op.f("ck_arrangement_maker_is_not_checker"),
        ),
        sa.CheckConstraint("parts BETWEEN 1 AND 60", name=op.f("ck_arrangement_parts")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_arrangement_account_id_account")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_arrangement_customer_id_customer")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_arrangement_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["income_statement_id"],
            ["income_statement.id"],
            name=op.f("fk_arrangement_income_statement_id_income_statement"),
        ),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_arrangement_made_by_user_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_arrangement_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_arrangement_placement_id_placement")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrangement")),
    )
    op.create_index(op.f("ix_arrangement_account_id"), "arrangement", ["account_id"], unique=False)
    op.create_index("ix_arrangement_judge", "arrangement", ["state", "judge_on", "id"], unique=False)
    op.create_index("ix_arrangement_own", "arrangement", ["organisation_id", "id"], unique=False)
    op.create_index(op.f("ix_arrangement_placement_id"), "arrangement", ["placement_id"], unique=False)
    op.create_index("ix_arrangement_state", "arrangement", ["state", "id"], unique=False)
    op.create_index("ix_arrangement_valid", "arrangement", ["state", "valid_until", "id"], unique=False)
    op.create_index(
        "uq_arrangement_live", "arrangement", ["account_id"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE
    )


def _instalment() -> None:
    op.create_table(
        "arrangement_instalment",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("arrangement_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column(
            "kept_until",
            sa.Date(),
            nullable=False,
            comment="the last value date that keeps it: due_on and the days of grace",
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True, comment="the value date that completed it"),
        sa.CheckConstraint(
            "amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor", name=op.f("ck_arrangement_instalment_amount")
        ),
        sa.CheckConstraint("kept_until >= due_on", name=op.f("ck_arrangement_instalment_grace")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_arrangement_instalment_account_id_account")
        ),
        sa.ForeignKeyConstraint(
            ["arrangement_id"], ["arrangement.id"], name=op.f("fk_arrangement_instalment_arrangement_id_arrangement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrangement_instalment")),
        sa.UniqueConstraint("arrangement_id", "number", name=op.f("uq_arrangement_instalment_arrangement_id_number")),
    )
