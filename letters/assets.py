"""The only things a letter may load: its template's images, the cut fonts, the firm's seal, its QR code.

Anything else (a path, a network address, an image that is not there) stops that letter with an error of
the fatal kind, since WeasyPrint only logs the ordinary kind and prints the letter without its image.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import segno
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from letters.check import read_png
from letters.context import QR_SCHEME, SEAL_ADDRESS
from letters.fonts import FontSet
from letters.template import Template

BASE = "http://template.invalid/"
"""Base address of a letter's HTML, never looked up: relative names in HTML and CSS are resolved against it."""


class OwnAssets(URLFetcher):  # type: ignore[misc]
    """A fetcher that answers from memory and the font cache, and refuses everything else."""

    def __init__(self, template: Template, fonts: FontSet, head: Mapping[str, Any]) -> None:
        super().__init__()
        self._template = template
        self._fonts = fonts
        self._head = head

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The content of an allowed address; FatalURLFetchingError for any other."""
        if url.startswith(QR_SCHEME):
            return URLFetcherResponse(url, qr_png(unquote(url[len(QR_SCHEME) :])), {"Content-Type": "image/png"})
        content, kind = self._own(url)
        return URLFetcherResponse(url, content, {"Content-Type": kind})

    def _own(self, url: str) -> tuple[bytes, str]:
        parts = urlsplit(url)
        path = unquote(parts.path)
        if parts.scheme == "http" and parts.netloc == "template.invalid":
            name = path.removeprefix("/")
            if path.startswith("/fonts/") and path[7:] in self._fonts.files:
                return self._fonts.files[path[7:]].read_bytes(), "font/otf"
            if path.startswith(SEAL_ADDRESS):
                return self._firm_image(path[len(SEAL_ADDRESS) :], url), "image/png"
            if name in self._template.assets:
                return self._template.assets[name], "image/png" if name.endswith(".png") else "image/jpeg"
        raise FatalURLFetchingError(_short(url))

    def _firm_image(self, field: str, url: str) -> bytes:
        for entry in self._template.fields:
            if entry.name == field and entry.part == "head" and entry.type == "image":
                value = str(entry.read(self._head))
                content = self._template.assets.get(value) or read_png(value)
                if content:
                    return content
        raise FatalURLFetchingError(_short(url))


def _short(url: str) -> str:
    """An address fit for a message."""
    return url.removeprefix(BASE)[:120]


@lru_cache(maxsize=256)
def qr_png(text: str) -> bytes:
    """A QR code (error correction M) as a one-bit PNG, one pixel a module, quiet zone of two."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False, boost_error=False).save(out, kind="png", scale=4, border=2)
    return out.getvalue()
