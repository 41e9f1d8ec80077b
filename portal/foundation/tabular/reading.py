"""Opening a tabular file: its kind by its content, its header, its rows as a stream."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular import delimited, workbook
from portal.foundation.tabular.cells import Cell, Row, cell_text
from portal.foundation.tabular.limits import Limits
from portal.foundation.values import plain, trim

__all__ = ["Limits", "Table", "open_table", "sheet_names"]

_MAGIC: Final = (
    (b"%PDF", "PDF"),
    (b"PK\x05\x06", "ZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x1f\x8b", "GZIP"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"SQLite format 3", "SQLite"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP: Final = (b"<!doctype", b"<html", b"<?xml", b"<table", b"{\\rtf")
_SPOOL_IN_MEMORY: Final = 1 << 20


@dataclass(slots=True)
class Table:
    """An open tabular file.

    `header`: column names as written, trimmed. `encoding`: of the text, None for a workbook. `kind`: csv or xlsx.
    `sheet`: the sheet read, None for CSV. `delimiter`: of CSV, None for a workbook. `sheets`: those
    of a workbook that a person can choose from. `rows()` can be walked once.
    """

    header: list[str]
    encoding: str | None
    kind: str
    sheet: str | None
    _rows: Iterator[Row]
    delimiter: str | None = None
    sheets: tuple[str, ...] = ()

    def rows(self) -> Iterator[Row]:
        """Data rows in order, blank ones left out; raises DomainError where the file cannot be read on."""
        return self._rows


def open_table(
    source: Path | str | IO[bytes],
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """Reads the header of a CSV or XLSX file and makes its rows ready to be read as a stream.

    `source` is a path or a binary stream (one that cannot seek is spooled to disk first). What the file is is told
    from its content, never from its name. `sheet` chooses a sheet of a workbook (the first visible one otherwise),
    `encoding` names the text's encoding (otherwise byte order mark, strict UTF-8, strict GB18030, in this order). The
    stream stays open until the rows are read.
    Raises DomainError for everything that makes the file unreadable as a whole.
    """
    stream = _seekable(source)
    ours = stream is not source
    try:
        table = _open(stream, sheet, encoding, limits or Limits())
    except BaseException:
        if ours:
            stream.close()
        raise
    if ours:
        table._rows = _closing(table._rows, stream)
        next(table._rows)
    return table


def _open(stream: IO[bytes], sheet: str | None, encoding: str | None, limits: Limits) -> Table:
    if _kind_of(stream) == "xlsx":
        names, rows, sheet, sheets = workbook.read(stream, sheet, limits)
        return replace(_table(names, rows, kind="xlsx", encoding=None, sheet=sheet), sheets=tuple(sheets))
    names, rows, used, delimiter = delimited.read(stream, encoding, limits)
    return replace(_table(names, rows, kind="csv", encoding=used, sheet=None), delimiter=delimiter)


def _closing(rows: Iterator[Row], stream: IO[bytes]) -> Iterator[Row]:
    """The rows, and the file closed when they end or are let go; begins with one empty row that starts the watch."""
    try:
        yield Row(0, [])
        yield from rows
    finally:
        stream.close()


def sheet_names(source: Path | str | IO[bytes]) -> list[str]:
    """The sheets of a workbook that a person can choose from; none for a CSV file."""
    stream = _seekable(source)
    try:
        return workbook.sheet_names(stream, Limits()) if _kind_of(stream) == "xlsx" else []
    finally:
        if stream is not source:
            stream.close()


def _seekable(source: Path | str | IO[bytes]) -> IO[bytes]:
    if isinstance(source, Path | str):
        return Path(source).open("rb")
    if source.seekable():
        return source
    spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_SPOOL_IN_MEMORY)  # noqa: SIM115 - lives as long as the rows
    shutil.copyfileobj(source, spool)
    return spool


def _kind_of(stream: IO[bytes]) -> str:
    """csv or xlsx by the first bytes; DomainError for anything else that can be recognised."""
    stream.seek(0)
    head = stream.read(512)
    stream.seek(0)
    if not head:
        raise DomainError("tabular.empty", say("The file is empty."), field="file")
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(_OLE):
        raise DomainError(
            "tabular.old_workbook",
            say(
                "This is an old Excel workbook (.xls) or a password-protected one. Save it as .xlsx without a password."
            ),
            field="file",
        )
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise DomainError(
                "tabular.wrong_type", say("This is a %(kind)s file, not a CSV or XLSX table.", kind=kind), field="file"
            )
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_MARKUP):
        raise DomainError(
            "tabular.wrong_type",
            say("This is a web page or document saved under another name, not a CSV or XLSX table."),
            field="file",
        )
    return "csv"


def _table(names: list[Cell], rows: Iterator[Row], *, kind: str, encoding: str | None, sheet: str | None) -> Table:
    header = [trim(cell_text(name)) for name in names]
    while header and not header[-1]:
        header.pop()
    header = [name or f"column {place}" for place, name in enumerate(header, 1)]
    seen: dict[str, int] = {}
    for place, name in enumerate(header, 1):
        first = seen.setdefault(plain(name).casefold(), place)
        if first != place:
            raise DomainError(
                "tabular.duplicate_column",
                say(
                    "The column “%(name)s” stands twice in the header, as column %(first)s and column %(second)s.",
                    name=name,
                    first=first,
                    second=place,
                ),
                field="file",
            )
    body = _fitted(rows, len(header))
    first_row = next(body, None)
    if first_row is None:
        words = say("The file has a header and no rows.")
        if sheet is not None:
            words = say(
                "The sheet “%(sheet)s” has a header and no rows; if they stand on another, name it.", sheet=sheet
            )
        raise DomainError("tabular.no_rows", words, field="file")
    return Table(header, encoding, kind, sheet, chain([first_row], body))


def _fitted(rows: Iterator[Row], width: int) -> Iterator[Row]:
    """Rows as wide as the header; what stands beyond it is dropped where it is empty; blank rows are left out."""
    for row in rows:
        cells = row.cells
        surplus = len(cells) - width
        if surplus < 0:
            cells.extend([""] * -surplus)
        elif surplus > 0 and all(_is_blank(cell) for cell in cells[width:]):
            del cells[width:]
        if not _is_blank(cells[0]) or not all(_is_blank(cell) for cell in cells):
            yield row


def _is_blank(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()
