"""The one table: a statement, columns, filters; sorted, filtered, paged by key and exported in one way everywhere.

A room describes its list once and a view answers it with `table_response` (see `table_pages`). Nothing here counts a
table or skips over rows: a page costs the same in a book of a thousand accounts and of a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqlalchemy import Join, Select
from werkzeug.datastructures import MultiDict

from portal.foundation.columns import Cell, Column
from portal.foundation.exports import csv_stream, xlsx_stream
from portal.foundation.filters import Filter, FilterState
from portal.foundation.language import Message, say, translate
from portal.foundation.paging import BadCursor, Cursor, Keyset, python_type
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = [
    "EXPORT_CAP", "Cell", "Column", "Empty", "Filter", "Head", "Kept", "RowView", "SavedPart", "StateTag", "Table",
    "TablePage",
]  # fmt: skip

EXPORT_CAP = 100_000
EXPORT_FORMATS = ("csv", "xlsx")
_CURSORS = ("after", "before")


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty list says: one sentence, and the next step where there is one."""

    sentence: Any
    step: Any = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: `direction` is what the list is sorted by now, `url` sorts it (the other way)."""

    column: Column
    url: str | None
    direction: str | None


@dataclass(frozen=True, slots=True)
class RowView:
    """One line of the page."""

    key: Any
    url: str | None
    cells: tuple[Cell, ...]
    row: Any
    may_choose: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A filter that the reader keeps for this list; `is_here`: the list shows it now."""

    id: int
    name: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class SavedPart:
    """What the reader keeps for this list, and the offer to keep what it shows now (see `saved_filters`)."""

    kept: tuple[Kept, ...]
    offer: str
    may_save: bool


@dataclass(frozen=True)
class TablePage:
    """Everything that the macro needs to draw one page of a table."""

    table: Table
    heads: tuple[Head, ...]
    rows: tuple[RowView, ...]
    filters: tuple[FilterState, ...]
    kept: tuple[tuple[str, str], ...]
    newer_url: str | None
    older_url: str | None
    exports: tuple[tuple[str, str], ...]
    clear_url: str
    messages: tuple[Message, ...] = ()
    totals: Mapping[str, Cell] = field(default_factory=dict)
    saved: SavedPart | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether a filter narrows the list, so that emptiness may be its doing."""
        return any(state.is_set for state in self.filters)

    @property
    def is_by_time(self) -> bool:
        """Whether older and newer mean something here: the list is sorted by a date, latest first."""
        return any(h.direction == "descending" and h.column.kind in ("day", "instant") for h in self.heads)


@dataclass(frozen=True)
class Table:
    """A list of one kind.

    `statement`: a select made for the actor (see `visibility`); a single entity's rows are the entity itself, more
    columns come as a row with names. `key`: the unique column that breaks ties. `default_sort`: a column's name, with
    `-` before it for descending. `row_url(row)`: what a row opens. `prefix`: for the second table of a page.
    `complete(session, rows)`: the rows as they are shown, in the same order, where the statement finds little more than
    their keys; asked for a page at a time.
    `choosable(row)`: whether a row of a table with rows to choose may be chosen; all may where it is left out.
    `export`: whether what is shown may be taken away as a file, at most `export_cap` rows.
    """

    name: str
    statement: Select[Any]
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    default_sort: str = ""
    key: Any = None
    complete: Callable[[Session, Sequence[Any]], Sequence[Any]] | None = None
    row_url: Callable[[Any], str | None] | None = None
    choosable: Callable[[Any], bool] | None = None
    empty: Empty | Message | str = field(default_factory=lambda: say("There is nothing here yet."))
    page_size: int = 50
    prefix: str = ""
    caption: Any = None
    export_allowed: bool = True
    export_cap: int = EXPORT_CAP

    def page(self, session: Session, args: Mapping[str, str], totals: Mapping[str, Cell] | None = None) -> TablePage:
        """The page that the address asks for. What the address says wrongly is left out, with a word about it."""
        statement, states = self._narrowed(args)
        sort, column, keyset = self._order(statement, args)
        after, before, messages = self._places(args, sort, keyset)
        found = keyset.fetch(session, statement, self.page_size, after, before)
        address = _Address(self, args)
        return TablePage(
            table=self,
            heads=tuple(self._head(c, column, keyset, address) for c in self.columns),
            rows=tuple(self._rows(session, found.rows)),
            filters=states,
            kept=address.kept(),
            newer_url=address.cursor("before", found.before, sort),
            older_url=address.cursor("after", found.after, sort),
            exports=tuple((f, address.url(export=f)) for f in EXPORT_FORMATS) if self.export_allowed else (),
            clear_url=address.cleared(),
            messages=(*messages, *(self._left_out(s) for s in states if s.error)),
            totals=totals or {},
        )

    def export(self, session: Session, args: Mapping[str, str], format: str) -> Iterator[bytes]:
        """What is shown, all pages of it, as a stream of CSV or XLSX; ValueError for another format.

        Filters and order are those of the address. Behind `export_cap` rows a last line says that there are more.
        """
        if format not in EXPORT_FORMATS:
            raise ValueError(f"unknown export format {format!r}")
        currency = translate(say("currency"))
        header = [h for c in self.columns for h in c.heads_in_file(_words(c.label), currency)]
        writer = csv_stream if format == "csv" else xlsx_stream
        return writer(header, self._lines(session, args))

    def _lines(self, session: Session, args: Mapping[str, str]) -> Iterator[list[Any]]:
        statement, _ = self._narrowed(args)
        _, _, keyset = self._order(statement, args)
        wanted = keyset.ordered(keyset.with_place(statement)).limit(self.export_cap + 1)
        with session.execute(wanted.execution_options(yield_per=1_000)) as rows:
            count = 0
            for part in rows.partitions(1_000):
                for subject in self._subjects(session, part[: self.export_cap - count]):
                    yield [value for c in self.columns for value in c.values_in_file(subject)]
                count += len(part)
            if count > self.export_cap:
                yield [translate(_more_than(self.export_cap))]

    def _narrowed(self, args: Mapping[str, str]) -> tuple[Select[Any], tuple[FilterState, ...]]:
        statement, states = self.statement, []
        for filter_ in self.filters:
            statement, state = filter_.narrow(statement, args, self.prefix)
            states.append(state)
        return statement, tuple(states)

    def _order(self, statement: Select[Any], args: Mapping[str, str]) -> tuple[str, Column | None, Keyset]:
        sortable = {c.name: c for c in self.columns if c.expression is not None}
        sort = str(args.get(self.prefix + "sort", ""))
        chosen = sortable.get(sort.removeprefix("-"))
        if chosen is None or not chosen.sortable:
            sort, chosen = self.default_sort, sortable.get(self.default_sort.removeprefix("-"))
        key = _element(self.key)
        expression = key if chosen is None else _element(chosen.expression)
        nullable = chosen.nullable if chosen else False
        if nullable is None:
            nullable = bool(getattr(expression, "nullable", True)) or _has_outer_join(statement)
        return sort, chosen, Keyset(expression, key, sort.startswith("-"), nullable)

    def _places(
        self, args: Mapping[str, str], sort: str, keyset: Keyset
    ) -> tuple[Cursor | None, Cursor | None, tuple[Message, ...]]:
        places: dict[str, Cursor | None] = dict.fromkeys(_CURSORS)
        types = python_type(keyset.expression.type), python_type(keyset.key.type)
        for name in _CURSORS:
            text = args.get(self.prefix + name)
            if text:
                try:
                    places[name] = Cursor.decode(str(text), sort, *types)
                except BadCursor:
                    first = say("The address named a page that does not exist; this is the first page.")
                    return None, None, (first,)
        return places["after"], places["before"], ()

    def _head(self, column: Column, sorted_by: Column | None, keyset: Keyset, address: _Address) -> Head:
        direction = None
        if column is sorted_by:
            direction = "descending" if keyset.descending else "ascending"
        if not column.sortable or column.expression is None:
            return Head(column, None, direction)
        # Figures and dates are wanted from the top first, words from A.
        down_first = column.kind not in ("text", "state", "bucket")
        down = direction == "ascending" if direction else down_first
        return Head(column, address.url(sort=f"-{column.name}" if down else column.name), direction)

    def _rows(self, session: Session, found: Sequence[Any]) -> Iterator[RowView]:
        for row, subject in zip(found, self._subjects(session, found), strict=True):
            url = self.row_url(subject) if self.row_url else None
            may_choose = self.choosable is None or self.choosable(subject)
            yield RowView(row[-1], url, tuple(c.cell(subject) for c in self.columns), subject, may_choose)

    def _subjects(self, session: Session, found: Sequence[Any]) -> Sequence[Any]:
        """What the columns ask, row by row."""
        subjects = [_subject(row) for row in found]
        return self.complete(session, subjects) if self.complete and subjects else subjects

    @staticmethod
    def _left_out(state: FilterState) -> Message:
        label = _words(state.filter.label)
        return say("The filter “%(label)s” was left out: %(reason)s", label=label, reason=state.error)

    def with_statement(self, statement: Select[Any]) -> Table:
        """The same table over other rows."""
        return replace(self, statement=statement)


class _Address:
    """Links of one page: the address as it is, with something changed. Other tables' words in it stay."""

    def __init__(self, table: Table, args: Mapping[str, str]) -> None:
        self._prefix = table.prefix
        own = {table.prefix + name for name in (*_CURSORS, "export")}
        self._fields = {n for f in table.filters for n in f.field_names(table.prefix)}
        # An empty field says something only where a default would stand in its place.
        self._with_default = {n for f in table.filters if f.default for n in f.field_names(table.prefix)}
        silent = self._fields - self._with_default
        self._pairs = [(k, v) for k, v in _pairs(args) if k not in own and (v or k not in silent)]

    def url(self, **changes: str) -> str:
        """The address with some words replaced, from the first page on."""
        new = {self._prefix + name: value for name, value in changes.items()}
        return "?" + urlencode([(k, v) for k, v in self._pairs if k not in new] + list(new.items()))

    def cursor(self, name: str, place: Cursor | None, sort: str) -> str | None:
        return self.url(**{name: place.encode(sort)}) if place else None

    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the filter form carries along unseen."""
        return tuple((k, v) for k, v in self._pairs if k not in self._fields)

    def cleared(self) -> str:
        """Without any filter; those with a default are there and empty."""
        return "?" + urlencode([*self.kept(), *((name, "") for name in sorted(self._with_default))])


def _more_than(cap: int) -> Message:
    return say("There are more rows than the %(cap)s a file takes. Narrow the filters.", cap=cap)


def _pairs(args: Mapping[str, str]) -> list[tuple[str, str]]:
    every = args.items(multi=True) if isinstance(args, MultiDict) else args.items()
    return [(str(name), str(value)) for name, value in every]


def _subject(row: Any) -> Any:
    """What the columns ask: the entity where the statement selects one alone, else the row itself."""
    return row[0] if len(row) == 3 and hasattr(type(row[0]), "__mapper__") else row


def _element(expression: Any) -> Any:
    """The plain column behind a mapped attribute."""
    return expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression


def _words(label: Any) -> str:
    return translate(label) if isinstance(label, Message) else str(label)


def _has_outer_join(statement: Select[Any]) -> bool:
    """Behind an outer join a column that is never NULL in its table may be NULL in the list."""
    waiting: list[Any] = list(statement.get_final_froms())
    while waiting:
        part = waiting.pop()
        if isinstance(part, Join):
            if part.isouter or part.full:
                return True
            waiting += [part.left, part.right]
    return False
