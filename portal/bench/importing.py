"""A month's file through the import as it is, against COPY of what the import has written.

The yardstick puts the same rows into the same tables, emptied, with all their indexes, keys and checks, in one
transaction. On SQLite, which has no COPY, it is INSERT … SELECT out of another file.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from psycopg import sql

from portal.bench.book import rejected_of, write_book
from portal.bench.measuring import Measured, by_size, measure, rounded
from portal.bench.scratch import Place, empty, owner_connection, scratch, vacuum
from portal.foundation.database import db
from portal.portfolio.importing import Options
from portal.portfolio.operations import import_accounts, receive_accounts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import psycopg

__all__ = ["bench_import", "put_back"]

# All that the import fills, in the order in which keys refer to each other.
FILLED = (
    "person_key", "customer", "person_index", "contact_point", "account", "account_party", "balance_snapshot", "hold",
    "rejected_row",
)  # fmt: skip
PIECE = 1 << 20


def bench_import(server: str | None, sizes: Sequence[int]) -> dict[str, Any]:
    """Import each size into a database of its own; the figures of each, `ratio` of the largest."""
    return by_size([_one(server, size) for size in sorted(sizes)])


def _one(server: str | None, accounts: int) -> dict[str, Any]:
    with scratch(server) as place:
        book = place.home / "book.csv"
        write_book(book, accounts)
        with measure() as imported:
            summary = _import(place, book)
        _check(summary, accounts)
        about = place.about()
        vacuum()
        yardstick, rows = put_back(place, FILLED)
        return {
            "accounts": accounts,
            "rows_written": rows,
            "file_mb": round(book.stat().st_size / 2**20, 1),
            "seconds": rounded(imported.seconds),
            "processor_seconds": rounded(imported.processor),
            "rows_a_second": round(accounts / imported.seconds),
            "peak_mb": imported.peak_mb,
            "yardstick_seconds": rounded(yardstick.seconds),
            "ratio": round(imported.seconds / yardstick.seconds, 2),
            **about,
        }


def _import(place: Place, book: Path) -> dict[str, Any]:
    with book.open("rb") as file:
        run = receive_accounts(place.maker, file, book.name, Options(), as_job=False)
    return import_accounts(place.maker, run.id)


def _check(summary: dict[str, Any], accounts: int) -> None:
    """A benchmark of something that went wrong is none."""
    wrong = rejected_of(accounts)
    if (summary["status"], summary["created"], summary["rejected"]) != ("applied", accounts - wrong, wrong):
        raise RuntimeError(f"the import did not do its work: {summary}")


# --- yardsticks -------------------------------------------------------------------------------------------------------


def put_back(place: Place, tables: Sequence[str]) -> tuple[Measured, int]:
    """The rows of these tables, in the order in which their keys refer to each other, taken out and put into them again: what
    putting them in took, and how many."""
    return _copy(place, tables) if place.is_postgresql else _insert(place, tables)


def _copy(place: Place, tables: Sequence[str]) -> tuple[Measured, int]:
    files = {table: place.home / f"{table}.copy" for table in tables}
    db.session.remove()
    with owner_connection() as connection:
        rows = sum(_copy_out(connection, table, file) for table, file in files.items())
    with db.engine.begin() as owner:
        empty(owner, tables)
    with measure() as taken, owner_connection() as connection:
        for table, file in files.items():
            _copy_in(connection, table, file)
    return taken, rows


def _copy_out(connection: psycopg.Connection[Any], table: str, target: Path) -> int:
    with target.open("wb") as file, connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
            for piece in copy:
                file.write(piece)
        return cursor.rowcount


def _copy_in(connection: psycopg.Connection[Any], table: str, source: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
    with source.open("rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while piece := file.read(PIECE):
            copy.write(piece)


def _insert(place: Place, tables: Sequence[str]) -> tuple[Measured, int]:
    """The same content out of a copy of the database into its own tables, emptied."""
    db.session.remove()
    kept = place.home / "kept.sqlite3"
    with closing(_sqlite(place)) as connection:
        connection.execute("VACUUM INTO ?", (str(kept),))
    with db.engine.begin() as owner:
        empty(owner, tables)
    with closing(_sqlite(place)) as connection:
        connection.execute("VACUUM")
        connection.execute("ATTACH ? AS kept", (str(kept),))
        with measure() as taken:
            connection.execute("BEGIN IMMEDIATE")
            inserts = [f"INSERT INTO {table} SELECT * FROM kept.{table}" for table in tables]
            rows = sum(connection.execute(insert).rowcount for insert in inserts)
            connection.execute("COMMIT")
    return taken, rows


def _sqlite(place: Place) -> sqlite3.Connection:
    """The file as the portal opens it, for statements that no transaction may hold."""
    connection = sqlite3.connect(place.home / "portal.sqlite3", isolation_level=None)
    for pragma in ("foreign_keys = ON", "recursive_triggers = ON", "synchronous = NORMAL", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
