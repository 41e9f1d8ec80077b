"""Days and amounts in the notation of other systems: read exactly as the mapping says, or not at all."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.errors import DomainError
from portal.foundation.money import format_amount
from portal.foundation.tabular import NumberText, open_table
from portal.portfolio.intake import AccountRow, RejectedRow, load_profile, parse_profile, read_accounts
from portal.portfolio.intake.notation import (
    DATE_FORMS,
    NUMBER_FORMS,
    NumberForm,
    date_forms,
    date_reader,
    number_form,
    read_serial,
)
from tests.portfolio.intake.files import GOOD, TODAY, csv_bytes, reading_of

DAY = date(2005, 6, 30)


@pytest.mark.parametrize(
    ("form", "written", "day"),
    [
        ("DD/MM/YYYY", "30/06/2005", DAY),
        ("DD/MM/YYYY", "１/６/２００５", date(2005, 6, 1)),
        ("MM/DD/YYYY", "06/30/2005", DAY),
        ("D.M.YYYY", "30.6.2005", DAY),
        ("DD-MM-YYYY", "30-06-2005", DAY),
        ("DDMMYYYY", "30062005", DAY),
        ("DD/MM/YY", "30/06/05", DAY),
        ("DD/MM/YY", "30/06/68", date(2068, 6, 30)),
        ("DD/MM/YY", "30/06/69", date(1969, 6, 30)),
        ("YYMMDD", "050630", DAY),
        ("ROC/MM/DD", "94/06/30", DAY),
        ("ROC/MM/DD", "094/6/30", DAY),
        ("ROCMMDD", "0940630", DAY),
        ("ROCMMDD", "940630", DAY),
        ("民国ROC年MM月DD日", "民国94年6月30日", DAY),
        ("excel", "38533", DAY),
        ("excel", "38533.75", DAY),
        ("standard", "2005年6月30日", DAY),
    ],
)
def test_a_day_is_read_in_the_form_that_the_mapping_names(form: str, written: str, day: date) -> None:
    assert date_reader(date_forms(form))(written) == day


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("DD/MM/YYYY", "06/30/2005"), ("MM/DD/YYYY", "30/06/2005"), ("DD/MM/YYYY", "30/06/05"), ("DD/MM/YYYY", "30.06.2005"),
        ("DDMMYYYY", "1062005"), ("DD/MM/YYYY", "31/02/2005"), ("DD/MM/YYYY", "20050630"), ("DD/MM/YYYY", ""),
        ("ROC/MM/DD", "2005/06/30"), ("excel", "60"), ("excel", "0"), ("excel", "99999"), ("DD/MM/YYYY", "38533"),
    ],
)  # fmt: skip
def test_a_day_in_another_form_is_no_day(form: str, written: str) -> None:
    with pytest.raises(ValueError):
        date_reader(date_forms(form))(written)


def test_two_forms_are_tried_in_their_order() -> None:
    read = date_reader(date_forms(["DD/MM/YYYY", "MM/DD/YYYY"]))

    assert (read("03/04/2005"), read("04/30/2005")) == (date(2005, 4, 3), date(2005, 4, 30))


def test_a_spreadsheets_own_day_is_a_day_whatever_the_form() -> None:
    read = date_reader(date_forms("DD/MM/YYYY"))

    assert read(DAY) == read(datetime.fromisoformat("2005-06-30T12:05")) == read(NumberText("38533")) == DAY
    assert read("2005-06-30") == DAY  # as which the file of rejected rows would write it


def test_serial_numbers_know_the_day_that_never_was() -> None:
    assert (read_serial("1"), read_serial("59"), read_serial("61")) == (
        date(1900, 1, 1), date(1900, 2, 28), date(1900, 3, 1),
    )  # fmt: skip


@given(st.dates(date(1969, 1, 1), date(2068, 12, 31)), st.sampled_from([f for f in DATE_FORMS if f != "standard"]))
def test_every_offered_form_reads_what_it_writes(day: date, form: str) -> None:
    written = f"{(day - date(1899, 12, 30)).days}"
    if form != "excel":
        written = form.replace("YYYY", f"{day:%Y}").replace("YY", f"{day:%y}").replace("ROC", f"{day.year - 1911:03d}")
        written = written.replace("MM", f"{day:%m}").replace("DD", f"{day:%d}")

    assert date_reader(date_forms(form))(written) == day


@pytest.mark.parametrize(
    "form", ["", "DD/MM", "DD/DD/YYYY", "yyyy-mm-dd", "DD/MM/YYYY HH", "%d.%m.%Y", 7, "DD/MM/YYYY/YY"]
)
def test_what_is_no_form_of_a_day_is_told_with_examples(form: Any) -> None:
    with pytest.raises(DomainError) as caught:
        date_forms([form])

    assert caught.value.code == "mapping.wrong"
    assert "DD/MM/YYYY" in str(caught.value.message)


@pytest.mark.parametrize(
    ("form", "written", "minor"),
    [
        ({"decimal": ","}, "1.234,56", 123_456),
        ({"decimal": ",", "thousands": " "}, "1 234 567,5", 123_456_750),
        ({"decimal": ",", "thousands": " "}, "1\xa0234,50", 123_450),
        ({"thousands": "'"}, "1'234.56", 123_456),
        ({"thousands": "'"}, "1’234.56", 123_456),
        ({"thousands": ""}, "1234.56", 123_456),
        ({"minor": True}, "123456", 123_456),
        ({"minor": True, "negative": "leading"}, "-5", -5),
        ({"negative": "parentheses"}, "(1,234.56)", -123_456),
        ({"negative": ["trailing", "leading"]}, "1,234.56-", -123_456),
        ({"negative": ["trailing", "leading"]}, "−12", -1_200),
        ({"currency": True}, "¥1,234.56", 123_456),
        ({"currency": True}, "NT$ 500", 50_000),
        ({"currency": True}, "CNY 5.00", 500),
        ({"currency": True, "decimal": ","}, "12,50 €", 1_250),
        ({"currency": True, "negative": ["leading", "parentheses"]}, "-$5", -500),
        ({"currency": True, "negative": ["leading", "parentheses"]}, "$-5", -500),
        ({"currency": True}, "１２元", 1_200),
    ],
)
def test_an_amount_is_read_in_the_form_that_the_mapping_names(form: dict[str, Any], written: str, minor: int) -> None:
    found = number_form(form)

    assert found is not None
    assert found.read(written, "CNY") == minor


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ({"decimal": ","}, "1,234.56"), ({"decimal": ","}, "1.23"), ({"decimal": ","}, "1.2345,00"), ({"decimal": ","}, "1,234"),
        ({"thousands": "'"}, "1,234.56"), ({"minor": True}, "12.50"), ({"minor": True}, "one"), ({"thousands": ""}, "1,234"),
        ({}, "(5)"), ({}, "5-"), ({}, "¥5"), ({"currency": True}, "¥"), ({"currency": True}, "¥5¥"), ({"negative": "trailing"}, "-5"),
        ({"negative": ["leading", "trailing"]}, "-5-"), ({"minor": True}, "9" * 20), ({}, "1e3"),
    ],
)  # fmt: skip
def test_an_amount_in_another_form_is_no_amount(form: dict[str, Any], written: str) -> None:
    found = number_form(form)

    assert found is not None
    with pytest.raises(ValueError):
        found.read(written, "CNY")


def test_a_number_of_a_spreadsheet_is_no_text_in_somebodys_notation() -> None:
    form = number_form({"decimal": ","})

    assert form is not None
    assert (form.read(NumberText("1234.56"), "CNY"), form.read("1.234", "CNY")) == (123_456, 123_400)
    assert NumberForm(minor=True).read(NumberText("123456"), "CNY") == 123_456


@given(
    st.integers(0, 10**12), st.sampled_from([name for name, form in NUMBER_FORMS.items() if form and not form.minor])
)
def test_every_offered_form_reads_the_amounts_that_it_writes(minor: int, name: str) -> None:
    form = NUMBER_FORMS[name]
    assert form is not None
    whole, fraction = format_amount(minor, "CNY").split(".")
    written = f"{int(whole):,}".replace(",", form.thousands) + form.decimal + fraction

    assert form.read(written, "CNY") == minor
    assert form.total(written) == Decimal(minor).scaleb(-2)


@pytest.mark.parametrize(
    "given_form",
    [{"decimal": ";"}, {"thousands": "_"}, {"decimal": ".", "thousands": "."}, {"negative": "red"}, {"minor": "yes"},
     {"currency": 1}, {"sign": "-"}, "1.234,56"],
)  # fmt: skip
def test_what_is_no_form_of_an_amount_is_told(given_form: Any) -> None:
    with pytest.raises(DomainError) as caught:
        number_form(given_form)

    assert caught.value.code == "mapping.wrong"


# --- in a profile ------------------------------------------------------------------------------------------------------

HEADER = ["nr", "kunde", "wer", "tel", "karte", "betrag", "summe", "tage", "faellig", "gezahlt"]
FORMED = """
name: fremd
version: 1
kind: accounts
formats: {date: DD.MM.YYYY, number: {decimal: ",", negative: [leading, trailing]}}
columns:
  account_ref: nr
  customer_ref: kunde
  name: wer
  phone_1: tel
  card_last4: karte
  principal: betrag
  total: summe
  days_past_due: tage
  due_date: faellig
  last_paid_on: {column: gezahlt, date: [ROC/MM/DD, excel]}
  interest: {value: "1.50"}
"""


def rows_of(*rows: list[str], today: date = TODAY) -> list[Any]:
    content = csv_bytes([HEADER, *rows])
    return list(reading_of(content, parse_profile(FORMED), today=today))


def test_a_field_has_a_form_of_its_own_and_a_fixed_value_is_written_our_way() -> None:
    [row] = rows_of(["A", "C", "王伟", "13800138000", "0001", "1.234,56", "1.236,06", "9", "08.10.2026", "115/10/01"])

    assert isinstance(row, AccountRow)
    assert (row.principal, row.interest, row.due_date, row.last_paid_on) == (
        123_456, 150, date(2026, 10, 8), date(2026, 10, 1),
    )  # fmt: skip


def test_what_is_written_in_another_form_is_unreadable_and_never_read_by_half() -> None:
    [row] = rows_of(["A", "C", "王伟", "13800138000", "0001", "1,234.56", "", "9", "2026/10/08", ""])

    assert isinstance(row, RejectedRow)
    assert [(issue.column, issue.code) for issue in row.errors] == [("betrag", "unreadable")]
    [row] = rows_of(["A", "C", "王伟", "13800138000", "0001", "5-", "", "9", "", ""])
    assert [(issue.column, issue.code) for issue in row.errors] == [("betrag", "negative")]


def test_the_trailer_is_written_as_the_files_amounts_are() -> None:
    good = ["A", "C", "王伟", "13800138000", "0001", "1.234,56", "", "9", "", ""]
    trailer = ["合计", "1", "1.236,06", "", "", "", "", "", "", ""]
    reading = reading_of(csv_bytes([HEADER, good, trailer]), parse_profile(FORMED))
    list(reading)
    reading.check_control(count=1, total="1236.06")

    reading = reading_of(csv_bytes([HEADER, good, [*trailer[:2], "1.236,07", *trailer[3:]]]), parse_profile(FORMED))
    list(reading)
    with pytest.raises(DomainError):
        reading.check_control()


@pytest.mark.parametrize(
    "part",
    ["formats: {time: x}", "formats: {date: soon}", "formats: {number: {decimal: x}}",
     "columns: {name: {column: a, date: DD/MM/YYYY}}", "columns: {due_date: {column: a, number: {minor: true}}}"],
)  # fmt: skip
def test_a_profile_with_a_form_that_cannot_be_is_refused(part: str) -> None:
    rest = "" if part.startswith("columns") else "columns: {}, "
    with pytest.raises(DomainError) as caught:
        parse_profile(f"{{name: a, version: 1, kind: accounts, {rest}{part}}}")

    assert caught.value.code == "mapping.wrong"


def test_a_workbooks_numbers_of_days_are_days_in_the_standard_layout() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        row = GOOD | {"balance_as_of": 46_300, "due_date": 46_200, "principal": 1_234.5}
        sheet.write_row(0, 0, list(row))
        sheet.write_row(1, 0, list(row.values()))
    stream.seek(0)

    [found] = read_accounts(open_table(stream), load_profile(None, "accounts"), as_of=None, today=TODAY)

    assert isinstance(found, AccountRow), found
    assert (found.balance_as_of, found.due_date, found.principal) == (date(2026, 10, 5), date(2026, 6, 27), 123_450)
