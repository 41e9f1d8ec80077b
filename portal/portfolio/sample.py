"""The head of a file that waits: what it is and its first rows, kept beside it, so that no page opens the whole file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import as_data, from_data
from portal.foundation.tabular import NumberText, Row, Table, open_table, sheet_names

if TYPE_CHECKING:
    from portal.foundation.language import Message
    from portal.foundation.tabular import Cell

__all__ = ["Sample", "take"]

ROWS: Final = 60
# What a person can mend without sending the file again: its encoding is to be named, or another sheet chosen.
_MENDABLE: Final = frozenset(("tabular.encoding", "tabular.encoding_unknown", "tabular.no_sheet"))
_MENDABLE_IN_A_BOOK: Final = frozenset(("tabular.empty", "tabular.no_rows", "tabular.duplicate_column"))


@dataclass(frozen=True)
class Sample:
    """`trouble` says why the head could not be read; then there are no rows, and encoding or sheet have to be named."""

    kind: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    trouble: Message | None = None
    trouble_field: str = ""

    def table(self) -> Table:
        """The head as if it were the file."""
        return Table(list(self.header), self.encoding, self.kind, self.sheet, iter(self.rows), self.delimiter)

    def values(self, place: int, most: int = 3) -> list[Cell]:
        """The first different values of a column."""
        found = dict.fromkeys(
            row.cells[place] for row in self.rows if place < len(row.cells) and row.cells[place] != ""
        )
        return list(islice(found, most))

    def to_json(self) -> bytes:
        """For the storage."""
        data = {
            "kind": self.kind,
            "header": self.header,
            "rows": [[row.line, [_kept(cell) for cell in row.cells]] for row in self.rows],
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "sheets": self.sheets,
            "trouble": as_data(self.trouble) if self.trouble else None,
            "trouble_field": self.trouble_field,
        }
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")

    @classmethod
    def from_json(cls, content: bytes) -> Sample:
        """The inverse."""
        data = json.loads(content.decode("utf-8", "surrogatepass"))
        return cls(
            kind=data["kind"],
            header=tuple(data["header"]),
            rows=tuple(Row(line, [_found(cell) for cell in cells]) for line, cells in data["rows"]),
            encoding=data["encoding"],
            delimiter=data["delimiter"],
            sheet=data["sheet"],
            sheets=tuple(data["sheets"]),
            trouble=from_data(data["trouble"]) if data["trouble"] else None,
            trouble_field=data["trouble_field"],
        )


def _kept(cell: Cell) -> Any:
    if isinstance(cell, NumberText):
        return {"number": str(cell)}
    return cell if isinstance(cell, str) else {"day": cell.isoformat()}


def _found(value: Any) -> Cell:
    match value:
        case {"number": str(text)}:
            return NumberText(text)
        case {"day": str(text)}:
            return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return str(value)


def take(content: IO[bytes], sheet: str | None = None, encoding: str | None = None) -> Sample:
    """The head of a file. DomainError for what is no table at all, or whose first rows cannot be read."""
    try:
        table = open_table(content, sheet=sheet, encoding=encoding)
        rows = tuple(islice(table.rows(), ROWS))
    except DomainError as error:
        if error.code not in _MENDABLE | _MENDABLE_IN_A_BOOK:
            raise
        return _troubled(content, sheet, encoding, error)
    header = tuple(table.header)
    return Sample(table.kind, header, rows, table.encoding, table.delimiter, table.sheet, table.sheets)


def _troubled(content: IO[bytes], sheet: str | None, encoding: str | None, error: DomainError) -> Sample:
    """The head of a file that a person can still mend by naming its encoding or another sheet; the error where none can."""
    sheets = tuple(sheet_names(content))
    if error.code in _MENDABLE_IN_A_BOOK and len(sheets) < 2:
        raise error
    kind, field = ("xlsx", "sheet") if sheets else ("csv", "encoding")
    return Sample(kind, (), (), encoding, None, sheet, sheets, error.message, field)
