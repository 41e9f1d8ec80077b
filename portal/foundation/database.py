"""The database: typed models, the few column types that the portal needs, and what every connection must be like."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Dialect

__all__ = ["BigKey", "JsonData", "MinorUnits", "Model", "UtcDateTime", "choice", "db", "key_column", "summed"]

WRITE_OPTION = "portal_write"  # execution option: this transaction will write, so SQLite takes its lock at once
PATIENCE_OPTION = (
    "portal_patience"  # with it: milliseconds to wait for that lock, where giving up is better than waiting
)
USUAL_PATIENCE = 30_000

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only where the key's type is spelt INTEGER.
BigKey = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JsonData = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class MinorUnits(TypeDecorator[int]):
    """An amount in whole minor units of the row's currency: BIGINT, and nothing but an int goes in.

    SQLite's NUMERIC loses cents above 2^53, and a float loses them sooner; a wrong type is an error here rather than a
    cent somewhere.
    """

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise TypeError(f"an amount is whole minor units, not {type(value).__name__}")
        return value


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, kept in UTC. A datetime without a zone is refused: nobody could say when it was."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def choice(kind: type[StrEnum]) -> sa.Enum:
    """A column that holds one of the enumeration's values, checked by the database."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=f"{kind.__name__.lower()}",
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


METADATA = sa.MetaData(naming_convention=NAMING)


class Base(DeclarativeBase):
    """Common ground of all tables."""

    metadata = METADATA
    registry = registry(
        metadata=METADATA,
        type_annotation_map={datetime: UtcDateTime(), int: sa.BigInteger(), dict[str, Any]: JsonData},
    )


db = SQLAlchemy(
    model_class=Base,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": True},
)

if TYPE_CHECKING:

    class Model(Base):
        """What every table's class inherits."""

        __abstract__ = True
else:
    Model = db.Model


def key_column() -> Mapped[int]:
    """The numbered key of a table."""
    return mapped_column(BigKey, primary_key=True, autoincrement=True)


def summed(amounts: Any) -> sa.ColumnElement[int]:
    """The sum of a column of whole minor units as a whole number; None where there is no row, as SUM says.

    PostgreSQL adds BIGINTs up into NUMERIC, which would come back as a decimal beside SQLite's integer.
    """
    return sa.cast(sa.func.sum(amounts), sa.BigInteger)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(dbapi_connection: Any, _record: Any) -> None:
    if not type(dbapi_connection).__module__.startswith("sqlite3"):
        return
    # The driver's own transactions are off: BEGIN is ours, so that a transaction that writes takes its lock at once.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in (
        "foreign_keys = ON",
        "recursive_triggers = ON",  # or INSERT OR REPLACE would pass the triggers that keep evidence
        "journal_mode = WAL",
        "synchronous = NORMAL",
        f"busy_timeout = {USUAL_PATIENCE}",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get(WRITE_OPTION, False) else "BEGIN"
    patience = options.get(PATIENCE_OPTION)
    if patience is None:
        connection.exec_driver_sql(begin)
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(patience)}")
    try:
        connection.exec_driver_sql(begin)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {USUAL_PATIENCE}")
