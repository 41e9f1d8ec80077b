"""Amounts as whole minor units: exact, small, and without a float anywhere near them.

Pure: nothing but the standard library, so that rules may use it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import total_ordering
from typing import Any

__all__ = [
    "CURRENCIES",
    "Money",
    "divided_half_up",
    "format_amount",
    "minor_digits",
    "parse_amount",
    "round_half_up",
    "share_of",
]

# ISO 4217 active codes; the digits behind the point are two unless named below.
CURRENCIES: frozenset[str] = frozenset(
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR
    SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW
    UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG""".split()
)
_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?\Z")
LARGEST_MINOR = 2**63 - 1


def minor_digits(currency: str) -> int:
    """Digits behind the point of a currency (ISO 4217): 2 for CNY, 0 for JPY, 3 for KWD. ValueError if unknown."""
    if currency not in CURRENCIES:
        raise ValueError(f"unknown currency {currency!r}")
    return _DIGITS.get(currency, 2)


def parse_amount(text: str, currency: str) -> int:
    """Minor units of a written amount, `12,345.60` or `12345.6`.

    Exact: an amount with more digits than the currency has is a ValueError, as is anything that is not a number or
    does not fit into 64 bits.
    """
    written = text.strip()
    if not written.isascii() or not (_PLAIN.match(written) or _GROUPED.match(written)):
        raise ValueError(f"not an amount: {text!r}")
    digits = minor_digits(currency)
    # In whole numbers: decimal arithmetic rounds at 28 digits, silently.
    whole, _, fraction = written.replace(",", "").lstrip("+-").partition(".")
    if fraction[digits:].strip("0"):
        raise ValueError(f"more digits than {currency} has: {text!r}")
    figures = (whole + fraction[:digits].ljust(digits, "0")).lstrip("0") or "0"
    if len(figures) > len(str(LARGEST_MINOR)) or int(figures) > LARGEST_MINOR:
        raise ValueError(f"too large: {text!r}")
    return -int(figures) if written.startswith("-") else int(figures)


def format_amount(minor: int, currency: str) -> str:
    """The plain decimal form for files and interfaces: 1234567 CNY is `12345.67`. Pages use the reader's form."""
    digits = minor_digits(currency)
    sign = "-" if minor < 0 else ""
    whole = str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else sign + whole


def divided_half_up(dividend: int, divisor: int) -> int:
    """The nearest whole number to an exact quotient, half away from zero, so that a reversal mirrors what it reverses."""
    sign = -1 if (dividend < 0) != (divisor < 0) else 1
    return sign * ((2 * abs(dividend) + abs(divisor)) // (2 * abs(divisor)))


def round_half_up(value: Decimal) -> int:
    """Whole minor units of an exact value, half away from zero."""
    return divided_half_up(*value.as_integer_ratio())


def share_of(minor: int, rate: Decimal) -> int:
    """`minor` × `rate` in whole minor units, half up once; exact whatever number of digits the rate has."""
    numerator, denominator = rate.as_integer_ratio()
    return divided_half_up(minor * numerator, denominator)


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency. Adding another currency is a ValueError, not a surprise."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.minor, int) or isinstance(self.minor, bool):
            raise TypeError("money is whole minor units")
        minor_digits(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """From a written amount; see `parse_amount`."""
        return cls(parse_amount(text, currency), currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Any) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._same(other)
        return self.minor < other.minor

    def __str__(self) -> str:
        return f"{self.currency} {format_amount(self.minor, self.currency)}"

    def times(self, rate: Decimal) -> Money:
        """This amount × rate, rounded half up once."""
        return Money(share_of(self.minor, rate), self.currency)
