"""Control figures, trailers, the summary's keys, and the file of rejected rows."""

from __future__ import annotations

import io

import pytest

from portal.foundation.errors import DomainError
from portal.foundation.tabular import CsvWriter, XlsxWriter, open_table
from portal.portfolio.intake import AccountRow, RejectedRow, RejectsFile, Summary
from tests.portfolio.intake.files import CARD, accounts_file, outcomes, reading_of, summary_of

KEYS = {
    "status", "rows", "created", "updated", "unchanged", "skipped", "rejected", "total", "rejects_file", "errors",
    "warnings", "skips", "unknown_columns",
}  # fmt: skip


def checked(content: bytes, **figures: object) -> None:
    reading = reading_of(content)
    list(reading)
    reading.check_control(**figures)  # type: ignore[arg-type]


def refusal(content: bytes, **figures: object) -> str:
    with pytest.raises(DomainError) as caught:
        checked(content, **figures)
    assert str(caught.value.message)
    return caught.value.code


def test_control_figures_count_rejected_rows_too() -> None:
    content = accounts_file({}, {"card_last4": "x", "principal": "5.50"})

    checked(content, count=2, total="1,005.50")
    assert refusal(content, count=1) == "intake.control_count"
    assert refusal(content, total="1000.00") == "intake.control_total"
    assert refusal(content, total="lots") == "intake.control_total"


def test_an_unreadable_amount_makes_any_total_differ() -> None:
    content = accounts_file({}, {"principal": "?"})

    checked(content, count=2)
    assert refusal(content, total="1000.00") == "intake.control_total"


@pytest.mark.parametrize("first", ["TRAILER", "合计", "trailer", "ＴＲＡＩＬＥＲ"])
def test_a_trailer_is_no_row_and_is_compared(first: str) -> None:
    good = accounts_file({}, {}, trailer=[first, "2", "2,000.00"])

    checked(good)
    assert summary_of(good)["rows"] == 2
    assert refusal(accounts_file({}, {}, trailer=[first, "3", "2000"])) == "intake.control_count"
    assert refusal(accounts_file({}, {}, trailer=[first, "2", "2000.01"])) == "intake.control_total"
    assert refusal(accounts_file({}, {}, trailer=[first, "two", ""])) == "intake.trailer"
    checked(accounts_file({}, {}, trailer=[first, "", ""]))


def test_nothing_may_stand_behind_the_trailer() -> None:
    assert refusal(accounts_file({}, trailer=["TRAILER", "1"]) + b"A-9,C-9,n,13800138000,0012,1,3\n") == (
        "intake.rows_after_trailer"
    )


def test_the_summary_has_exactly_the_agreed_keys() -> None:
    content = accounts_file({"branch": "x", "email": "nobody"}, {"principal": "-1", "card_last4": ""}, {})

    summary = summary_of(content)

    assert set(summary) == KEYS
    assert summary == {
        "status": "dry_run", "rows": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "rejected": 1,
        "total": "2000.00", "rejects_file": None, "errors": {"missing": 1, "negative": 1},
        "warnings": {"unreadable": 1}, "skips": {}, "unknown_columns": ["branch"],
    }  # fmt: skip


def test_totals_of_several_currencies_stand_apart() -> None:
    content = accounts_file({}, {"currency": "JPY", "principal": "500"})

    assert summary_of(content)["total"] == {"CNY": "1000.00", "JPY": "500"}


def test_nothing_changed_adds_up_to_nothing() -> None:
    summary = Summary()
    summary.applied(unchanged=5, totals={})

    assert summary.as_dict("applied")["total"] == "0.00"


def test_a_file_imported_before_has_all_its_rows_unchanged() -> None:
    first = summary_of(accounts_file({}, {"principal": "x", "branch": "y"}))

    again = Summary.already_imported(first)

    assert (again["status"], again["rows"], again["unchanged"], again["created"]) == ("already_imported", 2, 2, 0)
    assert (again["total"], again["unknown_columns"], again["errors"]) == ("0.00", ["branch"], {})


def test_a_skipped_row_of_a_known_account_is_not_skipped_after_all() -> None:
    summary = Summary()
    summary.skipped, summary.skips["not_overdue"] = 3, 3
    summary.known_after_all({"not_overdue": 3})
    summary.applied(updated=3, totals={"CNY": 0})

    found = summary.as_dict("applied")

    assert (found["skipped"], found["skips"], found["updated"], found["total"]) == (0, {}, 3, "0.00")


@pytest.mark.parametrize("writer", [CsvWriter, XlsxWriter])
def test_rejected_rows_can_be_mended_and_sent_again(writer: type[CsvWriter | XlsxWriter]) -> None:
    content = accounts_file(
        {"phone_1": "+8613800138000", "principal": "-1", "remark": "=1+1"}, {}, {"name": f"卡{CARD}", "card_last4": ""}
    )
    reading, target = reading_of(content), io.BytesIO()
    with writer(target) as out:
        rejects = RejectsFile(out, reading.header)
        for row in reading:
            if isinstance(row, RejectedRow):
                rejects.write(row)

    table = open_table(io.BytesIO(target.getvalue()))
    rows = [[str(cell) for cell in row.cells] for row in table.rows()]

    assert table.header == [*reading.header, "rejected_line", "rejected_because"]
    assert [row[-2] for row in rows] == ["2", "4"]
    assert "principal: An amount below zero. [negative]" in rows[0][-1]
    assert "[card_number]" in rows[1][-1]
    assert "[missing]" in rows[1][-1]
    assert "+8613800138000" in rows[0]
    assert CARD not in str(rows)
    again = reading_of(target.getvalue())
    assert again.unknown_columns == ("remark",)
    assert [type(row) for row in again] == [RejectedRow, RejectedRow]


def test_a_mended_file_is_good() -> None:
    target = io.BytesIO()
    reading = reading_of(accounts_file({"principal": "-1", "remark": "=1+1"}))
    with CsvWriter(target) as out:
        rejects = RejectsFile(out, reading.header)
        for row in reading:
            assert isinstance(row, RejectedRow)
            rejects.write(row)

    [row] = outcomes(target.getvalue().replace(b"'-1", b"1"))

    assert isinstance(row, AccountRow)
    assert row.extra == {"remark": "=1+1"}


def test_a_workbook_is_read_like_the_text_file() -> None:
    content = accounts_file({"interest": "1"}, {"principal": "-1"})
    source = open_table(io.BytesIO(content))
    target = io.BytesIO()
    with XlsxWriter(target) as out:
        out.write(source.header)
        for row in source.rows():
            out.write(str(cell) for cell in row.cells)

    assert outcomes(target.getvalue())[0] == outcomes(content)[0]
