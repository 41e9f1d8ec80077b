"""One document of the house in the letters' faces: HTML and CSS in, PDF out. For papers that are not letters.

Nothing is loaded but the faces, so what is not in the markup is not in the document; the text is selectable and its
characters are those of the markup.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from letters.assets import BASE
from letters.fonts import FontSet, font_set

__all__ = ["render_document"]


class _Faces(URLFetcher):  # type: ignore[misc]
    """Answers with the cut faces, and refuses everything else."""

    def __init__(self, fonts: FontSet) -> None:
        super().__init__()
        self._fonts = fonts

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The content of a face; FatalURLFetchingError for any other address."""
        path = urlsplit(url).path
        if url.startswith(BASE) and path.startswith("/fonts/") and path[7:] in self._fonts.files:
            return URLFetcherResponse(url, self._fonts.files[path[7:]].read_bytes(), {"Content-Type": "font/otf"})
        raise FatalURLFetchingError(url[:120])


def render_document(markup: str, style: str) -> bytes:
    """The PDF of a document. `style` may name no address."""
    fonts = font_set()
    fetcher, configuration = _Faces(fonts), FontConfiguration()
    css = f"{fonts.css}html{{font-family:{fonts.families}}}\n{style}"
    sheet = CSS(string=css, base_url=BASE, url_fetcher=fetcher, font_config=configuration)
    document = HTML(string=markup, base_url=BASE, url_fetcher=fetcher)
    content: bytes = document.write_pdf(stylesheets=[sheet], font_config=configuration)
    return content
