"""The fields a template declares: what the data of a letter may and must hold.

A template's schema.yaml has two lists, `head` (what a job's letters share) and `letter` (what each has).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from letters.errors import TemplateFault

FieldType = Literal["text", "date", "amount", "currency", "integer", "card_last4", "image", "url", "list", "texts"]
Required = Literal["always", "printed", "never"]
_TYPES = ("text", "date", "amount", "currency", "integer", "card_last4", "image", "url", "list", "texts")

_REQUIRED: Mapping[object, Required] = {True: "always", "printed": "printed", False: "never"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its dotted name, type, when it is required and its labels.

    `required` is "always", "printed" (may still be missing while a lawyer reviews: the number is drawn
    with the approval) or "never". `part` is "head" or "letter". A "list" has `members`, "texts" is a list
    of plain texts.
    """

    name: str
    type: FieldType
    required: Required
    label_en: str
    label_zh: str
    part: Literal["head", "letter"]
    members: tuple[Field, ...] = ()

    def label(self, locale: str) -> str:
        """The field's name for people."""
        return self.label_zh if locale.lower().startswith("zh") else self.label_en

    def read(self, data: Mapping[str, Any]) -> Any:
        """The field's raw value in a data object, None where it or its parent is missing."""
        value: Any = data
        for step in self.name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


def read_fields(schema: Mapping[str, Any], template: str) -> tuple[Field, ...]:
    """The fields of a parsed schema.yaml, head first. TemplateFault names what is wrong in it."""
    return tuple(_field(entry, part, template) for part in ("head", "letter") for entry in schema.get(part) or ())


def _field(entry: Mapping[str, Any], part: Any, template: str) -> Field:
    try:
        kind = entry["type"]
        required = _REQUIRED[entry.get("required", False)]
        if kind not in _TYPES:
            raise KeyError(kind)
        members = tuple(_field(member, part, template) for member in entry.get("members", ()))
        return Field(entry["name"], kind, required, entry["en"], entry["zh"], part, members)
    except (KeyError, TypeError) as error:
        raise TemplateFault(
            "template.schema",
            f"Template {template}: a field of schema.yaml is not understood ({entry!r}).",
            f"模板 {template}：schema.yaml 中的字段无法识别（{entry!r}）。",
        ) from error
