"""Alembic's entry: runs the revisions on a connection of the database's owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from portal.application import load_models
from portal.foundation.database import db

load_models()
config = context.config


def run() -> None:
    """Migrate in one transaction, so that a failed revision leaves nothing behind."""
    engine = sa.create_engine(config.get_main_option("sqlalchemy.url") or "", poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # before the transaction: a table that is copied is dropped under those that refer to it
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if not sqlite:  # policies are forced on the owner too: a revision that mends rows has to see them
                connection.exec_driver_sql("SELECT set_config('portal.scope', 'bank', true)")
            context.run_migrations()
            if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                raise RuntimeError(f"a revision left rows that refer to nothing: {broken[0]}")
    engine.dispose()


run()
