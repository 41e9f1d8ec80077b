"""Workbooks that a bank could really send: what a spreadsheet does to dates, numbers and cells."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import xlsxwriter

from tests.portfolio.intake.files import GOOD

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BOOKS"]

HEAD = [*GOOD, "due_date"]
Sheet = Any


def _book(fill: Callable[[Any, Sheet], None], *, first: str = "Sheet1", **options: Any) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **options}) as book:
        sheet = book.add_worksheet(first)
        sheet.write_row(0, 0, HEAD)
        fill(book, sheet)
    return target.getvalue()


def _row(sheet: Sheet, line: int, **change: Any) -> None:
    """A row of texts, and numbers where the change is one."""
    for column, name in enumerate(HEAD):
        value = {**GOOD, "account_ref": f"A-{line}", "customer_ref": f"C-{line}", **change}.get(name, "")
        (sheet.write_string if isinstance(value, str) else sheet.write_number)(line, column, value)


def _dated(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)
    sheet.write_datetime(1, HEAD.index("due_date"), date(2026, 10, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    _row(sheet, 2, due_date="2026-10-01")


def _numbers(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1, principal=1000.1, days_past_due=45)
    _row(sheet, 2, principal="1000.10", days_past_due="45")
    _row(sheet, 3, phone_1=13800138000, principal=0.1 + 0.2)
    _row(sheet, 4, card_last4=12)
    _row(sheet, 5, account_ref=6228480000000012)
    _row(sheet, 6, principal=1000.005)


def _merged(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)
    _row(sheet, 2, name="")
    sheet.merge_range(1, 2, 2, 2, "王小明")


def _hidden(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)
    other = book.add_worksheet("Shown")
    other.write_row(0, 0, HEAD)
    _row(other, 1)
    _row(other, 2)
    other.activate()
    sheet.hide()


def _formulas(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)
    sheet.write_formula(1, HEAD.index("principal"), "=500*2", None, 1000)
    _row(sheet, 2)
    sheet.write_formula(2, HEAD.index("name"), '=HYPERLINK("http://127.0.0.1","x")', None, "王小明")
    _row(sheet, 3)
    sheet.write_formula(3, HEAD.index("principal"), "=1/0", None, "#DIV/0!")


def _far_cell(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)
    sheet.write_string(1_048_575, 400, "x")


def _plain(book: Any, sheet: Sheet) -> None:
    _row(sheet, 1)


def _with_parts(*parts: tuple[str, bytes]) -> bytes:
    """A good workbook with more in its archive."""
    target = io.BytesIO(_book(_plain))
    with zipfile.ZipFile(target, "a") as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


LINK = b'<?xml version="1.0"?><externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>'

BOOKS: dict[str, Callable[[], bytes]] = {
    "dates_1900": lambda: _book(_dated),
    "dates_1904": lambda: _book(_dated, date_1904=True),
    "numbers_and_texts": lambda: _book(_numbers),
    "merged_cells": lambda: _book(_merged),
    "hidden_sheet": lambda: _book(_hidden, first="Hidden"),
    "formulas_in_cells": lambda: _book(_formulas),
    "far_cell": lambda: _book(_far_cell),
    "external_links": lambda: _with_parts(("xl/externalLinks/externalLink1.xml", LINK)),
    "bomb_of_members": lambda: _with_parts(*((f"xl/media/{n}", b"") for n in range(10_001))),
    "zip_of_something_else": lambda: _archive(),
    "damaged": lambda: _book(_plain)[:-400],
}


def _archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("readme.txt", "no table")
    return target.getvalue()
