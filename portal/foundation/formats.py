"""Amounts, dates and names as people of the reader's language write them: the filters of every template.

Every filter answers a dash for None, so that a missing figure is seen to be missing and not taken for nought.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from babel import dates, numbers
from flask_babel import LazyString, get_locale, get_timezone, gettext

from portal.foundation.language import Message, translate
from portal.foundation.money import Money, format_amount, minor_digits

if TYPE_CHECKING:
    from flask import Flask

__all__ = [
    "amount", "bucket", "clock_time", "day", "file_size", "instant", "local", "money", "month", "number", "percent",
    "person", "said", "set_up_formats",
]  # fmt: skip

MISSING = "–"
# English as it is written outside America: the month by name, so that 7/6 is never read both ways.
_DAY = {"en": "d MMM y", "zh": "y年M月d日"}
_SHORT_DAY = {"en": "d MMM", "zh": "M月d日"}
_MONTH = {"en": "MMMM y", "zh": "y年M月"}
_CLOCK = "HH:mm"
_SIZES = ("B", "KB", "MB", "GB", "TB")


def _locale() -> str:
    return str(get_locale() or "en")


def _pattern(patterns: dict[str, str]) -> str:
    return patterns["zh" if _locale().startswith("zh") else "en"]


def amount(minor: int | Money | None, currency: str = "") -> str:
    """Whole minor units as figures alone, `52,838.95`; for columns whose head names the currency."""
    if minor is None:
        return MISSING
    minor, currency = _parts(minor, currency)
    digits = minor_digits(currency)
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    value = Decimal(format_amount(minor, currency))
    return numbers.format_decimal(value, format=pattern, locale=_locale()).replace("-", "−")


def money(minor: int | Money | None, currency: str = "") -> str:
    """Whole minor units with the currency's sign, `¥52,838.95`; the sign is the one the reader's language uses."""
    if minor is None:
        return MISSING
    minor, currency = _parts(minor, currency)
    figures = amount(abs(minor), currency)
    symbol = numbers.get_currency_symbol(currency, locale=_locale())
    gap = " " if symbol[-1:].isalpha() else ""
    return ("−" if minor < 0 else "") + symbol + gap + figures


def _parts(amount: int | Money, currency: str) -> tuple[int, str]:
    return (amount.minor, amount.currency) if isinstance(amount, Money) else (amount, currency)


def number(value: int | Decimal | None, digits: int | None = None) -> str:
    """A count or measure with its thousands apart; `digits` fixes the digits behind the point."""
    if value is None:
        return MISSING
    pattern = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(value, format=pattern, locale=_locale()).replace("-", "−")


def percent(rate: Decimal | int | None, digits: int | None = None) -> str:
    """A rate as decimal, 0.35, as `35%`; up to two digits behind the point, or exactly `digits`."""
    if rate is None:
        return MISSING
    behind = ".##" if digits is None else "." + "0" * digits if digits else ""
    return numbers.format_percent(rate, format=f"#,##0{behind}%", locale=_locale()).replace("-", "−")


def day(value: date | datetime | None, short: bool = False) -> str:
    """A business date, `20 Nov 2026` or `2026年11月20日`; short leaves the year out. An instant is its local day."""
    if value is None:
        return MISSING
    if isinstance(value, datetime):
        value = local(value).date()
    return dates.format_date(value, format=_pattern(_SHORT_DAY if short else _DAY), locale=_locale())


def month(value: date | None) -> str:
    """The month of a date, `July 2005` or `2005年7月`."""
    if value is None:
        return MISSING
    return dates.format_date(value, format=_pattern(_MONTH), locale=_locale())


def instant(value: datetime | None) -> str:
    """An instant (UTC, as stored) in the reader's zone, to the minute."""
    if value is None:
        return MISSING
    return f"{day(value)} {clock_time(value)}"


def clock_time(value: datetime | None) -> str:
    """The time of day of an instant in the reader's zone, `14:05`."""
    if value is None:
        return MISSING
    return dates.format_time(local(value), format=_CLOCK, locale=_locale())


def local(value: datetime) -> datetime:
    """An instant in the reader's zone."""
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(get_timezone())


def bucket(value: str | int | Enum | None) -> str:
    """A bucket by its code `M3`, or by its number 1 to 7 (7 is `M7+`); nothing and 0 are not overdue."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or value in (0, "0", "", "M0"):
        return str(gettext("not overdue"))
    if isinstance(value, int):
        return f"M{value}" if value < 7 else "M7+"
    return str(value)


def file_size(size: int | None) -> str:
    """Bytes in the unit that needs at most four digits, `3.4 MB` (1 KB = 1,024 bytes)."""
    if size is None:
        return MISSING
    value, unit = Decimal(size), 0
    while value >= 1024 and unit < len(_SIZES) - 1:
        value, unit = value / 1024, unit + 1
    return f"{number(round(value, 1 if unit and value < 100 else 0))} {_SIZES[unit]}"


def person(name: str | None, user_name: str | None = None) -> str:
    """Who it was: the name, with the sign-in name behind it where two people may share a name."""
    if not name:
        return user_name or MISSING
    return f"{name} ({user_name})" if user_name and user_name != name else name


def said(value: Any) -> Any:
    """A message in the reader's language; anything else as it is. Templates do it to all they print."""
    return translate(value) if isinstance(value, Message) else value


def set_up_formats(app: Flask) -> None:
    """Registers the filters, and lets templates print a `Message` as it is: `{{ error.message }}`."""
    app.jinja_env.filters.update(
        amount=amount, bucket=bucket, clock_time=clock_time, day=day, file_size=file_size, instant=instant,
        money=money, month=month, number=number, percent=percent, person=person, said=said,
    )  # fmt: skip
    app.jinja_env.tests["sentence"] = lambda value: isinstance(value, (str, Message, LazyString))
    app.jinja_env.finalize = said
