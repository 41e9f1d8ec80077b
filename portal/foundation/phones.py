"""Telephone numbers: national or E.164 in, E.164 out where the country's plan is known, extensions apart.

Pure. Chinese forms follow the numbering plan of the MIIT: mobiles are 1[3-9] and nine digits, area codes 010, 02x or
0[3-9]xx, service numbers 400 and 800.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from portal.foundation.values import plain

__all__ = ["Phone", "parse_phone"]


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as it is dialled: `+86…` where the country is known, else the digits given; extension or empty."""

    number: str
    extension: str = ""


_EXTENSION: Final = re.compile(
    r"(.*?)\s*(?:转|轉|分机|分機|extension|ext\.?|x|#|,|;ext=)\s*[:.]?\s*(\d{1,8})", re.ASCII | re.I
)
_DASHED_EXTENSION: Final = re.compile(r"((?:\+?86[- ]?)?\(?0\d{2,3}\)?[- ]\d{7,8})-(\d{1,6})", re.ASCII)
_PUNCTUATION: Final = str.maketrans("", "", " \t-‐‑–—.()/·")
_DIGITS: Final = re.compile(r"\+?\d{5,17}", re.ASCII)

_MOBILE_CN: Final = r"1[3-9]\d{9}"
_AREA_CN: Final = r"(?:10|2\d|[3-9]\d{2})\d{7,8}"
_SERVICE_CN: Final = r"[48]00\d{7}"
# Country -> calling code, and the national forms with the trunk prefix that E.164 leaves out.
_PLANS: Final = {
    "CN": ("86", re.compile(rf"(?:86)?({_MOBILE_CN})|0({_MOBILE_CN}|{_AREA_CN})|({_SERVICE_CN})", re.ASCII)),
    "TW": ("886", re.compile(r"(?:0|886)([2-9]\d{7,8})", re.ASCII)),
    "HK": ("852", re.compile(r"(?:852)?([2-9]\d{7})", re.ASCII)),
    "MO": ("853", re.compile(r"(?:853)?([268]\d{7})", re.ASCII)),
    "GB": ("44", re.compile(r"(?:0|44)([1-9]\d{8,9})", re.ASCII)),
    "US": ("1", re.compile(r"1?([2-9]\d{9})", re.ASCII)),
}
_CHINESE_ABROAD: Final = re.compile(rf"86({_MOBILE_CN}|{_AREA_CN}|{_SERVICE_CN})", re.ASCII)
_LOCAL_CN: Final = re.compile(r"[2-9]\d{6,7}", re.ASCII)
_FOREIGN: Final = re.compile(r"\d{6,15}", re.ASCII)


def parse_phone(text: str, country: str = "CN") -> Phone:
    """A number of the country, or an international one (+…, 00…); ValueError if it cannot be dialled."""
    written = plain(text)
    if written.isascii() and written.isdigit() and len(written) == 11 and country == "CN":
        extension = ""
    else:
        written, extension = _split_extension(written)
    digits = written.translate(_PUNCTUATION)
    if not _DIGITS.fullmatch(digits):
        raise ValueError("not a telephone number")
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits[0] == "+":
        return Phone(_international(digits[1:]), extension)
    return Phone(_national(digits, country), extension)


def _split_extension(written: str) -> tuple[str, str]:
    found = _DASHED_EXTENSION.fullmatch(written) or _EXTENSION.fullmatch(written)
    return (found[1], found[2]) if found else (written, "")


def _international(digits: str) -> str:
    if not 7 <= len(digits) <= 15 or digits[0] == "0":
        raise ValueError("not an international number")
    if digits.startswith("86") and not _CHINESE_ABROAD.fullmatch(digits):
        raise ValueError("not a Chinese number")
    return f"+{digits}"


def _national(digits: str, country: str) -> str:
    code, plan = _PLANS.get(country, ("", None))
    found = plan.fullmatch(digits) if plan else None
    if found:
        return f"+{code}{found[found.lastindex or 0]}"
    if country == "CN":
        if _LOCAL_CN.fullmatch(digits):
            return digits
        raise ValueError("not a Chinese number")
    chinese = _PLANS["CN"][1].fullmatch(digits)
    if chinese and chinese[1]:
        return f"+86{chinese[1]}"
    if not _FOREIGN.fullmatch(digits):
        raise ValueError("not a telephone number")
    return digits
