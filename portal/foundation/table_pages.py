"""A table as an answer to a request: the page, or the file of what the page shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Response, render_template, request, stream_with_context
from flask_login import current_user

from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import NotFound
from portal.foundation.saved_filters import filters_of, known_query, offered
from portal.foundation.tables import EXPORT_FORMATS, Kept, SavedPart
from portal.foundation.work import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from portal.foundation.access import Actor
    from portal.foundation.tables import Cell, Table, TablePage

__all__ = ["saved_part", "table_export", "table_page", "table_response"]

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def table_response(
    table: Table, template: str, *, totals: Mapping[str, Cell] | None = None, **context: Any
) -> Response | str:
    """What a list's view answers: the export where the address asks for one, else the template with `table`."""
    return table_export(table) or render_template(template, table=table_page(table, totals), **context)


def table_page(table: Table, totals: Mapping[str, Cell] | None = None) -> TablePage:
    """The page of a table that this request asks for, for views that show more than the table."""
    page = table.page(db.session(), request.args, totals)
    if not table.filters or table.prefix:
        return page
    return replace(page, saved=saved_part(_words_of(page)))


def _words_of(page: TablePage) -> dict[str, str | None]:
    """By their names in the address the list's filters and order, and what they say now; None: nothing that narrows."""
    words: dict[str, str | None] = {"sort": None}
    if request.args.get("sort", "").removeprefix("-") in {h.column.name for h in page.heads if h.url}:
        words["sort"] = request.args["sort"]
    for state in page.filters:
        by_default = state.written == (state.filter.default,) or state.error is not None
        for name, written in zip(state.field_names, state.written, strict=True):
            # Where a default would stand in its place, also an empty field says something.
            words[name] = None if by_default or not (written or state.filter.default) else written
    return words


def saved_part(words: Mapping[str, str | None]) -> SavedPart | None:
    """What the reader keeps for the list of this request. `words`: what its address may say, and what it says now.

    None for lists whose address names something beside the list: what is kept is kept for all of a kind.
    """
    if request.endpoint is None or request.view_args or not current_user.is_authenticated:
        return None
    names = set(words)
    now = known_query([(name, value) for name, value in words.items() if value is not None], names)
    kept = tuple(
        Kept(row.id, row.name, f"?{query}", query == now)
        for row, query in filters_of(db.session(), current_user.actor, request.endpoint, names)
    )
    may_save = bool(now) and not any(each.is_here for each in kept)
    return SavedPart(kept, offered(request.endpoint, now), may_save)


def _file(table: Table, actor: Actor, wanted: str) -> Iterator[bytes]:
    """The file in pieces. It is read after the view has ended and its session has been put away, so it takes one of its
    own, which goes back to the pool at its end."""
    with reading(actor) as session:
        yield from table.export(session, request.args, wanted)


def table_export(table: Table) -> Response | None:
    """The file that this request asks for, streamed; None where it asks for the page."""
    wanted = request.args.get(table.prefix + "export")
    if not wanted:
        return None
    if wanted not in EXPORT_FORMATS or not table.export_allowed:
        raise NotFound
    stream = stream_with_context(_file(table, current_user.actor, wanted))
    response = Response(stream, content_type=_TYPES[wanted])
    response.headers["Cache-Control"] = "no-store"
    return name_as_file(response, f"{table.name}.{wanted}")
