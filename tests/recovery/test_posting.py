"""Every rule of reference/files.md for a row of payments."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.foundation.errors import DomainError
from portal.foundation.tabular import open_table
from portal.portfolio.intake import Reading, RejectedRow, Summary, load_profile
from portal.portfolio.standin import write_accounts, write_payments
from portal.recovery.posting import KnownAccount, PaymentRow, read_payments
from tests.portfolio.intake.files import CARD, csv_bytes

REAL = Path(__file__).parents[3] / "shared" / "data" / "uci_payments_2005q3.csv"
needs_real_data = pytest.mark.skipif(not REAL.is_file(), reason="the real payments are not beside the project")
TODAY = date(2026, 11, 22)
GOOD = {"payment_ref": "P-1", "account_ref": "A-1", "amount": "100.00", "paid_on": "2026-11-01"}


class Book:
    """A ledger of accounts that are named beforehand, and of payments posted before."""

    def __init__(self, posted: Mapping[str, bytes] | None = None, **accounts: KnownAccount) -> None:
        self.known = {"A-1": KnownAccount("CNY", 50_000), "J-1": KnownAccount("JPY", 9_000), **accounts}
        self.posted = posted or {}

    def accounts(self, refs: Collection[str]) -> Mapping[str, KnownAccount]:
        return {ref: self.known[ref] for ref in refs if ref in self.known}

    def payments(self, refs: Collection[str]) -> Mapping[str, bytes]:
        return {ref: self.posted[ref] for ref in refs if ref in self.posted}


class OneCurrency(Book):
    """Knows every account that it is asked for."""

    def accounts(self, refs: Collection[str]) -> Mapping[str, KnownAccount]:
        return dict.fromkeys(refs, KnownAccount("TWD", 10**12))


def payments_file(*changes: Mapping[str, str], trailer: list[str] | None = None) -> bytes:
    rows = [{**GOOD, "payment_ref": f"P-{n}", **change} for n, change in enumerate(changes, 1)]
    header = list(dict.fromkeys(name for row in rows for name in row))
    return csv_bytes(
        [header, *([row.get(name, "") for name in header] for row in rows), *([trailer] if trailer else [])]
    )


def reading_of(content: bytes, book: Book | None = None, today: date = TODAY) -> Reading[PaymentRow]:
    table = open_table(io.BytesIO(content))
    return read_payments(table, load_profile(None, "payments"), today=today, ledger=book or Book())


def only_payment(book: Book | None = None, **change: str) -> PaymentRow:
    [row] = reading_of(payments_file(change), book)
    assert isinstance(row, PaymentRow), row
    return row


def codes(**change: str) -> list[tuple[str, str]]:
    [row] = reading_of(payments_file(change))
    return [(issue.column, issue.code) for issue in row.errors] if isinstance(row, RejectedRow) else []


def summary_of(reading: Reading[PaymentRow]) -> dict[str, Any]:
    summary, totals, created = Summary(reading.unknown_columns), {}, 0
    for row in reading:
        summary.note(row)
        if isinstance(row, PaymentRow) and not row.posted_before:
            created += 1
            totals[row.currency] = totals.get(row.currency, 0) + row.signed_amount
    summary.applied(created=created, totals=totals)
    return summary.as_dict("dry_run")


def test_a_good_row_becomes_a_payment() -> None:
    row = only_payment(
        principal="60",
        interest="30",
        fees="10",
        received_on="2026/11/02",
        cleared_on="20261103",
        received_by="机构",
        channel="柜台",
    )

    assert (row.payment_ref, row.account_ref, row.amount, row.currency) == ("P-1", "A-1", 10_000, "CNY")
    assert (row.principal, row.interest, row.fees) == (6_000, 3_000, 1_000)
    assert (row.paid_on, row.received_on, row.cleared_on, row.posted_on) == (
        date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3), None,
    )  # fmt: skip
    assert (row.received_by, row.channel, row.reverses, row.posted_before) == ("agency", "柜台", "", False)


def test_the_chinese_header_is_read_like_the_english_one() -> None:
    content = "交易流水号,账户编号,金额,还款日期,收款方\nP-1,A-1,100,2026年11月1日,银行\n".encode("gb18030")

    assert list(reading_of(content)) == [only_payment()]


def test_a_payment_without_currency_is_in_the_accounts() -> None:
    row = only_payment(account_ref="J-1", amount="500")

    assert (row.currency, row.amount) == ("JPY", 500)
    assert codes(account_ref="J-1", amount="500.5") == [("amount", "unreadable")]


@pytest.mark.parametrize("field", ["payment_ref", "account_ref", "amount", "paid_on"])
def test_a_missing_required_value_is_rejected(field: str) -> None:
    assert codes(**{field: ""}) == [(field, "missing")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"account_ref": "Z-9"}, [("account_ref", "unknown_account")]),
        ({"currency": "USD"}, [("currency", "currency")]),
        ({"currency": "XYZ"}, [("currency", "unknown_value")]),
        ({"amount": "-5"}, [("amount", "negative")]),
        ({"amount": "0.00"}, [("amount", "negative")]),
        ({"amount": "five"}, [("amount", "unreadable")]),
        ({"paid_on": "2026-11-23"}, [("paid_on", "future_date")]),
        ({"paid_on": "someday"}, [("paid_on", "unreadable")]),
        ({"received_by": "court"}, [("received_by", "unknown_value")]),
        ({"principal": "60", "interest": "30", "fees": "11"}, [("amount", "sum_mismatch")]),
        ({"principal": "101"}, [("amount", "sum_mismatch")]),
        ({"principal": "60", "interest": "-1"}, [("interest", "negative")]),
        ({"payment_ref": "6.2E+15"}, [("payment_ref", "scientific_notation")]),
        ({"channel": f"card {CARD}"}, [("channel", "card_number")]),
        ({"memo": CARD}, [("memo", "card_number")]),
    ],
)
def test_a_row_against_the_rules_is_rejected_by_code(change: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert codes(**change) == expected


def test_all_errors_of_a_row_come_at_once() -> None:
    wrong = codes(account_ref="Z", amount="x", paid_on="", received_by="?")

    assert sorted(code for _, code in wrong) == ["missing", "unknown_account", "unknown_value", "unreadable"]


def test_an_amount_above_the_balance_is_taken_with_a_warning() -> None:
    row = only_payment(amount="500.01")

    assert [(issue.column, issue.code) for issue in row.warnings] == [("amount", "above_balance")]
    assert only_payment(amount="500.00").warnings == ()
    assert only_payment(amount="500.01", reverses="P-0").warnings == ()


def test_an_unreadable_optional_date_is_left_out_with_a_warning() -> None:
    row = only_payment(posted_on="?")

    assert row.posted_on is None
    assert [issue.code for issue in row.warnings] == ["unreadable"]


def test_a_reversal_is_positive_and_subtracted_in_totals() -> None:
    content = payments_file(
        {}, {"amount": "30"}, {"amount": "30", "reverses": "P-2"}, trailer=["TRAILER", "3", "100.00"]
    )
    reading = reading_of(content)

    summary = summary_of(reading)
    reading.check_control(count=3, total="100")

    assert (summary["created"], summary["total"]) == (3, "100.00")
    with pytest.raises(DomainError):
        reading.check_control(total="160")


def test_a_reference_seen_before_is_unchanged_or_in_conflict() -> None:
    posted = only_payment()
    book = Book(posted={"P-1": posted.content_hash})

    assert only_payment(book).posted_before
    [row] = reading_of(payments_file({"amount": "100.01"}), book)
    assert isinstance(row, RejectedRow)
    assert [(issue.column, issue.code) for issue in row.errors] == [("payment_ref", "conflict")]


def test_a_reference_twice_in_a_file_is_unchanged_or_in_conflict() -> None:
    first, same, other, later = reading_of(
        payments_file(
            {"payment_ref": "X", "amount": "?"},
            {"payment_ref": "X"},
            {"payment_ref": "X", "amount": "7"},
            {"payment_ref": "X"},
        )
    )

    assert isinstance(first, RejectedRow)
    assert isinstance(same, PaymentRow)
    assert not same.posted_before
    assert isinstance(other, RejectedRow)
    assert [issue.code for issue in other.errors] == ["conflict"]
    assert isinstance(later, PaymentRow)
    assert later.posted_before


def test_the_written_form_does_not_change_the_content() -> None:
    assert only_payment(amount="１００", paid_on="20261101", currency="cny").content_hash == only_payment().content_hash
    assert only_payment(amount="100.01").content_hash != only_payment().content_hash


@needs_real_data
def test_the_real_payments_give_the_figures_of_their_description() -> None:
    summary = summary_of(reading_of(REAL.read_bytes(), OneCurrency(), date(2005, 10, 1)))

    assert (summary["rows"], summary["created"], summary["rejected"]) == (6_728, 6_728, 0)
    assert (summary["total"], summary["warnings"]) == ("28569004.00", {})


def test_the_stand_in_gives_the_figures_it_was_written_with(tmp_path: Path) -> None:
    write_accounts(tmp_path / "cards.csv", 400)
    expected = write_payments(tmp_path / "payments.csv", 400)

    summary = summary_of(reading_of((tmp_path / "payments.csv").read_bytes(), OneCurrency(), date(2005, 10, 1)))

    assert summary["created"] == summary["rows"] == expected.count > 0
    assert summary["total"] == f"{expected.total // 100}.00"
    assert summary["rejected"] == 0
