"""Amounts: read exactly, printed with separators, spelt in capitals as the rule says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.amounts import UPPERCASE_LIMIT, amount_in_chinese, print_amount, read_amount, uppercase_amount
from letters.dates import date_in_figures, date_in_numerals, read_date


@pytest.mark.parametrize(
    ("figures", "capitals"),
    [
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("100.00", "壹佰元整"),
        ("0.10", "壹角"),
        ("0.01", "壹分"),
        ("0.00", "零元整"),
        ("10.00", "壹拾元整"),
        ("1000123456.87", "壹拾亿零壹拾贰万叁仟肆佰伍拾陆元捌角柒分"),
        ("100000000", "壹亿元整"),
        ("100001234", "壹亿零壹仟贰佰叁拾肆元整"),
        ("1000012345678", "壹万亿零壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元整"),
        ("9999999999999999.99", "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
    ],
)
def test_an_amount_is_spelt_in_capitals_as_the_rule_says(figures: str, capitals: str) -> None:
    assert uppercase_amount(read_amount(figures, "CNY")) == capitals


_VALUES = {word: value for value, word in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def _read_capitals(words: str) -> int:
    """Fen from capitals, read by a method that shares nothing with the one that writes them."""
    yuan, _, cents = words.removesuffix("整").rpartition("元")
    fen = sum(
        _VALUES[cents[place - 1]] * worth for unit, worth in (("角", 10), ("分", 1)) if (place := cents.find(unit)) > 0
    )
    total = group = digit = 0
    for word in yuan:
        if word in _VALUES:
            digit = _VALUES[word]
        elif word in _UNITS:
            group, digit = group + digit * _UNITS[word], 0
        elif word == "万":
            total, group, digit = total + (group + digit) * 10**4, 0, 0
        else:
            total, group, digit = (total + group + digit) * 10**8, 0, 0
    return (total + group + digit) * 100 + fen


@given(st.integers(min_value=0, max_value=UPPERCASE_LIMIT - 1))
def test_capitals_read_back_as_the_amount_and_hold_no_double_zero(fen: int) -> None:
    words = uppercase_amount(fen)
    assert _read_capitals(words) == fen
    assert "零零" not in words
    assert words.endswith("整") == (fen % 100 == 0)
    assert fen == 0 or not words.startswith("零")


@given(st.integers(min_value=-(10**20), max_value=10**20), st.sampled_from(["CNY", "JPY", "TWD", "KWD"]))
def test_figures_read_back_as_the_amount(minor: int, currency: str) -> None:
    assert read_amount(print_amount(minor, currency).replace(",", ""), currency) == minor


@pytest.mark.parametrize("text", ["1,000.00", "１２.00", "1e5", "", " 1", "1.", ".5", "NaN", "1.001", "0x10", "+1"])
def test_what_is_not_plainly_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        read_amount(text, "CNY")


@pytest.mark.parametrize("value", [1.5, True, None, [1]])
def test_a_float_is_never_an_amount(value: object) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        read_amount(value, "CNY")


def test_each_currency_prints_its_own_decimals() -> None:
    assert print_amount(read_amount("52838.00", "JPY"), "JPY") == "52,838"
    assert print_amount(read_amount(Decimal("165735247.00"), "TWD"), "TWD") == "165,735,247.00"
    assert amount_in_chinese(5283895, "CNY") == "人民币52,838.95元"
    assert amount_in_chinese(52838, "JPY") == "日元52,838"
    assert amount_in_chinese(100, "THB") == "THB1.00"


@pytest.mark.parametrize(
    ("day", "numerals"),
    [
        ("2026-11-22", "二〇二六年十一月二十二日"),
        ("2030-10-10", "二〇三〇年十月十日"),
        ("2027-01-31", "二〇二七年一月三十一日"),
        ("2028-12-20", "二〇二八年十二月二十日"),
    ],
)
def test_a_date_is_written_in_chinese_numerals(day: str, numerals: str) -> None:
    assert date_in_numerals(read_date(day)) == numerals


def test_a_date_is_read_from_one_form_only() -> None:
    assert date_in_figures(read_date(date(2026, 1, 5))) == "2026年1月5日"
    for wrong in ("2026/11/22", "20261122", "2026-02-30", "2026-W01-1", "9999-12-31", 20261122, None):
        with pytest.raises(ValueError):
            read_date(wrong)
