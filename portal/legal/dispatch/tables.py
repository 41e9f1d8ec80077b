"""The list of a pack's letters on their way, which is also the firm's dispatch list as a file; and the form of that file to be
filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import get_locale

from portal.foundation.language import _l, say
from portal.foundation.states import StateTag
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.legal.dispatch import queries
from portal.legal.dispatch.labels import WAYS, way_tag
from portal.legal.dispatch.models import LetterDispatch, LetterResult
from portal.legal.dispatch.terms import MailResult
from portal.legal.labels import LETTER_STATES
from portal.legal.models import Letter, LetterState
from portal.portfolio.intake.layout import DISPATCH_COLUMNS, MAIL_RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.legal.models import LetterPack

__all__ = ["dispatch_table", "template_head", "template_rows"]


def dispatch_table(who: Actor, pack: LetterPack) -> Table:
    """Numbered letters of a pack in the order of their numbers, with carrier, tracking number, days and result."""
    return Table(
        name=f"{pack.number}-dispatch",
        statement=queries.rows_of(who, pack.id),
        key=Letter.id,
        default_sort="letter_no",
        columns=[
            Column("letter_no", _l("Letter number"), expression=Letter.number, value="Letter.letter_no", sortable=True),
            Column("name", _l("Name"), value="Letter.name_masked"),
            Column("state", _l("Where it is"), "state", value=_tag),
            Column("carrier", _l("Carrier"), value=_of("LetterDispatch", "carrier")),
            Column("tracking_no", _l("Tracking number"), value=_of("LetterDispatch", "tracking_no")),
            Column(
                "dispatched_on", _l("Dispatched on"), "day", expression=LetterDispatch.dispatched_on,
                value=_of("LetterDispatch", "dispatched_on"), sortable=True, nullable=True,
            ),
            Column(
                "result_on", _l("Result on"), "day", expression=LetterResult.result_on,
                value=_of("LetterResult", "result_on"), sortable=True, nullable=True,
            ),
            Column("reason", _l("Reason"), value=_of("LetterResult", "reason")),
            Column("letter", _l("State of the letter"), "state", value=_void),
        ],
        filters=[
            Filter("state", _l("Where it is"), "choice", _where, [*((name, tag.label) for name, tag in WAYS.items()), ("back", _l("all that were not delivered"))]),
            Filter("sent", _l("Dispatched on"), "period", _sent_between),
        ],
        row_url=lambda row: url_for("dispatch.way", pack_id=row.Letter.pack_id, letter_id=row.Letter.id),
        empty=Empty(say("No letter of this pack has a number.")),
    )  # fmt: skip


def _of(entity: str, name: str) -> Any:
    """A value of a row that may not be there."""

    def value(row: Any) -> Any:
        found = getattr(row, entity)
        return getattr(found, name) or None if found is not None else None

    return value


def _tag(row: Any) -> StateTag:
    return way_tag(row.LetterDispatch, row.LetterResult, void=row.void)


def _void(row: Any) -> StateTag | None:
    """Of a letter that went out before it became void."""
    return LETTER_STATES[LetterState.VOID] if row.void and row.LetterDispatch is not None else None


def _where(statement: Select[Any], value: str) -> Select[Any]:
    if value in set(MailResult):
        return statement.where(LetterResult.result == MailResult(value))
    if value == "back":
        return statement.where(LetterResult.id.is_not(None), LetterResult.result != MailResult.DELIVERED)
    if value == "waiting":
        return statement.where(LetterDispatch.id.is_not(None), LetterResult.id.is_(None))
    if value == "void":
        return statement.where(queries.is_void())
    return statement.where(LetterDispatch.id.is_(None), ~queries.is_void())


def _sent_between(statement: Select[Any], value: Any) -> Select[Any]:
    first, last = value
    if first is not None:
        statement = statement.where(LetterDispatch.dispatched_on >= first)
    return statement if last is None else statement.where(LetterDispatch.dispatched_on <= last)


# --- the file to be filled in ----------------------------------------------------------------------------------------------


def template_head() -> list[str]:
    """The columns of a file of dispatches, in the reader's language."""
    return [column.chinese if _is_chinese() else column.field for column in DISPATCH_COLUMNS]


def template_rows(session: Session, who: Actor, pack_id: int) -> Iterator[Sequence[Any]]:
    """A row for each letter that is out or to be sent, with what is on file already: sent back as it is, it changes nothing."""
    words = {code: word for word, code in reversed(MAIL_RESULTS.items()) if word.isascii() is not _is_chinese()}
    for way in queries.letters_under_way(session, who, pack_id):
        sent, result = way.dispatch, way.result
        yield (
            way.letter.letter_no,
            *((sent.carrier, sent.tracking_no, sent.dispatched_on.isoformat()) if sent else ("", "", "")),
            *((words[result.result], result.result_on.isoformat(), result.reason) if result else ("", "", "")),
        )


def _is_chinese() -> bool:
    return str(get_locale()).startswith("zh")
