"""A table as an answer to a request: the page, or the file of what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template, request, stream_with_context
from flask_login import current_user

from portal.foundation.database import db
from portal.foundation.downloads import name_as_file
from portal.foundation.errors import NotFound
from portal.foundation.tables import EXPORT_FORMATS
from portal.foundation.work import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from portal.foundation.access import Actor
    from portal.foundation.tables import Cell, Table, TablePage

__all__ = ["table_export", "table_page", "table_response"]

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
    return table.page(db.session(), request.args, totals)


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
