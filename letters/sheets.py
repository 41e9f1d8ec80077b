"""Papers that go with a print file: address labels, and a page by which a printer is set up.

Neither is a letter: nothing of the debt stands on them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from letters.document import render_document
from letters.merge import merge_parts
from letters.pieces import in_chunks

__all__ = ["LABELS_A_SHEET", "write_labels", "write_test_page"]

COLUMNS, ROWS = 3, 8
LABELS_A_SHEET = COLUMNS * ROWS
SHEETS_A_DOCUMENT = 25  # layout keeps a document in memory, so that long ones are cut

_LABELS = """
@page { size: A4; margin: 0 }
body { margin: 0 }
.sheet { position: relative; height: 296.9mm; break-after: page; overflow: hidden }
.sheet:last-child { break-after: auto }
.label { position: absolute; width: 57.5mm; height: 29.9mm; overflow: hidden; line-height: 1.35; font-size: 9.5pt;
         overflow-wrap: anywhere }
.label p { margin: 0 }
.label .postcode { letter-spacing: 0.2em }
.label .name { font-weight: 700; margin-top: 0.6mm }
.label .lines { white-space: pre-line }
.small { font-size: 7.5pt; line-height: 1.25 }
.smallest { font-size: 5.5pt; line-height: 1.2 }
.tiny { font-size: 4.5pt; line-height: 1.15 }
"""

_TEST_PAGE = """
body { margin: 0; font-size: 9pt; line-height: 1.5 }
.side { position: relative; break-after: page }
.side:last-child { break-after: auto }
.side > * { position: absolute; margin: 0; box-sizing: border-box }
.window { border: 0.4pt dashed #000 }
.address { width: 80mm; line-height: 1.45; font-size: 10.5pt }
.address p { margin: 0 0 1mm }
.address .name { font-size: 12pt; font-weight: 700; margin-top: 1.6mm }
.edge { left: 5mm; top: 5mm; border: 0.4pt solid #000 }
.text { border: 0.4pt dotted #000 }
.fold { left: 0; width: 8mm; border-top: 0.4pt solid #000 }
.cross-across { width: 20mm; border-top: 0.4pt solid #000 }
.cross-down { height: 20mm; border-left: 0.4pt solid #000 }
.ruler { left: 55mm; top: 200mm; width: 100mm; height: 6mm; border: 0.4pt solid #000; border-top: 0; text-align: center }
.says { left: 30mm; width: 150mm }
h1 { font-size: 15pt }
"""


class _Paper(NamedTuple):
    """A sheet and where its envelope's window shows it, in millimetres: from the left, from the top, width, height."""

    size: str
    width: float
    height: float
    window: tuple[float, float, float, float]
    address: tuple[float, float]
    text: tuple[float, float, float, float]
    says: str


_A4 = _Paper(
    "A4", 210, 297, (20, 45, 90, 45), (25, 50.5), (25, 22, 160, 250.9),
    "虚线框应与信封窗口对齐（距左 20 毫米、距上 45 毫米、宽 90 毫米、高 45 毫米）；标尺应为 100 毫米，否则请关闭“适合页面”。"
    "<br>The dashed frame is the envelope's window (20 mm from the left, 45 mm from the top, 90 by 45 mm). The ruler is 100 mm "
    "long; where it is not, print without scaling.",
)  # fmt: skip
_LETTER = _Paper(
    "letter", 215.9, 279.4, (22.2, 52.1, 114.3, 27.9), (25.4, 55.9), (25.4, 20.3, 165.1, 237.5),
    "The dashed frame is what the window of a #10 envelope shows (7/8 in from the left, 2.05 to 3.15 in from the top, 4 1/2 in "
    "wide). The ruler is 100 mm (3.94 in) long; where it is not, print without scaling.",
)  # fmt: skip
_US = "en-US"


def write_labels(rows: Iterable[Mapping[str, Any]], out: Path, language: str = "zh-CN") -> int:
    """Address labels on A4 sheets of 3 by 8 (63.5 x 33.9 mm, the common sheet of 24), in the order of the rows.

    A row has `debtor_name`, `postcode` and `address` as a letter's data has. A long address is set smaller, not cut off.
    `language`: of the letters, after which the lines of an address stand (zh-CN, en-US, en-GB).
    Returns the number of sheets; 0 and no file where there is no row.
    """
    count = 0
    with tempfile.TemporaryDirectory(prefix=".labels-", dir=out.parent) as scratch:
        parts: list[tuple[Path, Sequence[int]]] = []
        for number, chunk in enumerate(in_chunks(rows, LABELS_A_SHEET * SHEETS_A_DOCUMENT)):
            sheets = list(in_chunks(chunk, LABELS_A_SHEET))
            part = Path(scratch) / f"{number:05d}.pdf"
            part.write_bytes(render_document("".join(_sheet(sheet, language) for sheet in sheets), _LABELS))
            parts.append((part, [1] * len(sheets)))
            count += len(sheets)
        if count:
            whole = Path(scratch) / "labels.pdf"
            merge_parts(parts, [], "地址标签 Address labels", whole)
            whole.replace(out)
    return count


def _sheet(rows: Sequence[Mapping[str, Any]], language: str) -> str:
    return f'<div class="sheet">{"".join(_label(place, row, language) for place, row in enumerate(rows))}</div>'


def _label(place: int, row: Mapping[str, Any], language: str) -> str:
    # 7.2 and 13 mm are the sheet's edges, 2.5 mm the gap between columns; 3 and 2 mm keep the text off the cut.
    left = 7.2 + (place % COLUMNS) * 66.0 + 3
    top = 13.0 + (place // COLUMNS) * 33.9 + 2
    name, postcode, address = (str(row.get(key) or "") for key in ("debtor_name", "postcode", "address"))
    length = len(name) + len(address)
    size = " tiny" if length > 240 else " smallest" if length > 100 else " small" if length > 60 else ""
    lines = _lines(escape(name), escape(address), escape(postcode), language)
    return f'<div class="label{size}" style="left:{left:.1f}mm;top:{top:.1f}mm">{lines}</div>'


def _lines(name: str, address: str, postcode: str, language: str) -> str:
    """An address as it stands on an envelope: in China from the large to the small, elsewhere the other way round."""
    if language == "zh-CN":
        return f'<p class="postcode">{postcode}</p><p>{address}</p><p class="name">{name}（收）</p>'
    between = " " if language == "en-US" else "\n"
    return f'<p class="name">{name}</p><p class="lines">{between.join(filter(None, (address, postcode)))}</p>'


def write_test_page(firm: str, out: Path, *, duplex: bool = False, language: str = "zh-CN") -> None:
    """A page with the envelope's window, the folds, the edges of print and a ruler of 100 mm; with `duplex` a second one,
    whose cross lies on the first one's where both sides are in register. On the paper of letters of that language."""
    paper = _LETTER if language == _US else _A4
    sides = [_side(firm, paper, "正面 Front")] + ([_side(firm, paper, "背面 Back")] if duplex else [])
    out.write_bytes(render_document("".join(sides), f"@page {{ size: {paper.size}; margin: 0 }}{_TEST_PAGE}"))


def _side(firm: str, paper: _Paper, which: str) -> str:
    middle, low = paper.width / 2, paper.height / 2
    where = "北京市朝阳区示例路1号 Sample Street 1" if paper is _A4 else "1 Sample Street, Sampletown"
    shown = (
        (("100020", ""), (where, ""), ("测试收件人 Test Recipient", ' class="name"'))
        if paper is _A4
        else (("Test Recipient", ' class="name"'), (where, ""), ("NY 10000", ""))
    )
    address = "".join(f"<p{kind}>{words}</p>" for words, kind in shown)
    folds = "".join(f'<div class="fold" style="top:{paper.height * part / 3:.1f}mm"></div>' for part in (1, 2))
    return (
        f'<div class="side" style="height:{paper.height - 0.1:.1f}mm">'
        f'<div class="edge" style="width:{paper.width - 10:.1f}mm;height:{paper.height - 10.1:.1f}mm"></div>'
        f'<div class="text" style="{_box(paper.text)}"></div><div class="window" style="{_box(paper.window)}"></div>'
        f'<div class="address" style="left:{paper.address[0]}mm;top:{paper.address[1]}mm">{address}</div>{folds}'
        f'<div class="cross-across" style="left:{middle - 10:.1f}mm;top:{low:.1f}mm"></div>'
        f'<div class="cross-down" style="left:{middle:.1f}mm;top:{low - 10:.1f}mm"></div><div class="ruler">100 mm</div>'
        f'<h1 class="says" style="top:26mm">打印测试页 Printer test page · {which}</h1>'
        f'<p class="says" style="top:110mm">{escape(firm)}</p><p class="says" style="top:165mm">{paper.says}</p>'
        '<p class="says" style="top:215mm">本页不是函件。 This page is not a letter. 𠮷 㛃 䶮 · 壹贰叁肆伍陆柒捌玖拾 · 0123456789</p></div>'
    )


def _box(place: tuple[float, float, float, float]) -> str:
    left, top, width, height = place
    return f"left:{left}mm;top:{top}mm;width:{width}mm;height:{height}mm"
