"""Files of staff registers: an agency or law firm sends them too, so a file belongs to it, or to the bank alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import rebuild, see_all_rows
from portal.migrations.guards import policy

if TYPE_CHECKING:
    from collections.abc import Iterable

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KIND = {"import_run": "ck_import_run_importkind", "mapping_profile": "ck_mapping_profile_importkind"}
APPLIED = sa.text("state = 'applied'")
PARTS = ("kind", "content_sha256", "mapping", sa.text("coalesce(as_of, '0001-01-01')"))
COMMENTS = {"import_run": "whose file it is; null: the bank's own", "rejected_row": "the run's"}


def upgrade() -> None:
    op.drop_index("uq_import_run_applied", "import_run")
    rebuild("import_run", add=[_whose("import_run")], choices=_with_staff("import_run"))
    rebuild("mapping_profile", choices=_with_staff("mapping_profile"))
    rebuild("rejected_row", add=[_whose("rejected_row")])
    op.create_index("ix_import_run_organisation_id", "import_run", ["organisation_id"])
    _applied_once([*PARTS, sa.text("coalesce(organisation_id, 0)")])
    _walls("OwnRows", "organisation_id")


def downgrade() -> None:
    _walls("BankOnly", "")
    see_all_rows()
    op.execute("DELETE FROM rejected_row WHERE import_run_id IN (SELECT id FROM import_run WHERE kind = 'staff')")
    op.execute("DELETE FROM import_run WHERE kind = 'staff'")
    op.drop_index("uq_import_run_applied", "import_run")
    op.drop_index("ix_import_run_organisation_id", "import_run")
    rebuild("rejected_row", drop=("organisation_id",))
    # Layouts of staff stay, as evidence, and with them the word for their kind.
    rebuild(
        "import_run", drop=("organisation_id",), choices={KIND["import_run"]: sorted(_kinds("import_run") - {"staff"})}
    )
    _applied_once(PARTS)


def _whose(table: str) -> sa.Column[int]:
    key = sa.ForeignKey("organisation.id", name=op.f(f"fk_{table}_organisation_id_organisation"))
    return sa.Column("organisation_id", BigKey, key, nullable=True, comment=COMMENTS[table])


def _with_staff(table: str) -> dict[str, list[str]]:
    return {KIND[table]: sorted({*_kinds(table), "staff"})}


def _kinds(table: str) -> set[str]:
    """What kinds of files there are so far; other revisions add theirs."""
    checks = {str(c["name"]): str(c["sqltext"]) for c in sa.inspect(op.get_bind()).get_check_constraints(table)}
    return set(re.findall(r"'(\w+)'", checks[KIND[table]]))


def _applied_once(parts: Iterable[str | sa.TextClause]) -> None:
    """SQLite copies the table, and does not see the index over an expression: it is made anew."""
    op.create_index(
        "uq_import_run_applied", "import_run", list(parts), unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )


def _walls(kind: str, column: str) -> None:
    """What was the bank's alone is from now on seen by whose file it is; SQLite has no row policies."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in COMMENTS:
        op.execute(f"DROP POLICY {table}_visible ON {table}")
        for statement in policy(table, kind, column, False):
            op.execute(statement)
