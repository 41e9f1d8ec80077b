"""Rows that are kept back until all have been read, and come out in the order of their time. Memory holds two numbers a row."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.contact.log.rows import AttemptRow

__all__ = ["Spool"]


class Spool:
    """Rows of one file, on the disk in a file without a name, which is gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when the spool is forgotten, however the import ends
        weakref.finalize(self, self._file.close)
        self._times = array("q")
        self._places = array("q")

    def __len__(self) -> int:
        return len(self._times)

    def add(self, row: AttemptRow) -> None:
        """Keep a row."""
        self._times.append(int(row.at.timestamp()))
        self._places.append(self._file.tell())
        pickle.dump(row, self._file)

    def in_order(self) -> Iterator[AttemptRow]:
        """Every row once: earlier ones first, of one moment as they stood; corrections behind all that they may correct."""
        order = sorted(range(len(self._times)), key=self._times.__getitem__)
        corrections = []
        for number in order:
            row = self._read(number)
            if row.corrects:
                corrections.append(number)
            else:
                yield row
        for number in sorted(corrections):
            yield self._read(number)

    def _read(self, number: int) -> AttemptRow:
        self._file.seek(self._places[number])
        row: AttemptRow = pickle.load(self._file)  # noqa: S301  # written above, by this process
        return row
