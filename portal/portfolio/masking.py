"""How personal data looks until somebody asks to see it. Pure."""

from __future__ import annotations

import re
from typing import Final

from portal.foundation.values import mask_card_numbers

__all__ = ["mask_address", "mask_email", "mask_field", "mask_name", "mask_phone", "mask_unknown"]

STARS = "****"


def _is_chinese(text: str) -> bool:
    return any("㐀" <= character <= "鿿" or character >= "\U00020000" for character in text)


def mask_name(name: str) -> str:
    """王伟 → 王*, 阿卜杜拉·买买提 → 阿****, Anna Lee → A****"""
    name = name.strip()
    if not name:
        return "*"
    if _is_chinese(name):
        return name[0] + "*" * min(max(len(name) - 1, 1), 4)
    return name[0] + STARS


def mask_phone(number: str) -> str:
    """+8613800120012 → +86138****0012; short numbers keep two digits."""
    if len(number) < 8:
        return STARS + number[-2:]
    head = len(number) - 8
    return number[:head] + STARS + number[-4:]


def mask_email(address: str) -> str:
    """anna@example.com → a****@example.com"""
    local, _, domain = address.partition("@")
    return f"{local[:1]}{STARS}@{domain}"


def mask_address(address: str) -> str:
    """The first six characters (province and city), then stars."""
    address = address.strip()
    return (address[:6] if _is_chinese(address) else address[:4]) + STARS


_EMAIL: Final = re.compile(r"[^\s@,;]+@[^\s@,;]+")
_LONG_NUMBER: Final = re.compile(r"\d(?:[\s-]?\d){6,}[Xx]?")


def mask_field(field: str, text: str) -> str:
    """What a file has in a field of the standard layout, as it may be shown. `field` empty: nobody knows what it is."""
    if not text:
        return ""
    if field == "name":
        return mask_name(text)
    if field == "id_no":
        return STARS
    if field in ("note", "found_source"):
        return STARS
    if field == "contact_point":
        return mask_unknown(text) if "@" in text or _LONG_NUMBER.search(text) else mask_address(text)
    if field.startswith("phone_") and not field.endswith("_relation"):
        return mask_phone(text)
    if field == "email":
        return mask_email(text) if "@" in text else STARS
    if field == "address":
        return mask_address(text)
    if field.startswith("certificate_no"):  # often the holder's identity number
        return mask_unknown(text)
    return mask_card_numbers(text) if field else mask_unknown(text)


def mask_unknown(text: str) -> str:
    """A text of which nobody has said what it is: numbers of seven digits and more keep their last two, addresses of
    e-mail their place. A name in it cannot be told from other words."""
    text = mask_card_numbers(text)
    text = _EMAIL.sub(lambda found: mask_email(found[0]), text)
    return _LONG_NUMBER.sub(lambda found: STARS + found[0][-2:], text)
