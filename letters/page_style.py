"""The CSS that a template may hold: no address but that of its own images, no import, no face of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import tinycss2

from letters.findings import Finding

FILE = "style.css"
_RULES = ("page", "media", "top-left-corner", "top-left", "top-center", "top-right", "top-right-corner",
          "bottom-left-corner", "bottom-left", "bottom-center", "bottom-right", "bottom-right-corner",
          "left-top", "left-middle", "left-bottom", "right-top", "right-middle", "right-bottom", "footnote")  # fmt: skip
DEEPEST = 20
"""Blocks and functions in one another."""

_LOADING = ("url", "src", "image", "image-set", "-webkit-image-set", "element", "attr", "cross-fade", "paint", "env")
"""Functions that load something, or that take an address from elsewhere."""


def check_style(style: str, assets: Collection[str]) -> list[Finding]:
    """What of a style sheet is refused."""
    return list(_check(tinycss2.parse_component_value_list(style), FILE, 1, assets))


def check_declarations(style: str, file: str, line: int, assets: Collection[str]) -> list[Finding]:
    """The same for a style attribute that begins on a line of a page."""
    return list(_check(tinycss2.parse_component_value_list(style), file, line, assets))


def style_words(style: str) -> Iterator[tuple[str, int]]:
    """Texts that a style sheet may put on the page, with their lines."""
    yield from _strings(tinycss2.parse_component_value_list(style))


def _check(tokens: list[Any], file: str, line: int, assets: Collection[str], depth: int = 0) -> Iterator[Finding]:
    for token in tokens:
        where = line + token.source_line - 1
        if depth > DEEPEST:
            yield Finding("template.style", file, where, "is nested too deeply", "嵌套过深")
            return
        if token.type == "at-keyword" and token.lower_value not in _RULES:
            yield Finding("template.style", file, where, f"@{token.value} is not allowed", f"不允许使用 @{token.value}")
        elif token.type == "url":
            yield from _address(token.value, file, where, assets)
        elif token.type == "function":
            yield from _function(token, file, where, assets)
            yield from _check(token.arguments, file, line, assets, depth + 1)
        elif token.type == "error":
            yield Finding(
                "template.style", file, where, f"not understood: {token.message}", f"无法识别：{token.message}"
            )
        elif token.type in ("{} block", "[] block", "() block"):
            yield from _check(token.content, file, line, assets, depth + 1)


def _function(token: Any, file: str, line: int, assets: Collection[str]) -> Iterator[Finding]:
    if token.lower_name == "url":
        for value in [part.value for part in token.arguments if part.type == "string"] or [""]:
            yield from _address(value, file, line, assets)
    elif token.lower_name in _LOADING:
        name = token.lower_name
        yield Finding("template.style", file, line, f"{name}() is not allowed", f"不允许使用 {name}()")


def _address(value: str, file: str, line: int, assets: Collection[str]) -> Iterator[Finding]:
    if value not in assets:
        shown = value[:120]
        en, zh = f"the template has no image {shown}", f"模板中没有图片 {shown}"
        yield Finding("template.asset", file, line, en, zh)


def _strings(tokens: list[Any], depth: int = 0) -> Iterator[tuple[str, int]]:
    for token in tokens if depth <= DEEPEST else ():
        if token.type == "string":
            yield token.value, token.source_line
        elif token.type == "function":
            yield from _strings(token.arguments, depth + 1)
        elif token.type in ("{} block", "[] block", "() block"):
            yield from _strings(token.content, depth + 1)
