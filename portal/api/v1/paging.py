"""Pages of a list, by cursor: each answer carries the place behind it, None at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.paging import BadCursor, Cursor, python_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa
    from sqlalchemy.orm import Session

    from portal.foundation.paging import Keyset

__all__ = ["MOST", "USUAL", "bad_cursor", "fetch"]

MOST, USUAL = 200, 50


def fetch(
    session: Session, keyset: Keyset, statement: sa.Select[Any], *, name: str, cursor: str, limit: int
) -> tuple[Sequence[Any], str | None]:
    """The rows behind a cursor of the list of this name, with the cursor behind them. DomainError for another list's."""
    place = None
    if cursor:
        types = python_type(keyset.expression.type), python_type(keyset.key.type)
        try:
            place = Cursor.decode(cursor, name, *types)
        except BadCursor:
            raise bad_cursor() from None
    found = keyset.fetch(session, statement, limit, place)
    return found.rows, found.after.encode(name) if found.after else None


def bad_cursor() -> DomainError:
    """What is said of a cursor that no page of the list gave out."""
    words = say("This cursor is not of this list. Take the one that the page before gave as “next”, or none.")
    return DomainError("cursor.unknown", words, field="cursor")
