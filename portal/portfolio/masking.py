"""How personal data looks until somebody asks to see it. Pure."""

from __future__ import annotations

__all__ = ["mask_address", "mask_email", "mask_name", "mask_phone"]

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
