"""Matters: their steps, hearings, costs and documents; calendars of hearings; bundles of evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, MinorUnits, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("matter", "OwnRows", "organisation_id", False),
    ("matter_step", "OwnRows", "organisation_id", False),
    ("hearing", "OwnRows", "organisation_id", False),
    ("hearing_event", "OwnRows", "organisation_id", False),
    ("matter_cost", "OwnRows", "organisation_id", False),
    ("matter_cost_event", "OwnRows", "organisation_id", False),
    ("matter_document", "OwnRows", "organisation_id", False),
    ("calendar_feed", "OwnRows", "organisation_id", True),
    ("evidence_bundle", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    see_all_rows()
    _matter()
    _matter_step()
    _hearing()
    _hearing_event()
    _matter_cost()
    _matter_cost_event()
    _matter_document()
    _calendar_feed()
    _evidence_bundle()
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    remove_guards(revision)
    remove_walls(WALLS)
    for table, *_rest in reversed(WALLS):
        op.drop_table(table)


def _matter() -> None:
    table = "matter"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("account_ref", sa.String(length=64), nullable=False),
        sa.Column("name_masked", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("claimed_minor", MinorUnits(), nullable=False, comment="what is sued for"),
        sa.Column("lawyer_id", BigKey, nullable=False, comment="who handles it"),
        sa.Column(
            "stage",
            _choice(
                "stage", "prepared", "filed", "accepted", "mediated", "hearing", "judgment", "enforcement", "closed"
            ),
            nullable=False,
        ),
        sa.Column("stage_on", sa.Date(), nullable=False),
        sa.Column("court", sa.String(length=120), nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False, comment="the latest that a court has given"),
        sa.Column(
            "outcome",
            _choice("outcome", "won", "settled", "withdrawn", "not_accepted", "dismissed", "enforced", "unenforceable"),
            nullable=True,
        ),
        sa.Column("opened_by", BigKey, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(stage = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_matter_closed_says_how")),
        sa.CheckConstraint("claimed_minor > 0", name=op.f("ck_matter_claimed")),
        _refers(table, "account_id", "account"),
        _refers(table, "customer_id", "customer"),
        _refers(table, "lawyer_id", "user_account"),
        _refers(table, "opened_by", "user_account"),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "placement_id", "placement"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("number", name=op.f("uq_matter_number")),
    )
    op.create_index(op.f("ix_matter_account_id"), table, ["account_id"])
    op.create_index("ix_matter_firm", table, ["organisation_id", "id"])
    op.create_index(op.f("ix_matter_placement_id"), table, ["placement_id"])
    op.create_index(
        "uq_matter_open",
        table,
        ["account_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("stage <> 'closed'"),
        postgresql_where=sa.text("stage <> 'closed'"),
    )


def _matter_step() -> None:
    table = "matter_step"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("matter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "stage",
            _choice(
                "stage", "prepared", "filed", "accepted", "mediated", "hearing", "judgment", "enforcement", "closed"
            ),
            nullable=False,
        ),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("court", sa.String(length=120), nullable=False),
        sa.Column("case_no", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False, comment="no personal data"),
        sa.Column(
            "outcome",
            _choice("outcome", "won", "settled", "withdrawn", "not_accepted", "dismissed", "enforced", "unenforceable"),
            nullable=True,
        ),
        sa.Column("awarded_principal_minor", MinorUnits(), nullable=True),
        sa.Column("awarded_interest_minor", MinorUnits(), nullable=True),
        sa.Column("awarded_fees_minor", MinorUnits(), nullable=True),
        sa.Column("awarded_costs_minor", MinorUnits(), nullable=True),
        sa.Column("corrects_id", BigKey, nullable=True),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(stage = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_matter_step_closed_says_how")),
        sa.CheckConstraint(
            "(awarded_principal_minor IS NULL) = (awarded_interest_minor IS NULL) AND (awarded_principal_minor IS NULL) = (awarded_fees_minor IS NULL) AND (awarded_principal_minor IS NULL) = (awarded_costs_minor IS NULL)",
            name=op.f("ck_matter_step_awarded_whole"),
        ),
        sa.CheckConstraint("NOT taken_back OR corrects_id IS NOT NULL", name=op.f("ck_matter_step_takes_back_one")),
        sa.CheckConstraint(
            "awarded_principal_minor IS NULL OR (awarded_principal_minor >= 0 AND awarded_interest_minor >= 0 AND awarded_fees_minor >= 0 AND awarded_costs_minor >= 0)",
            name=op.f("ck_matter_step_awarded"),
        ),
        _refers(table, "by_user_id", "user_account"),
        _refers(table, "corrects_id", "matter_step"),
        _refers(table, "matter_id", "matter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_matter_step_corrects_id")),
    )
    op.create_index("ix_matter_step_matter", table, ["matter_id", "id"])


def _hearing() -> None:
    table = "hearing"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("matter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            _choice("hearingkind", "trial", "pretrial", "mediation", "pronouncement", "enforcement", "other"),
            nullable=False,
        ),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("court", sa.String(length=120), nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("state", _choice("hearingstate", "fixed", "moved", "held", "cancelled"), nullable=False),
        sa.Column(
            "edition", sa.BigInteger(), nullable=False, comment="SEQUENCE of the calendar: how often it was changed"
        ),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        _refers(table, "matter_id", "matter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_hearing_matter_id"), table, ["matter_id"])
    op.create_index("ix_hearing_when", table, ["organisation_id", "starts_at", "id"])


def _hearing_event() -> None:
    table = "hearing_event"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("hearing_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("state", _choice("hearingstate", "fixed", "moved", "held", "cancelled"), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("court", sa.String(length=120), nullable=False),
        sa.Column("room", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False, comment="no personal data"),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _refers(table, "by_user_id", "user_account"),
        _refers(table, "hearing_id", "hearing"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_hearing_event_hearing_id"), table, ["hearing_id"])


def _matter_cost() -> None:
    table = "matter_cost"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("matter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            _choice("costkind", "court_fee", "preservation", "service", "enforcement_fee", "travel", "other"),
            nullable=False,
        ),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", MinorUnits(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column(
            "proof_digest",
            sa.String(length=64),
            nullable=False,
            comment="the court's demand, sealed for the person, in the storage",
        ),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("asked_by", BigKey, nullable=False),
        sa.Column("asked_by_name", sa.String(length=120), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_matter_cost_amount")),
        _refers(table, "asked_by", "user_account"),
        _refers(table, "matter_id", "matter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_matter_cost_matter_id"), table, ["matter_id"])


def _matter_cost_event() -> None:
    table = "matter_cost_event"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("cost_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("state", _choice("coststate", "approved", "refused", "withdrawn", "advanced"), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("charge_id", BigKey, nullable=True),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(state = 'advanced') = (charge_id IS NOT NULL)", name=op.f("ck_matter_cost_event_advanced_is_a_charge")
        ),
        _refers(table, "by_user_id", "user_account"),
        _refers(table, "charge_id", "charge"),
        _refers(table, "cost_id", "matter_cost"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_matter_cost_event_charge_id")),
        sa.UniqueConstraint("cost_id", "state", name=op.f("uq_matter_cost_event_cost_id_state")),
    )
    op.create_index(
        "uq_matter_cost_decided",
        table,
        ["cost_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'advanced'"),
        postgresql_where=sa.text("state <> 'advanced'"),
    )


def _matter_document() -> None:
    table = "matter_document"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("matter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            _choice(
                "documentkind",
                "complaint",
                "evidence",
                "acceptance",
                "summons",
                "record",
                "mediation",
                "judgment",
                "ruling",
                "enforcement",
                "other",
            ),
            nullable=False,
        ),
        sa.Column(
            "proof_digest",
            sa.String(length=64),
            nullable=False,
            comment="the file, sealed for the person, in the storage",
        ),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the file as it was sent"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _refers(table, "by_user_id", "user_account"),
        _refers(table, "matter_id", "matter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f("ix_matter_document_matter_id"), table, ["matter_id"])


def _calendar_feed() -> None:
    table = "calendar_feed"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False, comment="SHA-256"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    op.create_index(op.f("ix_calendar_feed_organisation_id"), table, ["organisation_id"])
    op.create_index(
        "uq_calendar_feed_standing",
        table,
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _evidence_bundle() -> None:
    table = "evidence_bundle"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column(
            "organisation_id",
            BigKey,
            nullable=False,
            comment="whose it is: the maker's, or the firm's that the bank made it for",
        ),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("account_ref", sa.String(length=64), nullable=False),
        sa.Column("matter_id", BigKey, nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=False, comment="that made it: run again, it makes no second one"),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False, comment="address in the storage, of the sealed file"),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="of the PDF"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_evidence_bundle_language")),
        _refers(table, "account_id", "account"),
        _refers(table, "by_user_id", "user_account"),
        _refers(table, "matter_id", "matter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("job_id", name=op.f(f"uq_{table}_job_id")),
    )
    op.create_index(op.f("ix_evidence_bundle_account_id"), table, ["account_id"])
    op.create_index(op.f("ix_evidence_bundle_matter_id"), table, ["matter_id"])


def _choice(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
