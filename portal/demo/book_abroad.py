"""The demo's two small books of accounts abroad, and the files that tell of them. Pure.

The first file of a book speaks of the day of its accounts' last statement, the second of a day some weeks later. A US letter
states a debt from a day of which the bank's files have told the balance (12 CFR 1006.34), so that it takes both.
Everybody is made up (`portfolio.madeup`). Amounts are in cents and pence.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, islice
from random import Random
from typing import TYPE_CHECKING, Final

from portal.foundation.money import format_amount
from portal.portfolio.madeup import invent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.portfolio.madeup import MadeUpPerson

__all__ = ["BOOKS", "Book", "file_of"]

SEED_OF_PEOPLE: Final = "demo"
SCOTLAND: Final = ("GB-GLG",)  # has courts and law of its own: an English letter before action is not for its people
PAYS: Final = 5  # paid a part after the last statement, of no day that a file speaks of: its US letter stands aside
_HEADER: Final = (
    "account_ref customer_ref name phone_1 email address postcode region product card_last4 currency principal interest fees "
    "total days_past_due opened_on balance_as_of last_statement_on last_paid_on last_paid_amount"
).split()


@dataclass(frozen=True, slots=True)
class Book:
    """So many accounts in a currency whose letters one firm writes, by its code. `style`: whose people they are."""

    firm: str
    style: str
    currency: str
    prefix: str
    size: int
    product: str

    def people(self) -> Iterator[tuple[str, MadeUpPerson]]:
        """The holders with their references."""
        found = ((ref, invent(SEED_OF_PEOPLE, ref, self.style)) for ref in (f"C{self.prefix}{n:05d}" for n in count(1)))
        return islice(((ref, person) for ref, person in found if person.region not in SCOTLAND), self.size)


BOOKS: Final = (
    Book("FQ", "us", "USD", "US", 12, "US Dollar Card"),
    Book("PT", "gb", "GBP", "UK", 8, "Sterling Card"),
)


def file_of(book: Book, statement_on: date, as_of: date) -> bytes:
    """What the bank's file says of a book as of a day, in the standard layout. On the day of the statement nothing has come since."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_HEADER)
    for number, (ref, person) in enumerate(book.people(), 1):
        writer.writerow(_row(book, number, ref, person, statement_on, as_of))
    return text.getvalue().encode()


def _row(book: Book, number: int, ref: str, person: MadeUpPerson, statement_on: date, as_of: date) -> list[str]:
    later = as_of > statement_on
    pays = later and number == PAYS
    months = 3 + number % 3
    principal = Random(f"{SEED_OF_PEOPLE}:{ref}").randrange(85_000, 1_450_000)
    interest = principal * 2 * months // 100 + (principal // 100 if later else 0)
    fees = 2_500 * (months + (later and number % 2))
    paid = interest // 2 if pays else 0
    parts = (principal, interest - paid, fees)
    street, _, town = person.address.partition(", ")
    return [
        f"{book.prefix}{number:07d}", ref, person.name, person.phone, person.email, f"{street}\n{town}", person.postcode,
        person.region, book.product, person.card_last4, book.currency, *(format_amount(part, book.currency) for part in parts),
        format_amount(sum(parts), book.currency), str(92 + 7 * number + (as_of - statement_on).days),
        (statement_on - timedelta(days=700 + 211 * number)).isoformat(), as_of.isoformat(), statement_on.isoformat(),
        (statement_on + timedelta(days=9)).isoformat() if pays else "", format_amount(paid, book.currency) if pays else "",
    ]  # fmt: skip
