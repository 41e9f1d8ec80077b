"""How long a short message is: what the telephone network splits it into (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

__all__ = ["Length", "measure"]

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("^{}\\[~]|€\f")  # each takes two places
# units in one message, and in each part of several, where a header takes its place
_ROOM: Final[dict[str, tuple[int, int]]] = {"gsm7": (160, 153), "ucs2": (70, 67)}


class Length(NamedTuple):
    """The coding that a text needs, its units in it, and how many messages are charged."""

    coding: Literal["gsm7", "ucs2"]
    units: int
    parts: int


def measure(text: str) -> Length:
    """The length of a short message. One sign outside the basic alphabet, a Chinese one say, sets the whole in UCS-2: 70
    units in one message, 67 in each of several. What takes two units is not cut in two."""
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        return _length("gsm7", (1 + (sign in _EXTENDED) for sign in text))
    return _length("ucs2", (1 + (ord(sign) > 0xFFFF) for sign in text))


def _length(coding: Literal["gsm7", "ucs2"], widths: Iterable[int]) -> Length:
    single, each = _ROOM[coding]
    wide = list(widths)
    units = sum(wide)
    if units <= single:
        return Length(coding, units, 1)
    parts, left = 1, each
    for width in wide:
        if width > left:
            parts, left = parts + 1, each
        left -= width
    return Length(coding, units, parts)
