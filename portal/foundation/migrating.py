"""Bringing a database to the schema that the code expects, and checking that its guards stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import Migrate

from portal.foundation.database import db

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.engine import Engine

__all__ = ["alembic_config", "downgrade", "is_current", "missing_guards", "set_up_migrations", "upgrade"]

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def set_up_migrations(app: Flask) -> None:
    """Make `flask db …` work for developers; the portal itself calls `upgrade`."""
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)


def alembic_config(url: str, application_user: str = "") -> Config:
    """Alembic's settings for a database; `application_user` is the login that may become the application's role."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    config.attributes["application_user"] = application_user
    return config


def _config_of(app: Flask) -> Config:
    settings = app.extensions["portal"].settings
    user = sa.make_url(settings.sqlalchemy_url).username or ""
    return alembic_config(settings.owner_sqlalchemy_url, user)


def upgrade(app: Flask, revision: str = "head") -> None:
    """Create or migrate the database, as its owner."""
    command.upgrade(_config_of(app), revision)


def downgrade(app: Flask, revision: str) -> None:
    """Take the database back to a revision."""
    command.downgrade(_config_of(app), revision)


def is_current(app: Flask) -> bool:
    """Whether the database stands at the revision that the code expects."""
    head = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    with app.app_context(), db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def missing_guards(engine: Engine) -> list[str]:
    """Names of triggers that should keep evidence from being changed and are not there.

    A batch migration on SQLite rebuilds a table and silently drops its triggers, so this is asked at every start.
    """
    from portal.migrations.guards import EXPECTED_TRIGGERS

    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    )
    with engine.connect() as connection:
        found = {row[0] for row in connection.execute(sa.text(query))}
    return sorted(set(EXPECTED_TRIGGERS[engine.dialect.name]) - found)
