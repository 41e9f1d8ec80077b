"""A letter template: a folder of HTML, CSS, a schema of its fields, citations, sample data and images.

Users edit templates, so they run in a sandbox: autoescape, no globals, a handful of filters, primitives
only in the context, and an undefined field is an error that names it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError
from jinja2 import Template as JinjaTemplate
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from letters.errors import TemplateFault, UnknownTemplate
from letters.languages import LANGUAGES
from letters.rules import Rules, read_rules
from letters.schema import Field, read_fields

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
_FILTERS = ("length", "join", "first", "last", "default", "e", "escape")
_IMAGES = (".png", ".jpg", ".jpeg")


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
            return self._page.render(context)
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
    return _read(folder / name)


def _read(folder: Path) -> Template:
    try:
        schema = yaml.safe_load((folder / "schema.yaml").read_text("utf-8"))
        page = _environment().from_string((folder / "template.html").read_text("utf-8"))
        fields = read_fields(schema, folder.name)
        citations = json.loads((folder / "citations.json").read_text("utf-8"))
        return Template(
            name=folder.name,
            folder=folder,
            version=f"{schema['version']}+{_digest(folder)}",
            language=_known_language(schema["language"]),
            jurisdiction=schema["jurisdiction"],
            fields=fields,
            rules=read_rules(schema, fields),
            page_limit=int(schema["page_limit"]),
            style=(folder / "style.css").read_text("utf-8"),
            citations=tuple(citations),
            settings=dict(schema.get("settings") or {}),
            assets={file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.suffix in _IMAGES},
            sample=json.loads((folder / "sample.json").read_text("utf-8")),
            _titles=schema["title"],
            _page=page,
        )
    except TemplateSyntaxError as error:
        where, why = f"template.html:{error.lineno}", str(error.message)
    except (OSError, KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        where, why = folder.name, str(error)
    raise TemplateFault("template.broken", f"{where}: {why}", f"模板错误 {where}：{why}")


def _known_language(tag: object) -> str:
    if tag not in LANGUAGES:
        raise ValueError(f"the language must be one of {', '.join(LANGUAGES)}")
    return str(tag)


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox without multiplication and formatting, by which a line of template fills the memory."""

    intercepted_binops = frozenset(("*", "**", "%"))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refuse the operators above."""
        raise SecurityError(f"the operator {operator} is not allowed")


def _environment() -> ImmutableSandboxedEnvironment:
    """No loader (nothing to include), no globals (no range: a loop ends where the data ends), few filters."""
    environment = _Sandbox(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    return environment


def _digest(folder: Path) -> str:
    """Digest of all that shapes a letter; sample data does not."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != "sample.json":
            digest.update(file.name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]
