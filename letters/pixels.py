"""How large an image is, read from its head: what a small file unpacks to must be known before it is unpacked."""

from __future__ import annotations

import io
import struct
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
        except Image.DecompressionBombError:
            return _stated(content)
        except (OSError, ValueError, SyntaxError):
            return None


def _stated(content: bytes) -> tuple[int, int]:
    """The size that an image states which the library would not even open; a JPEG's most, its place not being fixed."""
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    return 65535, 65535
