"""Papers of different origin bound into one document: foreign pages on sheets of A4, a line on every page, bookmarks.

What somebody has uploaded is drawn, not opened: of a PDF only what its pages show is taken over, with no link, form, script or
attachment of it; a picture is decoded here and written anew. Whoever hands in a file that cannot be drawn is told so by
`Undrawable`, and the rest goes on.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pikepdf
from PIL import Image, ImageOps

from letters.pixels import picture_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MOST_PAGES", "Undrawable", "bind", "headings_in", "on_sheets", "pages_in"]

WIDTH, HEIGHT = 595.276, 841.89  # points of A4
FRAME = pikepdf.Rectangle(45, 50, WIDTH - 45, HEIGHT - 75)  # left, bottom, right, top of what lies on a sheet
SHEET = pikepdf.Rectangle(0, 0, WIDTH, HEIGHT)
MOST_PAGES = 300  # of one file
MOST_PIXELS = 120_000_000  # a scan of A3 at 600 dots an inch
DOTS = (2_480, 3_508)  # A4 at 300 dots an inch: no more is kept of a picture


class Undrawable(Exception):
    """A file of which no page can be drawn: damaged, locked with a password, without pages, or too large."""


def pages_in(pdf: bytes) -> int:
    """How many pages a PDF of our own has."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


def headings_in(pdf: bytes) -> list[int]:
    """On which page each of the largest headings of a PDF of our own stands, in their order; the first page is 0."""
    with pikepdf.open(io.BytesIO(pdf)) as document, document.open_outline() as outline:
        places = {page.objgen: place for place, page in enumerate(document.pages)}
        return [places[item.destination[0].objgen] for item in outline.root]  # type: ignore[index]


def on_sheets(content: bytes, ending: str) -> bytes:
    """The pages of a file (`pdf`, `png`, `jpg`), each on a sheet of A4 with room for a line above. Raises Undrawable."""
    if ending != "pdf":
        content = _as_pdf(content)
    try:
        with pikepdf.open(io.BytesIO(content)) as source, pikepdf.new() as target:
            if not 0 < len(source.pages) <= MOST_PAGES:
                raise Undrawable
            for page in source.pages:
                target.add_blank_page(page_size=(WIDTH, HEIGHT))
                target.pages[-1].add_overlay(page, FRAME)
            return _saved(target)
    except (
        pikepdf.PdfError,
        pikepdf.PasswordError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        RuntimeError,
        RecursionError,
    ) as error:
        raise Undrawable from error


def bind(parts: Sequence[bytes], lines: bytes, bookmarks: Sequence[tuple[str, int]], title: str, out: Path) -> int:
    """Write the pages of `parts` to `out`, each with the page of the same number in `lines` over it; how many there are. A
    bookmark is (words, page counted from 1)."""
    with pikepdf.new() as target, pikepdf.open(io.BytesIO(lines)) as over:
        for part in parts:
            with pikepdf.open(io.BytesIO(part)) as source:
                target.pages.extend(source.pages)
        if len(over.pages) != len(target.pages):
            raise ValueError(f"{len(over.pages)} lines for {len(target.pages)} pages")
        for number, page in enumerate(target.pages):
            page.add_overlay(over.pages[number], SHEET)
        with target.open_outline() as outline:
            outline.root.extend(pikepdf.OutlineItem(words, page - 1) for words, page in bookmarks)
        target.docinfo["/Title"] = title
        target.docinfo["/Producer"] = "letters"
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.7")
        return len(target.pages)


def _as_pdf(content: bytes) -> bytes:
    """A picture as a PDF of one page, the right way up, no larger than paper can show."""
    size = picture_size(content)
    if size is None or size[0] * size[1] > MOST_PIXELS:
        raise Undrawable
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, MOST_PIXELS
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            opened.draft("RGB", DOTS)
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        upright.thumbnail(DOTS)
        paper = Image.new("RGB", upright.size, "white")
        paper.paste(upright, mask=upright.getchannel("A"))
        made = io.BytesIO()
        paper.save(made, format="PDF", resolution=150, quality=85)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Undrawable from error
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    return made.getvalue()


def _saved(document: pikepdf.Pdf) -> bytes:
    made = io.BytesIO()
    document.save(made, deterministic_id=True)
    return made.getvalue()
