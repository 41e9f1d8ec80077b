"""Amounts of money as letters need them: read exactly, printed with separators, spelt in capitals.

`letters/` stands alone, so it keeps its own short table of minor digits (ISO 4217). Amounts are whole
minor units (int) once read; there is no float anywhere.
"""

from __future__ import annotations

import re
from decimal import Decimal

_TWO_DIGITS = "AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF IDR ILS INR MOP MXN MYR NOK NZD PHP PLN RON RUB SAR SEK SGD THB TRY TWD USD ZAR"
MINOR_DIGITS: dict[str, int] = {
    **dict.fromkeys(_TWO_DIGITS.split(), 2),
    **dict.fromkeys("CLP ISK JPY KRW PYG UGX VND XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
"""Digits after the point by currency code (ISO 4217 list one), for the currencies letters are written in."""

CURRENCY_NAMES_ZH: dict[str, str] = {
    "CNY": "人民币", "TWD": "新台币", "HKD": "港币", "MOP": "澳门币", "USD": "美元", "EUR": "欧元",
    "GBP": "英镑", "JPY": "日元", "KRW": "韩元", "SGD": "新加坡元", "AUD": "澳大利亚元", "CAD": "加拿大元", "CHF": "瑞士法郎",
}  # fmt: skip
"""What a Chinese letter calls a currency; a code that is not here is printed as the code."""

_COUNTED_IN_YUAN = ("CNY", "TWD", "HKD", "MOP")

UPPERCASE_LIMIT = 10**18
"""Amounts of 10^16 yuan (10^18 fen) and more have no agreed spelling in capitals."""

_AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")


def read_amount(value: object, currency: str) -> int:
    """Minor units of an amount given as text, int or Decimal, in a known currency.

    Raises ValueError for anything else: floats, separators, full-width digits, an exponent, or more
    decimals than the currency has (zeros beyond them are let pass, "100.00" JPY is 100 yen).
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not an amount")
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if len(text) > 40 or not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    whole, _, decimals = text.partition(".")
    digits = MINOR_DIGITS[currency]
    if decimals[digits:].strip("0"):
        raise ValueError("too many decimals")
    minor = int(whole.lstrip("-") + decimals[:digits].ljust(digits, "0"))
    return -minor if whole.startswith("-") else minor


def print_amount(minor: int, currency: str) -> str:
    """Minor units in figures with thousands separators and the currency's decimals: 1,000,123,456.87."""
    digits = MINOR_DIGITS[currency]
    sign = "-" if minor < 0 else ""
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


def amount_in_chinese(minor: int, currency: str) -> str:
    """An amount as a Chinese sentence holds it: 人民币52,838.95元, 日元52,838, THB1,000.00."""
    unit = "元" if currency in _COUNTED_IN_YUAN else ""
    return f"{CURRENCY_NAMES_ZH.get(currency, currency)}{print_amount(minor, currency)}{unit}"


def uppercase_amount(fen: int) -> str:
    """An amount in fen as 人民币大写 (支付结算办法, annex one: 正确填写票据和结算凭证的基本规定).

    Where the rule allows two spellings, those of reference/letters.md: one 零 between yuan and jiao when
    the yuan end in 0, none between 万 and 仟 when the ten-thousands end in 0; 整 only after yuan.
    Raises ValueError for negative amounts and from 10^16 yuan on.
    """
    if not 0 <= fen < UPPERCASE_LIMIT:
        raise ValueError("amount has no spelling in capitals")
    yuan, cents = divmod(fen, 100)
    jiao, rest = divmod(cents, 10)
    words = _whole_yuan(yuan) + "元" if yuan else ""
    if not cents:
        return (words or "零元") + "整"
    if words and (jiao == 0 or yuan % 10 == 0):
        words += "零"
    return words + (_DIGITS[jiao] + "角" if jiao else "") + (_DIGITS[rest] + "分" if rest else "")


def _whole_yuan(yuan: int) -> str:
    """The yuan of an amount, group of four by group of four."""
    high, low = divmod(yuan, 10**8)
    words = ""
    if high:
        words = _below_hundred_million(high) + "亿"
        if low and (low < 10**7 or high % 10**4 == 0):
            words += "零"
    return words + (_below_hundred_million(low) if low else "")


def _below_hundred_million(number: int) -> str:
    """A number under 10^8 in capitals, without a leading 零."""
    high, low = divmod(number, 10**4)
    words = ""
    if high:
        words = _below_ten_thousand(high) + "万"
        if low and low < 1000:
            words += "零"
    return words + (_below_ten_thousand(low) if low else "")


def _below_ten_thousand(number: int) -> str:
    """A number under 10^4 in capitals: inner runs of zeros give one 零, trailing ones none."""
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if gap and words else "") + _DIGITS[digit] + _PLACES[place]
        gap = digit == 0
    return words
