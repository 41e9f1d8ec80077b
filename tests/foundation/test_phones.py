"""Telephone numbers as files have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.phones import Phone, parse_phone


@pytest.mark.parametrize(
    ("written", "country", "number", "extension"),
    [
        ("13800138000", "CN", "+8613800138000", ""),
        ("+86 138-0013-8000", "CN", "+8613800138000", ""),
        ("008613800138000", "CN", "+8613800138000", ""),
        ("8613800138000", "CN", "+8613800138000", ""),
        ("１３８００１３８０００", "CN", "+8613800138000", ""),
        ("010-62345678转801", "CN", "+861062345678", "801"),
        ("(021)62345678 ext. 12", "CN", "+862162345678", "12"),
        ("0755-26001234-801", "CN", "+8675526001234", "801"),
        ("400-812-3456", "CN", "+864008123456", ""),
        ("62345678", "CN", "62345678", ""),
        ("0912-345-678", "TW", "+886912345678", ""),
        ("(02) 2345-6789#12", "TW", "+886223456789", "12"),
        ("13800138000", "TW", "+8613800138000", ""),
        ("07700 900123", "GB", "+447700900123", ""),
        ("(617) 555-0123", "US", "+16175550123", ""),
        ("+4915112345678", "CN", "+4915112345678", ""),
    ],
)
def test_national_and_international_forms_become_one(written: str, country: str, number: str, extension: str) -> None:
    assert parse_phone(written, country) == Phone(number, extension)


@pytest.mark.parametrize(
    "written", ["12345678901", "abc", "138001380001", "+8612345678901", "110", "", "+0123456789", "1380013800", "转801"]
)
def test_what_cannot_be_dialled_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_phone(written)


@given(st.text(max_size=40), st.sampled_from(["CN", "TW", "US", "ZZ", ""]))
def test_any_text_is_a_number_or_a_value_error(text: str, country: str) -> None:
    try:
        phone = parse_phone(text, country)
    except ValueError:
        return
    assert phone.number.lstrip("+").isdigit()
