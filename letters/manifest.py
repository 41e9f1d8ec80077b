"""The manifest of a print file: one row a letter, in the data's order, as CSV and as XLSX."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import xlsxwriter

from letters.errors import Problem

COLUMNS = (
    "letter_no", "name", "postcode", "address", "pages", "first_page", "last_page", "currency", "total", "as_of",
    "content_sha256", "status", "reason", "tracking_no",
)  # fmt: skip
"""Columns and their order (reference/letters.md, Pack)."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Fixed date of creation in the XLSX, so that the same rows give the same bytes."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One letter of a job. `position` is its place in the data, from 1; pages count from 1 in the print
    file and are None for a letter that is not in it (held, or void since it was numbered). `total` is the data's own text, in `currency`."""

    position: int
    letter_no: str
    name: str
    postcode: str
    address: str
    currency: str
    total: str
    as_of: str
    content_sha256: str
    status: Literal["printed", "held", "void"]
    first_page: int | None = None
    last_page: int | None = None
    problems: tuple[Problem, ...] = ()
    tracking_no: str = ""

    @property
    def pages(self) -> int | None:
        """How many pages the letter has in the print file."""
        if self.first_page is None or self.last_page is None:
            return None
        return self.last_page - self.first_page + 1

    def reason(self, locale: str = "en") -> str:
        """Why the letter is held, naming letter and field; empty for a printed one."""
        if not self.problems:
            return ""
        words = "; ".join(problem.message(locale) for problem in self.problems)
        name = self.letter_no or "-"
        return (
            f"第 {self.position} 封（{name}）：{words}"
            if locale.startswith("zh")
            else f"letter {self.position} ({name}): {words}"
        )


def write_manifest_csv(rows: Iterable[ManifestRow], path: Path, locale: str = "en") -> None:
    """Write the manifest as CSV: UTF-8, values exactly as in the data (for spreadsheets take the XLSX)."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row, locale) for row in rows)


def write_manifest_xlsx(rows: Iterable[ManifestRow], path: Path, locale: str = "en") -> None:
    """Write the manifest as XLSX, text as text: no value becomes a formula or a number by itself."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "in_memory": False}) as book:
        book.set_properties({"created": _EPOCH})
        sheet = book.add_worksheet("manifest")
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(_cells(row, locale)):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, _storable(cell))


def _cells(row: ManifestRow, locale: str) -> Sequence[str | int]:
    def page(number: int | None) -> str | int:
        return "" if number is None else number

    return (
        row.letter_no, row.name, row.postcode, row.address, page(row.pages), page(row.first_page), page(row.last_page),
        row.currency, row.total, row.as_of, row.content_sha256, row.status, row.reason(locale), row.tracking_no,
    )  # fmt: skip


def _storable(text: str) -> str:
    """Text as XLSX can hold it: lone surrogates spelt out, 32,767 characters at most."""
    return text.encode("utf-8", "backslashreplace").decode()[:32767]
