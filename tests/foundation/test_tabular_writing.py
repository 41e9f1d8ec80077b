"""What is written can be read back, and no spreadsheet runs it."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.foundation.tabular import CsvWriter, XlsxWriter, escape_formula, open_table, unescape_formula

WRITERS: list[Any] = [CsvWriter, XlsxWriter]


def written(writer: Any, rows: list[list[Any]]) -> io.BytesIO:
    target = io.BytesIO()
    with writer(target) as out:
        for row in rows:
            out.write(row)
    target.seek(0)
    return target


@pytest.mark.parametrize("text", ["=1+1", "+8613800138000", "-1", "@SUM(A1)", "\tx", "\r=x", "＝1"])
def test_a_cell_that_begins_like_a_formula_is_escaped(text: str) -> None:
    assert escape_formula(text) == f"'{text}"
    assert unescape_formula(escape_formula(text)) == text


@given(st.text())
def test_escaping_is_exactly_reversible_and_never_leaves_a_formula(text: str) -> None:
    escaped = escape_formula(text)

    assert unescape_formula(escaped) == text
    assert escaped[:1] not in tuple("=+-@\t\r\n")


@pytest.mark.parametrize("writer", WRITERS)
def test_numbers_and_dates_are_written_as_such(writer: Any) -> None:
    stream = written(writer, [["a", "b", "c", "d", "e"], [Decimal("-1.50"), date(2026, 11, 22), 7, None, 10**18]])

    [row] = open_table(stream).rows()

    assert [str(cell) for cell in row.cells] in (
        ["-1.50", "2026-11-22", "7", "", "1" + "0" * 18],
        ["-1.5", "2026-11-22", "7", "", "1" + "0" * 18],
    )


def test_a_csv_file_opens_in_a_spreadsheet_without_questions() -> None:
    content = written(CsvWriter, [["姓名"], ["=cmd|' /C calc'!A0"]]).getvalue()

    assert content == "\ufeff姓名\r\n'=cmd|' /C calc'!A0\r\n".encode()


# What text may hold: no control characters, which both writers leave out.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=30)
CELLS = st.one_of(TEXTS, st.sampled_from(["=1+1", "'=x", "''-", "+86", "@a", "a,b", 'say "x"', "_x0041_", "𠮷㛃"]))


@pytest.mark.parametrize("writer", WRITERS)
@settings(deadline=None, max_examples=60)
@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_what_is_written_is_read_back(writer: Any, rows: list[list[str]]) -> None:
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    assume(filled)

    table = open_table(written(writer, [["first", "second"], *rows]))

    assert [row.cells for row in table.rows()] == filled


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_no_cell_of_any_csv_begins_like_a_formula(row: list[str]) -> None:
    content = written(CsvWriter, [row]).getvalue().decode("utf-8-sig")

    for cells in csv.reader(io.StringIO(content, newline="")):
        assert all(cell[:1] not in tuple("=+-@\t\r") for cell in cells if cell)
