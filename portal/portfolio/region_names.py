"""What regions are called on pages, and how people write them there; files and limits keep the codes (`intake/regions.py`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from babel import Locale

from portal.foundation.errors import DomainError
from portal.foundation.language import _l, say, translate
from portal.foundation.values import plain
from portal.portfolio.intake.regions import country_of, parse_region

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["region_name", "region_names", "written_place", "written_regions"]

_LONGEST_WORD: Final = 40
_NO_COUNTRY: Final = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})  # of CLDR's territories

_NAMES: Final[dict[str, Any]] = {
    "CN": _l("China"), "CN-BJ": _l("Beijing"), "CN-TJ": _l("Tianjin"), "CN-SH": _l("Shanghai"), "CN-CQ": _l("Chongqing"),
    "CN-HE": _l("Hebei"), "CN-SX": _l("Shanxi"), "CN-NM": _l("Inner Mongolia"), "CN-LN": _l("Liaoning"),
    "CN-JL": _l("Jilin"), "CN-HL": _l("Heilongjiang"), "CN-JS": _l("Jiangsu"), "CN-ZJ": _l("Zhejiang"),
    "CN-AH": _l("Anhui"), "CN-FJ": _l("Fujian"), "CN-JX": _l("Jiangxi"), "CN-SD": _l("Shandong"), "CN-HA": _l("Henan"),
    "CN-HB": _l("Hubei"), "CN-HN": _l("Hunan"), "CN-GD": _l("Guangdong"), "CN-GX": _l("Guangxi"), "CN-HI": _l("Hainan"),
    "CN-SC": _l("Sichuan"), "CN-GZ": _l("Guizhou"), "CN-YN": _l("Yunnan"), "CN-XZ": _l("Tibet"), "CN-SN": _l("Shaanxi"),
    "CN-GS": _l("Gansu"), "CN-QH": _l("Qinghai"), "CN-NX": _l("Ningxia"), "CN-XJ": _l("Xinjiang"),
    "TW": _l("Taiwan"), "TW-TPE": _l("Taipei"), "TW-NWT": _l("New Taipei"), "TW-TAO": _l("Taoyuan"),
    "TW-TXG": _l("Taichung"), "TW-TNN": _l("Tainan"), "TW-KHH": _l("Kaohsiung"), "HK": _l("Hong Kong"), "MO": _l("Macao"),
}  # fmt: skip


def region_name(code: str) -> Any:
    """The name of a region in the reader's language; the code itself where it has none here."""
    return _NAMES.get(code, code)


def region_names(codes: Iterable[str]) -> str:
    """Regions by name, as a field shows them and `written_regions` reads them back."""
    return translate(say(", ")).join(str(region_name(code)) for code in codes)


def written_regions(text: str, field: str) -> tuple[str, ...]:
    """Codes of the regions that somebody wrote, by code or by name in Chinese or in the reader's language, divided by commas
    or spaces. DomainError naming all that are none."""
    by_name = {str(name).casefold(): code for code, name in _NAMES.items()}
    found: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for word in _words(text, by_name):
        try:
            found[by_name.get(word.casefold()) or parse_region(word)] = None
        except ValueError:
            unknown[f"“{word[:_LONGEST_WORD]}”"] = None
    if unknown:
        words = say(
            "No region is called %(words)s. Write codes such as CN-SH, or names such as Shanghai or 上海.",
            words=" ".join(unknown),
        )
        raise DomainError("region.unknown", words, field=field)
    return tuple(found)


def written_place(text: str, field: str) -> str:
    """The code of one place in a country that there is. DomainError for what is none, or more than one."""
    found = written_regions(text, field)
    country = country_of(found[0]) if len(found) == 1 else ""
    if country in _NO_COUNTRY or country not in Locale("en").territories:
        words = say(
            "“%(place)s” is no place that is known. Write one, as a code such as GB or US-MA.", place=text.strip()
        )
        raise DomainError("region.unknown", words, field=field)
    return found[0]


def _words(text: str, by_name: Iterable[str]) -> Iterator[str]:
    """What stands between commas; the parts of it that spaces divide, unless all of it is one name (Inner Mongolia)."""
    known = frozenset(by_name)
    for part in re.split(r"[,;，；、\n]+", plain(text)):
        whole = " ".join(part.split())
        yield from [whole] if whole.casefold() in known else whole.split()
