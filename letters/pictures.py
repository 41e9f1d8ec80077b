"""Pages of a letter as pictures, for the lawyer's review on screen."""

from __future__ import annotations

import io

import pypdfium2


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
