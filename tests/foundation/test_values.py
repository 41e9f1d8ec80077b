"""What people write in files is read exactly or not at all."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.values import (
    card_number_in,
    identity_check_digit,
    identity_number_is_right,
    is_scientific_notation,
    mask_card_numbers,
    parse_boolean,
    parse_currency,
    parse_date,
    parse_email,
    parse_whole,
    plain,
    read_amount,
    trim,
)


def luhn(digits: str) -> str:
    """The digits with their Luhn digit behind them."""
    for last in "0123456789":
        number = digits + last
        total = sum(
            d if place % 2 == 0 else d * 2 - 9 * (d > 4) for place, d in enumerate(int(c) for c in reversed(number))
        )
        if total % 10 == 0:
            return number
    raise AssertionError


def test_full_width_digits_and_letters_are_read_as_plain_ones() -> None:
    assert plain("　ＡＢ－１２３．４５　") == "AB-123.45"


def test_surrounding_spaces_go_and_inner_ones_stay() -> None:
    assert trim("\u3000 王 小明\u00a0\ufeff") == "王 小明"


@pytest.mark.parametrize(
    "written", ["2026-11-22", "2026/11/22", "20261122", "2026年11月22日", "２０２６－１１－２２", " 2026-11-22 "]
)
def test_every_form_of_a_date_is_read(written: str) -> None:
    assert parse_date(written) == date(2026, 11, 22)


def test_a_date_cell_is_a_date() -> None:
    assert parse_date(date(2026, 11, 22)) == date(2026, 11, 22)
    assert parse_date(datetime(2026, 11, 22, 13, 5)) == date(2026, 11, 22)  # noqa: DTZ001 - a cell has no zone


@pytest.mark.parametrize(
    "written", ["2026-02-30", "22/11/2026", "46348", "2026-11", "0026-11-22", "", "2026-11-22 1", "٢٠٢٦-١١-٢٢"]
)
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_date(written)


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [
        ("1,234.5", "CNY", 123450),
        ("１，２３４．５０", "CNY", 123450),
        ("0", "CNY", 0),
        ("1000", "JPY", 1000),
        ("1.500", "CNY", 150),
        ("107000.53", "CNY", 10700053),
        ("90071992547409.93", "CNY", 9007199254740993),
    ],
)
def test_amounts_are_exact(written: str, currency: str, minor: int) -> None:
    assert read_amount(written, currency) == minor


@pytest.mark.parametrize(
    "written",
    [
        "1.005",
        "1,23.4",
        "12,34",
        "1.6E+05",
        "¥5",
        "--1",
        "",
        "1" * 29,
        "1.0000000000000000000000000000000001",
        "NaN",
        "1 000",
    ],
)
def test_what_is_no_exact_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        read_amount(written, "CNY")


def test_whole_numbers_may_come_from_a_spreadsheet() -> None:
    assert parse_whole("30.0") == 30
    with pytest.raises(ValueError):
        parse_whole("30.5")


def test_currencies_are_codes_or_renminbi_in_chinese() -> None:
    assert parse_currency("人民币") == "CNY"
    assert parse_currency("ｔｗｄ") == "TWD"
    with pytest.raises(ValueError):
        parse_currency("XXX")


def test_yes_and_no_in_both_languages() -> None:
    assert parse_boolean("是") is True
    assert parse_boolean("No") is False
    with pytest.raises(ValueError):
        parse_boolean("perhaps")


@pytest.mark.parametrize("written", ["a@b", "a b@c.cn", "a@c..cn", "@c.cn", "a@-c.cn"])
def test_what_is_no_email_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_email(written)


@pytest.mark.parametrize("written", ["6.22848E+15", "6.22848e15", "6E+15", "6E15", "-1.5E+3"])
def test_a_rounded_reference_is_recognised(written: str) -> None:
    assert is_scientific_notation(written)


@pytest.mark.parametrize("written", ["622848", "48291E05", "E-15", "AB12E+3", "6.22"])
def test_a_reference_that_only_looks_rounded_is_kept(written: str) -> None:
    assert not is_scientific_notation(written)


def test_the_worked_identity_number_of_the_standard_is_right() -> None:
    # GB 11643-1999, its own example.
    assert identity_number_is_right("11010519491231002X")
    assert identity_number_is_right("11010519491231002x")
    assert not identity_number_is_right("110105194912310021")
    assert not identity_number_is_right("11010519491331002X")


@given(st.text("0123456789", min_size=17, max_size=17), st.sampled_from("0123456789X"))
def test_exactly_one_check_digit_fits(first_seventeen: str, digit: str) -> None:
    right = identity_check_digit(first_seventeen)
    if digit != right:
        assert not identity_number_is_right(first_seventeen + digit)


@given(
    st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.integers(0, 999), st.sampled_from(["110105", "620102", "350102"])
)
def test_an_identity_number_is_never_taken_for_a_card(born: date, sequence: int, area: str) -> None:
    # Gansu begins with 62 and Fujian with 35, as cards do.
    first = f"{area}{born:%Y%m%d}{sequence:03d}"
    number = first + identity_check_digit(first)
    assert identity_number_is_right(number)
    assert card_number_in(number) is None
    assert card_number_in(f"证件{number},请核对") is None


@pytest.mark.parametrize(
    ("prefix", "length"),
    [("62", n) for n in (16, 17, 18, 19)]
    + [("4", n) for n in (13, 16, 19)]
    + [("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15)]
    + [("35", n) for n in (16, 17, 18, 19)]
    + [("30", 14), ("36", 14), ("38", 14)],
)
def test_every_prefix_with_its_length_is_a_card(prefix: str, length: int) -> None:
    number = luhn((prefix + "1029384756102938475")[: length - 1])
    assert card_number_in(number) == number
    assert card_number_in(f"备注:卡号{number}已停用") == number
    assert card_number_in(number[:-1] + str((int(number[-1]) + 1) % 10)) is None


@pytest.mark.parametrize(
    ("prefix", "length"),
    [("4", 14), ("51", 15), ("34", 16), ("30", 16), ("2220", 16), ("2721", 16), ("50", 16), ("62", 15), ("60", 16)],
)
def test_another_length_or_prefix_is_no_card(prefix: str, length: int) -> None:
    assert card_number_in(luhn((prefix + "0000000000000000000")[: length - 1])) is None


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "４１１１１１１１１１１１１１１１",
        "3782 822463 10005",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "call 13800138000 4111111111111111",
        "A4111111111111111Z",
    ],
)
def test_a_card_number_is_found_however_it_is_grouped(written: str) -> None:
    assert card_number_in(written) is not None


@pytest.mark.parametrize(
    "written",
    ["幸福路36-2 13800138000", "2026-11-22 2026-11-23 13800138000", "550e8400-e29b-41d4-a716-446655440000", "UCI-4111"],
)
def test_doors_dates_and_telephones_are_no_cards(written: str) -> None:
    assert card_number_in(written) is None


def test_masking_keeps_the_text_around_a_card() -> None:
    assert mask_card_numbers("卡４１１１ 1111 1111 1111, 谢谢") == "卡411111******1111, 谢谢"
    assert mask_card_numbers("没有") == "没有"


@given(st.text(st.sampled_from("0123456789 -462卡４"), max_size=60))
def test_nothing_that_counts_as_a_card_survives_masking(text: str) -> None:
    assert card_number_in(mask_card_numbers(text)) is None
