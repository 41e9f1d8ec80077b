"""The file of rejected rows: of the same form, the reasons beside them, ready to be mended and sent again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from portal.foundation.language import Message
from portal.foundation.tabular import RowWriter, cell_text
from portal.foundation.values import mask_card_numbers
from portal.portfolio.intake.layout import REJECT_COLUMNS
from portal.portfolio.intake.rows import RejectedRow

__all__ = ["RejectsFile"]


class RejectsFile:
    """Writes rejected rows through a CSV or XLSX writer; card numbers are starred, nothing else is changed.

    `in_words` says a message in the reader's language (`translate` where somebody is being served).
    """

    def __init__(self, writer: RowWriter, header: Sequence[str], in_words: Callable[[Message], str] = str) -> None:
        self._writer = writer
        self._in_words = in_words
        # A file that was mended and sent again brings the reasons of last time; they make room for the new ones.
        self._kept = [place for place, name in enumerate(header) if name not in REJECT_COLUMNS]
        self._width = len(header)
        self._writer.write([*(header[place] for place in self._kept), *REJECT_COLUMNS])

    def write(self, row: RejectedRow) -> None:
        """One rejected row with its line and its reasons."""
        reasons = "; ".join(
            f"{issue.column}: {self._in_words(issue.message)} [{issue.code}]" if issue.column
            else f"{self._in_words(issue.message)} [{issue.code}]"
            for issue in row.errors
        )  # fmt: skip
        places = [*self._kept, *range(self._width, len(row.cells))]
        cells = [mask_card_numbers(cell_text(row.cells[place])) for place in places]
        kept, surplus = cells[: len(self._kept)], cells[len(self._kept) :]
        self._writer.write([*kept, row.line, reasons, *surplus])
