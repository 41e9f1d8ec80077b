"""What regions are called on pages; files and limits keep the codes (see `intake/regions.py`)."""

from __future__ import annotations

from typing import Any, Final

from portal.foundation.language import _l

__all__ = ["region_name"]

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
