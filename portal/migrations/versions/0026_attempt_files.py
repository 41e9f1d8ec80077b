"""Logs of attempts by file: what a row carries beyond the page's entry, its evidence, and contact points that were found."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    rebuild,
    remove_guards,
    remove_walls,
    see_all_rows,
)  # fmt: skip

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (("evidence_file", "OwnRows", "organisation_id", False),)
KIND = {"import_run": "ck_import_run_importkind", "mapping_profile": "ck_mapping_profile_importkind"}
APPLIED = sa.text("state = 'applied'")
FOUND = sa.text("source = 'found'")
ONCE = (
    "kind",
    "content_sha256",
    "mapping",
    sa.text("coalesce(as_of, '0001-01-01')"),
    sa.text("coalesce(organisation_id, 0)"),
)


def upgrade() -> None:
    op.drop_index("uq_import_run_applied", "import_run")
    for table in KIND:
        rebuild(table, choices=_kinds(table, with_attempts=True))
    op.create_index(
        "uq_import_run_applied", "import_run", list(ONCE), unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )
    _attempts()
    _contact_points()
    _evidence()


def _kinds(table: str, *, with_attempts: bool) -> dict[str, list[str]]:
    checks = {str(c["name"]): str(c["sqltext"]) for c in sa.inspect(op.get_bind()).get_check_constraints(table)}
    words = set(re.findall(r"'(\w+)'", checks[KIND[table]]))
    return {KIND[table]: sorted(words | {"attempts"} if with_attempts else words - {"attempts"})}


def _attempts() -> None:
    """An evidence table is never rebuilt: columns only."""
    table = "contact_attempt"
    for column in (
        sa.Column("evidence_name", sa.String(length=255), nullable=False, server_default="",
                  comment="the file of the organisation's evidence that belongs to it"),
        sa.Column("next_action", sa.String(length=16), nullable=False, server_default="",
                  comment="call, sms, visit, letter, wait, bank"),
        sa.Column("again_on", sa.Date(), nullable=True, comment="the day chosen for it; null: as the outcome says"),
        sa.Column("content_hash", sa.LargeBinary(length=16), nullable=True,
                  comment="of the row of a log; the same reference with another is a conflict"),
        sa.Column("import_run_id", sa.BigInteger(), nullable=True, comment="the import of the log that it came with"),
    ):  # fmt: skip
        op.add_column(table, column)
    named = sa.text("evidence_name <> ''")
    op.create_index(
        "ix_contact_attempt_evidence", table, ["organisation_id", "evidence_name"], sqlite_where=named,
        postgresql_where=named,
    )  # fmt: skip


def _contact_points() -> None:
    finder = sa.ForeignKey("organisation.id", name=op.f("fk_contact_point_found_by_id_organisation"))
    rebuild(
        "contact_point",
        add=[
            sa.Column("found_by_id", BigKey, finder, nullable=True, comment="who found it; shown to the bank alone"),
            sa.Column("found_source_sealed", sa.LargeBinary(), nullable=True, comment="where it was found, in words"),
            sa.Column("lawful_ground", sa.String(length=24), nullable=False, server_default="",
                      comment="on what ground it may be used: contract, authorisation …"),
        ],
        checks={"ck_contact_point_found_on_a_ground": "source <> 'found' OR lawful_ground <> ''"},
    )  # fmt: skip
    op.create_index(
        "ix_contact_point_found", "contact_point", ["created_at", "id"], sqlite_where=FOUND, postgresql_where=FOUND
    )


def _evidence() -> None:
    op.create_table(
        "evidence_file",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="SHA-256, its address in the storage"),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column(
            "form", sa.String(length=8), nullable=False, comment="what its first bytes say: wav, mp3, jpg, pdf …"
        ),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by", BigKey, nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_evidence_file_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["user_account.id"], name=op.f("fk_evidence_file_uploaded_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_file")),
        sa.UniqueConstraint("organisation_id", "name", name=op.f("uq_evidence_file_organisation_id_name")),
    )
    op.create_index("ix_evidence_file_latest", "evidence_file", ["organisation_id", "id"])
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    remove_guards(revision)
    remove_walls(WALLS)
    op.drop_table("evidence_file")
    op.drop_index("ix_contact_point_found", "contact_point")
    rebuild(
        "contact_point",
        drop=("found_by_id", "found_source_sealed", "lawful_ground"),
        checks={"ck_contact_point_found_on_a_ground": None},
    )
    op.drop_index("ix_contact_attempt_evidence", "contact_attempt")
    see_all_rows()
    # What came by a log stays; which log it was is not said any more.
    for column in ("import_run_id", "content_hash", "again_on", "next_action", "evidence_name"):
        op.drop_column("contact_attempt", column)
    op.execute("DELETE FROM rejected_row WHERE import_run_id IN (SELECT id FROM import_run WHERE kind = 'attempts')")
    op.execute("DELETE FROM import_run WHERE kind = 'attempts'")
    op.drop_index("uq_import_run_applied", "import_run")
    rebuild("import_run", choices=_kinds("import_run", with_attempts=False))
    op.create_index(
        "uq_import_run_applied", "import_run", list(ONCE), unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )
