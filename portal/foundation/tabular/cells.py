"""What stands in one cell, and how it is kept from being run as a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, NamedTuple

from portal.foundation.values import plain

__all__ = [
    "Cell", "NumberText", "Row", "cell_text", "cell_value", "escape_formula", "is_trailer", "number_text",
    "unescape_formula",
]  # fmt: skip

# Text as it stands, or the date that a spreadsheet says it is. Numbers arrive as their exact text.
Cell = str | date


class NumberText(str):
    """The exact text of a number that a spreadsheet holds as one, so that nobody wrote it in a form of their own."""

    __slots__ = ()


class Row(NamedTuple):
    """A data row: the line (CSV) or row (XLSX) where it begins, and its cells.

    Short rows are filled up with empty cells; a row with more filled cells than the header has keeps them all, so
    that whoever reads it can reject it.
    """

    line: int
    cells: list[Cell]


# OWASP's list for CSV injection, with the full-width signs that some spreadsheets take for the plain ones.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_UNREADABLE_SIZE: Final = 10**15  # from here a spreadsheet's number has lost digits
_EXACT_DIGITS: Final = 15


def escape_formula(text: str) -> str:
    """Text that a spreadsheet would run, with an apostrophe before it; reversible by `unescape_formula`."""
    return f"'{text}" if _FORMULA.match(text) else text


def unescape_formula(text: str) -> str:
    """Takes back exactly what `escape_formula` added."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def cell_text(cell: Cell) -> str:
    """A cell as text; dates in ISO form."""
    return cell if isinstance(cell, str) else cell.isoformat()


def is_trailer(cells: Sequence[Cell]) -> bool:
    """Whether a row is the trailer: `TRAILER` or 合计 in its first cell, the count and the total behind it."""
    first = cells[0] if cells else ""
    return isinstance(first, str) and plain(first).upper() in ("TRAILER", "合计")


def number_text(value: float) -> str:
    """The exact text of a spreadsheet's number, without the noise of its binary form.

    Spreadsheets keep fifteen digits. A longer whole number (an account number typed as a number) has lost the rest:
    it is written in scientific notation, as the spreadsheet shows it, so that it is never taken for a reference.
    """
    if isinstance(value, int) and abs(value) < _UNREADABLE_SIZE:
        return str(value)
    if abs(value) >= _UNREADABLE_SIZE:
        return f"{Decimal(value):.14E}"
    if value == int(value):
        return str(int(value))
    return f"{Decimal(f'{value:.{_EXACT_DIGITS}g}'):f}"


def cell_value(raw: Any) -> Cell:
    """A cell of a spreadsheet as calamine gives it, in our terms."""
    if isinstance(raw, str):
        return unescape_formula(raw)
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        return NumberText(number_text(raw))
    if isinstance(raw, datetime):
        return raw if raw.time() != time.min else raw.date()
    if isinstance(raw, date):
        return raw
    return "" if raw is None else str(raw)
