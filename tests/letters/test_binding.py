"""Papers of different origin in one document: what is drawn, what is not taken along, what cannot be drawn."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pikepdf
import PIL.Image
import pypdfium2
import pytest

from letters import Undrawable, bind, on_sheets, pages_in, render_document

if TYPE_CHECKING:
    from pathlib import Path


def a_paper(words: str, pages: int = 1) -> bytes:
    body = "".join(f"<p style='break-after: page'>{words} {n}</p>" for n in range(1, pages))
    return render_document(f"{body}<p>{words} {pages}</p>", "@page { size: A4 }")


def a_picture(size: tuple[int, int] = (600, 300), form: str = "PNG", mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    PIL.Image.new(mode, size, "navy" if mode == "RGB" else 90).save(made, format=form)
    return made.getvalue()


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def test_a_foreign_document_lies_on_sheets_without_what_it_can_do() -> None:
    with pikepdf.open(io.BytesIO(a_paper("hello", 2))) as hostile:
        hostile.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        hostile.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(2)"))
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 99, 99],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="http://evil.example"),
        )  # fmt: skip
        hostile.pages[0].Annots = hostile.make_indirect(pikepdf.Array([hostile.make_indirect(link)]))
        hostile.attachments["a.exe"] = b"MZ"
        made = io.BytesIO()
        hostile.save(made)

    sheets = on_sheets(made.getvalue(), "pdf")

    assert pages_in(sheets) == 2 and "hello 2" in texts(sheets)[1]
    with pikepdf.open(io.BytesIO(sheets)) as kept:
        whole = b"".join(obj.unparse(resolved=True) for obj in kept.objects if isinstance(obj, pikepdf.Object))
        assert not kept.attachments and set(kept.Root.keys()) <= {"/Type", "/Pages"}
    for word in (b"JavaScript", b"/URI", b"/Annots", b"OpenAction"):
        assert word not in whole


def test_a_page_of_any_size_and_turn_fits_the_sheet() -> None:
    with pikepdf.open(io.BytesIO(a_paper("wide"))) as document:
        document.pages[0].rotate(90, relative=False)
        made = io.BytesIO()
        document.save(made)
    with pikepdf.open(io.BytesIO(on_sheets(made.getvalue(), "pdf"))) as kept:
        _, _, width, height = (round(float(edge)) for edge in kept.pages[0].mediabox)
    assert (width, height) == (595, 842)


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGB"), ("JPEG", "RGB"), ("PNG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA")]
)
def test_a_picture_lies_on_a_sheet_too(form: str, mode: str) -> None:
    made = io.BytesIO()
    PIL.Image.new(mode, (300, 200)).save(made, format=form)
    assert pages_in(on_sheets(made.getvalue(), "png" if form == "PNG" else "jpg")) == 1


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (b"%PDF-1.4 scan", "pdf"), (b"", "pdf"), (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>", "pdf"),
        (b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>", "pdf"),
        (b"\x89PNG\r\n\x1a\n and nothing", "png"), (b"\xff\xd8\xff\xe0", "jpg"), (b"GIF89a", "png"),
    ],
)  # fmt: skip
def test_what_has_no_page_that_can_be_drawn_says_so(content: bytes, ending: str) -> None:
    with pytest.raises(Undrawable):
        on_sheets(content, ending)


def test_what_is_locked_or_unpacks_to_too_much_is_not_drawn() -> None:
    with pikepdf.open(io.BytesIO(a_paper("secret"))) as document:
        made = io.BytesIO()
        document.save(made, encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(Undrawable):
        on_sheets(made.getvalue(), "pdf")
    with pikepdf.new() as many:
        for _ in range(301):
            many.add_blank_page()
        made = io.BytesIO()
        many.save(made)
    with pytest.raises(Undrawable):
        on_sheets(made.getvalue(), "pdf")
    bomb = a_picture((20_000, 20_000), mode="L")
    with pytest.raises(Undrawable):
        on_sheets(bomb, "png")


def test_bound_papers_have_a_line_on_each_page_and_bookmarks(tmp_path: Path) -> None:
    parts = [a_paper("first", 2), on_sheets(a_picture(), "png")]
    lines = a_paper("line", 3)
    assert bind(parts, lines, [("First", 1), ("附件", 3)], "A bundle", tmp_path / "one.pdf") == 3
    said = texts((tmp_path / "one.pdf").read_bytes())
    assert ["line" in page for page in said] == [True] * 3 and "first 2" in said[1] and "line 3" in said[2]
    with pikepdf.open(tmp_path / "one.pdf") as bound, bound.open_outline() as outline:
        assert [item.title for item in outline.root] == ["First", "附件"]
    with pytest.raises(ValueError, match="lines"):
        bind(parts, a_paper("line", 2), [], "", tmp_path / "three.pdf")
