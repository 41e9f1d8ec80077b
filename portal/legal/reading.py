"""A frozen letter opened again, and its pages as pictures for the review on screen.

Pictures live in this process's memory for a little while, by the hash of what they show; they are never written anywhere.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import letters
from portal.legal.freezing import SEALED_AS
from portal.legal.pictures import pictures_of

if TYPE_CHECKING:
    from portal.foundation.vault import PersonKey, Vault
    from portal.legal.models import Letter

__all__ = ["Opened", "Pages", "pages_of", "pdf_of", "unsealed"]

KEPT = 24  # letters of about 100 KB


class Opened(NamedTuple):
    """A letter with what is needed to lay it out. `data` is None where the person's data cannot be read any more."""

    letter: Letter
    template: str
    head: dict[str, Any]
    data: dict[str, Any] | None


class Pages(NamedTuple):
    """A letter's PDF and each page of it as a PNG."""

    pdf: bytes
    pictures: tuple[bytes, ...]


def unsealed(vault: Vault, sealed: tuple[bytes, PersonKey], letter_no: str | None) -> dict[str, Any] | None:
    """The letter's data as it was frozen, with its number if it has one; None where the person was erased."""
    content, key = sealed
    text = vault.open(key, content or None, SEALED_AS)
    if text is None:
        return None
    data: dict[str, Any] = json.loads(text)
    return data | {"letter_no": letter_no} if letter_no else data


def pdf_of(opened: Opened) -> bytes:
    """The PDF of a letter. Raises letters.LettersError where it cannot be laid out."""
    return pages_of(opened).pdf


def pages_of(opened: Opened) -> Pages:
    """The letter laid out, from memory if somebody looked at it a moment ago. Raises letters.LettersError."""
    key = f"{opened.letter.id}/{opened.letter.content_sha256}/{opened.letter.letter_no or ''}"
    known = _memory.get(key)
    if known is not None:
        return known
    with _one_at_a_time:
        known = _memory.get(key)  # whoever waited here may find it done
        if known is None:
            pdf = letters.render_single(letters.load_template(opened.template), opened.head, opened.data or {})
            known = Pages(pdf, pictures_of(pdf))
            _memory.keep(key, known)
        return known


class _Memory:
    """The last few letters that were laid out, the oldest dropped first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, Pages] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Pages | None:
        with self._lock:
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
            return found

    def keep(self, key: str, pages: Pages) -> None:
        with self._lock:
            self._pages[key] = pages
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)


_memory = _Memory()
_one_at_a_time = Lock()  # whoever asks for a letter that is being laid out waits for it
