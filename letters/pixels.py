"""How large an image is, read from its head: what a small file unpacks to must be known before it is unpacked."""

from __future__ import annotations

import io
import warnings

from PIL import Image

MOST_PIXELS = 6_000_000
"""2,500 x 2,400: a letterhead across a page at 300 dots an inch."""

MOST_BYTES = 1024 * 1024


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG in pixels; None if it is neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
                return image.size
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
