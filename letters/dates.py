"""Dates as Chinese letters write them. Nothing here asks the clock."""

from __future__ import annotations

import re
from datetime import date

_NUMERALS = "〇一二三四五六七八九"
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def read_date(value: object) -> date:
    """A date given as YYYY-MM-DD text or as a date, from 1900 to 2199; ValueError for anything else."""
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        value = date.fromisoformat(value)
    if type(value) is not date or not 1900 <= value.year < 2200:
        raise ValueError("not a date")
    return value


def date_in_figures(day: date) -> str:
    """2026年11月22日."""
    return f"{day.year}年{day.month}月{day.day}日"


def date_in_numerals(day: date) -> str:
    """二〇二六年十一月二十二日: the year digit by digit, month and day as numbers."""
    year = "".join(_NUMERALS[int(digit)] for digit in f"{day.year:04d}")
    return f"{year}年{_numeral(day.month)}月{_numeral(day.day)}日"


def _numeral(number: int) -> str:
    """1 to 99 in Chinese: 十, 十一, 二十, 二十二."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _NUMERALS[ones]
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[ones] if ones else "")
