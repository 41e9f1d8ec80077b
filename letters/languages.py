"""How a letter's language writes amounts and dates: Chinese, the English of the United States, that of Britain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from letters.amounts import CURRENCY_NAMES_ZH, amount_in_chinese, print_amount
from letters.dates import date_in_figures

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Language:
    """The forms of one language. Amounts are whole minor units.

    `amount` is an amount in a table, `amount_in_words` one in a sentence, `currency` what the currency is called.
    `counts_in_capitals` says that CNY is also spelt in capitals and that a letter is dated in numerals.
    """

    amount: Callable[[int, str], str]
    amount_in_words: Callable[[int, str], str]
    day: Callable[[date], str]
    currency: Callable[[str], str]
    counts_in_capitals: bool = False


def language(tag: str) -> Language:
    """The language of a tag that a template may name; KeyError for any other."""
    return LANGUAGES[tag]


def _with_code(minor: int, currency: str) -> str:
    """EUR 12,345.60."""
    return f"{currency} {print_amount(minor, currency)}"


def _with_dollar(minor: int, currency: str) -> str:
    """$12,345.60; any other currency by its code."""
    return f"${print_amount(minor, currency)}" if currency == "USD" else _with_code(minor, currency)


def _with_pound(minor: int, currency: str) -> str:
    """£12,345.60; any other currency by its code."""
    return f"£{print_amount(minor, currency)}" if currency == "GBP" else _with_code(minor, currency)


def _american_day(day: date) -> str:
    """November 22, 2026."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _british_day(day: date) -> str:
    """22 November 2026."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


LANGUAGES = {
    "zh-CN": Language(
        print_amount, amount_in_chinese, date_in_figures, lambda code: CURRENCY_NAMES_ZH.get(code, code), True
    ),
    "en-US": Language(_with_dollar, _with_dollar, _american_day, str),
    "en-GB": Language(_with_pound, _with_pound, _british_day, str),
}
