"""What is paid beside payments: letters, success fees, costs, adjustments; scores of a period; plans tried on what was paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("charge", "OwnRows", "organisation_id", False),
    ("charge_event", "OwnRows", "organisation_id", False),
    ("charge_claim", "OwnRows", "organisation_id", False),
    ("letter_claim", "OwnRows", "organisation_id", False),
    ("success_claim", "OwnRows", "organisation_id", False),
    ("statement_share", "OwnRows", "organisation_id", False),
    ("scoring", "BankOnly", "", False),
    ("scoring_row", "BankOnly", "", False),
    ("plan_trial", "BankOnly", "", False),
    ("plan_trial_row", "BankOnly", "", False),
)
TABLES = tuple(table for table, *_rest in WALLS)
CHECKER = "charge_event_checker"
SAME_PERSON = """
NEW.state = 'approved' AND EXISTS (SELECT 1 FROM charge c WHERE c.id = NEW.charge_id AND c.proposed_by = NEW.by_user_id)
"""
WORDS = "who proposed a charge does not approve it"


def upgrade() -> None:
    see_all_rows()
    _charge()
    _charge_event()
    _charge_claim()
    _letter_claim()
    _success_claim()
    _statement_share()
    _scoring()
    _scoring_row()
    _plan_trial()
    _plan_trial_row()
    op.execute(
        "INSERT INTO statement_share (statement_id, batch_id, kind, organisation_id, line_count, commission_minor) "
        "SELECT statement_id, batch_id, kind, organisation_id, count(*), sum(commission_minor) FROM commission_line "
        "WHERE batch_id IS NOT NULL GROUP BY statement_id, batch_id, kind, organisation_id"
    )
    build_walls(WALLS)
    build_guards(revision)
    _checker()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {CHECKER}")
    else:
        op.execute(f"DROP TRIGGER {CHECKER} ON charge_event")
        op.execute(f"DROP FUNCTION portal_{CHECKER}()")
    remove_guards(revision)
    remove_walls(WALLS)
    for table in reversed(TABLES):
        op.drop_table(table)


def _checker() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {CHECKER} BEFORE INSERT ON charge_event WHEN {SAME_PERSON} "
            f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION portal_{CHECKER}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF {SAME_PERSON} THEN RAISE EXCEPTION '{WORDS}'; END IF; RETURN NEW; END$$"
    )
    op.execute(
        f"CREATE TRIGGER {CHECKER} BEFORE INSERT ON charge_event FOR EACH ROW EXECUTE FUNCTION portal_{CHECKER}()"
    )


def _charge() -> None:
    op.create_table(
        "charge",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("adjustment", "cost", name="chargekind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False, comment="negative: taken from the organisation"),
        sa.Column(
            "charged_on", sa.Date(), nullable=False, comment="day of the cost; of an adjustment the day it was proposed"
        ),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False, comment="statement, dispute or paper it is about"),
        sa.Column("line_id", BigKey, nullable=True),
        sa.Column("batch_id", BigKey, nullable=True),
        sa.Column("placement_id", BigKey, nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the scan, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", BigKey, nullable=False),
        sa.Column("proposed_by_name", sa.String(length=120), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind <> 'cost' OR (amount_minor > 0 AND placement_id IS NOT NULL AND proof_digest <> '')",
            name=op.f("ck_charge_cost_is_proved"),
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_charge_amount")),
        sa.ForeignKeyConstraint(["batch_id"], ["placement_batch.id"], name=op.f("fk_charge_batch_id_placement_batch")),
        sa.ForeignKeyConstraint(["line_id"], ["commission_line.id"], name=op.f("fk_charge_line_id_commission_line")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_charge_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["placement_id"], ["placement.id"], name=op.f("fk_charge_placement_id_placement")),
        sa.ForeignKeyConstraint(["proposed_by"], ["user_account.id"], name=op.f("fk_charge_proposed_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("number", name=op.f("uq_charge_number")),
    )
    op.create_index(op.f("ix_charge_batch_id"), "charge", ["batch_id"], unique=False)
    op.create_index(op.f("ix_charge_organisation_id"), "charge", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_charge_placement_id"), "charge", ["placement_id"], unique=False)


def _charge_event() -> None:
    op.create_table(
        "charge_event",
        sa.Column("charge_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "approved",
                "refused",
                "withdrawn",
                name="chargestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user_account.id"], name=op.f("fk_charge_event_by_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_event_charge_id_charge")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_charge_event_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_charge_event")),
    )


def _charge_claim() -> None:
    op.create_table(
        "charge_claim",
        sa.Column("charge_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_claim_charge_id_charge")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_charge_claim_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_charge_claim_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_charge_claim")),
    )
    op.create_index(op.f("ix_charge_claim_statement_id"), "charge_claim", ["statement_id"], unique=False)


def _letter_claim() -> None:
    op.create_table(
        "letter_claim",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("letter_id", BigKey, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("pack_ref", sa.String(length=64), nullable=False),
        sa.Column("out_on", sa.Date(), nullable=False, comment="when the firm took the print file away"),
        sa.CheckConstraint("turn IN (1, 2)", name=op.f("ck_letter_claim_turn")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_letter_claim_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_claim_letter_id_letter")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_letter_claim_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_letter_claim_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_claim")),
        sa.UniqueConstraint("letter_id", "turn", name=op.f("uq_letter_claim_letter_id_turn")),
    )
    op.create_index(op.f("ix_letter_claim_statement_id"), "letter_claim", ["statement_id"], unique=False)


def _success_claim() -> None:
    op.create_table(
        "success_claim",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("attribution_id", BigKey, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.CheckConstraint("turn IN (1, 2)", name=op.f("ck_success_claim_turn")),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_success_claim_attribution_id_attribution")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_success_claim_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_success_claim_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_success_claim_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_success_claim")),
        sa.UniqueConstraint("attribution_id", "turn", name=op.f("uq_success_claim_attribution_id_turn")),
    )
    op.create_index(op.f("ix_success_claim_placement_id"), "success_claim", ["placement_id"], unique=False)
    op.create_index(op.f("ix_success_claim_statement_id"), "success_claim", ["statement_id"], unique=False)


def _statement_share() -> None:
    op.create_table(
        "statement_share",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "payment",
                "letter",
                "cost",
                "kpi",
                "adjustment",
                name="linekind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_statement_share_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_statement_share_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_share_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_share")),
        sa.UniqueConstraint(
            "statement_id", "batch_id", "kind", name=op.f("uq_statement_share_statement_id_batch_id_kind")
        ),
    )
    op.create_index(op.f("ix_statement_share_batch_id"), "statement_share", ["batch_id"], unique=False)


def _scoring() -> None:
    op.create_table(
        "scoring",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("period", sa.Date(), nullable=False, comment="first day of the month"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "fixed",
                "refused",
                name="scoringstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("made_by", BigKey, nullable=False),
        sa.Column("made_by_name", sa.String(length=120), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_by_name", sa.String(length=120), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=1000), nullable=False),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by IS NULL)", name=op.f("ck_scoring_decision_has_its_person")
        ),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> made_by", name=op.f("ck_scoring_maker_is_not_checker")),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_scoring_decided_by_user_account")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_scoring_made_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring")),
    )
    op.create_index("ix_scoring_period", "scoring", ["period", "currency"], unique=False)
    op.create_index(
        "uq_scoring_fixed",
        "scoring",
        ["period", "currency"],
        unique=True,
        sqlite_where=sa.text("state = 'fixed'"),
        postgresql_where=sa.text("state = 'fixed'"),
    )


def _scoring_row() -> None:
    op.create_table(
        "scoring_row",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("scoring_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "recovered_minor", sa.BigInteger(), nullable=False, comment="credits of the month, reversals taken off"
        ),
        sa.Column("serviced", sa.BigInteger(), nullable=False, comment="accounts held that were worked in the month"),
        sa.Column(
            "administrative",
            sa.BigInteger(),
            nullable=False,
            comment="points for administrative work, in hundredths, 0 to 10000",
        ),
        sa.Column("score", sa.BigInteger(), nullable=False, comment="points in hundredths, 0 to 10000"),
        sa.Column("rank", sa.BigInteger(), nullable=False, comment="1 is the best; a tie shares its rank"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_scoring_row_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["scoring_id"], ["scoring.id"], name=op.f("fk_scoring_row_scoring_id_scoring")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_row")),
        sa.UniqueConstraint("scoring_id", "organisation_id", name=op.f("uq_scoring_row_scoring_id_organisation_id")),
    )


def _plan_trial() -> None:
    op.create_table(
        "plan_trial",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("contract_id", BigKey, nullable=False),
        sa.Column(
            "version",
            sa.BigInteger(),
            nullable=True,
            comment="of the contract whose plan it is; null: a plan as entered",
        ),
        sa.Column("plan", JsonData, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("made_by", BigKey, nullable=False),
        sa.Column("made_by_name", sa.String(length=120), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payments", sa.BigInteger(), nullable=True),
        sa.Column("recovered_minor", sa.BigInteger(), nullable=True),
        sa.Column("own_minor", sa.BigInteger(), nullable=True, comment="under the plans of its placements"),
        sa.Column("tried_minor", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_plan_trial_contract_id_contract")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_plan_trial_made_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_trial")),
    )
    op.create_index(op.f("ix_plan_trial_contract_id"), "plan_trial", ["contract_id"], unique=False)


def _plan_trial_row() -> None:
    op.create_table(
        "plan_trial_row",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("trial_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("recovered_minor", sa.BigInteger(), nullable=False),
        sa.Column("own_minor", sa.BigInteger(), nullable=False),
        sa.Column("tried_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_plan_trial_row_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["plan_trial.id"], name=op.f("fk_plan_trial_row_trial_id_plan_trial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_trial_row")),
        sa.UniqueConstraint("trial_id", "batch_id", name=op.f("uq_plan_trial_row_trial_id_batch_id")),
    )
