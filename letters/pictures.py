"""Pictures: a letter's pages for the lawyer's review on screen, and whether a picture of a seal can be drawn."""

from __future__ import annotations

import io

import pypdfium2
from PIL import Image, UnidentifiedImageError


def page_pictures(pdf: bytes, dpi: int = 80) -> list[bytes]:
    """Each page of a PDF as a PNG, in page order, at `dpi` dots an inch."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_png(page, dpi) for page in document]
    finally:
        document.close()


def _png(page: pypdfium2.PdfPage, dpi: int) -> bytes:
    image = page.render(scale=dpi / 72).to_pil()
    out = io.BytesIO()
    image.save(out, format="PNG", optimize=False)
    return out.getvalue()


def is_blank_png(content: bytes) -> bool:
    """Whether nothing is to be seen of a drawable PNG on white paper: all of it transparent, or of one colour."""
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        drawn = picture.convert("RGBA")
    paper = Image.new("RGBA", drawn.size, "white")
    bands = Image.alpha_composite(paper, drawn).convert("RGB").split()
    return all(len(set(band.getextrema())) == 1 for band in bands)


def is_drawable_png(content: bytes) -> bool:
    """Whether the content is a whole PNG. Ask for its size in pixels first: a small file can hold a very large picture."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.verify()  # its chunks: WeasyPrint has Pillow draw what is cut off
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True
