"""Amounts: whole minor units, exact at every size, another currency never mixed in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.money import (
    Money,
    divided_half_up,
    format_amount,
    minor_digits,
    parse_amount,
    round_half_up,
    share_of,
)

LARGEST = 2**63 - 1
minors = st.integers(-LARGEST, LARGEST)
currencies = st.sampled_from(["CNY", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("0", "CNY", 0),
        ("12,345.60", "CNY", 1_234_560),
        ("12345.6", "CNY", 1_234_560),
        ("1.", "CNY", 100),
        (".5", "CNY", 50),
        ("-0.01", "CNY", -1),
        ("+7", "JPY", 7),
        ("7.00", "JPY", 7),
        ("1.234", "KWD", 1_234),
        (" 1.10 ", "CNY", 110),
        ("1.10000000000000000000000000000000000000000", "CNY", 110),
        ("000000000000000000000000000000000000001.00", "CNY", 100),
        ("92,233,720,368,547,758.07", "CNY", LARGEST),
        ("-92233720368547758.07", "CNY", -LARGEST),
    ],
)
def test_a_written_amount_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "-", "1e3", "1,23.00", "1,2345", "12,34,567", "１２", "1 000", "NaN", "Infinity", "0x1", "--1", "1.234",
        "1.0000000000000000000000000000000000000000001", "92233720368547758.08", "9" * 40, "9" * 5_000, "¥1",
    ],
)  # fmt: skip
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|digits|large"):
        parse_amount(text, "CNY")


def test_an_unknown_currency_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown currency"):
        parse_amount("1", "XXX")
    with pytest.raises(ValueError, match="unknown currency"):
        Money(1, "cny")


@given(minors, currencies)
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    assert parse_amount(format_amount(minor, currency), currency) == minor
    assert Decimal(format_amount(minor, currency)) * 10 ** minor_digits(currency) == minor or minor > 10**27


@given(minors, st.integers(1, LARGEST))
def test_a_quotient_is_rounded_half_away_from_zero(dividend: int, divisor: int) -> None:
    found = divided_half_up(dividend, divisor)

    assert abs(Fraction(dividend, divisor) - found) <= Fraction(1, 2)
    assert divided_half_up(-dividend, divisor) == -found == divided_half_up(dividend, -divisor)


@pytest.mark.parametrize(("value", "rounded"), [("0.5", 1), ("-0.5", -1), ("1.49", 1), ("2.5", 3), ("-2.5", -3)])
def test_halves_go_away_from_zero(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded


@given(minors, st.decimals(0, 1, places=18))
def test_a_share_is_exact_however_many_digits_it_takes(minor: int, rate: Decimal) -> None:
    exact = Fraction(minor) * Fraction(rate)

    assert abs(exact - share_of(minor, rate)) <= Fraction(1, 2)
    assert share_of(-minor, rate) == -share_of(minor, rate)


def test_a_share_beyond_the_digits_of_decimal_arithmetic_loses_no_cent() -> None:
    assert share_of(10**18, Decimal("0.333333333333333333")) == 333_333_333_333_333_333
    assert share_of(LARGEST, Decimal(1)) == LARGEST


def test_money_adds_compares_and_speaks_in_its_own_currency_only() -> None:
    one, two = Money.parse("1.00", "CNY"), Money(200, "CNY")

    assert one + one == two
    assert two - one == one
    assert -one < one < two
    assert str(two) == "CNY 2.00"
    assert two.times(Decimal("0.125")) == Money(25, "CNY")
    for mix in (lambda: one + Money(1, "JPY"), lambda: one < Money(1, "JPY"), lambda: one - Money(1, "JPY")):
        with pytest.raises(ValueError, match="do not mix"):
            mix()
    for wrong in (1.0, True, "1"):
        with pytest.raises(TypeError):
            Money(wrong, "CNY")  # type: ignore[arg-type]
