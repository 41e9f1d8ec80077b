"""The file of rejected rows: of the same form, the reasons beside them, ready to be mended and sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import IO

from portal.foundation.language import Message, say
from portal.foundation.tabular import Cell, CsvWriter, NumberText, RowWriter, Table, XlsxWriter, cell_text
from portal.foundation.values import mask_card_numbers
from portal.portfolio.intake.layout import REJECT_COLUMNS, REJECT_HEADERS
from portal.portfolio.intake.rows import RejectedRow, RowIssue

__all__ = ["RejectsFile", "writer_like"]

_COLUMNS = (say("rejected_line"), say("rejected_because"))


def writer_like(table: Table, stream: IO[bytes]) -> RowWriter:
    """Writes a file of the form that a file came in: a workbook, or text in the same encoding and with the same delimiter."""
    if table.kind == "xlsx":
        return XlsxWriter(stream)
    return CsvWriter(stream, encoding=table.encoding or "utf-8", delimiter=table.delimiter or ",")


class RejectsFile:
    """Writes rejected rows through a CSV or XLSX writer; card numbers are starred, nothing else is changed.

    `in_words` says a message in the reader's language (`translate` where somebody is being served).
    """

    def __init__(self, writer: RowWriter, header: Sequence[str], in_words: Callable[[Message], str] = str) -> None:
        self._writer = writer
        self._in_words = in_words
        # A file that was mended and sent again brings the reasons of last time; they make room for the new ones.
        self._kept = [place for place, name in enumerate(header) if name not in REJECT_HEADERS]
        self._width = len(header)
        self._writer.write([*(header[place] for place in self._kept), *self._columns()])

    def _columns(self) -> tuple[str, ...]:
        """What the two columns are called in the reader's language, where the file's encoding has the characters and the
        names would be known again."""
        names = tuple(map(self._in_words, _COLUMNS))
        is_known = all(name in REJECT_HEADERS and self._writer.can_write(name) for name in names)
        return names if is_known else REJECT_COLUMNS

    def write(self, row: RejectedRow) -> None:
        """One rejected row with its line and its reasons."""
        places = [*self._kept, *range(self._width, len(row.cells))]
        cells = [_as_it_came(row.cells[place]) for place in places]
        kept, surplus = cells[: len(self._kept)], cells[len(self._kept) :]
        self._writer.write([*kept, str(row.line), "; ".join(map(self._reason, row.errors)), *surplus])

    def _reason(self, issue: RowIssue) -> str:
        """In the reader's language, unless the file's encoding has no characters for it."""
        column = f"{issue.column}: " if issue.column else ""
        for words in (self._in_words(issue.message), str(issue.message)):
            if self._writer.can_write(words):
                return f"{column}{words} [{issue.code}]"
        return f"{column}[{issue.code}]"


def _as_it_came(cell: Cell) -> str | date | Decimal:
    """A cell as it is written again: a spreadsheet's days and numbers as such, text as text, card numbers starred."""
    if not isinstance(cell, str):
        return cell
    text = mask_card_numbers(cell_text(cell))
    is_number = isinstance(cell, NumberText) and text == cell and "E" not in cell
    return Decimal(text) if is_number else str(text)
