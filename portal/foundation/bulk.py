"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, and set-based SQL behind both.

COPY may not write into a table with row policies, so rows go to a temporary staging table first and from there with
INSERT … SELECT, through the policies. This is one of the few modules that may use Core statements on tables, since the
net under ORM statements does not reach them: callers pass rows that the actor may write.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, REGCLASS

from portal.foundation.visibility import actor_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.database import Model

__all__ = [
    "among",
    "count_rows",
    "in_chunks",
    "insert_for",
    "insert_new",
    "insert_rows",
    "one_at_a_time",
    "reserve_ids",
    "stage_rows",
]

SQLITE_CHUNK = 2_000


def in_chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of at most `size`, so that memory does not grow with the file."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk


def among(session: Session, column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Whether a column of text or numbers holds one of many values. PostgreSQL takes them as one array, where a list of
    thousands of parameters costs more to put together than to look up."""
    actor_of(session)
    if session.connection().dialect.name == "postgresql":
        condition: sa.ColumnElement[bool] = column == sa.any_(sa.literal(list(values), ARRAY(column.type)))
        return condition
    wanted: sa.ColumnElement[bool] = column.in_(values)
    return wanted


def one_at_a_time(session: Session, name: str) -> None:
    """Wait until no other transaction does what has this name, and keep others waiting until this one has ended.

    On SQLite a transaction that writes is alone anyway.
    """
    actor_of(session)
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def reserve_ids(session: Session, model: type[Model], count: int) -> list[int]:
    """Keys for `count` rows to come in ascending order, so that rows which refer to each other can be written in bulk.

    PostgreSQL draws them from the sequence; SQLite counts on from the largest, under the writer's lock.
    """
    actor_of(session)
    if count == 0:
        return []
    table: sa.Table = model.__table__  # type: ignore[assignment]
    if session.connection().dialect.name == "postgresql":
        # asked once, and not for each number
        sequence = sa.select(sa.cast(sa.func.pg_get_serial_sequence(table.name, "id"), REGCLASS)).scalar_subquery()
        drawn = sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count).table_valued("n"))
        return sorted(session.connection().scalars(drawn))
    last = session.connection().scalar(sa.select(sa.func.max(table.c.id))) or 0
    return list(range(last + 1, last + 1 + count))


def stage_rows(
    session: Session, name: str, columns: Sequence[sa.Column[Any]], rows: Iterable[Sequence[Any]]
) -> sa.Table:
    """A temporary table of this transaction with these columns and rows; emptied first if it was there.

    `columns` are fresh `sa.Column` objects in the order of the rows' values.
    """
    actor_of(session)
    table = sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")
    connection = session.connection()
    _make_empty(connection, table)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        for chunk in in_chunks(rows, SQLITE_CHUNK):
            names = [column.name for column in table.columns]
            connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in chunk])
    return table


def _make_empty(connection: sa.Connection, table: sa.Table) -> None:
    """On PostgreSQL the locks of a dropped table stay until the transaction ends: a file of a million rows, whose chunks
    each made tables of their own, ran out of them."""
    if connection.dialect.name == "postgresql":
        attribute = sa.table("pg_attribute", *map(sa.column, ("attname", "attrelid", "attnum", "attisdropped")))
        there = sa.select(attribute.c.attname).where(
            attribute.c.attrelid == sa.func.to_regclass(f"pg_temp.{table.name}"),
            attribute.c.attnum > 0,
            ~attribute.c.attisdropped,
        )
        if list(connection.scalars(there.order_by(attribute.c.attnum))) == [column.name for column in table.columns]:
            connection.execute(sa.text(f"TRUNCATE {connection.dialect.identifier_preparer.quote(table.name)}"))
            return
    connection.execute(sa.schema.DropTable(table, if_exists=True))
    connection.execute(sa.schema.CreateTable(table))


def count_rows(session: Session, staged: sa.Table) -> None:
    """Let PostgreSQL's planner know what a staging table holds before it is joined: a temporary table is never looked at
    by itself, and a wrong guess joins a million rows one by one."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"ANALYZE {connection.dialect.identifier_preparer.quote(staged.name)}"))


def _copy(connection: sa.Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    dialect = connection.dialect
    binds = [
        (place, bind)
        for place, column in enumerate(table.columns)
        # bytes go as they are: the driver's wrapper around them would be taken off again at once
        if not isinstance(column.type, sa.LargeBinary)
        and (bind := column.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    ]
    raw = connection.connection.driver_connection
    if raw is None:
        raise RuntimeError("no database connection")
    names = ", ".join(dialect.identifier_preparer.quote(column.name) for column in table.columns)
    target = dialect.identifier_preparer.quote(table.name)
    with raw.cursor() as cursor, cursor.copy(f"COPY {target} ({names}) FROM STDIN") as copy:
        for row in rows:
            values = list(row)
            for place, bind in binds:
                values[place] = bind(values[place])
            copy.write_row(values)


def insert_rows(
    session: Session,
    model: type[Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    skip_existing: bool = False,
) -> int:
    """Insert rows given as values of the named columns, with `skip_existing` without those that a unique index has
    already; how many were inserted. They are numbered in their order, and of two that exclude each other the first stays."""
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return 0
    table: sa.Table = model.__table__  # type: ignore[assignment]
    columns = [table.c[name] for name in names]
    staged = stage_rows(
        session,
        f"staged_{table.name}",
        [sa.Column(column.name, _plain_type(column.type)) for column in columns],
        chain([first], iterator),
    )
    # The condition says nothing; without one SQLite takes ON CONFLICT for the ON of a join.
    source = sa.select(*(staged.c[name] for name in names)).where(sa.true()).order_by(_place_in(session))
    return _insert_found(session, table, names, source, skip_existing)


def _place_in(session: Session) -> sa.ColumnElement[Any]:
    """Where a row of a staging table stands, which is how the rows came: nothing is deleted there, and nothing changed."""
    return sa.literal_column("ctid" if session.connection().dialect.name == "postgresql" else "rowid")


def insert_new(session: Session, model: type[Model], names: Sequence[str], found: sa.Select[Any]) -> int:
    """Insert what a select with a condition finds, in its order, without rows that a unique index has already; how many.

    A condition that asks the table itself would have PostgreSQL read it again for each row, while it grows: 135,000 rows
    took five minutes.
    """
    actor_of(session)
    table: sa.Table = model.__table__  # type: ignore[assignment]
    return _insert_found(session, table, names, found, skip_existing=True)


def _insert_found(
    session: Session, table: sa.Table, names: Sequence[str], found: sa.Select[Any], skip_existing: bool
) -> int:
    insert = insert_for(session)(table).from_select(list(names), found)
    if skip_existing:
        insert = insert.on_conflict_do_nothing()
    return session.connection().execute(insert, execution_options={"preserve_rowcount": True}).rowcount


def _plain_type(kind: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """Enumerations are staged as text: the real table checks them."""
    return sa.String(kind.length) if isinstance(kind, sa.Enum) else kind


def insert_for(session: Session) -> Any:
    """The `insert` of the session's database, which knows what to do with a row that is there."""
    if session.connection().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert
