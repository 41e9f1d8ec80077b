"""Statements that the automatic organisation filter does not reach are confined to modules that are named for it.

The loader criteria see ORM selects. They do not see text(), connection(), Core table statements, INSERT … SELECT, bulk
updates by key, from_statement() or get() from the identity map (DESIGN section 6). A reviewer who wants to know where
the filter may be passed reads the modules listed here and no others.
"""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from tests.house.source import calls, files, name_of, relative, tree

if TYPE_CHECKING:
    from pathlib import Path

NAMED = [
    "portal/foundation/bulk.py",
    "portal/foundation/work.py",
    "portal/foundation/database.py",
    "portal/foundation/audit*.py",
    "portal/foundation/jobs*.py",
    "portal/foundation/jobs/*.py",
    "portal/foundation/migrating*.py",
    "portal/*/bulk.py",
    "portal/*/bulk_*.py",
    "portal/*/*/bulk.py",
    "portal/bench/*.py",
    "portal/migrations/*",
]
RAW = {"text", "from_statement", "exec_driver_sql", "connection", "raw_connection", "from_select"}
BULK = {"bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
SESSIONS = {"session", "db.session", "work.session", "self.session", "self.work.session"}


def _passes_the_filter(name: str, call: ast.Call) -> str | None:
    """What in this call the filter would not see, or None."""
    last = name.rpartition(".")[2]
    if name in ("text", "sa.text", "sqlalchemy.text"):
        return "text()"
    if (last in RAW - {"text"} and not _sets_an_option(name, call)) or last in BULK:
        return f"{last}()"
    if last == "get" and name.removesuffix(".get") in SESSIONS:
        return "session.get()"
    if last in ("select", "insert", "update", "delete") and any("__table__" in _names(part) for part in call.args):
        return f"{last}() on a Core table"
    if last == "execute" and len(call.args) > 1 and isinstance(call.args[0], ast.Call):
        inner = name_of(call.args[0].func).rpartition(".")[2]
        if inner == "update":
            return "update by key in bulk"
    return None


DEFINITIONS = {"Index", "CheckConstraint", "ExcludeConstraint", "mapped_column", "Computed", "DDL"}


def _within_definitions(path: Path) -> set[int]:
    """The calls that stand inside a table's definition: text there is part of the schema, no statement."""
    return {
        id(inner) for _, name, call in calls(path) if name.rpartition(".")[2] in DEFINITIONS for inner in ast.walk(call)
    }


def _sets_an_option(name: str, call: ast.Call) -> bool:
    """`session.connection(execution_options=…)` begins a transaction of a kind and asks the database nothing."""
    return name.endswith(".connection") and {keyword.arg for keyword in call.keywords} == {"execution_options"}


def _names_the_browsers_session(path: Path) -> bool:
    """Whether `session` is Flask's here, the browser's and not the database's."""
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "flask"
        and any(alias.name == "session" for alias in node.names)
        for node in ast.walk(tree(path))
    )


def _names(node: ast.AST) -> set[str]:
    return {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}


def test_statements_that_pass_the_filter_stand_in_named_modules_only() -> None:
    elsewhere = [path for path in files("portal/**/*.py") if not any(fnmatch(relative(path), name) for name in NAMED)]
    assert elsewhere
    found = []
    for path in elsewhere:
        definitions = _within_definitions(path)
        browsers = _names_the_browsers_session(path)
        for line, name, call in calls(path):
            if name == "session.get" and browsers:
                continue
            if (what := _passes_the_filter(name, call)) and id(call) not in definitions:
                found.append(f"{relative(path)}:{line}: {what}")
    assert not found, "move these to a bulk module, or ask with an ORM select:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "statement",
    [
        "sa.text('SELECT 1')",
        "work.session.connection()",
        "db.session.get(Account, 1)",
        "sa.insert(Line).from_select(['id'], rows)",
        "sa.update(Account.__table__)",
        "session.execute(sa.update(Account), [{'id': 1}])",
        "sa.select(Account).from_statement(s)",
        "session.bulk_insert_mappings(Account, rows)",
    ],
)
def test_the_test_sees_each_kind(statement: str) -> None:
    call = ast.parse(statement, mode="eval").body
    found = [_passes_the_filter(name_of(node.func), node) for node in ast.walk(call) if isinstance(node, ast.Call)]
    assert any(found)
