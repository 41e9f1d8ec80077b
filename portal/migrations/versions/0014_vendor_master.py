"""What the bank knows of its vendors and their staff; the licence moves from the organisation to its credentials."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("vendor", "OwnRows", "organisation_id", False),
    ("vendor_contact", "OwnRows", "organisation_id", False),
    ("credential", "OwnRows", "organisation_id", False),
    ("staff_member", "OwnRows", "organisation_id", True),
    ("staff_record", "OwnRows", "organisation_id", True),
    ("requirement", "Shared", "", True),
)
PAPERS = ("licence", "call_centre_licence", "liability_insurance", "cyber_insurance", "security_certificate")
RECORDS = ("training", "test", "certificate")


def upgrade() -> None:
    _make_vendors()
    _make_credentials()
    _make_staff()
    _make_requirements()
    build_walls(WALLS)
    see_all_rows()
    _move_licences()
    _register_people()
    build_guards(revision)
    op.drop_column("organisation", "licence_no")
    op.drop_column("organisation", "licence_until")


def _choice(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _key() -> sa.Column[Any]:
    return sa.Column("id", BigKey, autoincrement=True, nullable=False)


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def _make_vendors() -> None:
    op.create_table(
        "vendor",
        _key(),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("tier", _choice("tier", ("first", "second", "third")), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False, comment="on the bank's published list"),
        sa.Column("started_on", sa.Date(), nullable=True, comment="first day of the co-operation"),
        sa.Column("exits_on", sa.Date(), nullable=True, comment="last day of the co-operation"),
        sa.Column("regions", JsonData, nullable=False, comment="ISO 3166-2; empty: all"),
        sa.Column("buckets", JsonData, nullable=False, comment="empty: all"),
        sa.Column("note", sa.String(length=2000), nullable=False),
        _refers("vendor", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_vendor_organisation_id")),
    )
    op.create_table(
        "vendor_contact",
        _key(),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("duty", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True, comment="not asked any more"),
        _refers("vendor_contact", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_contact")),
    )
    op.create_index(op.f("ix_vendor_contact_organisation_id"), "vendor_contact", ["organisation_id"])


def _make_credentials() -> None:
    op.create_table(
        "credential",
        _key(),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("kind", _choice("credentialkind", PAPERS), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("insured_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False, comment="of the insured amount"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True, comment="null: no end is written on it"),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the scan, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("supersedes_id", BigKey, nullable=True),
        sa.Column("created_by", BigKey, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from", name=op.f("ck_credential_ends_after_it_begins")
        ),
        sa.CheckConstraint("(insured_minor IS NULL) = (currency = '')", name=op.f("ck_credential_amount_has_currency")),
        _refers("credential", "organisation_id", "organisation"),
        _refers("credential", "supersedes_id", "credential"),
        _refers("credential", "created_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_credential_supersedes_id")),
    )
    op.create_index(op.f("ix_credential_organisation_id"), "credential", ["organisation_id"])


def _make_staff() -> None:
    op.create_table(
        "staff_member",
        _key(),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("employee_no", sa.String(length=64), nullable=True),
        sa.Column("position", sa.String(length=120), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True, comment="last day"),
        sa.Column(
            "barred_at", sa.DateTime(timezone=True), nullable=True, comment="the bank does not permit this person"
        ),
        sa.Column("barred_by", BigKey, nullable=True),
        sa.Column("barred_reason", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("staff_member", "organisation_id", "organisation"),
        _refers("staff_member", "user_id", "user_account"),
        _refers("staff_member", "barred_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_member")),
        sa.UniqueConstraint("user_id", name=op.f("uq_staff_member_user_id")),
        sa.UniqueConstraint("organisation_id", "employee_no", name=op.f("uq_staff_member_organisation_id_employee_no")),
    )
    op.create_index(op.f("ix_staff_member_organisation_id"), "staff_member", ["organisation_id"])
    op.create_table(
        "staff_record",
        _key(),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("member_id", BigKey, nullable=False),
        sa.Column("kind", _choice("recordkind", RECORDS), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False, comment="what was taught, asked or certified"),
        sa.Column("number", sa.String(length=64), nullable=False, comment="of a certificate"),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=True, comment="points out of 100, of a test"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_by", BigKey, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        _refers("staff_record", "organisation_id", "organisation"),
        _refers("staff_record", "member_id", "staff_member"),
        _refers("staff_record", "created_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_record")),
    )
    op.create_index(op.f("ix_staff_record_member_id"), "staff_record", ["member_id"])
    op.create_index("ix_staff_record_expiry", "staff_record", ["valid_until", "member_id"])


def _make_requirements() -> None:
    op.create_table(
        "requirement",
        _key(),
        sa.Column("organisation_kind", _choice("organisationkind", ("bank", "agency", "law_firm")), nullable=False),
        sa.Column("item", _choice("item", ("listed", *PAPERS, "register", *RECORDS)), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False, comment="until then there is time to hand it in"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement")),
        sa.UniqueConstraint("organisation_kind", "item", name=op.f("uq_requirement_organisation_kind_item")),
    )


def _move_licences() -> None:
    """A licence that was kept with its organisation becomes its first credential; since when it held, nobody wrote."""
    began = "CASE WHEN licence_until < DATE(created_at) THEN licence_until ELSE DATE(created_at) END"
    op.execute(
        "INSERT INTO credential (organisation_id, kind, number, issuer, currency, valid_from, valid_until, proof_digest, "
        f"proof_name, created_at) SELECT id, 'licence', licence_no, '', '', {began}, licence_until, '', '', created_at "
        "FROM organisation WHERE kind <> 'bank' AND (licence_no <> '' OR licence_until IS NOT NULL)"
    )


def _register_people() -> None:
    """Who works for the bank's accounts today is in the register, so that nobody is kept out by this revision."""
    op.execute(
        "INSERT INTO staff_member (organisation_id, user_id, name, position, started_on, barred_reason, created_at) "
        "SELECT u.organisation_id, u.id, u.name, '', DATE(u.created_at), '', u.created_at "
        "FROM user_account u JOIN organisation o ON o.id = u.organisation_id WHERE o.kind <> 'bank'"
    )


def downgrade() -> None:
    see_all_rows()
    op.add_column("organisation", sa.Column("licence_no", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("organisation", sa.Column("licence_until", sa.Date(), nullable=True))
    latest = (
        "(SELECT {column} FROM credential c WHERE c.organisation_id = organisation.id AND c.kind = 'licence' "
        "ORDER BY c.valid_from DESC, c.id DESC LIMIT 1)"
    )
    op.execute(
        f"UPDATE organisation SET licence_no = coalesce({latest.format(column='c.number')}, ''), "
        f"licence_until = {latest.format(column='c.valid_until')}"
    )
    remove_guards(revision)
    remove_walls(WALLS)
    for table in ("requirement", "staff_record", "staff_member", "credential", "vendor_contact", "vendor"):
        op.drop_table(table)
