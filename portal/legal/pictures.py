"""Pages of a PDF as pictures, one at a time: PDFium, which makes them, is not safe in two threads."""

from __future__ import annotations

from threading import Lock

import letters

__all__ = ["pictures_of"]


def pictures_of(pdf: bytes) -> tuple[bytes, ...]:
    """A PNG of each page."""
    with _one_at_a_time:
        return tuple(letters.page_pictures(pdf))


_one_at_a_time = Lock()
