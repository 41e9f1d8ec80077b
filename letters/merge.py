"""Parts of a print file put together: pages in order, a bookmark per letter, the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pikepdf


def merge_parts(parts: Sequence[Path], bookmarks: Sequence[tuple[str, int]], title: str, out: Path) -> None:
    """Write the pages of `parts` to `out`; a bookmark is (words, page counted from 1).

    Nothing from the clock or the machine enters: no dates, and an identifier made from the content.
    """
    with ExitStack() as opened, pikepdf.new() as target:
        for part in parts:
            source = opened.enter_context(pikepdf.open(part))
            target.pages.extend(source.pages)
        with target.open_outline() as outline:
            outline.root.extend(pikepdf.OutlineItem(words, page - 1) for words, page in bookmarks)
        target.docinfo["/Title"] = title
        target.docinfo["/Producer"] = "letters"
        target.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, min_version="1.7")
