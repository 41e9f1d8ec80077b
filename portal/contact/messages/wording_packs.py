"""Rules of wording: YAML in, rules out; what is not understood to the last word is refused, not half applied."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from portal.contact.conduct import Source
from portal.contact.models import Channel
from portal.contact.wording import FIELDS, Forbidden, ForbiddenFields, Purpose, Required, Wording, gap

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from portal.contact.wording import Rule

__all__ = ["CODES", "DEFAULT_WORDING", "WordingPackError", "load_wording", "wording_named", "wording_names"]

FOLDER = Path(__file__).parents[1] / "packs" / "wording"
DEFAULT_WORDING = "cn"  # the bank and its debtors are in China; others come with the facts of other places
_HEAD = {"id", "version", "jurisdiction", "effective_from"}
_SOURCE = {"title", "force", "seen"}
_RULE = {"id", "code", "weight", "channels", "purposes", "of", "required", "forbidden", "forbidden_fields", "cite"}
_KINDS = ("required", "forbidden", "forbidden_fields")
_WEIGHTS = ("block", "warn")
# What can be wrong with a text; `message_labels.FINDINGS` has the sentences.
CODES = frozenset({
    "AGENCY_NAMED", "BANK_NAMED", "MANDATE_SAID", "STAFF_NAMED", "NUMBER_SAID", "ADDRESSED", "COLLECTOR_SAID", "OPT_OUT",
    "DEBT_BEFORE_IDENTITY", "STATE_ORGAN", "POSES_AS_BANK", "POSES_AS_LAWYER", "CRIMINAL_THREAT", "ACTION_CLAIMED", "SUIT_NAMED",
    "THREAT", "ABUSE", "EXPOSURE", "BLACKLIST", "CREDIT_RECORD", "EXTRA_FEES", "PRIVATE_CHANNEL", "BAIT", "LINK",
})  # fmt: skip


class WordingPackError(ValueError):
    """A file of rules says something that nobody knows; the message names the rule and the word."""


def wording_names() -> list[str]:
    """The places whose rules of wording the portal ships."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def wording_named(name: str = DEFAULT_WORDING) -> Wording:
    """Rules that the portal ships. LookupError if there are none of this name, WordingPackError if they are not understood."""
    if name not in wording_names():
        raise LookupError(f"no rules of wording {name!r}")
    return load_wording((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def load_wording(text: str) -> Wording:
    """The rules of a file. Raises WordingPackError."""
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise WordingPackError("the rules of wording are no YAML") from error
    top = _mapping("wording", document, {"wording", "sources", "rules"})
    head = _mapping("wording", top["wording"], _HEAD)
    sources = {key: _source(key, value) for key, value in top["sources"].items()}
    rules = tuple(_rule(value, sources) for value in top["rules"])
    names = [rule.id for rule in rules]
    if len(set(names)) < len(names):
        raise WordingPackError(f"{head['id']}: two rules have the same id")
    return Wording(str(head["id"]), str(head["version"]), rules)


def _mapping(where: str, value: Any, known: set[str], optional: Collection[str] = ()) -> dict[str, Any]:
    """A mapping with these words, all of which must be there but the optional ones."""
    if not isinstance(value, dict):
        raise WordingPackError(f"{where}: a mapping is wanted")
    wrong = sorted(set(map(str, value)) - known) or sorted(known - set(optional) - set(value))
    if wrong:
        raise WordingPackError(f"{where}: {wrong[0]!r} is unknown or missing")
    return value


def _words(where: str, value: Any, known: Collection[str]) -> frozenset[str]:
    """A list of known words."""
    if not isinstance(value, list) or not set(map(str, value)) <= set(known):
        raise WordingPackError(f"{where}: a list of {', '.join(sorted(known))} is wanted")
    return frozenset(map(str, value))


def _word(where: str, value: Any, known: Collection[str]) -> str:
    return next(iter(_words(where, [value], known)))


def _source(key: str, value: Any) -> Source:
    read = _mapping(f"source {key}", value, _SOURCE)
    return Source(str(read["title"]), str(read["force"]), str(read["seen"]))


def _rule(value: Any, sources: Mapping[str, Source]) -> Rule:
    where = f"rule {value.get('id')}" if isinstance(value, dict) else "rule"
    read = _mapping(where, value, _RULE, optional=_RULE - {"id", "code", "cite"})
    kinds = [kind for kind in _KINDS if kind in read]
    if len(kinds) != 1:
        raise WordingPackError(f"{where}: one of {', '.join(_KINDS)} is wanted")
    common: dict[str, Any] = {
        "id": str(read["id"]),
        "code": _word(where, read["code"], CODES),
        "weight": _word(where, read.get("weight", "block"), _WEIGHTS),
        "sources": tuple(_cited(where, cite, sources) for cite in read["cite"]),
        "channels": _words(where, read.get("channels", []), [c.value for c in Channel]),
        "purposes": frozenset(map(Purpose, _words(where, read.get("purposes", []), [p.value for p in Purpose]))),
        "of": _word(where, read.get("of", ""), ("bank", "agency", "")),
    }
    if kinds[0] == "forbidden":
        return Forbidden(**common, patterns=_patterns(where, read["forbidden"]))
    if kinds[0] == "forbidden_fields":
        return ForbiddenFields(**common, fields=_words(where, read["forbidden_fields"], FIELDS))
    needs = _mapping(where, read["required"], {"fields", "phrases"}, optional=("fields", "phrases"))
    phrases = _patterns(where, needs["phrases"]) if "phrases" in needs else ()
    return Required(**common, fields=_words(where, needs.get("fields", []), FIELDS), patterns=phrases)


def _patterns(where: str, value: Any) -> tuple[re.Pattern[str], ...]:
    """Patterns over the text as it is taken, which is in small letters; `{bank}` in one is that field. One that finds nothing
    at all would find everything."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise WordingPackError(f"{where}: a list of patterns is wanted")
    try:
        found = tuple(re.compile(_with_fields(one), re.ASCII) for one in value)
    except re.error as error:
        raise WordingPackError(f"{where}: {error} in a pattern") from error
    if any(one.search("") for one in found):
        raise WordingPackError(f"{where}: a pattern that fits an empty text")
    return found


def _with_fields(pattern: str) -> str:
    for name in FIELDS:
        pattern = pattern.replace(f"{{{name}}}", gap(name))
    return pattern


def _cited(where: str, value: Any, sources: Mapping[str, Source]) -> Source:
    read = _mapping(where, value, {"src", "ref"}, optional=("ref",))
    if read["src"] not in sources:
        raise WordingPackError(f"{where}: there is no source {read['src']!r}")
    return replace(sources[read["src"]], ref=str(read.get("ref", "")))
