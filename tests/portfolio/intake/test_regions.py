"""Regions as files name them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.portfolio.intake.regions import country_of, parse_region


@pytest.mark.parametrize(
    ("written", "region"),
    [
        ("CN-SH", "CN-SH"),
        ("cn-gd", "CN-GD"),
        ("上海", "CN-SH"),
        ("上海市", "CN-SH"),
        ("广东省", "CN-GD"),
        ("深圳", "CN-GD"),
        ("广东省深圳市", "CN-GD"),
        ("吉林市", "CN-JL"),
        ("延边朝鲜族自治州", "CN-JL"),
        ("海南藏族自治州", "CN-QH"),
        ("海南省", "CN-HI"),
        ("新疆维吾尔自治区", "CN-XJ"),
        ("内蒙古自治区", "CN-NM"),
        ("香港特别行政区", "HK"),
        ("CN-TW", "TW"),
        ("台湾", "TW"),
        ("TW-TPE", "TW-TPE"),
        ("US-MA", "US-MA"),
        ("GB", "GB"),
    ],
)
def test_codes_and_chinese_names_become_iso_codes(written: str, region: str) -> None:
    assert parse_region(written) == region


@pytest.mark.parametrize("written", ["火星", "", "CN-ZZ", "Shanghai City", "省", "北"])
def test_what_is_no_region_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse_region(written)


@given(st.text(max_size=20))
def test_any_text_is_a_region_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert len(country_of(parse_region(text))) == 2
