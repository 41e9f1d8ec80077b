"""A letter template: a folder of HTML, CSS, a schema of its fields, citations, sample data and images.

Users edit templates, so a folder is judged before it is used (`letters.parts`): a small part of Jinja, plain HTML, own
images only, every name declared. What passes still runs in a sandbox: autoescape, no globals, a handful of filters,
primitives only in the context, a bounded length.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, UndefinedError
from jinja2 import Template as JinjaTemplate
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from letters.errors import TemplateFault, UnknownTemplate
from letters.lying import Frame
from letters.page_language import FILTERS
from letters.parts import Broken, find_unsafe, read_parts
from letters.rules import Rules
from letters.schema import Field

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
MOST_MARKUP = 1_000_000
"""Characters of HTML of one letter; an ordinary one has about 10,000."""


@dataclass(frozen=True, eq=False)
class Template:
    """A loaded template. `version` is the declared one and a digest of the folder's files."""

    name: str
    folder: Path
    version: str
    language: str
    jurisdiction: str
    fields: tuple[Field, ...]
    page_limit: int
    style: str
    citations: tuple[Mapping[str, str], ...]
    settings: Mapping[str, Any]
    rules: Rules
    window: Frame | None
    assets: Mapping[str, bytes]
    sample: Mapping[str, Any]
    _titles: Mapping[str, str]
    _page: JinjaTemplate = field(repr=False)

    def title(self, locale: str) -> str:
        """The template's name for people, in Chinese or English."""
        return self._titles["zh" if locale.lower().startswith("zh") else "en"]

    def markup(self, context: Mapping[str, Any]) -> str:
        """The HTML of one letter. TemplateFault names a field the template uses and does not get."""
        try:
            return self._bounded(context)
        except UndefinedError as error:
            name = re.findall(r"'([^']+)'", str(error))[-1:] or ["?"]
            raise TemplateFault(
                "template.undefined",
                f"Template {self.name} uses the field {name[0]}, which is not defined.",
                f"模板 {self.name} 使用了未定义的字段 {name[0]}。",
                field=name[0],
            ) from None
        except (SecurityError, TypeError, ValueError) as error:
            raise TemplateFault(
                "template.refused",
                f"Template {self.name} was refused: {error}.",
                f"模板 {self.name} 被拒绝执行：{error}。",
            ) from None

    def _bounded(self, context: Mapping[str, Any]) -> str:
        """The page's text; a page of many nested loops is given up before it fills the memory."""
        pieces, size = [], 0
        for piece in self._page.generate(context):
            size += len(piece)
            if size > MOST_MARKUP:
                raise SecurityError(f"a letter of more than {MOST_MARKUP:,} characters of HTML")
            pieces.append(piece)
        return "".join(pieces)


def template_names(folder: Path = TEMPLATES) -> list[str]:
    """Names of the templates in a folder, sorted."""
    return sorted(entry.parent.name for entry in folder.glob("*/schema.yaml"))


@lru_cache(maxsize=32)
def load_template(name: str, folder: Path = TEMPLATES) -> Template:
    """The template of that name. UnknownTemplate lists the known ones; TemplateFault says what is broken."""
    known = template_names(folder)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name not in known:
        raise UnknownTemplate(
            "template.unknown",
            f"There is no template {name!r}; there are: {', '.join(known)}.",
            f"没有名为 {name!r} 的模板；可用模板：{'、'.join(known)}。",
        )
    return read_template(folder / name)


def read_template(folder: Path) -> Template:
    """Read and judge a folder: TemplateFault with the first thing wrong and its place."""
    environment = sandbox()
    try:
        parts = read_parts(folder, environment)
    except Broken as broken:
        raise broken.finding.fault(folder.name) from None
    unsafe = find_unsafe(parts)
    if unsafe:
        raise unsafe[0].fault(folder.name)
    return Template(
        name=folder.name,
        folder=folder,
        version=f"{parts.schema['version']}+{_digest(folder)}",
        language=parts.schema["language"],
        jurisdiction=parts.schema["jurisdiction"],
        fields=parts.fields,
        rules=parts.rules,
        window=parts.window,
        page_limit=int(parts.schema["page_limit"]),
        style=parts.style,
        citations=tuple(parts.citations),
        settings=parts.settings,
        assets=parts.assets,
        sample=parts.sample,
        _titles=parts.schema["title"],
        _page=environment.from_string(parts.page),
    )


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox without multiplication and formatting, by which a line of template fills the memory."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse the operators above."""
        raise SecurityError(f"the operator {operator} is not allowed")


def sandbox() -> ImmutableSandboxedEnvironment:
    """No loader (nothing to include), no globals (no range: a loop ends where the data ends), few filters."""
    environment = _Sandbox(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    return environment


def _digest(folder: Path) -> str:
    """Digest of all that shapes a letter; sample data does not."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != "sample.json":
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]
