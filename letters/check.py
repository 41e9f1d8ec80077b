"""Checks of a letter's data before it is laid out: fields, dates, sums, and characters against the fonts."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from letters.amounts import MINOR_DIGITS, UPPERCASE_LIMIT, read_amount
from letters.dates import read_date
from letters.errors import Problem
from letters.fonts import FontSet, font_set
from letters.pixels import MOST_PIXELS, picture_size
from letters.rules import broken
from letters.schema import Field
from letters.template import Template

_CARD = re.compile(r"[0-9０-９]{4}")
_URL = re.compile(r"https?://[!-~]{1,300}", re.ASCII)
_LONGEST_TEXT = 2000
_MOST_ROWS = 1000
_LARGEST_IMAGE = 512 * 1024


def check_letter(
    template: Template, head: Mapping[str, Any], letter: Mapping[str, Any], *, printed: bool = False
) -> list[Problem]:
    """Every reason why this letter cannot be printed; empty when it can.

    `printed` asks also for what is drawn only with the approval (the number). Problems of the head are
    among them: they hold every letter.
    """
    of_head = check_head(template, head)
    return [*of_head, *check_data(template, head, letter, printed=printed, rules=not of_head)]


def check_head(template: Template, head: object) -> list[Problem]:
    """Problems of what all letters of a job share."""
    if not isinstance(head, Mapping):
        return [_problem("field.type", "head", "must be an object", "应为对象")]
    return list(_check_part(template, "head", head, printed=True))


def check_data(
    template: Template, head: Mapping[str, Any], letter: object, *, printed: bool, rules: bool
) -> list[Problem]:
    """Problems of one letter's own data. `rules`: the template's rules too, which need a head without problems."""
    if not isinstance(letter, Mapping):
        return [_problem("letter.not_object", "", "the row is not an object with fields", "该行不是字段对象")]
    found = list(_check_part(template, "letter", letter, printed=printed))
    if rules and not found:
        found += broken(template.rules, template.fields, head, letter)
    return found


def _check_part(template: Template, part: str, data: Mapping[str, Any], *, printed: bool) -> Iterator[Problem]:
    fonts = font_set()
    currency = data.get("currency")
    for entry in template.fields:
        if entry.part == part:
            yield from _check_field(entry, entry.name, entry.read(data), currency, template, fonts, printed)


def _check_field(
    entry: Field, path: str, value: Any, currency: Any, template: Template, fonts: FontSet, printed: bool
) -> Iterator[Problem]:
    """One field, and the members of a list; `path` says where, with indexes from 0."""
    if is_empty(value):
        if entry.required == "always" or (entry.required == "printed" and printed):
            yield _problem(
                "field.missing",
                path,
                f"is required and missing ({entry.label_en})",
                f"缺少必填内容（{entry.label_zh}）",
            )
        return
    if entry.type == "list":
        yield from _check_list(entry, path, value, currency, template, fonts, printed)
    elif entry.type == "texts":
        if not isinstance(value, list | tuple):
            yield _problem("field.type", path, "must be a list", "应为列表")
            return
        if len(value) > _MOST_ROWS:
            yield _problem("field.too_long", path, f"has more than {_MOST_ROWS} rows", f"超过 {_MOST_ROWS} 行")
            return
        for index, text in enumerate(value):
            yield from _check_text(f"{path}[{index}]", text, fonts)
    elif entry.type == "image":
        yield from _check_image(path, value, template)
    elif entry.type == "amount":
        yield from _check_amount(path, value, currency)
    else:
        yield from _CHECKS[entry.type](path, value, fonts)


def _check_list(
    entry: Field, path: str, value: Any, currency: Any, template: Template, fonts: FontSet, printed: bool
) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield _problem("field.type", path, "must be a list", "应为列表")
        return
    if len(value) > _MOST_ROWS:
        yield _problem("field.too_long", path, f"has more than {_MOST_ROWS} rows", f"超过 {_MOST_ROWS} 行")
        return
    for index, row in enumerate(value):
        if not isinstance(row, Mapping):
            yield _problem("field.type", f"{path}[{index}]", "must be an object", "应为对象")
            continue
        for member in entry.members:
            name = f"{path}[{index}].{member.name}"
            yield from _check_field(member, name, member.read(row), currency, template, fonts, printed)


def _check_text(path: str, value: Any, fonts: FontSet) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield _problem("field.type", path, "must be text", "应为文本")
    elif len(value) > _LONGEST_TEXT:
        yield _problem(
            "field.too_long", path, f"is longer than {_LONGEST_TEXT} characters", f"超过 {_LONGEST_TEXT} 个字符"
        )
    else:
        bad = sorted({character for character in value if not _printable(character, fonts)})
        if bad:
            names = ", ".join(_name(character) for character in bad[:8])
            yield _problem(
                "field.unprintable",
                path,
                f"holds characters that no font can print: {names}",
                f"含有字体无法打印的字符：{names}",
            )


def _printable(character: str, fonts: FontSet) -> bool:
    """White space prints as a space; what has no shape or no agreed one (controls, direction marks, variation
    selectors, private use, the replacement character of a broken import) does not print."""
    if character in "\t\n\r":
        return True
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or character == "\ufffd":
        return False
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return False
    return fonts.covers(character)


def _name(character: str) -> str:
    """U+1F600 and the character itself where it can be shown."""
    code = f"U+{ord(character):04X}"
    return code if unicodedata.category(character).startswith("C") else f"{character} ({code})"


def _check_amount(path: str, value: Any, currency: Any) -> Iterator[Problem]:
    if not isinstance(currency, str) or currency not in MINOR_DIGITS:
        return
    try:
        minor = read_amount(value, currency)
    except ValueError as error:
        words = {"too many decimals": ("小数位过多", f"has more decimals than {currency} allows")}
        zh, en = words.get(str(error), ("不是有效金额", "is not an amount (digits and one point, as text)"))
        yield _problem("field.amount", path, en, zh)
        return
    if minor < 0:
        yield _problem("field.negative", path, "is below zero", "金额为负数")
    elif currency == "CNY" and minor >= UPPERCASE_LIMIT:
        yield _problem("field.too_large", path, "is too large to be written in capitals", "金额过大，无法以大写表示")


def _check_currency(path: str, value: Any, _: FontSet) -> Iterator[Problem]:
    if not isinstance(value, str) or value not in MINOR_DIGITS:
        shown = value if isinstance(value, str) and re.fullmatch(r"[ -~]{1,10}", value) else "?"
        yield _problem("field.currency", path, f"is not a currency known here: {shown}", f"未知币种：{shown}")


def _check_date(path: str, value: Any, _: FontSet) -> Iterator[Problem]:
    try:
        read_date(value)
    except ValueError:
        yield _problem("field.date", path, "is not a date (YYYY-MM-DD)", "不是有效日期（YYYY-MM-DD）")


def _check_integer(path: str, value: Any, _: FontSet) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 99999:
        yield _problem("field.integer", path, "is not a whole number from 0 to 99999", "不是 0 到 99999 的整数")


def _check_card(path: str, value: Any, _: FontSet) -> Iterator[Problem]:
    if not isinstance(value, str) or not _CARD.fullmatch(value):
        yield _problem("field.card_last4", path, "must be the last four digits and no more", "只能是卡号后四位数字")


def _check_url(path: str, value: Any, _: FontSet) -> Iterator[Problem]:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        yield _problem("field.url", path, "is not a web address", "不是有效网址")


def _check_image(path: str, value: Any, template: Template) -> Iterator[Problem]:
    """An image is the name of one of the template's own, or a PNG as base64."""
    if isinstance(value, str) and (value in template.assets or read_png(value)):
        return
    yield _problem(
        "field.image",
        path,
        "is neither an image of the template nor a PNG (base64, 512 KB and 6 million pixels at most)",
        "既不是模板自带图片，也不是 PNG 图片（base64，不超过 512 KB、600 万像素）",
    )


def read_png(value: str) -> bytes | None:
    """The bytes of a PNG given as base64 (with or without a data: prefix), None if it is none."""
    text = value.removeprefix("data:image/png;base64,")
    if len(text) > _LARGEST_IMAGE * 4 // 3 + 4:
        return None
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    size = picture_size(content) if content.startswith(b"\x89PNG\r\n\x1a\n") else None
    return content if size and size[0] * size[1] <= MOST_PIXELS else None


_CHECKS: dict[str, Callable[[str, Any, FontSet], Iterator[Problem]]] = {
    "text": _check_text,
    "currency": _check_currency,
    "date": _check_date,
    "integer": _check_integer,
    "card_last4": _check_card,
    "url": _check_url,
}


def is_empty(value: Any) -> bool:
    """Nothing given: missing, null, blank text, an empty list."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], (), {})


def _problem(code: str, field: str, en: str, zh: str) -> Problem:
    prefix_en, prefix_zh = (f"field {field} ", f"字段 {field}：") if field else ("", "")
    return Problem(code, field, prefix_en + en, prefix_zh + zh)
