"""Rejected rows come back in the form of their file, are mended there, and go in as new rows."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import xlsxwriter
from flask_babel import force_locale

from portal.foundation.services import services
from portal.foundation.tabular import NumberText, open_table
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.intake.layout import REJECT_COLUMNS
from portal.portfolio.models import Account, RejectedRow
from portal.portfolio.operations import import_accounts, receive_accounts
from tests.portfolio.bringing import bring_accounts, last_run, sender
from tests.portfolio.intake.files import CARD, GOOD, TODAY, accounts_file

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.foundation.tabular import Table

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.usefixtures("app")]


def rejects() -> bytes:
    run = last_run()
    assert run.rejects_digest
    with services().storage.open(run.rejects_digest) as file:
        return file.read()


def written(encoding: str, delimiter: str, *changes: dict[str, str]) -> bytes:
    text = io.StringIO()
    rows = [GOOD | {"account_ref": f"A-{n}", "customer_ref": f"C-{n}"} | change for n, change in enumerate(changes, 1)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([header, *([row.get(name, "") for name in header] for row in rows)])
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize(
    ("encoding", "delimiter", "named"),
    [
        ("gb18030", ";", None),
        ("utf-8", "\t", None),
        ("utf-8-sig", ",", None),
        ("big5", ",", "big5"),
        ("utf-16", ";", None),
    ],
)
def test_text_comes_back_in_its_encoding_and_with_its_delimiter(
    encoding: str, delimiter: str, named: str | None
) -> None:
    bring_accounts(written(encoding, delimiter, {}, {"name": "張偉", "days_past_due": "x"}), encoding=named)

    content = rejects()

    table = open_table(io.BytesIO(content), encoding=named)
    assert (table.header, table.delimiter) == ([*GOOD, *REJECT_COLUMNS], delimiter)
    [row] = table.rows()
    assert row.cells[2] == "張偉"
    assert row.cells[-2] == "3"
    assert "unreadable" in str(row.cells[-1])
    assert content.decode(encoding)


def test_a_mended_file_brings_the_rows_in_as_new_ones(db_session: Session) -> None:
    bring_accounts(written("gb18030", ";", {}, {"days_past_due": "很久"}, {"principal": "-1"}))
    mended = rejects().decode("gb18030").replace("很久", "40").replace("'-1;45", "1;45").encode("gb18030")

    summary = bring_accounts(mended)

    assert (summary["status"], summary["created"], summary["rejected"], summary["unknown_columns"]) == (
        "applied",
        2,
        0,
        [],
    )
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Account)) == 3


def test_reasons_of_last_time_make_room_for_those_of_this_time() -> None:
    bring_accounts(written("utf-8", ",", {}, {"days_past_due": "x"}, {"principal": "y"}))
    half = rejects().decode("utf-8-sig").replace(",x,", ",3,").encode()
    bring_accounts(half)

    table = open_table(io.BytesIO(rejects()))
    [row] = table.rows()
    assert table.header == [*GOOD, *REJECT_COLUMNS]
    assert (row.cells[0], row.cells[-2]) == ("A-3", "3")


def test_the_columns_are_called_in_the_language_of_the_sender_and_known_again(app: Flask) -> None:
    with app.test_request_context(), force_locale("zh_Hans"):
        bring_accounts(written("gb18030", ",", {}, {"days_past_due": "x"}))
        first = open_table(io.BytesIO(rejects()))
        half = rejects()
        with pytest.raises(ImportRefused):  # no good row
            bring_accounts(half)
        again = open_table(io.BytesIO(rejects()))

    assert first.header == again.header == [*GOOD, "拒收行号", "拒收原因"]
    assert "days_past_due: 天数不是整数" in str(next(iter(first.rows())).cells[-1])
    assert last_run().summary["unknown_columns"] == []  # type: ignore[index]


def workbook(*changes: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("账户")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        rows = [GOOD | {"account_ref": f"A-{n}", "due_date": "", "remark": ""} | c for n, c in enumerate(changes, 1)]
        sheet.write_row(0, 0, list(rows[0]))
        for line, row in enumerate(rows, 1):
            for place, value in enumerate(row.values()):
                if hasattr(value, "isoformat"):
                    sheet.write_datetime(line, place, value, day)
                elif isinstance(value, str):
                    sheet.write_string(line, place, value)
                else:
                    sheet.write(line, place, value)
    return stream.getvalue()


def read_workbook(content: bytes) -> Table:
    assert content.startswith(b"PK")
    return open_table(io.BytesIO(content))


def test_a_workbook_comes_back_as_a_workbook_that_runs_nothing() -> None:
    actor = sender()
    bad = {
        "name": "=HYPERLINK(1)",
        "due_date": TODAY,
        "principal": 12.5,
        "days_past_due": "x",
        "remark": f"card {CARD}",
    }
    run = receive_accounts(actor, io.BytesIO(workbook({}, bad)), "book.xlsx", Options(), as_job=False)
    summary = import_accounts(actor, run.id)

    assert summary["rejects_file"] == "book.rejects.xlsx"
    table = read_workbook(rejects())
    [row] = table.rows()
    cells = dict(zip(table.header, row.cells, strict=True))
    assert table.header[-2:] == list(REJECT_COLUMNS)
    assert (cells["name"], cells["due_date"], cells["principal"]) == ("=HYPERLINK(1)", TODAY, NumberText("12.5"))
    assert isinstance(cells["principal"], NumberText)
    assert CARD not in str(cells) and cells["rejected_line"] == "3"


def test_a_reference_that_a_workbook_rounded_comes_back_as_it_looks() -> None:
    bring_accounts(workbook({}, {"account_ref": 6_228_480_402_564_890_018}))

    [row] = read_workbook(rejects()).rows()
    assert str(row.cells[0]).startswith("6.2284804")
    assert last_run().summary["errors"] == {"scientific_notation": 1}  # type: ignore[index]


def test_what_stood_there_is_kept_masked_beside_the_rule(db_session: Session) -> None:
    secret = {"phone_1": "1380013800", "id_no": "110105194912310021", "email": "wang@example.com", "days_past_due": "soon",
              "remark": f"tel 13800138000, {CARD}", "name": "王小明"}  # fmt: skip
    bring_accounts(accounts_file({}, secret))

    errors = {e["column"]: e for e in db_session.scalars(sa.select(RejectedRow)).one().errors}
    assert (errors["days_past_due"]["value"], errors["days_past_due"]["code"]) == ("soon", "unreadable")
    assert errors["id_no"]["value"] == "****"
    kept = str(errors)
    for value in ("110105194912310021", "13800138000", "1380013800", CARD, "wang@"):
        assert value not in kept


def test_a_card_number_that_was_starred_makes_no_account_when_the_file_is_sent_again(db_session: Session) -> None:
    bring_accounts(written("utf-8", ",", {}, {"account_ref": CARD}))
    assert b"****" in rejects()

    with pytest.raises(ImportRefused) as caught:
        bring_accounts(rejects())

    assert (caught.value.summary["created"], caught.value.summary["errors"]) == (0, {"card_number": 1})
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Account)) == 1
