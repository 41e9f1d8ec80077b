"""XLSX through calamine, after a look into the archive that keeps bombs out of it."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    WorksheetNotFound,
)

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular.cells import Cell, Row, cell_value
from portal.foundation.tabular.limits import Limits

__all__ = ["read", "sheet_names"]

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 512
_MOST_MEMBERS: Final = 10_000
# Where a sheet says how far it reaches. calamine allocates the whole grid, so one cell at XFD1048576 would be a bomb.
# Only what lies beyond column Z and row 99,999 is looked at one by one: such a grid is small whatever is in it.
_FAR_COLUMN: Final = rb"""\$?([A-Za-z]{2,3})\$?\d"""
_FAR_ROW: Final = rb"""\$?[A-Za-z]{0,3}\$?(\d{6,7})["']"""
_AS_USUAL: Final = (re.compile(rb'r="' + _FAR_COLUMN), re.compile(rb'r="' + _FAR_ROW))
_AS_ALLOWED: Final = tuple(re.compile(rb"""\br\s*=\s*["']""" + far) for far in (_FAR_COLUMN, _FAR_ROW))
_NEAR_COLUMNS, _NEAR_ROWS = 26, 99_999
_ROW_BEGINS: Final = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL_BEGINS: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")


def read(stream: IO[bytes], sheet: str | None, limits: Limits) -> tuple[list[Cell], Iterator[Row], str, list[str]]:
    """Header, data rows and name of a sheet (the one named, else the first visible one), and all that could be named."""
    book = _open(stream, limits)
    names = _choices(book)
    if sheet is not None and sheet not in names:
        raise DomainError(
            "tabular.no_sheet",
            say("There is no sheet “%(sheet)s”; the workbook has: %(names)s.", sheet=sheet, names=", ".join(names)),
            field="sheet",
        )
    if not names:
        raise DomainError("tabular.no_sheet", say("The workbook has no sheet of cells."), field="file")
    chosen = sheet or names[0]
    rows = _rows(book, chosen, limits)
    for row in rows:
        if any(cell != "" for cell in row.cells):
            return row.cells, rows, chosen, names
    raise DomainError("tabular.empty", say("The sheet “%(sheet)s” is empty.", sheet=chosen), field="file")


def sheet_names(stream: IO[bytes], limits: Limits) -> list[str]:
    """The visible sheets of cells, in order."""
    return _choices(_open(stream, limits))


def _choices(book: CalamineWorkbook) -> list[str]:
    sheets = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    return [m.name for m in sheets if m.visible == SheetVisibleEnum.Visible] or [m.name for m in sheets]


def _open(stream: IO[bytes], limits: Limits) -> CalamineWorkbook:
    try:
        _inspect(stream, limits)
        stream.seek(0)
        return CalamineWorkbook.from_filelike(stream)
    except PasswordError:
        raise DomainError(
            "tabular.password", say("The workbook is protected by a password. Save it without one."), field="file"
        ) from None
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise _damaged() from None


def _damaged() -> DomainError:
    return DomainError(
        "tabular.damaged", say("The workbook is damaged or incomplete and cannot be opened."), field="file"
    )


def _inspect(stream: IO[bytes], limits: Limits) -> None:
    """Unpacks every part once without keeping it: sizes as they are, not as the archive claims; sums checked."""
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
        if not any(member.filename == "xl/workbook.xml" for member in members):
            raise DomainError(
                "tabular.wrong_type",
                say("This is a %(kind)s file, not a CSV or XLSX table.", kind="ZIP"),
                field="file",
            )
        if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > limits.unpacked:
            raise _too_large(limits)
        left = limits.unpacked
        for member in members:
            with archive.open(member) as part:
                left -= _inspect_part(part, is_sheet="/worksheets/" in f"/{member.filename}", left=left, limits=limits)


def _inspect_part(part: IO[bytes], *, is_sheet: bool, left: int, limits: Limits) -> int:
    """The unpacked size of one part; DomainError when it passes what is left or its grid is too wide and deep."""
    size = 0
    extent = _Extent()
    while chunk := part.read(_CHUNK):
        size += len(chunk)
        if size > left:
            raise _too_large(limits)
        if is_sheet:
            extent.see(chunk)
    if extent.rows * extent.columns > limits.grid_cells:
        raise DomainError(
            "tabular.grid",
            say("The sheet reaches to row %(rows)s and column %(columns)s; remove the cells far outside the table.",
                rows=extent.rows, columns=extent.columns),
            field="file",
        )  # fmt: skip
    return size


class _Extent:
    """How far the cells of a sheet reach, by the places they name or, where they name none, by their number."""

    def __init__(self) -> None:
        self.rows = _NEAR_ROWS
        self.columns = _NEAR_COLUMNS
        self._in_row = 0
        self._tail = b""

    def see(self, chunk: bytes) -> None:
        """The next piece of the sheet's XML."""
        window = self._tail + chunk
        self._tail = window[-_OVERLAP:]
        # Every row and cell begins with its place, as all common writers have it: then the quick patterns see all.
        usual = chunk.count(b'<c r="') == chunk.count(b"<c") + chunk.count(b":c") and (
            chunk.count(b'<row r="') == chunk.count(b"<row") + chunk.count(b":row")
        )
        far_column, far_row = _AS_USUAL if usual else _AS_ALLOWED
        self.columns = max(self.columns, *map(_column_number, set(far_column.findall(window))), 0)
        self.rows = max(self.rows, *map(int, set(far_row.findall(window))), 0)
        if usual:
            self._in_row = 0
        else:
            self._count_cells(chunk)

    def _count_cells(self, chunk: bytes) -> None:
        """Cells without a place stand one after the other; a row may go on in the next chunk."""
        first, *others = _ROW_BEGINS.split(chunk)
        counts = [self._in_row + len(_CELL_BEGINS.findall(first)), *(len(_CELL_BEGINS.findall(row)) for row in others)]
        self._in_row = counts[-1]
        self.columns = max(self.columns, *counts)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _too_large(limits: Limits) -> DomainError:
    return DomainError(
        "tabular.too_large",
        say("The workbook unpacks to more than %(megabytes)s MB and is not opened.", megabytes=limits.unpacked >> 20),
        field="file",
    )


def _rows(book: CalamineWorkbook, sheet: str, limits: Limits) -> Iterator[Row]:
    try:
        cells_of = book.get_sheet_by_name(sheet)
        if cells_of.start is None:
            return
        if cells_of.width > limits.columns:
            raise DomainError(
                "tabular.too_many_columns",
                say("The header has %(count)s columns; %(limit)s are the most.",
                    count=cells_of.width, limit=limits.columns),
                field="file",
            )  # fmt: skip
        for line, raw in enumerate(cells_of.iter_rows(), 1):
            yield Row(line, [cell if type(cell) is str and cell[:1] != "'" else cell_value(cell) for cell in raw])
    except (CalamineError, WorksheetNotFound, ValueError, OverflowError):
        raise _damaged() from None
