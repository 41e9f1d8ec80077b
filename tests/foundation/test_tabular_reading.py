"""Files that banks could really send: each is read, or refused in words."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.errors import DomainError
from portal.foundation.tabular import Limits, Table, open_table

TEXT = "编号,姓名,金额\nA1,王小明,1.50\nA2,李华,2\n"
ROWS = [["A1", "王小明", "1.50"], ["A2", "李华", "2"]]


def table_of(content: bytes, **options: object) -> Table:
    return open_table(io.BytesIO(content), **options)  # type: ignore[arg-type]


def cells(table: Table) -> list[list[object]]:
    return [list(row.cells) for row in table.rows()]


def refusal(content: bytes, **options: object) -> DomainError:
    with pytest.raises(DomainError) as caught:
        list(table_of(content, **options).rows())
    return caught.value


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("gb18030", "gb18030"), ("gbk", "gb18030")],
)
def test_the_encoding_is_told_from_the_bytes(encoding: str, found: str) -> None:
    table = table_of(TEXT.encode(encoding))

    assert (table.header, table.encoding, table.kind) == (["编号", "姓名", "金额"], found, "csv")
    assert cells(table) == ROWS


def test_rare_characters_survive_gb18030() -> None:
    assert cells(table_of("姓名\n𠮷田㛃\n".encode("gb18030"))) == [["𠮷田㛃"]]


def test_an_encoding_that_fits_nothing_has_to_be_named() -> None:
    content = "名,b\n".encode() + b"\xff\xff,1\n"

    assert refusal(content).code == "tabular.encoding"
    assert "Name the encoding" in str(refusal(content).message)


def test_big5_that_decodes_as_gb18030_is_not_taken_for_it() -> None:
    big5 = "姓名,地址\n王小明,台北市信義區市府路一號\n".encode("big5")

    assert refusal(big5).code == "tabular.encoding"
    assert cells(table_of(big5, encoding="big5"))[-1][0] == "王小明"
    assert cells(table_of("姓名\n王小明\ue77b\n".encode("gb18030"), encoding="gb18030")) == [["王小明\ue77b"]]


def test_a_named_encoding_is_used_and_strict() -> None:
    assert cells(table_of("姓名\n張學友\n".encode("big5"), encoding="Big5")) == [["張學友"]]
    assert refusal("姓名\n王\n".encode("gb18030"), encoding="utf-8").code == "tabular.encoding"


@pytest.mark.parametrize("name", ["rot13", "zip", "unicode_escape", "no such", "", "x" * 500, "a\0b"])
def test_only_encodings_of_text_files_can_be_named(name: str) -> None:
    if name:
        assert refusal(TEXT.encode(), encoding=name).code == "tabular.encoding_unknown"
    else:
        assert cells(table_of(TEXT.encode(), encoding=name)) == ROWS


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(line_end: str) -> None:
    table = table_of(TEXT.replace("\n", line_end).encode())

    assert [(row.line, row.cells) for row in table.rows()] == [(2, ROWS[0]), (3, ROWS[1])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_header_line(delimiter: str) -> None:
    rows = TEXT.replace(",", delimiter).replace("王小明", '"王;,\t小明"')

    assert cells(table_of(rows.encode()))[0] == ["A1", "王;,\t小明", "1.50"]


def test_delimiters_inside_quoted_headers_do_not_count() -> None:
    assert table_of(b'"a,b,c,d";e\n1;2\n').header == ["a,b,c,d", "e"]


def test_quoted_line_ends_belong_to_the_cell_and_lines_are_counted_on() -> None:
    table = table_of(b'a,b\n"x\ny",1\nz,2\n')

    assert [(row.line, row.cells) for row in table.rows()] == [(2, ["x\ny", "1"]), (4, ["z", "2"])]


def test_blank_lines_and_blank_rows_are_passed_over() -> None:
    table = table_of(b"\n\na,b\n\n1,2\n,\n , \n3,4\n\n")

    assert [(row.line, row.cells) for row in table.rows()] == [(5, ["1", "2"]), (8, ["3", "4"])]


def test_short_rows_are_filled_up_and_long_ones_keep_what_is_too_much() -> None:
    assert cells(table_of(b"a,b\n1\n1,2,,\n1,2,3\n")) == [["1", ""], ["1", "2"], ["1", "2", "3"]]


def test_a_path_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes(TEXT.encode())

    assert cells(open_table(path)) == ROWS


def test_a_stream_that_cannot_seek_is_read() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert cells(open_table(Pipe(TEXT.encode()))) == ROWS


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "tabular.empty"),
        (b"\n \n\n", "tabular.empty"),
        (b"\xef\xbb\xbf", "tabular.empty"),
        (b"a,b\n", "tabular.no_rows"),
        (b"a,b", "tabular.no_rows"),
        (b"a,b\n,\n", "tabular.no_rows"),
        (b"%PDF-1.7\n", "tabular.wrong_type"),
        (b"PK\x05\x06" + bytes(18), "tabular.wrong_type"),
        (b"PK\x03\x04broken", "tabular.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "tabular.old_workbook"),
        (b"\x89PNG\r\n", "tabular.wrong_type"),
        (b"<html><table>", "tabular.wrong_type"),
        (b'<?xml version="1.0"?><Workbook>', "tabular.wrong_type"),
        (b"a,b\n1,\x002\n", "tabular.binary"),
        (b"a, A \n1,2\n", "tabular.duplicate_column"),
        (b'a,b\n1,"2\n3,4\n', "tabular.truncated"),
        (b'a,b\n1,"2"x\n', "tabular.quotes"),
        (b"a,b,c\n1,2,3\n4,5", "tabular.truncated"),
        ("姓名,b\n王小明,王".encode()[:-1], "tabular.truncated"),
        (b"a,b\n1," + b"x" * 40_000 + b"\n", "tabular.cell_too_long"),
        (b'a,b\n1,"' + b"x\n" * 100_000 + b'"\n', "tabular.cell_too_long"),
        (b"a,b\n1," + b"x" * 1_100_000 + b"\n", "tabular.line_too_long"),
        (b"a," * 600 + b"\n1\n", "tabular.too_many_columns"),
    ],
)
def test_what_cannot_be_read_is_refused_by_code(content: bytes, code: str) -> None:
    assert refusal(content).code == code


def test_a_refusal_names_the_line() -> None:
    assert "line 3" in str(refusal(b'a,b\n1,2\n3,"4\n').message)
    assert "Line 2 " in str(refusal(b"a,b\n1,\x002\n").message)
    assert "line 2, column 2" in str(refusal(b"a,b\n1," + b"x" * 40_000 + b"\n").message)


def test_a_last_trailer_row_is_not_taken_for_a_cut() -> None:
    assert cells(table_of("a,b,c\n1,2,3\n合计,1".encode()))[-1] == ["合计", "1", ""]


def test_the_end_mark_of_old_exports_is_no_row() -> None:
    assert cells(table_of(b"a,b\r\n1,2\r\n3\r\n\x1a")) == [["1", "2"], ["3", ""]]


def test_a_nameless_column_gets_a_name_and_a_nameless_tail_goes() -> None:
    assert table_of(b"a,,c,,\n1,2,3,,\n").header == ["a", "column 2", "c"]


@given(st.binary(max_size=400))
def test_random_bytes_never_do_more_than_refuse(content: bytes) -> None:
    try:
        list(table_of(content).rows())
    except DomainError as error:
        assert str(error.message)


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
def test_random_text_never_does_more_than_refuse(text: str, encoding: str) -> None:
    try:
        list(table_of(text.encode(encoding)).rows())
    except DomainError as error:
        assert str(error.message)


def test_limits_can_be_set() -> None:
    assert refusal(b"a,b\n1,xxxx\n", limits=Limits(cell_characters=3)).code == "tabular.cell_too_long"
