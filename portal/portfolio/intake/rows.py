"""What comes out of a file of accounts or payments: rows that may be applied, rows out of scope, rows rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from portal.foundation.language import Message, say
from portal.foundation.phones import Phone
from portal.foundation.tabular import Cell

__all__ = ["ERRORS", "SKIPS", "WARNINGS", "AccountRow", "PhoneEntry", "RejectedRow", "RowIssue", "SkippedRow"]

# Codes of errors (reference/files.md, Summary) with what they are called on a page.
ERRORS: Final[Mapping[str, Message]] = {
    "missing": say("Required value missing"),
    "unreadable": say("Unreadable value"),
    "negative": say("Amount below zero"),
    "sum_mismatch": say("Parts do not add up"),
    "id_check": say("Wrong identity number"),
    "card_number": say("Full card number"),
    "scientific_notation": say("Reference rounded by a spreadsheet"),
    "duplicate": say("Same reference twice in the file"),
    "unknown_value": say("Unknown value"),
    "future_date": say("Date still to come"),
    "early_date": say("Date too early"),
    "unknown_account": say("Unknown account"),
    "unknown_letter": say("Unknown letter"),
    "currency": say("Not the account's currency"),
    "conflict": say("Known reference with other content"),
}
# Codes that only warnings have.
WARNINGS: Final[Mapping[str, Message]] = {"above_balance": say("More than the balance")}
# Why a good row is out of a mapping's scope.
SKIPS: Final[Mapping[str, Message]] = {
    "not_overdue": say("Not overdue"),
    "no_balance": say("No balance"),
    "reversed_in_file": say("Taken back in the same file"),
}


@dataclass(frozen=True, slots=True)
class RowIssue:
    """One thing wrong with a row. `column` as the file's header has it (empty: the whole row), `field` as we call it.

    `value` is what stood there, card numbers starred; it may be personal data. `message` never holds the value.
    """

    line: int
    column: str
    value: str
    code: str
    message: Message
    field: str = ""


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """A telephone of the person: place in the file (1-5), number, and whose it is (`self`, `spouse`, …)."""

    position: int
    phone: Phone
    relation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A validated account. Amounts in minor units of `currency`; `total` = principal + interest + fees.

    `region` is ISO 3166-2 (`CN-SH`, `TW`) or empty. `made_up` names the fields that are invented from a seed.
    `extra` holds the columns of the file that the layout does not know, by header.
    """

    line: int
    account_ref: str
    customer_ref: str
    name: str
    id_no: str
    phones: tuple[PhoneEntry, ...]
    email: str
    address: str
    postcode: str
    region: str
    product: str
    card_last4: str
    currency: str
    principal: int
    interest: int
    fees: int
    days_past_due: int
    due_date: date | None
    opened_on: date | None
    charged_off_on: date | None
    last_paid_on: date | None
    last_paid_amount: int | None
    balance_as_of: date
    flags: tuple[str, ...]
    extra: Mapping[str, str]
    made_up: tuple[str, ...] = ()
    warnings: tuple[RowIssue, ...] = field(default=(), compare=False)

    @property
    def total(self) -> int:
        """What is owed, in minor units."""
        return self.principal + self.interest + self.fees


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A good row outside the mapping's scope: `not_overdue` or `no_balance`.

    It is not created; an account that is known already is updated from `row` (paid, cured).
    """

    row: AccountRow
    reason: str

    @property
    def line(self) -> int:
        return self.row.line


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that is left out, with everything that is wrong with it and its cells as they came."""

    line: int
    cells: tuple[Cell, ...]
    errors: tuple[RowIssue, ...]
