"""A month's file of overdue accounts, made up, streamed to disk, the same for the same number of rows."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import TYPE_CHECKING

from portal.bench.scratch import TODAY
from portal.portfolio.madeup import invent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["REJECTED_ONE_IN", "rejected_of", "write_book"]

REJECTED_ONE_IN = 500  # rows with a wrong identity number
FLAGGED_ONE_IN = 40
FAMILY = 5  # of so many accounts the last one belongs to the customer of the one before
HEADER = (
    "account_ref", "customer_ref", "name", "id_no", "phone_1", "phone_2", "phone_2_relation", "phone_3",
    "phone_3_relation", "email", "address", "postcode", "region", "product", "card_last4", "currency", "principal",
    "interest", "fees", "total", "days_past_due", "due_date", "opened_on", "last_paid_on", "last_paid_amount",
    "balance_as_of", "flags",
)  # fmt: skip
PRODUCTS = ("gold", "platinum", "instalment")
FLAGS = ("dispute", "hardship", "complaint", "do_not_contact")


def write_book(path: Path, accounts: int) -> None:
    """Write so many accounts as CSV in the standard layout: three phones, e-mail, address; one in 500 is wrong."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_rows(accounts))


def rejected_of(accounts: int) -> int:
    """How many rows of such a file an import has to reject."""
    return accounts // REJECTED_ONE_IN


def _rows(accounts: int) -> Iterator[tuple[object, ...]]:
    for number in range(1, accounts + 1):
        customer = number - 1 if number % FAMILY == 0 else number
        yield _row(number, f"C{customer:08d}")


def _row(number: int, customer_ref: str) -> tuple[object, ...]:
    person = invent("bench", customer_ref, "cn")
    spouse = f"154{number * 7919 % 10**8:08d}"
    office = f"021-{20_000_000 + number * 31 % 10**7}转{number % 900 + 100}"
    principal, interest, fees = 50_000 + number * 7_919 % 9_000_000, number * 13 % 90_000, number * 7 % 20_000
    days = 1 + number * 37 % 240
    wrong = number % REJECTED_ONE_IN == 0
    return (
        f"A{number:010d}", customer_ref, person.name, _altered(person.id_no) if wrong else person.id_no,
        person.phone, spouse, "配偶", office, "单位", person.email, person.address, person.postcode, person.region,
        PRODUCTS[number % 3], person.card_last4, "CNY", _yuan(principal), _yuan(interest), _yuan(fees),
        _yuan(principal + interest + fees), days, TODAY - timedelta(days=days),
        TODAY - timedelta(days=900 + number * 11 % 2_000), TODAY - timedelta(days=days + 20), _yuan(number * 3 % 70_000),
        TODAY, FLAGS[number % len(FLAGS)] if number % FLAGGED_ONE_IN == 0 else "",
    )  # fmt: skip


def _altered(id_no: str) -> str:
    """The number with another check digit."""
    return id_no[:-1] + ("0" if id_no[-1] != "0" else "1")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
