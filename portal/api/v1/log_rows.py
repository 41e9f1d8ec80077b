"""Rows of a log as the file that they would be, and what the import says of that file's lines as said of the rows."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.foundation.errors import DomainError
from portal.foundation.language import from_data, say, translate
from portal.foundation.tabular import CsvWriter
from portal.portfolio.intake.layout import ATTEMPT_COLUMNS
from portal.portfolio.models import ImportKind, RejectedRow
from portal.portfolio.queries import import_run_for, rejected_rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["COLUMNS", "LogFile", "as_file", "changes_of", "rejected_of", "summary_told"]

# In front stands a column of a few words, so that no reference in the first cell is taken for a trailer.
COLUMNS = ("channel", *(c.field for c in ATTEMPT_COLUMNS if c.field != "channel"))
_TRAILER = ("TRAILER", "合计")


@dataclass(frozen=True)
class LogFile:
    """The file, and the line at which each row begins: a note may run over several."""

    written: bytes
    lines: tuple[int, ...]

    def row_at(self, line: int) -> int:
        """The number of the row that a line is of; the first is 1."""
        return bisect_right(self.lines, line)


def as_file(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> LogFile:
    """The rows as text with a header, UTF-8. DomainError for what a file would end with. `columns`: in this order; the
    first holds a few words only."""
    stream = io.BytesIO()
    writer = CsvWriter(stream)
    writer.write(columns)
    lines, line = [], 2
    for number, row in enumerate(rows):
        first = row.get(columns[0], "")
        if first.strip().upper() in _TRAILER or not any(value.strip() for value in row.values()):
            words = say("This row says nothing. Leave it out.")
            raise DomainError("field.invalid", words, field=f"rows.{number}")
        cells = [row.get(name, "").replace("\r\n", "\n").replace("\r", "\n") for name in columns]
        lines.append(line)
        line += 1 + sum(cell.count("\n") for cell in cells)
        writer.write(cells)
    return LogFile(stream.getvalue(), tuple(lines))


def summary_told(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The import's summary without the name of its file of rejected rows: the answer lists them itself."""
    return {name: value for name, value in summary.items() if name != "rejects_file"}


def rejected_of(session: Session, actor: Actor, run_id: int, file: LogFile) -> list[dict[str, Any]]:
    """What was wrong with rows of the run, in the asker's language; the values themselves the asker has."""
    rows = session.scalars(rejected_rows_of(actor, run_id).order_by(RejectedRow.line))
    return [
        {
            "line": file.row_at(row.line),
            "errors": [
                {"column": e["column"], "code": e["code"], "message": translate(from_data(e["message"]))}
                for e in row.errors
            ],
        }
        for row in rows
    ]


def changes_of(session: Session, actor: Actor, run_id: int) -> dict[str, int]:
    """What the run brought beside attempts: promises, holds, breaches …"""
    run = import_run_for(session, actor, ImportKind.ATTEMPTS, run_id)
    return dict((run.changes or {}).get("counts") or {})
