"""The HTML that a page may hold: text, tables, and the template's own images. Read strictly, and never as a browser would.

Whatever is not understood is refused, and conditions and loops must begin and end between tags or inside one quoted
value; so every letter that can be printed from the page is made of pieces that were read here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from html import unescape

from letters.findings import Finding
from letters.page_language import EXPRESSION, FILE, FORK, JOIN, OTHERWISE, Skeleton, dotted
from letters.page_style import check_declarations

TAGS = frozenset(
    "html head meta title body header footer main section article address div p span br hr h1 h2 h3 h4 b strong i em u s "
    "small sup sub q blockquote ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td img".split()
)
BLOCKS = TAGS - frozenset("span b strong i em u s small sup sub q img".split())
"""Tags that end a run of text."""

ATTRIBUTES = frozenset("class id lang dir style src alt colspan rowspan span scope charset".split())
_TOKEN = re.compile(
    r'<!DOCTYPE html>|</(?P<end>[a-z][a-z0-9]*)\s*>|<(?P<tag>[a-z][a-z0-9]*)(?P<attributes>(?:\s+[a-z-]+="[^"]*")*)\s*/?>'
    r"|(?P<text>[^<]+)|<(?P<wrong>[^\s<>]{0,20})"
)
_ATTRIBUTE = re.compile(r'\s+([a-z-]+)="([^"]*)"')
_NAMES = {"style": "a style sheet", "link": "a link to a file"}


def check_markup(skeleton: Skeleton, assets: Collection[str], images: Collection[str]) -> list[Finding]:
    """What of the page's HTML is refused. `assets` are the file names of the template's images, `images` the names of
    the fields (and `qr`) that hold one."""
    return list(_Markup(skeleton, assets, images).findings())


class _Markup:
    def __init__(self, skeleton: Skeleton, assets: Collection[str], images: Collection[str]) -> None:
        self._skeleton = skeleton
        self._assets = assets
        self._images = images

    def findings(self) -> Iterator[Finding]:
        text, refused = self._skeleton.text, Counter[str]()
        for token in _TOKEN.finditer(text):
            tag = token["tag"] or token["end"]
            name = tag or _name_in(token["wrong"] or "")
            if name and name not in TAGS:
                is_end = text.startswith("</", token.start())
                if not (is_end and refused[name]):  # the end of what was refused is no second fault
                    yield self._refused_tag(name, token.start())
                refused[name] += -bool(refused[name]) if is_end else 1
            elif token["wrong"] is not None:
                yield self._wrong(token["wrong"], token.start())
            elif token["attributes"]:
                yield from self._attributes(tag, token["attributes"], token.start("attributes"))

    def _attributes(self, tag: str, words: str, start: int) -> Iterator[Finding]:
        for attribute in _ATTRIBUTE.finditer(words):
            name, value = attribute[1], attribute[2]
            place = start + attribute.start(2)
            if name not in ATTRIBUTES or (name == "src" and tag != "img"):
                yield self._find(
                    "template.markup", f"the attribute {name} is not allowed", f"不允许使用属性 {name}", place
                )
            elif value.count(FORK) != value.count(JOIN) or (OTHERWISE in value and FORK not in value):
                yield self._find("template.markup", *_TORN, place)
            elif name == "src":
                yield from self._source(value, place)
            elif name == "style":
                if EXPRESSION in value or FORK in value:
                    en, zh = "a field or condition in a style is not allowed", "style 属性中不允许使用字段或条件"
                    yield self._find("template.markup", en, zh, place)
                yield from check_declarations(value, FILE, self._skeleton.line(place), self._assets)

    def _source(self, value: str, place: int) -> Iterator[Finding]:
        """An image is a file of the template or a field that holds one."""
        if value == EXPRESSION:
            number = self._skeleton.text.count(EXPRESSION, 0, place)
            name = dotted(self._skeleton.expressions[number])
            if name in self._images:
                return
            shown = name or "?"
            en, zh = f"the field {shown} is no image", f"字段 {shown} 不是图片"
            yield self._find("template.asset", en, zh, place)
        elif value not in self._assets:
            shown = value.translate({ord(mark): "…" for mark in (EXPRESSION, FORK, OTHERWISE, JOIN)})[:120]
            yield self._find("template.asset", f"the template has no image {shown}", f"模板中没有图片 {shown}", place)

    def _wrong(self, words: str, place: int) -> Finding:
        """Something after a < that is no plain tag."""
        tag = re.match(r"/?([A-Za-z][A-Za-z0-9]*)", words)
        if any(mark in words for mark in (EXPRESSION, FORK, OTHERWISE, JOIN)):
            return self._find("template.markup", *_TORN, place)
        if words.startswith("!--"):
            en, zh = "an HTML comment is not allowed (write {# #})", "不允许使用 HTML 注释（请使用 {# #}）"
            return self._find("template.markup", en, zh, place)
        if tag:
            en = f"the tag {tag[1]} is not written plainly (lower case, values in double quotes)"
            return self._find("template.markup", en, f"标签 {tag[1]} 书写不规范（小写字母，属性值用双引号）", place)
        return self._find("template.markup", "a bare < (write &lt;)", "裸字符 <（请写作 &lt;）", place)

    def _refused_tag(self, tag: str, place: int) -> Finding:
        words = f" ({_NAMES[tag]})" if tag in _NAMES else ""
        return self._find("template.markup", f"the tag {tag}{words} is not allowed", f"不允许使用标签 {tag}", place)

    def _find(self, code: str, en: str, zh: str, place: int) -> Finding:
        return Finding(code, FILE, self._skeleton.line(place), en, zh)


def _name_in(words: str) -> str:
    """The name of the tag that somebody meant after a <, in small letters; empty where it is none."""
    tag = re.match(r"/?([A-Za-z][A-Za-z0-9]*)", words)
    return tag[1].lower() if tag else ""


_TORN = (
    "a field, condition or loop stands inside a tag and not in one quoted value",
    "字段、条件或循环只能位于标签之间或同一个引号内",
)


def text_runs(skeleton: Skeleton) -> Iterator[list[tuple[str, int]]]:
    """The page's own words, a run for each block, with the line of each piece. Fields are left as their marks."""
    run: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(skeleton.text):
        if token["text"] is not None:
            start = token.start()
            for piece in re.finditer(r"[^\n]*\n?", token["text"]):
                if piece[0]:
                    run.append((unescape(piece[0]), skeleton.line(start + piece.start())))
        elif (token["tag"] or token["end"]) in BLOCKS and run:
            yield run
            run = []
    if run:
        yield run
