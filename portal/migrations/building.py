"""What revisions build more than once: walls and guards of new tables, wider choices of old ones."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from alembic import op

from portal.migrations.guards import (
    Evidence,
    evidence_since,
    keep_on_postgresql,
    keep_on_sqlite,
    no_overlap_on_sqlite,
    policy,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "Wall",
    "build_guards",
    "build_walls",
    "keep_when",
    "on_sqlite",
    "rebuild",
    "remove_guards",
    "remove_walls",
    "see_all_rows",
    "untriggered",
]

# table, kind of visibility, column that it goes by, whether the system actor reads it
Wall = tuple[str, str, str, bool]


def build_walls(walls: Iterable[Wall]) -> None:
    """Row policies of new tables on PostgreSQL, and the application role's rights to them; SQLite has none to build."""
    bind = op.get_bind()
    if bind.dialect.name != "postgresql":
        return
    name = bind.scalar(sa.text("SELECT current_database() || '_app'"))
    role = bind.dialect.identifier_preparer.quote(name)
    for table, kind, column, system in walls:
        for statement in policy(table, kind, column, system):
            op.execute(statement)
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
        drawn = any(column["name"] == "id" for column in sa.inspect(bind).get_columns(table))
        sequence = drawn and bind.scalar(sa.text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table})
        if sequence:
            op.execute(f"GRANT USAGE ON SEQUENCE {sequence} TO {role}")


def remove_walls(walls: Iterable[Wall]) -> None:
    """The inverse, before the tables are dropped."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, *_rest in walls:
        op.execute(f"DROP POLICY {table}_visible ON {table}")


def see_all_rows() -> None:
    """From here to the end of the migration rows are read and moved as the bank does: policies bind the tables' owner too,
    and to somebody without a scope every table is empty."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT set_config('portal.scope', 'bank', true)")


def build_guards(revision: str) -> None:
    """Make the tables append-only that `guards.EVIDENCE` dates to this revision."""
    keep = keep_on_sqlite if op.get_bind().dialect.name == "sqlite" else keep_on_postgresql
    for evidence in evidence_since(revision):
        for statement in keep(evidence):
            op.execute(statement)


def remove_guards(revision: str) -> None:
    """The inverse, before the tables are dropped."""
    on = op.get_bind().dialect.name
    for evidence in evidence_since(revision):
        for deed in ("update", "delete") if on == "sqlite" else ("update", "delete", "truncate"):
            where = "" if on == "sqlite" else f" ON {evidence.table}"
            op.execute(f"DROP TRIGGER {evidence.table}_keep_{deed}{where}")


def keep_when(table: str, once: str) -> None:
    """Make the guard of an append-only table again, with another condition on the old row from which on it is kept."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for deed in ("update", "delete") if sqlite else ("update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER {table}_keep_{deed}" + ("" if sqlite else f" ON {table}"))
    for statement in (keep_on_sqlite if sqlite else keep_on_postgresql)(Evidence(table, once=once)):
        op.execute(statement)


def on_sqlite() -> Literal["always", "never"]:
    """Whether a batch copies its table: SQLite alters none, PostgreSQL any."""
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"


@contextmanager
def untriggered(table: str) -> Iterator[None]:
    """Without the triggers that keep or name a table: a rebuild on SQLite loses the ones and trips over the others."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND (tbl_name = :table OR sql LIKE :naming)"
    triggers = bind.execute(sa.text(found), {"table": table, "naming": f"%{table}%"}).all()
    for name, _sql in triggers:
        op.execute(f"DROP TRIGGER {name}")
    yield
    for _name, sql in triggers:
        op.get_bind().exec_driver_sql(sql)


def rebuild(
    table: str,
    *,
    add: Sequence[sa.Column[Any]] = (),
    drop: Sequence[str] = (),
    choices: Mapping[str, Sequence[str]] | None = None,
    checks: Mapping[str, str | None] | None = None,
) -> None:
    """Add and drop columns of a table, and let check constraints that hold choices take other words.

    `choices`: a constraint's name (`ck_placement_endreason`) with the words that its column may hold from now on.
    `checks`: a constraint's name with the condition that it is from now on, None where it goes. SQLite copies the table
    for it, with all checks that have a name; it loses its triggers (those of `placement` are made again here) and its
    indexes over expressions. So an evidence table is rebuilt only where its words have to change, by a revision that makes
    its guards again (0041); a column alone is added with `op.add_column`.
    """
    bind = op.get_bind()
    sqlite = bind.dialect.name == "sqlite"
    there = {str(check["name"]): str(check["sqltext"]) for check in sa.inspect(bind).get_check_constraints(table)}
    changed = {name: _in(there[name], words) for name, words in (choices or {}).items()} | dict(checks or {})
    with op.batch_alter_table(
        table,
        recreate="always" if sqlite else "never",
        reflect_kwargs={"resolve_fks": False},  # the others stay as they are
    ) as batch:
        for name in changed.keys() & there.keys():
            batch.drop_constraint(op.f(name), type_="check")
        for column in add:
            batch.add_column(column)
        for name in drop:
            batch.drop_column(name)
        for name, condition in changed.items():
            if condition:
                batch.create_check_constraint(op.f(name), condition)
    if sqlite and table == "placement":
        for statement in no_overlap_on_sqlite():
            op.execute(statement)


def _in(check: str, words: Sequence[str]) -> str:
    """The same condition on the same column with other words."""
    column = re.match(r"\W*(\w+)", check)
    if column is None:
        raise ValueError(f"no choice: {check}")
    return f"{column[1]} IN ({', '.join(repr(word) for word in words)})"
