"""Reading what was printed: text, bookmarks and soundness of a PDF, by tools that are not ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pikepdf
import pypdfium2
import pytest


def pages_text(pdf: Path | bytes) -> list[str]:
    """The text of each page, white space taken out (a line break in the page is none in the data)."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return ["".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def squeeze(text: str) -> str:
    return "".join(text.split())


def bookmarks(pdf: Path) -> list[tuple[str, int]]:
    """Words and page (from 1) of each bookmark."""
    with pikepdf.open(pdf) as document:
        pages = {page.obj.objgen: number for number, page in enumerate(document.pages, start=1)}
        with document.open_outline() as outline:
            return [(str(item.title), pages[item.destination[0].objgen]) for item in outline.root]


def assert_sound(pdf: Path) -> None:
    """`qpdf --check` finds nothing."""
    if not shutil.which("qpdf"):
        pytest.skip("qpdf is not installed")
    done = subprocess.run(["qpdf", "--check", str(pdf)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
