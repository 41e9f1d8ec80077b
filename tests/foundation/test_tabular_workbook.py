"""Workbooks: typed cells, sheets, and archives that mean harm."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.foundation.errors import DomainError
from portal.foundation.tabular import Limits, open_table, sheet_names


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return target.getvalue()


def repacked(content: bytes, **changed: bytes) -> bytes:
    """The archive with some of its parts replaced; `sheet` is the first sheet."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "book": "xl/workbook.xml"}
    replaced = {names[key]: value for key, value in changed.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, replaced.get(item, old.read(item)))
    return target.getvalue()


def rows_of(content: bytes, **options: Any) -> list[list[Any]]:
    return [row.cells for row in open_table(io.BytesIO(content), **options).rows()]


def refusal(content: bytes, **options: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        rows_of(content, **options)
    return caught.value


def test_cells_keep_their_type_and_numbers_their_exact_text() -> None:
    content = workbook(
        ("甲", [["a", "b", "c", "d", "e", "f"], [date(2026, 11, 22), 0.1 + 0.2, 1234567.89, 45, True, "007"]])
    )

    assert rows_of(content) == [[date(2026, 11, 22), "0.3", "1234567.89", "45", "TRUE", "007"]]


def test_a_long_number_shows_that_its_last_digits_are_lost() -> None:
    assert rows_of(workbook(("a", [["ref", "x"], [6228480123456789123, 1e-7]]))) == [
        ["6.22848012345679E+18", "0.0000001"]
    ]


def test_a_date_with_a_time_keeps_it() -> None:
    assert rows_of(workbook(("a", [["at"], [datetime(2026, 11, 22, 13, 5)]]))) == [[datetime(2026, 11, 22, 13, 5)]]  # noqa: DTZ001


def test_rows_are_numbered_as_the_sheet_numbers_them() -> None:
    table = open_table(io.BytesIO(workbook(("a", [[], [], ["h", "i"], [], ["1", "2"]]))))

    assert (table.header, [row.line for row in table.rows()]) == (["h", "i"], [5])


def test_a_sheet_is_chosen_by_name_and_the_first_one_otherwise() -> None:
    content = workbook(("甲", [["a"], ["1"]]), ("乙", [["a"], ["2"]]))

    assert sheet_names(io.BytesIO(content)) == ["甲", "乙"]
    assert rows_of(content) == [["1"]]
    assert rows_of(content, sheet="乙") == [["2"]]
    assert refusal(content, sheet="丙").code == "tabular.no_sheet"
    assert "甲, 乙" in str(refusal(content, sheet="丙").message)


def test_an_empty_sheet_and_a_header_alone_are_refused() -> None:
    assert refusal(workbook(("a", []))).code == "tabular.empty"
    assert refusal(workbook(("a", [["h"]]))).code == "tabular.no_rows"
    several = refusal(workbook(("notes", [["h"]]), ("accounts", [["h"], ["1"]])))
    assert "The sheet “notes” has a header and no rows" in str(several.message)


def test_a_truncated_workbook_is_refused() -> None:
    content = workbook(("a", [["h"], *([str(n)] for n in range(500))]))

    for cut in range(5, len(content), 499):
        assert refusal(content[:cut]).code in ("tabular.damaged", "tabular.wrong_type")


def test_an_archive_without_a_workbook_is_no_table() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("accounts.csv", "a,b\n1,2\n")

    assert refusal(target.getvalue()).code == "tabular.wrong_type"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = repacked(workbook(("a", [["h"], ["1"]])), sheet=b"<x>" + b"0" * 30_000_000)

    assert len(bomb) < 100_000
    assert refusal(bomb, limits=Limits(unpacked=10_000_000)).code == "tabular.too_large"


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(repacked(workbook(("a", [["h"], ["1"]])), sheet=b"<x>" + b"0" * 30_000_000))
    true_size = (30_000_003).to_bytes(4, "little")
    assert content.count(true_size) == 2
    lying = bytes(content).replace(true_size, (100).to_bytes(4, "little"))

    assert refusal(lying, limits=Limits(unpacked=10_000_000)).code in ("tabular.damaged", "tabular.too_large")


@pytest.mark.parametrize(
    "row",
    [
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
        '<row r="3"><c s="1" r = \'XFD1048576\'><v>1</v></c><c r="A3"><v>1</v></c></row>',
        '<row spans="1:9" r="1048576">' + "<c><v>1</v></c>" * 16_000 + "</row>",
    ],
)
def test_one_cell_at_the_far_corner_does_not_allocate_the_grid(row: str) -> None:
    content = workbook(("a", [["h"], ["1"]]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = f"{row}</sheetData>".encode()

    assert refusal(repacked(content, sheet=sheet.replace(b"</sheetData>", far))).code == "tabular.grid"


def test_broken_xml_is_refused() -> None:
    content = workbook(("a", [["h"], ["1"]]))

    assert refusal(repacked(content, sheet=b"<worksheet><sheetData><row><c")).code in (
        "tabular.damaged",
        "tabular.empty",
    )
    assert refusal(repacked(content, book=b"<")).code in ("tabular.damaged", "tabular.no_sheet")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=8))
def test_damaged_bytes_never_do_more_than_refuse(place: int, noise: bytes) -> None:
    content = bytearray(workbook(("a", [["h", "i"], ["1", 2.5]])))
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        rows_of(bytes(content))
    except DomainError as error:
        assert str(error.message)
