"""One row while it is being checked: its values, and everything found wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from portal.foundation.language import Message, say
from portal.foundation.money import LARGEST_MINOR, minor_digits
from portal.foundation.tabular import Cell, NumberText, cell_text
from portal.foundation.values import (
    card_number_in,
    is_scientific_notation,
    is_starred_card_number,
    mask_card_numbers,
    parse_currency,
    parse_date,
    parse_instant,
    plain,
    read_amount,
    trim,
)
from portal.portfolio.intake.binding import Binding
from portal.portfolio.intake.notation import read_serial
from portal.portfolio.intake.rows import RowIssue

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["Draft"]

_LONGEST_VALUE: Final = 200
# What databases and spreadsheets write where there is nothing. As a customer's reference it would make one person of many.
_NO_VALUE: Final = frozenset("null (null) \\n none nan n/a #n/a #ref! #name? #value! #null!".split())
_dates = lru_cache(maxsize=8192)(parse_date)
_amounts = lru_cache(maxsize=8192)(read_amount)
_currencies = lru_cache(maxsize=512)(parse_currency)


class Draft:
    """Values of a row by field, read with every error kept, so that a person mends a row once."""

    __slots__ = (
        "amount",
        "binding",
        "cells",
        "currency",
        "errors",
        "extra",
        "key",
        "key_field",
        "line",
        "values",
        "warnings",
    )

    def __init__(self, line: int, cells: Sequence[Cell], binding: Binding) -> None:
        self.line = line
        self.cells = cells
        self.binding = binding
        self.values: Mapping[str, Cell] = binding.read(cells)
        self.extra: dict[str, str] = binding.read_extra(cells) if binding.extra else {}
        self.errors: list[RowIssue] = []
        self.warnings: list[RowIssue] = []
        self.key = ""  # what makes the row the same as another
        self.key_field = "account_ref"  # where it stands
        self.currency = ""
        self.amount: int | None = None  # for the control total; None where it cannot be read
        if len(cells) > binding.width:
            self.fail("", "unreadable", say("The row has more cells than the header has columns."))

    # What is wrong -------------------------------------------------------------------------------------------------

    def _issue(self, field: str, code: str, message: Message) -> RowIssue:
        value = cell_text(self.values.get(field, self.extra.get(field, "")))
        column = self.binding.name_of(field)
        return RowIssue(self.line, column, mask_card_numbers(value)[:_LONGEST_VALUE], code, message, field)

    def fail(self, field: str, code: str, message: Message) -> None:
        """Rejects the row for what stands in a field (empty: for the whole row)."""
        self.errors.append(self._issue(field, code, message))

    def warn(self, field: str, code: str, message: Message) -> None:
        """Takes the row without the value of a field, and lists it."""
        self.warnings.append(self._issue(field, code, message))

    # What stands there ---------------------------------------------------------------------------------------------

    def text(self, field: str) -> str:
        """Free text, spaces around it dropped; empty where there is none."""
        value = self.values.get(field)
        if not value:
            return ""
        return trim(value) if type(value) is str else cell_text(value)

    def plain(self, field: str) -> str:
        """The same with full-width forms read as plain ones."""
        value = self.values.get(field)
        if not value:
            return ""
        return plain(value) if type(value) is str else cell_text(value)

    def limited(self, field: str, longest: int, *, required: bool = False) -> str:
        """Free text no longer than its column can hold."""
        return self._judged(field, self.text(field), longest, required)

    def reference(self, field: str, *, required: bool = True, longest: int = 64) -> str:
        """A reference in plain form; one that a spreadsheet has rounded is no reference, nor is a card number that a file of
        rejects has starred, which would become an account of its own when that file is sent again."""
        text = self._judged(field, self.plain(field), longest, required)
        if text and is_scientific_notation(text):
            words = say(
                "A spreadsheet has turned this reference into a rounded number. Take it anew from the bank's system, "
                "in a column of text."
            )
            self.fail(field, "scientific_notation", words)
        elif is_starred_card_number(text):
            self.fail(field, "card_number", say("A starred card number; put the bank's token for the account here."))
        return text

    def _judged(self, field: str, text: str, longest: int, required: bool) -> str:
        if required and (not text or text.lower() in _NO_VALUE):
            self.missing(field)
        if len(text) > longest:
            self.fail(field, "unreadable", say("Longer than %(limit)s characters.", limit=longest))
        return text

    def missing(self, field: str) -> None:
        """Rejects the row because a required value is not there."""
        self.fail(field, "missing", say("A required value is missing."))

    def read_currency(self, default: str) -> str:
        """The row's currency; an unknown one is an error and the default is used to read the amounts."""
        text = self.plain("currency")
        if not text:
            return default
        try:
            return _currencies(text)
        except ValueError:
            self.fail("currency", "unknown_value", say("This currency is not known."))
            return default

    def money(self, field: str, currency: str, *, required: bool = False, credit_is_error: bool = True) -> int | None:
        """Minor units; None where blank or unreadable (then the row says so). Negative only without `credit_is_error`."""
        text = self.plain(field)
        if not text:
            if required:
                self.missing(field)
            return None
        try:
            amount = self.read_amount(field, text, currency)
        except ValueError:
            self.fail(field, "unreadable", _no_amount(currency))
            return None
        if amount < 0 and credit_is_error:
            self.fail(field, "negative", say("An amount below zero."))
        return amount

    def read_amount(self, field: str, text: str, currency: str) -> int:
        """Minor units of a written amount, in the form that the mapping gives the field; ValueError."""
        form = self.binding.amount_of.get(field)
        if form is None:
            return _amounts(text, currency)
        value = self.values.get(field)
        return form.read(value if isinstance(value, NumberText) else text, currency)

    def _read_day(self, field: str, cell: Cell) -> date:
        """A day in the form that the mapping gives the field. A number of a spreadsheet is its serial number of a day."""
        read = self.binding.day_of.get(field)
        if read is not None:
            return read(cell)
        try:
            return _dates(cell)
        except ValueError:
            if isinstance(cell, NumberText):
                return read_serial(cell)
            raise

    def in_range(self, field: str, amount: int) -> bool:
        """Whether a sum fits where amounts are kept."""
        if abs(amount) <= LARGEST_MINOR:
            return True
        self.fail(field, "unreadable", say("Not an exact amount."))
        return False

    def day(self, field: str, *, required: bool = False) -> date | None:
        """A date that rejects the row if it cannot be read."""
        value = self.values.get(field, "")
        if value == "" or (isinstance(value, str) and not trim(value)):
            if required:
                self.missing(field)
            return None
        try:
            return self._read_day(field, value)
        except ValueError:
            self.fail(field, "unreadable", self._no_day(field))
            return None

    def optional_day(self, field: str) -> date | None:
        """A date that is left out with a warning if it cannot be read."""
        value = self.values.get(field, "")
        if value == "" or (isinstance(value, str) and not trim(value)):
            return None
        try:
            return self._read_day(field, value)
        except ValueError:
            self.warn(field, "unreadable", say("Not a date; left out."))
            return None

    def instant(self, field: str, zone: ZoneInfo, *, required: bool = False) -> datetime | None:
        """An instant, in UTC, that rejects the row if it cannot be read; without an offset it is of the zone."""
        value = self.values.get(field, "")
        if value == "" or (isinstance(value, str) and not trim(value)):
            if required:
                self.missing(field)
            return None
        try:
            return parse_instant(value, zone, self.binding.day_of.get(field, parse_date))
        except (ValueError, OverflowError):
            words = say(
                "Not a date and time; write 2026-11-22 09:12:33, with +08:00 behind it where the zone is another."
            )
            self.fail(field, "unreadable", words)
            return None

    def word(self, field: str, words: Mapping[str, str], unknown: Message, *, default: str = "") -> str:
        """The code of a word from a list, in either language; another word rejects the row with what is `unknown`."""
        text = self.plain(field).lower()
        if not text:
            return default
        code = words.get(text) or words.get(re.sub(r"[\s-]+", "_", text))
        if code is None:
            self.fail(field, "unknown_value", unknown)
        return code or default

    def _no_day(self, field: str) -> Message:
        if field in self.binding.day_of:
            return say("Not a date in the form that the layout names.")
        return say("Not a date; write 2026-11-22, 2026/11/22, 20261122 or 2026年11月22日.")

    def refuse_card_numbers(self, fields: Sequence[str]) -> None:
        """Rejects a full card number in any of the fields or in the columns that no field takes."""
        values = self.values
        texts = [(field, cell_text(values[field])) for field in fields if values.get(field)]
        texts.extend(self.extra.items())
        # One search over all of them first: hardly any row has one.
        if card_number_in("\n".join(text for _, text in texts)) is None:
            return
        for field, text in texts:
            if card_number_in(text) is not None:
                self.fail(field, "card_number", say("A full card number; send the token and the last four digits."))


def _no_amount(currency: str) -> Message:
    if minor_digits(currency):
        return say("Not an exact amount.")
    return say("Not an exact amount: %(currency)s has no minor unit, so write whole numbers.", currency=currency)
