"""What people write in files, read exactly or not at all: text, dates, amounts, identity numbers, card numbers.

Pure. Every parser raises ValueError for what it cannot read; what that means for a row is the reader's business.
Source of the forms: reference/files.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from operator import mul
from typing import Final
from zoneinfo import ZoneInfo

from portal.foundation.money import CURRENCIES, parse_amount

__all__ = [
    "card_number_in",
    "has_chinese_identity_form",
    "identity_check_digit",
    "identity_number_is_right",
    "is_scientific_notation",
    "is_starred_card_number",
    "mask_card_numbers",
    "parse_boolean",
    "parse_currency",
    "parse_date",
    "parse_email",
    "parse_instant",
    "parse_whole",
    "plain",
    "read_amount",
    "trim",
]

# Full-width forms U+FF01-FF5E are the ASCII ones moved by a constant; the ideographic space is a space.
_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xA0: 0x20}
_EDGES: Final = (
    " \t\r\n\v\f\x85\xa0\u3000\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u202f\ufeff"
)


def trim(text: str) -> str:
    """Without the spaces around it (full-width, no-break and zero-width ones too); inner ones are kept."""
    return text.strip() if text.isascii() else text.strip(_EDGES)


def plain(text: str) -> str:
    """References, amounts and dates in their plain form: full-width digits, letters and signs become half-width."""
    return text.strip() if text.isascii() else text.strip(_EDGES).translate(_HALF_WIDTH).strip()


# Dates ---------------------------------------------------------------------------------------------------------------

_DATE_FORMS: Final = re.compile(
    r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})/(\d{1,2})/(\d{1,2})|(\d{4})(\d{2})(\d{2})|(\d{4})年(\d{1,2})月(\d{1,2})日)",
    re.ASCII,
)
_EARLIEST_YEAR: Final = 1900


def parse_date(cell: str | date) -> date:
    """A date written 2026-11-22, 2026/11/22, 20261122 or 2026年11月22日, or a date cell of a spreadsheet."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = _DATE_FORMS.fullmatch(plain(cell))
    if found is None:
        raise ValueError("not a date")
    year, month, day = (int(part) for part in found.groups() if part is not None)
    if year < _EARLIEST_YEAR:
        raise ValueError("not a date of this age")
    return date(year, month, day)


_TIME_OF_DAY: Final = re.compile(
    r"(\S+?)(?:[ T]\s*|(?<=日))(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?|[时時点點](\d{1,2})分(?:(\d{1,2})秒)?)"
    r"\s?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


def parse_instant(cell: str | date, zone: ZoneInfo, day_of: Callable[[str], date] = parse_date) -> datetime:
    """An instant in UTC: a date of `parse_date` (or of `day_of`) with a time of day, `2026-11-22 09:12:33`, with an offset
    (`+08:00`, `Z`) or in the zone, or a spreadsheet's cell of date and time, which has no offset.

    ValueError without a time of day, and for a time that the zone's clock skipped. Of a time that came twice the first is
    meant; whoever knows better writes the offset.
    """
    if isinstance(cell, datetime):
        local, offset = cell.replace(tzinfo=None), None
    elif isinstance(cell, date):
        raise ValueError("no time of day")
    else:
        local, offset = _local_instant(plain(cell), day_of)
    if offset is not None:
        return local.replace(tzinfo=offset).astimezone(UTC)
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError("the clock skipped this time")
    return at


def _local_instant(text: str, day_of: Callable[[str], date]) -> tuple[datetime, tzinfo | None]:
    found = _TIME_OF_DAY.fullmatch(text)
    if found is None:
        raise ValueError("not a date and time")
    day, hour, minute, second, chinese_minute, chinese_second, offset = found.groups()
    clock = time(int(hour), int(minute or chinese_minute), int(second or chinese_second or 0))
    return datetime.combine(day_of(day.strip()), clock), _offset(offset) if offset else None


def _offset(text: str) -> tzinfo:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if minutes >= 60:
        raise ValueError("not an offset")
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if text[0] == "-" else ahead)


# Numbers -------------------------------------------------------------------------------------------------------------

_LONGEST_AMOUNT: Final = 28  # beyond this the exact decimal would be rounded before it is judged
_WHOLE: Final = re.compile(r"[+-]?\d{1,9}(\.0{1,9})?", re.ASCII)
# Excel writes 6.22848E+15: one digit, a point, a signed exponent. A token such as 48291E05 is somebody's reference.
_SCIENTIFIC: Final = re.compile(r"[+-]?(\d+\.\d*[eE][+-]?\d+|\d+[eE][+-]\d+|\d[eE]\d+)", re.ASCII)


def read_amount(text: str, currency: str) -> int:
    """Minor units of an exact decimal with or without thousands separators, full-width digits allowed."""
    written = plain(text)
    if len(written) > _LONGEST_AMOUNT:
        raise ValueError("too long for an amount")
    return parse_amount(written, currency)


def parse_whole(text: str) -> int:
    """A whole number of up to nine digits; spreadsheets may write it as 30.0."""
    written = plain(text)
    if not _WHOLE.fullmatch(written):
        raise ValueError("not a whole number")
    return int(written.partition(".")[0])


def is_scientific_notation(text: str) -> bool:
    """Whether a spreadsheet has turned a long reference into a rounded number such as 6.22848E+15."""
    return _SCIENTIFIC.fullmatch(text) is not None


_YES: Final = frozenset({"1", "y", "yes", "true", "t", "是", "有"})
_NO: Final = frozenset({"0", "n", "no", "false", "f", "否", "无"})


def parse_boolean(text: str) -> bool:
    """Yes or no in the words of either language."""
    word = plain(text).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError("neither yes nor no")


def parse_currency(text: str) -> str:
    """The ISO 4217 code of a currency, given as the code or as 人民币."""
    word = plain(text).upper()
    if word == "人民币":
        return "CNY"
    if word not in CURRENCIES:
        raise ValueError("unknown currency")
    return word


_EMAIL: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)


def parse_email(text: str) -> str:
    """An e-mail address of the usual form."""
    written = plain(text)
    if len(written) > 254 or not _EMAIL.fullmatch(written) or ".." in written:
        raise ValueError("not an e-mail address")
    return written


# Identity numbers (GB 11643-1999) ------------------------------------------------------------------------------------

_IDENTITY_FORM: Final = re.compile(r"\d{17}[\dXx]", re.ASCII)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"


def has_chinese_identity_form(text: str) -> bool:
    """Seventeen digits and a digit or X."""
    return _IDENTITY_FORM.fullmatch(text) is not None


def identity_check_digit(first_seventeen: str) -> str:
    """The check digit of GB 11643 (ISO 7064 MOD 11-2): weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2, modulo 11."""
    return _CHECK_DIGITS[sum(map(mul, map(int, first_seventeen), _WEIGHTS)) % 11]


def identity_number_is_right(text: str) -> bool:
    """Whether a resident identity number has the form, a birth date that exists, and the right check digit."""
    if not has_chinese_identity_form(text) or identity_check_digit(text[:17]) != text[17].upper():
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return True


# Card numbers --------------------------------------------------------------------------------------------------------

# Groups of digits with at most two spaces or dashes between them; runs shorter than 13 digits hold no card number.
_DIGIT_RUN: Final = re.compile(r"\d(?:[ \t\-‐‑‒–—]{0,2}\d){12,}", re.ASCII)
# The same loosely and in one cheap pass, full-width forms included: hardly any text goes further.
_MAYBE: Final = re.compile(r"\d[\d \t\-‐‑‒–—－\u3000\xa0]{11,}\d")
_STARRED: Final = re.compile(r"\d{6}\*{3,9}\d{4}", re.ASCII)
_GROUP: Final = re.compile(r"\d+", re.ASCII)
_SHORTEST_CARD, _LONGEST_CARD = 13, 19
_SHORTEST_GROUP: Final = 4


def _passes_luhn(digits: str) -> bool:
    odd = sum(map(int, digits[-1::-2]))
    even = sum((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[int(d)] for d in digits[-2::-2])
    return (odd + even) % 10 == 0


def _has_card_prefix(digits: str) -> bool:
    """The prefixes with their lengths that reference/files.md lists."""
    size, two = len(digits), digits[:2]
    if two in ("62", "35"):
        return 16 <= size <= 19
    if digits[0] == "4":
        return size in (13, 16, 19)
    if two in ("34", "37"):
        return size == 15
    if two in ("30", "36", "38"):
        return size == 14
    return size == 16 and ("51" <= two <= "55" or "2221" <= digits[:4] <= "2720")


def _is_written_like_one_number(sizes: list[int]) -> bool:
    """4-4-4-4, 4-6-5, 6-13 or digit by digit, but not `36-2 13800138000`, a door and a telephone."""
    return min(sizes[:-1], default=_SHORTEST_GROUP) >= _SHORTEST_GROUP or (
        len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]
    )


def _card_spans(text: str) -> list[tuple[int, int]]:
    """Where card numbers stand in half-width text."""
    spans: list[tuple[int, int]] = []
    for run in _DIGIT_RUN.finditer(text):
        groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            last = _card_from(text, groups, first)
            if last is None:
                first += 1
                continue
            spans.append((groups[first][0], groups[last][1]))
            first = last + 1
    return spans


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The index of the group that ends a card number which begins with group `first`, if one does."""
    digits, sizes = "", []
    for last in range(first, len(groups)):
        start, end = groups[last]
        digits += text[start:end]
        sizes.append(end - start)
        if len(digits) > _LONGEST_CARD:
            return None
        if len(digits) < _SHORTEST_CARD or not _has_card_prefix(digits) or not _passes_luhn(digits):
            continue
        if last == first and identity_number_is_right(text[start : end + (text[end : end + 1] in ("X", "x"))]):
            continue
        if _is_written_like_one_number(sizes):
            return last
    return None


def card_number_in(text: str) -> str | None:
    """The first full card number inside a text, as written in half-width digits, or None.

    A number counts by its prefix, its length and a valid Luhn digit; a right identity number never does.
    """
    if _MAYBE.search(text) is None:
        return None
    text = text.translate(_HALF_WIDTH)
    spans = _card_spans(text)
    return text[spans[0][0] : spans[0][1]] if spans else None


def is_starred_card_number(text: str) -> bool:
    """Whether a text is nothing but a card number as `mask_card_numbers` leaves it, which names no account."""
    return _STARRED.fullmatch(text) is not None


def mask_card_numbers(text: str) -> str:
    """The text with all but the first six and last four digits of every card number starred."""
    if _MAYBE.search(text) is None:
        return text
    half = text.translate(_HALF_WIDTH)
    for start, end in reversed(_card_spans(half)):
        digits = re.sub(r"\D", "", half[start:end])
        text = f"{text[:start]}{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}{text[end:]}"
    return text
