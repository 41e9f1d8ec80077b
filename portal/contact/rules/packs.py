"""Rule packs: YAML in, rules out; a pack that is not understood to the last word is refused, not half applied.

Here are the packs that the portal ships, for whoever asks without a database. Which version the bank has published, and
which pack holds for which debtor, is on the shelf (`shelf.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from portal.contact.conduct import Calendar, Pack, zone_named
from portal.contact.conduct.tightening import loosened
from portal.contact.rules.kinds import read_calendar, read_rule, read_source
from portal.contact.rules.reader import PackError, Reader, parse
from portal.foundation.language import Message, say

__all__ = [
    "DEFAULT_PACK", "Draft", "PackError", "calendar_named", "load_pack", "pack_named", "pack_names", "read_pack", "shipped_text",
]  # fmt: skip

FOLDER = Path(__file__).parents[1] / "packs"
DEFAULT_PACK = "cn-card"  # where nothing is known of the place and the bank has chosen no other
CALENDARS = "calendars"
PACK_NAME = r"[a-z0-9][a-z0-9-]{0,39}"
VERSION = r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}"
JURISDICTION = r"[A-Z]{2}(-[A-Z0-9]{1,3})?"

Base = Callable[[str], Pack]


@dataclass(frozen=True)
class Draft:
    """A pack as its text says it, with what its head says beside the rules. `own`: the rules that are its own, none of the
    pack that it extends."""

    pack: Pack
    own: tuple[Any, ...]
    extends: str
    effective_from: date | None

    @property
    def unsettled(self) -> list[Any]:
        """Sources of its own rules whose text was not read in full, once each: somebody has to answer for them by name."""
        found = {source.title: source for rule in self.own for source in rule.sources if not source.is_settled}
        return list(found.values())


@cache
def pack_names() -> tuple[str, ...]:
    """The packs that the portal ships."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != CALENDARS))


@cache
def shipped_text(name: str) -> str:
    """The text of a pack that the portal ships. LookupError if there is none of this name."""
    if name not in pack_names():
        raise LookupError(f"no rule pack {name!r}")
    return (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def pack_named(name: str = DEFAULT_PACK) -> Pack:
    """A pack that the portal ships. LookupError if there is none of this name, PackError if it is not understood."""
    return load_pack(shipped_text(name))


def load_pack(text: str, base: Base | None = None) -> Pack:
    """The rules of a pack, with those of the pack that it extends, which `base` knows by name; else it is one that is shipped.
    Raises PackError."""
    return read_pack(text, base).pack


def read_pack(text: str, base: Base | None = None, *, strict: bool = False) -> Draft:
    """The pack with its head. Raises PackError; `strict` also where an overlay's rule would loosen the one whose name it takes.

    Without it, where a later version of the pack below has become tighter, both rules stand and the worse finding decides: an
    overlay never loosens, whatever it says.
    """
    top = Reader(say("the pack"), parse(text), {"pack", "sources", "rules"})
    head = Reader(say("the pack"), top.get("pack"), _HEAD)
    name = head.named("id", PACK_NAME)
    sources = _sources(top)
    own = tuple(read_rule(value, sources, calendar_named) for value in top.items("rules"))
    _refuse_twice(own)
    zone = head.optional("default_tz", None)
    if zone is not None and (not isinstance(zone, str) or zone_named(zone) is None):
        raise head.error(say("there is no time zone “%(zone)s”", zone=str(zone)[:64]))
    extends = head.named("extends", PACK_NAME) if head.optional("extends", None) is not None else ""
    below = _below(head, name, extends, base or pack_named) if extends else None
    pack = Pack(
        name,
        head.named("version", VERSION),
        _merged(below.rules, own, strict) if below else own,
        str(zone or ""),
        head.named("jurisdiction", JURISDICTION),
        (below.id, below.version) if below else None,
    )
    return Draft(pack, own, extends, _day(head))


_HEAD = {"id", "version", "jurisdiction", "effective_from", "default_tz", "extends"}


def _sources(top: Reader) -> dict[str, Any]:
    told = top.optional("sources", {})
    if not isinstance(told, dict):
        raise top.error(say("“%(key)s” takes sources by name", key="sources"))
    return {str(key): read_source(str(key)[:60], value) for key, value in told.items()}


def _refuse_twice(rules: tuple[Any, ...]) -> None:
    names = [rule.id for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise PackError(say("rule %(id)s", id=name), say("two rules have this name"))


def _day(head: Reader) -> date | None:
    day = head.optional("effective_from", None)
    if day is not None and type(day) is not date:
        raise head.error(say("“%(key)s” takes a day, like 2026-01-30", key="effective_from"))
    return day


def _below(head: Reader, name: str, extends: str, base: Base) -> Pack:
    """The pack that is extended: one level, so that who reads an overlay has two texts to read and no more."""
    try:
        below = base(extends)
    except LookupError as error:
        raise head.error(say("there is no pack “%(name)s” to extend", name=extends)) from error
    if below.base is not None or extends == name:
        raise head.error(say("a pack that extends another cannot be extended itself"))
    return below


def _merged(below: tuple[Any, ...], own: tuple[Any, ...], strict: bool) -> tuple[Any, ...]:
    named = {rule.id: rule for rule in own}
    kept = []
    for rule in below:
        above = named.get(rule.id)
        looser = loosened(rule, above) if above is not None else None
        if looser and strict:
            raise PackError(
                say("rule %(id)s", id=rule.id),
                say(
                    "an overlay only tightens, and this loosens the rule of the pack below (%(part)s)",
                    part=_PARTS.get(looser, looser),
                ),
            )
        if above is None or looser:
            kept.append(rule)
    return (*kept, *own)


_PARTS: dict[str, Message] = {
    "kind": say("another kind of rule"),
    "verdict": say("a milder verdict"),
    "overrides": say("more reasons to go on all the same"),
    "scope": say("fewer contacts"),
    "hours": say("longer hours"),
    "max": say("a higher number"),
    "window": say("fewer days"),
    "days": say("fewer days"),
    "except": say("more exceptions"),
}


# --- calendars ------------------------------------------------------------------------------------------------------------


@cache
def _calendars() -> Reader:
    text = (FOLDER / f"{CALENDARS}.yaml").read_text(encoding="utf-8")
    names = frozenset(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    return Reader(CALENDARS, parse(text), set(names))


@cache
def calendar_named(name: str) -> Calendar:
    """A calendar of holidays that the portal ships. PackError where there is none of this name."""
    known = _calendars()
    if name not in known:
        raise PackError(say("calendar %(name)s", name=name[:60]), say("there is no such calendar"))
    return read_calendar(name, known.get(name))
