"""Rule packs: YAML in, rules out; a pack that is not understood to the last word is refused, not half applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from portal.contact.conduct import (
    VERDICTS,
    FrequencyCap,
    HoldRule,
    Pack,
    PartyRule,
    Rule,
    Scope,
    Source,
    TimeWindow,
    Verdict,
    Window,
)
from portal.contact.models import Channel, Direction
from portal.portfolio.models import HoldFlag

__all__ = ["DEFAULT_PACK", "PackError", "load_pack", "pack_named"]

FOLDER = Path(__file__).parent / "packs"
DEFAULT_PACK = "cn-card"  # the bank and its debtors are in China; packs by region come with the packs for other places

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_GROUPS = frozenset({"debtor", "lawyer", "third_party"})
_MEASURES = frozenset({"conversation", "unanswered", "visit"})
_FORCES = frozenset({"law", "regulation", "standard", "self_regulation", "house"})
_SEEN = frozenset({"full_text", "full_text_in_part", "guidance", "secondary", "memory", "house"})
_FLAGS = frozenset(flag.value for flag in HoldFlag) | {"nothing_owed", "work_stopped"}
_FACTS = frozenset({"debtor_number_invalid"})


class PackError(ValueError):
    """A pack says something that the engine does not know; the message names the pack, the rule and the word."""


@cache
def pack_named(name: str = DEFAULT_PACK) -> Pack:
    """A pack that the portal ships. LookupError if there is none of this name, PackError if it is not understood."""
    path = FOLDER / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        raise LookupError(f"no rule pack {name!r}")
    return load_pack(path.read_text(encoding="utf-8"))


def load_pack(text: str) -> Pack:
    """The rules of a pack. Raises PackError."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PackError("the pack is no YAML") from error
    top = _Reader("pack", document, {"pack", "sources", "rules"})
    head = _Reader("pack", top.get("pack"), {"id", "version", "jurisdiction", "effective_from", "default_tz"})
    sources = {key: _source(key, value) for key, value in (top.get("sources") or {}).items()}
    rules = tuple(_rule(value, sources) for value in top.get("rules"))
    names = [rule.id for rule in rules]
    if len(set(names)) < len(names):
        raise PackError(f"{head.get('id')}: two rules have the same id")
    return Pack(str(head.get("id")), str(head.get("version")), rules)


class _Reader:
    """A mapping whose every word must be known."""

    def __init__(self, where: str, value: Any, known: set[str]) -> None:
        if not isinstance(value, dict):
            raise PackError(f"{where}: a mapping is wanted")
        unknown = set(map(str, value)) - known
        if unknown:
            raise PackError(f"{where}: unknown word {sorted(unknown)[0]!r}")
        self.where, self._value = where, cast("Mapping[str, Any]", value)

    def get(self, key: str) -> Any:
        if key not in self._value:
            raise PackError(f"{self.where}: {key!r} is missing")
        return self._value[key]

    def optional(self, key: str, default: Any) -> Any:
        return self._value.get(key, default)

    def words(self, key: str, known: frozenset[str], default: list[str] | None = None) -> frozenset[str]:
        """A list of known words."""
        value = self.get(key) if default is None else self.optional(key, default)
        if not isinstance(value, list) or not set(map(str, value)) <= known:
            raise PackError(f"{self.where}: {key!r} takes a list of {', '.join(sorted(known))}")
        return frozenset(value)

    def word(self, key: str, known: frozenset[str]) -> str:
        """One known word."""
        value = self.get(key)
        if value not in known:
            raise PackError(f"{self.where}: {key!r} takes one of {', '.join(sorted(known))}")
        return str(value)


def _source(key: str, value: Any) -> Source:
    read = _Reader(f"source {key}", value, {"title", "force", "seen"})
    return Source(str(read.get("title")), read.word("force", _FORCES), read.word("seen", _SEEN))


def _rule(value: Any, sources: Mapping[str, Source]) -> Rule:
    where = f"rule {value.get('id')}" if isinstance(value, dict) else "rule"
    read = _Reader(where, value, {"id", "kind", "applies", "params", "on_fail", "cite"})
    kind = read.word("kind", frozenset(_KINDS))
    verdict = _Reader(where, read.get("on_fail"), {"verdict"}).word("verdict", frozenset(VERDICTS))
    common: dict[str, Any] = {
        "id": str(read.get("id")),
        "scope": _scope(where, read.optional("applies", {})),
        "verdict": cast("Verdict", verdict),
        "sources": tuple(_cite(where, cited, sources) for cited in read.get("cite")),
    }
    if not common["sources"]:
        raise PackError(f"{where}: a rule names what it rests on")
    return _KINDS[kind](where, read.get("params"), common)


def _scope(where: str, value: Any) -> Scope:
    read = _Reader(where, value, {"channels", "direction", "to"})
    direction = str(read.optional("direction", ""))
    if direction and direction not in {d.value for d in Direction}:
        raise PackError(f"{where}: 'direction' takes outbound or inbound")
    channels = read.words("channels", frozenset(c.value for c in Channel), default=[])
    return Scope(channels, direction, read.words("to", _GROUPS, default=[]))


def _cite(where: str, value: Any, sources: Mapping[str, Source]) -> Source:
    read = _Reader(where, value, {"src", "ref"})
    source = sources.get(str(read.get("src")))
    if source is None:
        raise PackError(f"{where}: source {read.get('src')!r} is not listed")
    return Source(source.title, source.force, source.seen, str(read.optional("ref", "")))


def _time_window(where: str, params: Any, common: dict[str, Any]) -> Rule:
    read = _Reader(where, params, {"allow", "bounds"})
    bounds = read.word("bounds", frozenset({"[)", "[]"}))
    windows = tuple(_window(where, value) for value in read.get("allow"))
    if not windows:
        raise PackError(f"{where}: no hours are allowed")
    return TimeWindow(**common, windows=windows, last_included=bounds == "[]")


def _window(where: str, value: Any) -> Window:
    read = _Reader(where, value, {"days", "from", "to"})
    named = read.get("days")
    days = list(_DAYS) if named == "all" else named
    if not isinstance(days, list) or not days or not set(map(str, days)) <= set(_DAYS):
        raise PackError(f"{where}: 'days' takes all, or a list of {', '.join(_DAYS)}")
    opens, closes = _clock(where, read.get("from")), _clock(where, read.get("to"))
    if closes <= opens:
        raise PackError(f"{where}: the hours end before they begin")
    return Window(frozenset(_DAYS.index(day) for day in days), opens, closes)


def _clock(where: str, value: Any) -> time:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PackError(f'{where}: times are quoted, like "08:00"; found {value!r}')
    return time.fromisoformat(value)


def _frequency_cap(where: str, params: Any, common: dict[str, Any]) -> Rule:
    read = _Reader(where, params, {"max", "window", "per", "count", "counter_scope"})
    window = _Reader(where, read.get("window"), {"unit", "length"})
    if (window.get("unit"), window.get("length")) != ("calendar_day", 1):
        raise PackError(f"{where}: the engine counts by one calendar day")
    if read.get("counter_scope") != "creditor_and_all_agencies":
        raise PackError(f"{where}: the engine counts over the creditor and all agencies")
    most = read.get("max")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise PackError(f"{where}: 'max' takes a whole number of 1 or more")
    per = read.words("per", frozenset({"person", "contact_point"}))
    if "person" not in per:
        raise PackError(f"{where}: the engine counts by person")
    return FrequencyCap(**common, measure=read.word("count", _MEASURES), most=most, per_point="contact_point" in per)


def _hold(where: str, params: Any, common: dict[str, Any]) -> Rule:
    return HoldRule(**common, flags=_Reader(where, params, {"flags"}).words("flags", _FLAGS))


def _party_rule(where: str, params: Any, common: dict[str, Any]) -> Rule:
    return PartyRule(**common, needs_any=_Reader(where, params, {"requires_any"}).words("requires_any", _FACTS))


_KINDS: dict[str, Callable[[str, Any, dict[str, Any]], Rule]] = {
    "time_window": _time_window,
    "frequency_cap": _frequency_cap,
    "hold": _hold,
    "party_rule": _party_rule,
}
