"""The fields of a text, and the text with its fields filled: named gaps and nothing else, so that no text can compute."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = [
    "FIELDS", "Part", "Purpose", "WordingError", "check_fields", "fields_for", "fields_in", "parts_of", "render",
]  # fmt: skip


class Purpose(StrEnum):
    """What a text is for; it decides which fields are known when it is sent, and which rules ask about it."""

    OPENING = "opening"  # what is said first in a call
    CONTACT = "contact"  # asks to be called back
    DEMAND = "demand"  # asks for payment
    REMINDER = "reminder"  # of a promise, before it falls due
    NOTICE = "notice"  # that the account is entrusted, and to whom


_PARTIES: Final = ("name", "bank", "bank_phone", "agency", "phone")
_DEBT: Final = ("account_tail", "amount", "as_of", "days_past_due")
_PROMISE: Final = ("promise_amount", "promise_on")
# All fields, in the order in which a page offers them.
FIELDS: Final = (*_PARTIES, "staff_number", *_DEBT, *_PROMISE, "placed_on")
_KNOWN: Final[dict[Purpose, frozenset[str]]] = {
    Purpose.OPENING: frozenset({*_PARTIES, "staff_number", *_DEBT}),
    Purpose.CONTACT: frozenset({*_PARTIES, "staff_number", *_DEBT}),
    Purpose.DEMAND: frozenset({*_PARTIES, "staff_number", *_DEBT}),
    # drawn up by the portal itself: nobody's staff number goes with them
    Purpose.REMINDER: frozenset({*_PARTIES, *_DEBT, *_PROMISE}),
    Purpose.NOTICE: frozenset({*_PARTIES, *_DEBT, "placed_on"}),
}


class WordingError(ValueError):
    """A text cannot be read or filled. `code`: `unknown_field`, `other_purpose`, `missing`, `brace`; `what`: the field, or
    the words around the brace."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(f"{code}: {what}")
        self.code, self.what = code, what


class Part(NamedTuple):
    """A piece of a text: words as they are said, or the name of a field. `start`: where it stands in the text."""

    words: str
    start: int
    is_field: bool = False


def parts_of(text: str) -> tuple[Part, ...]:
    """The text in pieces. A brace is written twice where it is meant itself. WordingError for a single one and for a field
    that there is not."""
    parts: list[Part] = []
    at = 0
    while at < len(text):
        brace = min((place for sign in "{}" if (place := text.find(sign, at)) >= 0), default=len(text))
        if brace > at:
            parts.append(Part(text[at:brace], at))
        if brace == len(text):
            break
        if text[brace : brace + 2] in ("{{", "}}"):
            parts.append(Part(text[brace], brace))
            at = brace + 2
            continue
        end = text.find("}", brace)
        if text[brace] == "}" or end < 0:
            raise WordingError("brace", text[max(0, brace - 8) : brace + 9].strip())
        name = text[brace + 1 : end].strip()
        if name not in FIELDS:
            raise WordingError("unknown_field", name)
        parts.append(Part(name, brace, is_field=True))
        at = end + 1
    return tuple(parts)


def fields_in(text: str) -> frozenset[str]:
    """The fields that a text uses. WordingError as `parts_of`."""
    return frozenset(part.words for part in parts_of(text) if part.is_field)


def fields_for(purpose: Purpose) -> tuple[str, ...]:
    """The fields that are known when a text of this purpose is sent."""
    return tuple(name for name in FIELDS if name in _KNOWN[purpose])


def check_fields(text: str, purpose: Purpose) -> None:
    """WordingError for a text that cannot be read, or that uses a field which is not known for its purpose."""
    strange = sorted(fields_in(text) - _KNOWN[purpose])
    if strange:
        raise WordingError("other_purpose", strange[0])


def render(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled. What stands in a value is said as it is, braces too. WordingError for a field that
    has no value: a gap is never sent."""
    said: list[str] = []
    for part in parts_of(text):
        if not part.is_field:
            said.append(part.words)
        elif values.get(part.words, "").strip():
            said.append(values[part.words].strip())
        else:
            raise WordingError("missing", part.words)
    return "".join(said)
