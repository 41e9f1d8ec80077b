"""Paging by key: a page begins where the last one ended, so that page 2,000 costs what page 1 costs.

A cursor names the last row's sort value and its key; nothing is counted and nothing is skipped over. Rows that arrive
or leave meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, literal, tuple_
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session
    from sqlalchemy.types import TypeEngine

__all__ = ["BadCursor", "Cursor", "Keyset", "Slice"]

_LARGEST = 2**63 - 1
_LONGEST_CURSOR = 1_000


class BadCursor(ValueError):
    """The address holds a place that no page of this list ever gave out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: the sort value and the key of the row beside it."""

    value: Any
    key: Any

    def encode(self, sort: str) -> str:
        """For the address bar; it carries the sort it belongs to."""
        plain = json.dumps([sort, _plain(self.value), _plain(self.key)], separators=(",", ":"))
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, sort: str, value_type: type, key_type: type) -> Cursor:
        """Raises `BadCursor` for anything but a cursor of this sort with values that the database can take."""
        if len(text) > _LONGEST_CURSOR:
            raise BadCursor
        try:
            parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            told, value, key = parts
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise BadCursor from error
        if told != sort or key is None:
            raise BadCursor
        return cls(_typed(value, value_type), _typed(key, key_type))


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Decimal, date)):
        return value.isoformat() if isinstance(value, date) else str(value)
    return value


def _typed(value: Any, expected: type) -> Any:
    """The JSON value as the type that the column binds; what the database would choke on is a bad cursor."""
    if value is None:
        return None
    try:
        if expected in (bool, int) and isinstance(value, int) and abs(value) <= _LARGEST:
            return expected(value)
        if isinstance(value, str) and len(value) < _LONGEST_CURSOR and "\0" not in value and value.isprintable():
            return _from_text(value, expected)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise BadCursor from error
    raise BadCursor


def _from_text(value: str, expected: type) -> Any:
    if expected is str or issubclass(expected, Enum):
        return expected(value)
    if expected is datetime:
        instant = datetime.fromisoformat(value)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if expected is date:
        return date.fromisoformat(value)
    if expected is Decimal and Decimal(value).is_finite():
        return Decimal(value)
    raise ValueError(value)


def python_type(type_: TypeEngine[Any]) -> type:
    """What a column's values are in Python, seen through decorators such as the portal's own amounts and instants."""
    try:
        return type_.python_type
    except NotImplementedError:
        if isinstance(type_, TypeDecorator):
            return python_type(type_.impl_instance)
        raise


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows, in the order of the list, and the places before and after it (None at the ends)."""

    rows: Sequence[Any]
    before: Cursor | None
    after: Cursor | None


@dataclass(frozen=True)
class Keyset:
    """The order of a list: a sort expression, a unique key behind it, and the direction of both.

    Where the database itself puts NULL (PostgreSQL above all values, SQLite below) is where the list has it, so that
    an index on (expression, key) serves both directions.
    """

    expression: ColumnElement[Any]
    key: ColumnElement[Any]
    descending: bool = False
    nullable: bool = True

    def ordered(self, statement: Select[Any], backwards: bool = False) -> Select[Any]:
        """The statement in list order, or from its end."""
        down = self.descending != backwards
        parts = (self.key,) if self.by_key_alone else (self.expression, self.key)
        return statement.order_by(None).order_by(*(p.desc() if down else p.asc() for p in parts))

    @property
    def by_key_alone(self) -> bool:
        """Whether the sort expression is the key, which needs no second place."""
        return self.expression is self.key or self.expression.compare(self.key)

    def with_place(self, statement: Select[Any]) -> Select[Any]:
        """The statement with two columns more at its end: the sort value and the key."""
        return statement.add_columns(self.expression.label("sort_place"), self.key.label("key_place"))

    def fetch(
        self, session: Session, statement: Select[Any], size: int,
        after: Cursor | None = None, before: Cursor | None = None,
    ) -> Slice:  # fmt: skip
        """The page behind `after`, or the one that ends at `before`; the first page where neither is given.

        Rows are those of `with_place`.
        """
        backwards = before is not None and after is None
        place = before if backwards else after
        wanted = self.ordered(self.with_place(statement), backwards)
        stretches = [None] if place is None else self._beyond(session, place, self.descending == backwards)
        found: list[Any] = []
        for stretch in stretches:
            part = wanted if stretch is None else wanted.where(stretch)
            if len(found) <= size:
                found += session.execute(part.limit(size + 1 - len(found))).all()
        more, rows = len(found) > size, found[:size]
        if backwards:
            rows.reverse()
        edges = [Cursor(row[-2], row[-1]) for row in (rows[0], rows[-1])] if rows else [place, place]
        return Slice(
            rows,
            before=edges[0] if (more if backwards else place is not None) else None,
            after=edges[1] if backwards or more else None,
        )

    def _beyond(self, session: Session, place: Cursor, upwards: bool) -> list[ColumnElement[bool]]:
        """The rows on the far side of a place, towards greater values or away from them.

        Values and NULLs are two stretches, asked for one after the other: one condition over both could not be answered
        from the index alone.
        """
        key = literal(place.key, self.key.type)
        past_key = self.key > key if upwards else self.key < key
        if self.by_key_alone:
            return [past_key]
        nulls_ahead = (session.get_bind().dialect.name == "postgresql") == upwards
        if place.value is None:
            nulls = and_(self.expression.is_(None), past_key)
            return [nulls] if nulls_ahead else [nulls, self.expression.is_not(None)]
        here = tuple_(literal(place.value, self.expression.type), key)
        there = tuple_(self.expression, self.key)
        values = there > here if upwards else there < here
        return [values, self.expression.is_(None)] if self.nullable and nulls_ahead else [values]
