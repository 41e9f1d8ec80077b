"""Rows as a file that streams to whoever asked for it, through the writers of `tabular`."""

from __future__ import annotations

from io import BytesIO
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from portal.foundation.tabular import CsvWriter, XlsxWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["book_stream", "csv_stream", "xlsx_stream"]

_CHUNK = 64 * 1024
_ROWS_A_CHUNK = 500


def csv_stream(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """CSV in pieces of some hundred rows; nothing is kept."""
    buffer = BytesIO()
    with CsvWriter(buffer) as writer:
        writer.write(header)
        for count, row in enumerate(rows, start=1):
            writer.write(row)
            if count % _ROWS_A_CHUNK == 0:
                yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: BytesIO) -> bytes:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece


def xlsx_stream(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A workbook, which is whole only at its end: it is written to disk and sent from there."""
    return book_stream([("Sheet1", header, rows)])


def book_stream(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> Iterator[bytes]:
    """A workbook of several sheets: the name, the header and the rows of each. Rows are asked for sheet by sheet."""
    with TemporaryFile() as file:
        with XlsxWriter(file, sheet=sheets[0][0]) as writer:
            for number, (name, header, rows) in enumerate(sheets):
                if number:
                    writer.next_sheet(name)
                writer.write(header)
                for row in rows:
                    writer.write(row)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece
