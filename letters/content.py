"""What a lawyer approves: the hash of a letter's frozen data, template version and font version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from letters.fonts import font_set
from letters.template import Template

FORM = "letter-content/1"
"""Changes when the canonical form below does."""


def content_hash(template: Template, head: Mapping[str, Any], letter: Mapping[str, Any]) -> str:
    """SHA-256 (hex) of what a letter says and how it looks, its number left out.

    `head` is the job's shared data; its list of letters and template name, if present, do not count.
    The number is drawn with the approval and is no part of what is approved.
    """
    return hash_of(template.name, template.version, font_set().version, head, letter)


def hash_of(name: str, version: str, fonts: str, head: Mapping[str, Any], letter: Mapping[str, Any]) -> str:
    """The hash from its parts; keys in any order give the same."""
    frozen = {
        "form": FORM,
        "template": name,
        "template_version": version,
        "font_version": fonts,
        "head": {key: value for key, value in head.items() if key not in ("letters", "template")},
        "letter": {key: value for key, value in letter.items() if key != "letter_no"},
    }
    text = json.dumps(frozen, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """Amounts and dates as the text a data file would hold."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in a letter's data")
