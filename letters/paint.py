"""From a checked letter to laid-out pages, and from pages to a PDF: the plain way, under WeasyPrint.

A `Painter` keeps what letters share (parsed style, fonts, images). Each letter is laid out by itself, so
that its page counters are its own and one that fails takes no other along; many letters' pages are then
written as one document, which is where the time and the bytes are saved (fonts subset once).
A faster way of composing letters only has to offer the same three methods.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from weasyprint import CSS, HTML, Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError

from letters.assets import BASE, OwnAssets
from letters.context import letter_context
from letters.errors import LettersError, Problem, TemplateFault
from letters.fonts import font_set
from letters.lying import is_outside_window
from letters.template import Template
from letters.watchdog import TooSlow, processor_limit

for _name in ("weasyprint", "weasyprint.progress", "fontTools"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).setLevel(logging.ERROR)


ARCHIVE = {"pdf_variant": "pdf/a-3u"}
"""What WeasyPrint is told for a letter that is kept for good: fonts and colours fixed, each glyph with its character."""

LAYOUT_SECONDS = 20
"""Processor time for the layout of one letter; an ordinary one takes a twentieth of a second."""

DRAWING_SECONDS = 5
"""Processor time for the drawing of each letter of a document."""

_LARGEST_SIDE = 1600
"""Pixels of CSS: the long side of A3 and a little."""


class Refusal(Exception):
    """A letter that could not be laid out, with the problem that holds it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message_en)
        self.problem = problem


class Painter:
    """Lays out letters of one template and head. Not for use from two threads at once."""

    def __init__(self, template: Template, head: Mapping[str, Any]) -> None:
        fonts = font_set()
        self._template = template
        self._head = head
        self._fetcher = OwnAssets(template, fonts, head)
        self._fonts = FontConfiguration()
        self._images: dict[str, Any] = {}
        style = f"{fonts.css}html{{font-family:{fonts.families}}}\n{template.style}"
        self._style = self._guarded(
            lambda: CSS(string=style, base_url=BASE, url_fetcher=self._fetcher, font_config=self._fonts)
        )

    def lay_out(self, letter: Mapping[str, Any]) -> Document:
        """The pages of one letter; Refusal if the template, an asset or the page limit is in the way."""
        try:
            markup = self._template.markup(letter_context(self._template, self._head, letter))
        except TemplateFault as fault:
            raise Refusal(Problem(fault.code, fault.field, fault.message_en, fault.message_zh)) from None
        document: Document = self._guarded(
            lambda: HTML(string=markup, base_url=BASE, url_fetcher=self._fetcher).render(
                stylesheets=[self._style], font_config=self._fonts, cache=self._images
            )
        )
        if len(document.pages) > self._template.page_limit:
            limit = self._template.page_limit
            raise Refusal(
                Problem(
                    "letter.too_long",
                    "",
                    f"takes {len(document.pages)} pages; the template allows {limit}",
                    f"共 {len(document.pages)} 页，超过模板上限 {limit} 页",
                )
            )
        if any(max(page.width, page.height) > _LARGEST_SIDE for page in document.pages):
            raise Refusal(
                Problem("letter.too_large", "", "has a page larger than A3 (420 mm)", "页面大于 A3（420 毫米）")
            )
        window = self._template.window
        if window is not None and is_outside_window(document, window):
            raise Refusal(
                Problem(
                    "letter.window",
                    "address",
                    "name and address do not fit into the envelope's window",
                    "收件人姓名和地址超出信封窗口",
                )
            )
        return document

    def write(self, documents: Sequence[Document], *, archive: bool = False) -> bytes:
        """The PDF of several letters' pages in order. Equal pages give equal bytes. `archive`: as PDF/A-3u."""
        pages = [page for document in documents for page in document.pages]
        try:
            with processor_limit(DRAWING_SECONDS * len(documents)):
                content: bytes = documents[0].copy(pages).write_pdf(cache=self._images, **(ARCHIVE if archive else {}))
        except TooSlow:
            raise LettersError(
                "template.too_slow",
                f"Template {self._template.name} takes too long to draw.",
                f"模板 {self._template.name} 绘制耗时过长。",
            ) from None
        return content

    def forget_images(self) -> None:
        """Drop images kept between letters (each letter has a QR code of its own)."""
        self._images.clear()

    @staticmethod
    def _guarded(action: Any) -> Any:
        """Run a WeasyPrint step; an address it may not fetch, or work without end, becomes a Refusal."""
        try:
            with processor_limit(LAYOUT_SECONDS):
                return action()
        except TooSlow:
            raise Refusal(
                Problem(
                    "letter.too_slow",
                    "",
                    f"takes more than {LAYOUT_SECONDS} seconds of the processor to lay out",
                    f"排版耗时超过 {LAYOUT_SECONDS} 秒",
                )
            ) from None
        except FatalURLFetchingError as error:
            name = str(error.args[0] if error.args else "?")
            raise Refusal(
                Problem("template.asset", "", f"the template has no image {name}", f"模板中没有图片 {name}")
            ) from None
