"""Regions are called by name where people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask_babel import force_locale

from portal.foundation.catalogue import merged_catalogue
from portal.foundation.errors import DomainError
from portal.portfolio.intake.regions import parse_region
from portal.portfolio.region_names import _NAMES, region_name, region_names, written_regions

if TYPE_CHECKING:
    from flask import Flask


@pytest.mark.parametrize("chinese", ["广东", "上海市", "新疆维吾尔自治区", "台湾", "香港"])
def test_a_region_is_called_in_chinese_as_files_name_it(chinese: str) -> None:
    name = region_name(parse_region(chinese))
    assert chinese.startswith(str(merged_catalogue("zh_Hans")[str(name)].string))


def test_a_region_without_a_name_keeps_its_code() -> None:
    assert region_name("US-CA") == "US-CA"


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_name_that_is_shown_is_read_back(app: Flask, locale: str) -> None:
    codes = tuple(sorted(_NAMES)) + ("US-CA",)
    with app.test_request_context(), force_locale(locale):
        assert written_regions(region_names(codes), "regions") == codes


def test_regions_are_read_by_code_and_by_name_and_kept_once() -> None:
    assert written_regions("CN-SH、广东省, cn-gd 上海市 zhejiang", "regions") == ("CN-SH", "CN-GD", "CN-ZJ")
    assert written_regions("Inner  Mongolia; Hong Kong", "regions") == ("CN-NM", "HK")
    assert written_regions("  ", "regions") == ()


def test_everything_that_is_no_region_is_named_at_once() -> None:
    with pytest.raises(DomainError, match="“Atlantis” “Narnia”") as caught:
        written_regions("CN-SH Atlantis, Narnia", "regions")
    assert caught.value.field == "regions"
