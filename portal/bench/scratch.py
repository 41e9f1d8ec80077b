"""A database for a benchmark: made for it, founded with a bank and its people, and dropped afterwards."""

from __future__ import annotations

import secrets
import tempfile
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal import create_app
from portal.config import Settings
from portal.foundation.access import Actor, Permission, Role
from portal.foundation.collector import standing_aside
from portal.foundation.database import db
from portal.foundation.migrating import upgrade
from portal.identity.operations import PersonDetails, create_bank_and_administrator, create_user
from portal.identity.people import command_actor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flask import Flask

__all__ = ["CHECKER", "TODAY", "Place", "empty", "owner_connection", "scratch", "vacuum"]

TODAY = date(2026, 11, 22)
MAKER, CHECKER = "bench-maker", "bench-checker"


class Place:
    """Where a benchmark works: an application over its own database, in its context, and two vendor managers."""

    def __init__(self, app: Flask, home: Path) -> None:
        self.app = app
        self.home = home
        self.maker, self.checker = _people()

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is a server's."""
        return db.engine.dialect.name == "postgresql"

    def about(self) -> dict[str, Any]:
        """What the figures were measured on."""
        if not self.is_postgresql:
            with db.engine.connect() as connection:
                return {"database": "sqlite", "version": connection.scalar(sa.text("SELECT sqlite_version()"))}
        with db.engine.connect() as connection:
            shown = {
                name: connection.scalar(sa.text(f"SHOW {name}"))
                for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size")
            }
        return {"database": "postgresql", "version": shown.pop("server_version"), **shown}


@contextmanager
def scratch(server: str | None) -> Iterator[Place]:
    """A place on a database of its own on the PostgreSQL server (the URL of somebody who may create databases), or in an
    SQLite file where no server is named. UsageError for the URL of a database that holds a bank: somebody works there."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        home = Path(folder)
        if server is None:
            with _founded(home, f"sqlite:///{home / 'portal.sqlite3'}") as place:
                yield place
            return
        name = f"portal_bench_{secrets.token_hex(4)}"
        _create(server, name)
        try:
            with _founded(home, _url_of(server, name)) as place:
                yield place
        finally:
            _drop(server, name)


@contextmanager
def _founded(home: Path, url: str) -> Iterator[Place]:
    app = create_app(Settings(env="demo", home=home, database_url=url, today=TODAY))
    upgrade(app)
    with app.app_context(), standing_aside():
        try:
            yield Place(app, home)
        finally:
            db.session.remove()
            db.engine.dispose()


def _people() -> tuple[Actor, Actor]:
    create_bank_and_administrator()
    administrator = command_actor(None, Permission.USERS_MANAGE)
    for name in (MAKER, CHECKER):
        create_user(administrator, administrator.organisation_id or 0, name, PersonDetails(name, Role.VENDOR_MANAGER))
    return command_actor(MAKER, Permission.ACCOUNTS_IMPORT), command_actor(CHECKER, Permission.ACCOUNTS_IMPORT)


# --- a server's databases -----------------------------------------------------------------------------------------------


def _url_of(server: str, name: str) -> str:
    return sa.make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def _create(server: str, name: str) -> None:
    with psycopg.connect(make_conninfo(server), autocommit=True) as connection:
        table = connection.execute("SELECT to_regclass('public.organisation')").fetchone()
        if table is not None and table[0] is not None:
            connection.execute("SELECT set_config('portal.scope', 'bank', false)")  # or its policy shows the owner none
            row = connection.execute("SELECT count(*) FROM organisation").fetchone()
            if row is not None and row[0]:
                raise click.UsageError("This database holds a bank. Name one of the server that holds none.")
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )


def _drop(server: str, name: str) -> None:
    with psycopg.connect(make_conninfo(server), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"{name}_app")))


@contextmanager
def owner_connection() -> Iterator[psycopg.Connection[Any]]:
    """The scratch database as its owner sees it, one transaction; PostgreSQL only."""
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        yield connection


def empty(connection: sa.Connection, tables: Sequence[str]) -> None:
    """Empty tables, with all that refers to them, as their owner; the triggers that keep evidence stand again after it.

    Tables are given in the order in which their keys refer to each other.
    """
    if connection.dialect.name == "sqlite":
        kept = connection.execute(
            sa.text("SELECT name, tbl_name, sql FROM sqlite_master WHERE name LIKE '%_keep_delete'")
        )
        guards = [(name, statement) for name, table, statement in kept if table in tables]
        for name, _ in guards:
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        for table in reversed(tables):
            connection.execute(sa.text(f"DELETE FROM {table}"))
        for _, statement in guards:
            connection.execute(sa.text(statement))
        return
    asked = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%_keep_truncate'"
    guards = [(table, name) for table, name in connection.execute(sa.text(asked))]
    for table, name in guards:
        connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
    connection.execute(sa.text(f"TRUNCATE {', '.join(tables)} CASCADE"))
    for table, name in guards:
        connection.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER {name}"))
    for table in tables:  # a forced policy forbids COPY to an owner who is no superuser
        connection.execute(sa.text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))


def vacuum() -> None:
    """What the server does by itself sooner or later, so that it does not fall into one of the halves that are timed."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE" if db.engine.dialect.name == "postgresql" else "ANALYZE"))
