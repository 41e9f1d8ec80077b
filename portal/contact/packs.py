"""Rule packs: YAML in, rules out; a pack that is not understood to the last word is refused, not half applied."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

from portal.contact.conduct import Calendar, Pack, zone_named
from portal.contact.pack_kinds import PackError, Reader, read_calendar, read_rule, read_source

__all__ = ["DEFAULT_PACK", "PackError", "calendar_named", "load_pack", "pack_named", "pack_names"]

FOLDER = Path(__file__).parent / "packs"
DEFAULT_PACK = "cn-card"  # the bank and its debtors are in China; packs by region come with the facts of other places
CALENDARS = "calendars"


def pack_names() -> list[str]:
    """The packs that the portal ships."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != CALENDARS)


@cache
def pack_named(name: str = DEFAULT_PACK) -> Pack:
    """A pack that the portal ships. LookupError if there is none of this name, PackError if it is not understood."""
    if name not in pack_names():
        raise LookupError(f"no rule pack {name!r}")
    return load_pack((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


def load_pack(text: str) -> Pack:
    """The rules of a pack, with those of the pack that it extends: an overlay adds rules and takes none away, and of several
    findings the worst decides, so that it can only tighten. Raises PackError."""
    top = Reader("pack", _yaml(text), {"pack", "sources", "rules"})
    head = Reader("pack", top.get("pack"), {"id", "version", "jurisdiction", "effective_from", "default_tz", "extends"})
    sources = {key: read_source(key, value) for key, value in (top.get("sources") or {}).items()}
    rules = tuple(read_rule(value, sources, calendar_named) for value in top.get("rules"))
    base = head.optional("extends", None)
    if base is not None:
        rules = (*_base(str(base)).rules, *rules)
    names = [rule.id for rule in rules]
    if len(set(names)) < len(names):
        raise PackError(f"{head.get('id')}: two rules have the same id")
    zone = head.get("default_tz")
    if zone is not None and zone_named(str(zone)) is None:
        raise PackError(f"{head.get('id')}: there is no time zone {zone!r}")
    return Pack(str(head.get("id")), str(head.get("version")), rules, str(zone or ""))


def _base(name: str) -> Pack:
    try:
        return pack_named(name)
    except LookupError as error:
        raise PackError(f"there is no pack {name!r} to extend") from error


@cache
def _calendars() -> Reader:
    text = (FOLDER / f"{CALENDARS}.yaml").read_text(encoding="utf-8")
    names = frozenset(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    return Reader(CALENDARS, _yaml(text), set(names))


@cache
def calendar_named(name: str) -> Calendar:
    """A calendar of holidays that the portal ships. PackError where there is none of this name."""
    return read_calendar(name, _calendars().get(name))


def _yaml(text: str) -> object:
    try:
        found: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise PackError("the pack is no YAML") from error
    return found
