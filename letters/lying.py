"""Where the words of a laid-out letter lie: within the page, and the address within the envelope's window.

A template with a window says in schema.yaml where it is, in millimetres from the sheet's left and upper edge, and its page has one
element of the class `window`, which holds name and address:

    window: {left: 20, top: 45, width: 90, height: 45}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weasyprint.formatting_structure.boxes import MarginBox, TextBox

MM = 96 / 25.4  # pixels of CSS
SLACK = 1.0  # pixels: what rounding may move a line


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle on the sheet, in pixels of CSS from its upper left."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, box: Any) -> bool:
        """Whether a box of text lies within."""
        return bool(
            self.left - SLACK <= box.position_x
            and box.position_x + box.width <= self.right + SLACK
            and self.top - SLACK <= box.position_y
            and box.position_y + box.height <= self.bottom + SLACK
        )


def read_window(schema: Mapping[str, Any]) -> Frame | None:
    """The window that a parsed schema.yaml states; None where it states none. ValueError or KeyError for what is not understood."""
    stated = schema.get("window")
    if stated is None:
        return None
    left, top, width, height = (float(stated[name]) for name in ("left", "top", "width", "height"))
    if min(left, top) < 0 or min(width, height) <= 0 or max(left + width, top + height) > 420:
        raise ValueError("the window must lie on the sheet")
    return Frame(left * MM, top * MM, (left + width) * MM, (top + height) * MM)


def is_outside_window(document: Any, window: Frame) -> bool:
    """Whether name or address of a letter would not be seen through its envelope's window."""
    return not all(window.holds(box) for box in _words(_window_box(document)))


def has_window_box(document: Any) -> bool:
    """Whether a page has the element that stands in the window, with words in it."""
    return any(True for _ in _words(_window_box(document)))


def first_page_overflown(document: Any) -> int | None:
    """The first page, from 1, with words that reach beyond its paper; None where there is none."""
    for number, page in enumerate(document.pages, start=1):
        paper = Frame(0, 0, page.width, page.height)
        if not all(paper.holds(box) for box in _words(page._page_box)):
            return number
    return None


def drawn_words(document: Any) -> str:
    """All that the pages say between their margins, without white space and hyphens, so that no line's end is in it."""
    inner = [part for page in document.pages for part in page._page_box.children if not isinstance(part, MarginBox)]
    return bare("".join(box.text for part in inner for box in _words(part)))


def bare(text: str) -> str:
    """Text as `drawn_words` gives it, to be looked for in that."""
    return "".join(text.split()).replace("-", "").replace("\u2010", "").replace("\u00ad", "").casefold()


def _window_box(document: Any) -> Any:
    for box in document.pages[0]._page_box.descendants(placeholders=True):
        element = box.element
        if element is not None and "window" in (element.get("class") or "").split():
            return box
    return None


def _words(box: Any) -> Iterator[Any]:
    """The boxes of text in a box that print something."""
    if box is not None:
        for inner in box.descendants(placeholders=True):  # what is placed by itself too
            if isinstance(inner, TextBox) and inner.text.strip() and inner.style["visibility"] == "visible":
                yield inner
