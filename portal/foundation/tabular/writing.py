"""Writing tables that a spreadsheet can open and cannot run; streaming, whatever their size."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

import xlsxwriter

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular.cells import escape_formula

__all__ = ["CsvWriter", "RowWriter", "XlsxWriter"]

Value = str | int | Decimal | date | bool | None

# What neither a text file nor a workbook may hold.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOST_ROWS: Final = 1_048_576
_MOST_CHARACTERS: Final = 32_767
_EXACT_IN_A_SHEET: Final = 10**15


class RowWriter(Protocol):
    """Takes rows one by one; use as a context manager."""

    def write(self, row: Iterable[Value]) -> None:
        """One row. Text is escaped; numbers and dates are written as such."""

    def can_write(self, text: str) -> bool:
        """Whether the file's encoding has all characters of a text."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...


def _clean(text: str) -> str:
    return escape_formula(_CONTROL.sub("", text) if not text.isprintable() else text)


class CsvWriter:
    """UTF-8 with byte order mark and CRLF, as spreadsheets open it without asking, or in another encoding and with another
    delimiter. The stream stays open."""

    def __init__(self, stream: IO[bytes], *, encoding: str = "utf-8", delimiter: str = ",") -> None:
        self._encoding = "utf-8-sig" if encoding == "utf-8" else encoding
        if self._encoding == "utf-8-sig":
            stream.write(codecs.BOM_UTF8)
            self._encoding = "utf-8"
        text = codecs.getwriter(self._encoding)(stream)
        self._csv = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")

    def can_write(self, text: str) -> bool:
        """Whether the encoding has all its characters."""
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def write(self, row: Iterable[Value]) -> None:
        """One row. Text that a spreadsheet would run is escaped; dates in ISO form, amounts as plain decimals."""
        self._csv.writerow([_clean(value) if isinstance(value, str) else _plain_value(value) for value in row])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing is held back, so nothing is left to do."""


def _plain_value(value: int | Decimal | date | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


class XlsxWriter:
    """Sheets in constant memory, one after the other: rows go to disk as they come, the workbook is packed at the end."""

    def __init__(self, target: Path | str | IO[bytes], *, sheet: str = "Sheet1") -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(target) if isinstance(target, Path) else target, options)
        self._sheet = self._book.add_worksheet(sheet)
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._next = 0

    def next_sheet(self, name: str) -> None:
        """Rows go into another sheet from here on; the one before is done."""
        self._sheet = self._book.add_worksheet(name)
        self._next = 0

    def can_write(self, text: str) -> bool:
        """A workbook holds every text."""
        return True

    def write(self, row: Iterable[Value]) -> None:
        """One row. Text is escaped and never a formula; whole numbers and decimals that fit are numbers."""
        if self._next >= _MOST_ROWS:
            raise DomainError(
                "tabular.too_many_rows",
                say("A sheet holds %(limit)s rows at most; choose CSV for this many.", limit=_MOST_ROWS),
            )
        for column, value in enumerate(row):
            self._write_cell(column, value)
        self._next += 1

    def _write_cell(self, column: int, value: Value) -> None:
        if isinstance(value, str):
            self._sheet.write_string(self._next, column, _clean(value)[:_MOST_CHARACTERS])
        elif isinstance(value, bool):
            self._sheet.write_boolean(self._next, column, value)
        elif isinstance(value, (int, Decimal)) and -_EXACT_IN_A_SHEET < value < _EXACT_IN_A_SHEET:
            self._sheet.write_number(self._next, column, value)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(self._next, column, value.replace(tzinfo=None), self._instant)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._next, column, value, self._day)
        elif value is not None:
            self._sheet.write_string(self._next, column, _plain_value(value))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._book.close()
