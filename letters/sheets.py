"""Papers that go with a print file: address labels, and a page by which a printer is set up.

Neither is a letter: nothing of the debt stands on them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

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
@page { size: A4; margin: 0 }
body { margin: 0; font-size: 9pt; line-height: 1.5 }
.side { position: relative; height: 296.9mm; break-after: page }
.side:last-child { break-after: auto }
.side > * { position: absolute; margin: 0; box-sizing: border-box }
.window { left: 20mm; top: 45mm; width: 90mm; height: 45mm; border: 0.4pt dashed #000 }
.address { left: 25mm; top: 50.5mm; width: 80mm; line-height: 1.45; font-size: 10.5pt }
.address p { margin: 0 0 1mm }
.address .name { font-size: 12pt; font-weight: 700; margin-top: 1.6mm }
.edge { left: 5mm; top: 5mm; width: 200mm; height: 286.9mm; border: 0.4pt solid #000 }
.text { left: 25mm; top: 22mm; width: 160mm; height: 250.9mm; border: 0.4pt dotted #000 }
.fold { left: 0; width: 8mm; border-top: 0.4pt solid #000 }
.cross-across { left: 95mm; top: 148.5mm; width: 20mm; border-top: 0.4pt solid #000 }
.cross-down { left: 105mm; top: 138.5mm; height: 20mm; border-left: 0.4pt solid #000 }
.ruler { left: 55mm; top: 200mm; width: 100mm; height: 6mm; border: 0.4pt solid #000; border-top: 0; text-align: center }
.says { left: 30mm; width: 150mm }
h1 { font-size: 15pt }
"""


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


def write_test_page(firm: str, out: Path, *, duplex: bool = False) -> None:
    """A page with the envelope's window, the folds, the edges of print and a ruler of 100 mm; with `duplex` a second one,
    whose cross lies on the first one's where both sides are in register."""
    sides = [_side(firm, "正面 Front")] + ([_side(firm, "背面 Back")] if duplex else [])
    out.write_bytes(render_document("".join(sides), _TEST_PAGE))


def _side(firm: str, which: str) -> str:
    said = (
        "虚线框应与信封窗口对齐（距左 20 毫米、距上 45 毫米、宽 90 毫米、高 45 毫米）；标尺应为 100 毫米，否则请关闭“适合页面”。"
        "<br>The dashed frame is the envelope's window (20 mm from the left, 45 mm from the top, 90 by 45 mm). The ruler is 100 mm "
        "long; where it is not, print without scaling."
    )
    return (
        '<div class="side"><div class="edge"></div><div class="text"></div>'
        '<div class="window"></div><div class="address"><p>100020</p><p>北京市朝阳区示例路1号 Sample Street 1</p>'
        '<p class="name">测试收件人 Test Recipient</p></div>'
        '<div class="fold" style="top:99mm"></div><div class="fold" style="top:198mm"></div>'
        '<div class="cross-across"></div><div class="cross-down"></div><div class="ruler">100 mm</div>'
        f'<h1 class="says" style="top:26mm">打印测试页 Printer test page · {which}</h1>'
        f'<p class="says" style="top:110mm">{escape(firm)}</p><p class="says" style="top:165mm">{said}</p>'
        '<p class="says" style="top:215mm">本页不是函件。 This page is not a letter. 𠮷 㛃 䶮 · 壹贰叁肆伍陆柒捌玖拾 · 0123456789</p></div>'
    )
