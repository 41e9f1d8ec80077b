"""Rules of wording: YAML in, rules out; what is not understood to the last word is refused, not half applied."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from portal.contact.models import Channel
from portal.contact.pack_kinds import PackError, Reader, read_source
from portal.contact.wording import FIELDS, Forbidden, ForbiddenFields, Purpose, Required, Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portal.contact.conduct import Source
    from portal.contact.wording import Rule

__all__ = ["CODES", "DEFAULT_WORDING", "load_wording", "wording_named", "wording_names"]

FOLDER = Path(__file__).parent / "packs" / "wording"
DEFAULT_WORDING = "cn"  # the bank and its debtors are in China; others come with the facts of other places
_HEAD = {"id", "version", "jurisdiction", "effective_from"}
_RULE = {"id", "code", "weight", "channels", "purposes", "of", "required", "forbidden", "forbidden_fields", "cite"}
_KINDS = ("required", "forbidden", "forbidden_fields")
_WEIGHTS = frozenset({"block", "warn"})
# What can be wrong with a text; `message_labels.FINDINGS` has the sentences.
CODES = frozenset({
    "AGENCY_NAMED", "BANK_NAMED", "MANDATE_SAID", "STAFF_NAMED", "NUMBER_SAID", "ADDRESSED", "COLLECTOR_SAID", "OPT_OUT",
    "DEBT_BEFORE_IDENTITY", "STATE_ORGAN", "POSES_AS_BANK", "POSES_AS_LAWYER", "CRIMINAL_THREAT", "ACTION_CLAIMED", "SUIT_NAMED",
    "THREAT", "ABUSE", "EXPOSURE", "BLACKLIST", "CREDIT_RECORD", "EXTRA_FEES", "PRIVATE_CHANNEL", "BAIT",
})  # fmt: skip


def wording_names() -> list[str]:
    """The places whose rules of wording the portal ships."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def wording_named(name: str = DEFAULT_WORDING) -> Wording:
    """Rules that the portal ships. LookupError if there are none of this name, PackError if they are not understood."""
    if name not in wording_names():
        raise LookupError(f"no rules of wording {name!r}")
    return load_wording((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def load_wording(text: str) -> Wording:
    """The rules of a file. Raises PackError."""
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PackError("the rules of wording are no YAML") from error
    top = Reader("wording", document, {"wording", "sources", "rules"})
    head = Reader("wording", top.get("wording"), _HEAD)
    sources = {key: read_source(key, value) for key, value in (top.get("sources") or {}).items()}
    rules = tuple(_rule(value, sources) for value in top.get("rules"))
    names = [rule.id for rule in rules]
    if len(set(names)) < len(names):
        raise PackError(f"{head.get('id')}: two rules have the same id")
    return Wording(str(head.get("id")), str(head.get("version")), rules)


def _rule(value: Any, sources: Mapping[str, Source]) -> Rule:
    where = f"rule {value.get('id')}" if isinstance(value, dict) else "rule"
    read = Reader(where, value, _RULE)
    kinds = [kind for kind in _KINDS if kind in read]
    if len(kinds) != 1:
        raise PackError(f"{where}: one of {', '.join(_KINDS)} is wanted")
    common: dict[str, Any] = {
        "id": str(read.get("id")),
        "code": read.word("code", CODES),
        "weight": read.word("weight", _WEIGHTS) if "weight" in read else "block",
        "sources": tuple(_cited(where, cite, sources) for cite in read.get("cite")),
        "channels": read.words("channels", frozenset(c.value for c in Channel), []),
        "purposes": frozenset(map(Purpose, read.words("purposes", frozenset(p.value for p in Purpose), []))),
        "of": read.word("of", frozenset({"bank", "agency"})) if "of" in read else "",
    }
    if kinds[0] == "forbidden":
        return Forbidden(**common, patterns=_patterns(where, read.get("forbidden")))
    if kinds[0] == "forbidden_fields":
        return ForbiddenFields(**common, fields=read.words("forbidden_fields", frozenset(FIELDS)))
    needs = Reader(where, read.get("required"), {"fields", "phrases"})
    phrases = _patterns(where, needs.get("phrases")) if "phrases" in needs else ()
    return Required(**common, fields=needs.words("fields", frozenset(FIELDS), []), patterns=phrases)


def _patterns(where: str, value: Any) -> tuple[re.Pattern[str], ...]:
    """Patterns over the text as it is taken, which is in small letters. One that finds nothing at all would find everything."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise PackError(f"{where}: a list of patterns is wanted")
    try:
        found = tuple(re.compile(one, re.ASCII) for one in value)
    except re.error as error:
        raise PackError(f"{where}: {error} in a pattern") from error
    if any(one.search("") for one in found):
        raise PackError(f"{where}: a pattern that fits an empty text")
    return found


def _cited(where: str, value: Any, sources: Mapping[str, Source]) -> Source:
    read = Reader(where, value, {"src", "ref"})
    name = str(read.get("src"))
    if name not in sources:
        raise PackError(f"{where}: there is no source {name!r}")
    return replace(sources[name], ref=str(read.optional("ref", "")))
