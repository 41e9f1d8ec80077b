"""Parts of a print file put together: pages in order, a bookmark per letter, the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pikepdf

__all__ = ["merge_parts"]


def merge_parts(
    parts: Sequence[tuple[Path, Sequence[int]]],
    bookmarks: Sequence[tuple[str, int]],
    title: str,
    out: Path,
    *,
    duplex: bool = False,
) -> None:
    """Write the pages of `parts` to `out`; a bookmark is (words, page counted from 1).

    A part is its file and how many pages each of its letters has. With `duplex` a letter of an odd number of pages gets
    an empty one of the same size behind it. Nothing from the clock or the machine enters: no dates, and an identifier made
    from the content.
    """
    with ExitStack() as opened, pikepdf.new() as target:
        for part, lengths in parts:
            source = opened.enter_context(pikepdf.open(part))
            for pages in _letters(source, lengths):
                target.pages.extend(pages)
                if duplex and len(pages) % 2:
                    _, _, width, height = (float(edge) for edge in pages[-1].mediabox)
                    target.add_blank_page(page_size=(width, height))
        with target.open_outline() as outline:
            outline.root.extend(pikepdf.OutlineItem(words, page - 1) for words, page in bookmarks)
        target.docinfo["/Title"] = title
        target.docinfo["/Producer"] = "letters"
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.7")


def _letters(source: pikepdf.Pdf, lengths: Sequence[int]) -> Iterator[list[pikepdf.Page]]:
    """The pages of a part, letter by letter."""
    first = 0
    for length in lengths:
        yield [source.pages[number] for number in range(first, first + length)]
        first += length
