"""Regions are called by name where people read them."""

from __future__ import annotations

import pytest

from portal.foundation.catalogue import merged_catalogue
from portal.portfolio.intake.regions import parse_region
from portal.portfolio.region_names import region_name


@pytest.mark.parametrize("chinese", ["广东", "上海市", "新疆维吾尔自治区", "台湾", "香港"])
def test_a_region_is_called_in_chinese_as_files_name_it(chinese: str) -> None:
    name = region_name(parse_region(chinese))
    assert chinese.startswith(str(merged_catalogue("zh_Hans")[str(name)].string))


def test_a_region_without_a_name_keeps_its_code() -> None:
    assert region_name("US-CA") == "US-CA"
