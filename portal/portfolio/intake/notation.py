"""How a file writes its days and amounts, where it does not write them as the standard layout does. Pure.

A day's form is written with YYYY or YY, MM and DD (`DD/MM/YYYY`, `D.M.YYYY`, `YYMMDD`), with ROC for a year of the
Republic (民国94年 is 2005), or is one of two words: `excel` for a spreadsheet's serial number, `standard` for the forms
of reference/files.md. Two digits of a year are read only where a form says YY: 00-68 are 2000-2068, 69-99 are 1969-1999.

An amount's form says which sign stands before the fraction and which between thousands, whether amounts are whole minor
units, how one below zero is written, and whether a currency's sign or code may stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.foundation.money import CURRENCIES, LARGEST_MINOR, parse_amount
from portal.foundation.tabular import Cell, NumberText
from portal.foundation.values import parse_date, plain

__all__ = ["DATE_FORMS", "NUMBER_FORMS", "NumberForm", "date_forms", "date_reader", "number_form", "read_serial"]

# What a person is offered; any other form of the grammar may be written as well.
DATE_FORMS: Final = (
    "standard", "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "YYYY.MM.DD", "DDMMYYYY", "DD/MM/YY",
    "MM/DD/YY", "YYMMDD", "ROC/MM/DD", "ROCMMDD", "民国ROC年MM月DD日", "excel",
)  # fmt: skip

_PIECES: Final = re.compile(r"YYYY|YY|ROC|MM?|DD?|民国|民國|[-/. 年月日,]|(.)")
_YEAR: Final = {"YYYY": 4, "YY": 2, "ROC": 3}
_PARTS: Final = {"YYYY": "year", "YY": "year", "ROC": "year", "M": "month", "MM": "month", "D": "day", "DD": "day"}
_FIRST_YEAR_OF_THE_REPUBLIC: Final = 1911  # 民国1年 is 1912
_PIVOT: Final = 69  # POSIX: two digits from here on are of the last century
_EARLIEST_YEAR: Final = 1900
_SERIAL: Final = re.compile(r"(\d{1,6})(\.\d{1,12})?", re.ASCII)
_DAY_ZERO, _DAY_ZERO_BEFORE_THE_GAP = date(1899, 12, 30), date(1899, 12, 31)  # Excel believes in 1900-02-29, its day 60
_GAP: Final = 60
_LAST_SERIAL: Final = 73_415  # 2100-12-31


def _wrong(message: Message) -> DomainError:
    return DomainError("mapping.wrong", message, field="mapping")


# Days ----------------------------------------------------------------------------------------------------------------


def read_serial(text: str) -> date:
    """The day of a spreadsheet's serial number (46348 is 2026-11-22), a time of day behind the point dropped."""
    found = _SERIAL.fullmatch(text)
    number = int(found[1]) if found else 0
    if not 0 < number <= _LAST_SERIAL or number == _GAP:
        raise ValueError("not a spreadsheet's day")
    return (_DAY_ZERO if number > _GAP else _DAY_ZERO_BEFORE_THE_GAP) + timedelta(days=number)


def date_forms(given: Any) -> tuple[str, ...]:
    """Forms of days as a profile names them, one or several; DomainError `mapping.wrong` for what is no form."""
    forms = (given,) if isinstance(given, str) else tuple(given or ())
    for form in forms:
        if form not in ("excel", "standard"):
            _pattern(form)
    return forms


@lru_cache(maxsize=256)
def _pattern(form: str) -> tuple[re.Pattern[str], str]:
    """A form as a regular expression with the groups year, month, day; and the kind of its year."""
    parts: list[str] = []
    pattern, glued = "", False  # whether the piece before leaves no sign between
    pieces = [match[0] for match in _PIECES.finditer(form)] if isinstance(form, str) else []
    if not pieces or any(_PIECES.fullmatch(piece)[1] for piece in pieces):  # type: ignore[index]  # each was matched by it
        raise _not_a_form(form)
    for place, piece in enumerate(pieces):
        if piece in _PARTS:
            glued = any(0 <= beside < len(pieces) and pieces[beside] in _PARTS for beside in (place - 1, place + 1))
            pattern += f"(?P<{_PARTS[piece]}>{_digits(piece, glued=glued)})" if _PARTS[piece] not in parts else "(?!)"
            parts.append(_PARTS[piece])
        else:
            pattern += "[ ]?" if piece == " " else re.escape(piece)
    if sorted(parts) != ["day", "month", "year"]:
        raise _not_a_form(form)
    return re.compile(pattern, re.ASCII), next(piece for piece in pieces if piece in _YEAR)


def _digits(piece: str, *, glued: bool) -> str:
    """How many digits a part has: exactly its letters where no sign stands beside it, else also one fewer."""
    if piece == "ROC":
        return r"\d{2,3}"
    if piece in _YEAR:
        return rf"\d{{{_YEAR[piece]}}}"
    return r"\d{2}" if glued else r"\d{1,2}"


def _not_a_form(form: Any) -> DomainError:
    return _wrong(
        say(
            "“%(form)s” is no form of a date. Write it with year, month and day, such as DD/MM/YYYY, MM/DD/YYYY, "
            "D.M.YYYY, DD/MM/YY or ROC/MM/DD, or say excel or standard.",
            form=form,
        )
    )


def _of_form(form: str, text: str) -> date:
    if form == "standard":
        return parse_date(text)
    if form == "excel":
        return read_serial(text)
    pattern, kind = _pattern(form)
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError("not of this form")
    year = int(found["year"])
    if kind == "YY":
        year += 1900 if year >= _PIVOT else 2000
    elif kind == "ROC":
        year += _FIRST_YEAR_OF_THE_REPUBLIC
    if year < _EARLIEST_YEAR:
        raise ValueError("not a date of this age")
    return date(year, int(found["month"]), int(found["day"]))


_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def date_reader(forms: Sequence[str]) -> Callable[[Cell], date]:
    """Reads a cell by the first form that fits. Always read: a spreadsheet's date or number of a day, and 2026-11-22,
    as which the file of rejected rows writes them. ValueError for anything else."""

    @lru_cache(maxsize=8192)
    def read_text(text: str) -> date:
        for form in forms:
            try:
                return _of_form(form, text)
            except ValueError:
                continue
        if _ISO.fullmatch(text):
            return parse_date(text)
        raise ValueError("not a date of these forms")

    def read(cell: Cell) -> date:
        if isinstance(cell, datetime):
            return cell.date()
        if isinstance(cell, date):
            return cell
        if isinstance(cell, NumberText):
            try:
                return read_text(str(cell))
            except ValueError:
                return read_serial(cell)
        return read_text(plain(cell))

    return read


# Amounts -------------------------------------------------------------------------------------------------------------

_KEYS: Final = frozenset(("decimal", "thousands", "minor", "negative", "currency"))
_DECIMALS: Final = (".", ",")
_THOUSANDS: Final = {"": "", ",": ",", ".": ".", " ": " \xa0\u202f", "'": "'’"}
_NEGATIVES: Final = ("leading", "trailing", "parentheses")
_LONGEST: Final = 40
_MINUS: Final = str.maketrans({"−": "-", "–": "-"})
_SIGNS: Final = ("NT$", "HK$", "US$", "RMB", "￥", "¥", "$", "€", "£", "元", "圆")
_PLAIN: Final = re.compile(r"\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How amounts are written. `read` gives minor units, `total` what a trailer says; ValueError for what is not so."""

    decimal: str = "."
    thousands: str = ","
    minor: bool = False
    negative: tuple[str, ...] = ("leading",)
    currency: bool = False

    def read(self, cell: str, currency: str) -> int:
        """Minor units of an amount of this currency."""
        text = self._standard(cell)
        if not self.minor:
            return parse_amount(text, currency)
        amount = int(text)
        if abs(amount) > LARGEST_MINOR:
            raise ValueError("too large")
        return amount

    def total(self, text: str) -> Decimal:
        """A sum as it is written: whole minor units where `minor`."""
        return Decimal(self._standard(text))

    def _standard(self, cell: str) -> str:
        """`-1234.56` for what the file writes its own way."""
        if isinstance(cell, NumberText):  # a number of a spreadsheet is written by none of the forms
            return self._whole_or_not(cell)
        text = plain(cell).translate(_MINUS)
        if len(text) > _LONGEST:
            raise ValueError("too long for an amount")
        negative, text = self._sign_of(text)
        if self.currency:
            text = _without_currency(text)
            inner, text = self._sign_of(text) if not negative else (False, text)
            negative = negative or inner
        return ("-" if negative else "") + self._whole_or_not(self._ungrouped(text))

    def _whole_or_not(self, text: str) -> str:
        if self.minor:
            whole, _, fraction = text.partition(".")
            if fraction.strip("0"):
                raise ValueError("minor units are whole")
            return str(int(whole))
        return text

    def _sign_of(self, text: str) -> tuple[bool, str]:
        if text[:1] == "(" and text[-1:] == ")" and "parentheses" in self.negative:
            return True, text[1:-1].strip()
        if text[-1:] == "-" and "trailing" in self.negative:
            return True, text[:-1].rstrip()
        if text[:1] == "-" and "leading" in self.negative:
            return True, text[1:].lstrip()
        return False, text[1:] if text[:1] == "+" else text

    def _ungrouped(self, text: str) -> str:
        whole, point, fraction = text.partition(self.decimal)
        signs = _THOUSANDS[self.thousands]
        if signs and any(sign in whole for sign in signs):
            if not re.fullmatch(rf"\d{{1,3}}([{re.escape(signs)}]\d{{3}})+", whole, re.ASCII):
                raise ValueError("thousands are not where they should be")
            whole = re.sub(rf"[{re.escape(signs)}]", "", whole)
        written = f"{whole}.{fraction}" if point else whole
        if not _PLAIN.fullmatch(written):
            raise ValueError("not an amount of this form")
        return written


def _without_currency(text: str) -> str:
    """Without one sign or code before or behind the figures."""
    upper = text.upper()
    for sign in _SIGNS:
        if upper.startswith(sign):
            return text[len(sign) :].strip()
        if upper.endswith(sign):
            return text[: -len(sign)].strip()
    for code, rest in ((upper[:3], text[3:]), (upper[-3:], text[:-3])):
        if code in CURRENCIES:
            return rest.strip()
    return text


# What a person is offered, by the name that the page's form sends.
NUMBER_FORMS: Final[Mapping[str, NumberForm | None]] = {
    "1,234.56": None,
    "1.234,56": NumberForm(",", ".", negative=_NEGATIVES),
    "1 234,56": NumberForm(",", " ", negative=_NEGATIVES),
    "1'234.56": NumberForm(".", "'", negative=_NEGATIVES),
    "¥1,234.56": NumberForm(negative=_NEGATIVES, currency=True),
    "€1.234,56": NumberForm(",", ".", negative=_NEGATIVES, currency=True),
    "123456": NumberForm(".", ",", minor=True, negative=_NEGATIVES),
}


def number_form(given: Any) -> NumberForm | None:
    """The form of amounts as a profile says it, None for the standard one; DomainError `mapping.wrong`."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or set(given) - _KEYS:
        raise _wrong(
            say("The form of amounts is described by %(names)s and nothing else.", names=", ".join(sorted(_KEYS)))
        )
    decimal, thousands = str(given.get("decimal", ".")), str(given.get("thousands", ","))
    if "decimal" in given and "thousands" not in given and decimal == ",":
        thousands = "."
    if decimal not in _DECIMALS:
        raise _wrong(say("The decimal sign is a point or a comma, not “%(sign)s”.", sign=decimal))
    if thousands not in _THOUSANDS or thousands == decimal:
        raise _wrong(
            say(
                "Thousands are parted by a comma, a point, a space, an apostrophe or nothing, and not by the decimal sign."
            )
        )
    asked = given.get("negative", "leading")
    negative = (asked,) if isinstance(asked, str) else tuple(map(str, asked))
    if not negative or not set(negative) <= set(_NEGATIVES):
        raise _wrong(say("An amount below zero is written leading, trailing or in parentheses."))
    for name in ("minor", "currency"):
        if not isinstance(given.get(name, False), bool):
            raise _wrong(say("“%(name)s” is true or false.", name=name))
    return NumberForm(decimal, thousands, given.get("minor", False), negative, given.get("currency", False))
