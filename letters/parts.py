"""The files of a template's folder, read and judged before anything is printed from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, TemplateSyntaxError, nodes

from letters.errors import TemplateFault
from letters.findings import Finding
from letters.languages import LANGUAGES
from letters.lying import Frame, read_window
from letters.page_language import Skeleton, check_page, data_shape
from letters.page_markup import check_markup
from letters.page_style import check_style
from letters.pixels import MOST_BYTES, MOST_PIXELS, picture_size
from letters.rules import Rules, read_rules
from letters.schema import Field, read_fields

IMAGES = (".png", ".jpg", ".jpeg")
TEXTS = ("schema.yaml", "template.html", "style.css", "citations.json", "sample.json")
MOST_TEXT = 256 * 1024
"""Bytes of one text file."""

MOST_FILES = 50


class Broken(Exception):
    """A folder that cannot be read as a template, with the first reason."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message_en)
        self.finding = finding


@dataclass(frozen=True)
class Parts:
    """What a folder holds. `page` is the parsed page, `source` its text."""

    schema: Mapping[str, Any]
    fields: tuple[Field, ...]
    rules: Rules
    window: Frame | None
    source: str
    page: nodes.Template
    style: str
    citations: Sequence[Mapping[str, str]]
    settings: Mapping[str, Any]
    assets: Mapping[str, bytes]
    sample: Mapping[str, Any]

    @property
    def image_names(self) -> set[str]:
        """Fields that hold an image, and `qr`."""
        return {"qr"} | {entry.name for entry in self.fields if entry.type == "image"}


def read_parts(folder: Path, environment: Environment) -> Parts:
    """Read a template's folder. Raises Broken with file and line."""
    texts, assets = _files(folder)
    schema = _mapping(_yaml(texts["schema.yaml"]), "schema.yaml")
    try:
        fields = read_fields(schema, folder.name)
        rules = read_rules(schema, fields)
        window = read_window(schema)
        for name in ("version", "jurisdiction", "page_limit"):
            schema[name]
        if schema["language"] not in LANGUAGES:
            raise ValueError(f"the language must be one of {', '.join(LANGUAGES)}")
        if set(schema["title"]) != {"en", "zh"} or not 1 <= int(schema["page_limit"]) <= 50:
            raise ValueError("a title in en and zh, and a page limit from 1 to 50")
    except TemplateFault as fault:
        raise Broken(Finding(fault.code, "schema.yaml", 0, fault.message_en, fault.message_zh)) from None
    except KeyError as error:
        raise _broken("schema.yaml", 0, f"{error.args[0]} is missing", f"缺少 {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise _broken("schema.yaml", 0, str(error)) from None
    try:
        page = environment.parse(texts["template.html"])
    except TemplateSyntaxError as error:
        raise _broken("template.html", error.lineno, str(error.message)) from None
    except RecursionError:
        raise _broken("template.html", 0, "is nested too deeply", "嵌套过深") from None
    citations = _json(texts["citations.json"], "citations.json")
    if not isinstance(citations, list) or not all(isinstance(entry, dict) for entry in citations):
        raise _broken("citations.json", 0, "must be a list of objects", "应为对象列表")
    sample = _mapping(_json(texts["sample.json"], "sample.json"), "sample.json")
    settings = _mapping(schema.get("settings") or {}, "schema.yaml")
    source, style = texts["template.html"], texts["style.css"]
    return Parts(schema, fields, rules, window, source, page, style, citations, settings, assets, sample)


def find_unsafe(parts: Parts) -> list[Finding]:
    """Everything in a folder's page, style and images that no letter may be printed from."""
    shape = data_shape(parts.fields, str(parts.schema["language"]), parts.settings, parts.citations)
    try:
        found = check_page(parts.page, shape)
        skeleton = Skeleton(parts.page)
    except RecursionError:
        return [Finding("template.refused", "template.html", 0, "is nested too deeply", "嵌套过深")]
    if any(finding.code == "template.refused" for finding in found):
        return found
    return [
        *found,
        *check_markup(skeleton, parts.assets, parts.image_names),
        *check_style(parts.style, parts.assets),
        *_large_images(parts.assets),
    ]


def _large_images(assets: Mapping[str, bytes]) -> list[Finding]:
    found = []
    for name, content in assets.items():
        size = picture_size(content)
        if size is None:
            found.append(Finding("template.image", name, 0, "is no PNG or JPEG", "不是 PNG 或 JPEG 图片"))
        elif size[0] * size[1] > MOST_PIXELS:
            words = f"{size[0]} x {size[1]}"
            most = f"{MOST_PIXELS:,}"
            en = f"is an image of {words} pixels; {most} pixels are the most"
            found.append(Finding("template.image", name, 0, en, f"图片为 {words} 像素，超过上限 {most} 像素"))
    return found


def _files(folder: Path) -> tuple[dict[str, str], dict[str, bytes]]:
    """Text files and images of the folder itself: plain files only, of bounded number and size."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise _broken(folder.name, 0, f"cannot be read: {error.strerror}", "无法读取") from None
    if len(entries) > MOST_FILES:
        raise _broken(folder.name, 0, f"holds more than {MOST_FILES} files", f"文件超过 {MOST_FILES} 个")
    texts: dict[str, str] = {}
    assets: dict[str, bytes] = {}
    for entry in entries:
        if entry.is_symlink() or not (entry.is_file() or entry.is_dir()):
            raise _broken(entry.name, 0, "is no plain file", "不是普通文件")
        if entry.name in TEXTS:
            texts[entry.name] = _text(entry)
        elif entry.suffix in IMAGES:
            assets[entry.name] = _bounded(entry, MOST_BYTES)
    for name in TEXTS:
        if name not in texts:
            raise _broken(name, 0, "is missing", "文件缺失")
    return texts, assets


def _text(file: Path) -> str:
    content = _bounded(file, MOST_TEXT)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _broken(file.name, line, "is not UTF-8 text", "不是 UTF-8 编码") from None


def _bounded(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise _broken(file.name, 0, f"cannot be read: {error.strerror}", "无法读取") from None
    if len(content) > most:
        raise _broken(file.name, 0, f"is larger than {most // 1024} KB", f"超过 {most // 1024} KB")
    return content


class _PlainYaml(yaml.SafeLoader):
    """YAML without aliases, by which a few lines stand for a million values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node; an alias is an error."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="an alias is not allowed", problem_mark=mark)
        return super().compose_node(parent, index)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, Loader=_PlainYaml)  # noqa: S506 - a safe loader with less
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _broken("schema.yaml", line, str(error.problem)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _broken("schema.yaml", 0, str(error)[:200]) from None


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _broken(name, error.lineno, f"is not valid JSON: {error.msg}", "不是有效的 JSON") from None
    except (ValueError, RecursionError):
        raise _broken(name, 0, "is not valid JSON", "不是有效的 JSON") from None


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _broken(name, 0, "must hold one object", "应包含一个对象")
    return value


def _broken(file: str, line: int, en: str, zh: str = "") -> Broken:
    return Broken(Finding("template.broken", file, line, en, zh or en))
