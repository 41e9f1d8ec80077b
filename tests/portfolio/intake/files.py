"""Small files for the tests of intake: a good row, and what is changed in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from portal.foundation.tabular import open_table
from portal.portfolio.intake import (
    AccountRow,
    MappingProfile,
    Reading,
    RejectedRow,
    SkippedRow,
    Summary,
    load_profile,
    read_accounts,
)

TODAY = date(2026, 11, 22)
GOOD = {
    "account_ref": "A-1",
    "customer_ref": "C-1",
    "name": "王小明",
    "phone_1": "13800138000",
    "card_last4": "0012",
    "principal": "1,000.00",
    "days_past_due": "45",
}
CARD = "6222021001116245702"  # 62, nineteen digits, right Luhn digit; made up


def csv_bytes(rows: Sequence[Sequence[str]], encoding: str = "utf-8", line_end: str = "\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator=line_end).writerows(rows)
    return text.getvalue().encode(encoding)


def accounts_file(*changes: Mapping[str, str], trailer: Sequence[str] = ()) -> bytes:
    """A file of good rows, each with its changes; references count up where they are not given."""
    rows = [
        {**GOOD, "account_ref": f"A-{n}", "customer_ref": f"C-{n}", **change} for n, change in enumerate(changes, 1)
    ]
    header = list(dict.fromkeys(name for row in rows for name in row))
    table = [header, *([row.get(name, "") for name in header] for row in rows)]
    return csv_bytes([*table, trailer] if trailer else table)


def reading_of(
    content: bytes, profile: MappingProfile | None = None, *, as_of: date | None = None, today: date = TODAY
) -> Reading[AccountRow | SkippedRow]:
    table = open_table(io.BytesIO(content))
    return read_accounts(table, profile or load_profile(None, "accounts"), as_of=as_of, today=today)


def outcomes(content: bytes, **options: Any) -> list[AccountRow | SkippedRow | RejectedRow]:
    return list(reading_of(content, **options))


def only_account(**change: str) -> AccountRow:
    [row] = outcomes(accounts_file(change))
    assert isinstance(row, AccountRow), row
    return row


def codes(**change: str) -> list[tuple[str, str]]:
    """Column and code of every error of a row with these changes."""
    [row] = outcomes(accounts_file(change))
    return [(issue.column, issue.code) for issue in row.errors] if isinstance(row, RejectedRow) else []


def warnings(**change: str) -> list[tuple[str, str]]:
    return [(issue.column, issue.code) for issue in only_account(**change).warnings]


def summary_of(content: bytes, **options: Any) -> dict[str, Any]:
    """The summary of an import into an empty portfolio."""
    reading = reading_of(content, **options)
    summary, totals, created = Summary(reading.unknown_columns), {}, 0
    for outcome in reading:
        summary.note(outcome)
        if isinstance(outcome, AccountRow):
            created += 1
            totals[outcome.currency] = totals.get(outcome.currency, 0) + outcome.total
    reading.check_control()
    summary.applied(created=created, totals=totals)
    return summary.as_dict("dry_run")


def cells(rows: Iterable[Any]) -> list[list[Any]]:
    return [row.cells for row in rows]
