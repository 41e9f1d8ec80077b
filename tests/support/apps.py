"""The application over a fresh database, on SQLite and on PostgreSQL, quickly enough for every test.

Migrations run once per session and database. On SQLite each test gets a copy of the migrated file; on PostgreSQL the
tables that hold rows are emptied before it. `@pytest.mark.databases("sqlite")` keeps a test to one of them,
`@pytest.mark.settings(today=date(2005, 7, 1))` changes settings.
"""

from __future__ import annotations

import contextvars
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session

from portal import create_app
from portal.config import Settings
from portal.foundation.clock import FrozenClock
from portal.foundation.database import db
from portal.foundation.migrating import upgrade
from tests.identity.factories import observer
from tests.support.compiling import compile_once, share_statements
from tests.support.servers import PostgreSQL

SECRET = "only-for-tests-0123456789-abcdefghij"
KINDS = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    compile_once()
    config.addinivalue_line("markers", "databases(*kinds): runs on these only, of sqlite and postgresql")
    config.addinivalue_line(
        "markers", "settings(**changes): settings of the application that differ from the tests' usual"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whoever needs a database is asked on each of them."""
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("database_kind", chosen.args if chosen else KINDS)


@event.listens_for(Engine, "connect")
def _write_without_waiting(connection: Any, _record: Any) -> None:
    """Nothing here is to be kept, so no file has to reach the disk (as for the tests' PostgreSQL)."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


class IsolatedClient(FlaskClient):
    """A request that knows nothing of the context its test runs in: as from outside, with `g` and a session of its own.

    Answers are read to their end within it, streamed ones too.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **kwargs)


def make_app(settings: Settings, compiled: Path | None = None, **services: Any) -> Flask:
    """The application as it is served, with clients that are isolated from the test; `compiled` keeps templates."""
    app = create_app(settings, **services)
    share_statements(app)
    app.test_client_class = IsolatedClient
    if compiled:
        app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    return app


def dispose(app: Flask) -> None:
    """Close what the application holds open."""
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def migrate(settings: Settings) -> None:
    """Bring the database of the settings to the newest schema."""
    app = create_app(settings)
    upgrade(app)
    dispose(app)


# --- databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and empty SQLite file, to be copied."""
    home = tmp_path_factory.mktemp("sqlite-template")
    file = home / "portal.sqlite3"
    migrate(Settings(env="test", home=home, database_url=f"sqlite:///{file}", secret_key=SECRET))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the file alone is the database
    return file


TRUNCATED_EVERY = 200


@dataclass
class EmptiedPostgreSQL:
    """A migrated database that is used by one test after the other."""

    url: str
    superuser: str
    tables: tuple[str, ...] = ()
    numbered: frozenset[str] = frozenset()
    emptied: int = 0

    def empty(self) -> None:
        """Take out every row. As the superuser with triggers off: evidence is otherwise kept, as it should be."""
        filled = self._filled(self._connection)
        if filled:
            self._connection.execute(self._emptying(filled))

    def close(self) -> None:
        """Let go of the server, at the end of the run."""
        if "_connection" in self.__dict__:
            self._connection.close()

    @cached_property
    def _connection(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(self.superuser, autocommit=True)
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '20s'")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        return connection

    def _emptying(self, filled: list[str]) -> sql.Composed:
        """A test leaves few rows in many tables, so that deleting them is several times as quick as giving every table
        and its indexes a new file; now and then they get one, before what was deleted slows the next tests down."""
        self.emptied += 1
        if self.emptied % TRUNCATED_EVERY == 0:
            names = sql.SQL(", ").join(map(sql.Identifier, filled))
            return sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names)
        deleting = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in filled]
        restarting = [
            sql.SQL("SELECT setval({}, 1, false)").format(sql.Literal(f"{table}_id_seq"))
            for table in filled
            if table in self.numbered
        ]
        return sql.SQL("; ").join([*deleting, *restarting])

    def _filled(self, connection: psycopg.Connection[Any]) -> list[str]:
        if not self.tables:
            rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            self.tables = tuple(name for (name,) in rows if name != "alembic_version")
            sequences = connection.execute(
                "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"
            ).fetchall()
            self.numbered = frozenset(name.removesuffix("_id_seq") for (name,) in sequences)
        questions = [
            sql.SQL("SELECT {name} WHERE EXISTS (SELECT 1 FROM {table})").format(
                name=sql.Literal(table), table=sql.Identifier(table)
            )
            for table in self.tables
        ]
        asked = connection.execute(sql.SQL(" UNION ALL ").join(questions), prepare=True)
        return [str(name) for (name,) in asked.fetchall()]


@pytest.fixture(scope="session")
def postgresql_database(
    postgresql_server: PostgreSQL, postgresql_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmptiedPostgreSQL]:
    """This worker's database, migrated by its owner."""
    home = tmp_path_factory.mktemp("postgresql-home")
    migrate(Settings(env="test", home=home, database_url=postgresql_url, secret_key=SECRET))
    name = str(conninfo_to_dict(postgresql_url)["dbname"])
    database = EmptiedPostgreSQL(postgresql_url, make_conninfo(postgresql_server.url, dbname=name))
    yield database
    database.close()


@pytest.fixture
def database_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the newest schema and no rows."""
    if database_kind == "postgresql":
        database: EmptiedPostgreSQL = request.getfixturevalue("postgresql_database")
        database.empty()
        return database.url
    file = tmp_path / "portal.sqlite3"
    shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
    return f"sqlite:///{file}"


# --- the application --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where compiled templates are kept, since every test makes its own application."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def settings(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Settings:
    """The test's settings: a home of its own, a fresh database, the real date unless the test is marked otherwise."""
    marker = request.node.get_closest_marker("settings")
    usual: dict[str, Any] = {"env": "test", "home": tmp_path, "database_url": database_url, "secret_key": SECRET}
    return Settings(**(usual | (marker.kwargs if marker else {})))


@pytest.fixture
def app(settings: Settings, compiled_templates: Path) -> Iterator[Flask]:
    """The application over a fresh database, its context pushed, so that operations can be called as they are."""
    app = make_app(settings, compiled_templates)
    with app.app_context():
        yield app
    dispose(app)


@pytest.fixture
def set_clock(app: Flask) -> Callable[[datetime], None]:
    """Stops the application's clock, business time and real time, at an instant."""

    def stop(at: datetime) -> None:
        app.extensions["portal"].clock = FrozenClock(time_zone=app.extensions["portal"].settings.time_zone, at=at)

    return stop


class ObservingSession(Session):
    """Sees what others have committed at the time of each statement, unless it has written something itself."""

    @property
    def has_written(self) -> bool:
        return bool(self.new or self.dirty or self.deleted or self.info.get("flushed"))


@event.listens_for(ObservingSession, "do_orm_execute", insert=True)
def _look_anew(state: ORMExecuteState) -> None:
    session = state.session
    first_hand = state.is_select and not state.is_column_load and not state.is_relationship_load
    if first_hand and isinstance(session, ObservingSession) and not session.has_written:
        session.rollback()


@event.listens_for(ObservingSession, "after_flush")
def _has_flushed(session: Session, _context: Any) -> None:
    session.info["flushed"] = True


@event.listens_for(ObservingSession, "after_commit")
@event.listens_for(ObservingSession, "after_rollback")
def _is_clean(session: Session) -> None:
    session.info["flushed"] = False


@pytest.fixture
def db_session(app: Flask) -> Iterator[Session]:
    """A session that sees what the bank sees, to look at rows; whoever prepares rows with it commits them."""
    with ObservingSession(db.engine, info={"actor": observer()}) as session:
        yield session
