"""Mapping profiles: how another bank's file becomes the standard layout. They are data; this is their grammar.

A profile (YAML or JSON) has:

    name, version       together `name@version`; the same file under another version is another import
    title               what a person sees
    kind                accounts or payments
    columns             field -> source
    as_of               optional: `choices` of dates, each naming columns for the file's own time axis
    scope               optional: rows left out as good but out of scope, in this order: not_overdue, no_balance
                        (with the latter a negative principal is a credit balance: nothing owed, no error)
    made_up             optional: `seed`, `style` and the `fields` that are invented and marked as such
    keep                columns kept as extra fields without being called unknown
    ignore              columns not read at all
    total_alone         true: `total` may stand alone, all of it principal
    formats             how the file writes its days (`date`: a form or several) and its amounts (`number`), where it does
                        not write them as the standard layout does; the forms are those of intake/notation.py

A source is a column's name, a list of alternative names, or a mapping with one of `column`, `text` (a template such as
"UCI-{ID}") or `value` (fixed), and optionally `map` (value -> value), `rule` (a name in RULES) and a `date` or `number`
of its own. `$word` as a column is looked up in the chosen as-of date's columns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.foundation.values import parse_date, parse_whole
from portal.portfolio.intake.layout import AMOUNTS, DAYS, LAYOUTS
from portal.portfolio.intake.notation import NumberForm, date_forms, number_form
from portal.portfolio.madeup import STYLES

__all__ = [
    "RULES",
    "MadeUpFields",
    "MappingProfile",
    "Source",
    "find_profile",
    "load_profile",
    "parse_profile",
    "profile_file",
    "shipped_for",
    "shipped_profiles",
    "standard_profile",
    "unknown_profile",
]

_SHIPPED: Final = Path(__file__).parent.parent / "mappings"
_SUFFIXES: Final = (".yaml", ".json")
_LARGEST_PROFILE: Final = 256 * 1024
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_SCOPES: Final = ("not_overdue", "no_balance")
_INVENTABLE: Final = frozenset(("name", "id_no", "phone_1", "address", "postcode", "card_last4"))
_KEYS: Final = frozenset("name version title kind columns as_of scope made_up keep ignore total_alone formats".split())


def _months_past_due_times_30(text: str) -> str:
    """Statuses below one (paid, revolving, no use) are not overdue; n months past due are n × 30 days."""
    return str(max(parse_whole(text), 0) * 30)


RULES: Final[Mapping[str, Callable[[str], str]]] = {
    "months_past_due_times_30": _months_past_due_times_30,
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field comes from: the first of `columns` that the file has, a template, or a fixed value."""

    columns: tuple[str, ...] = ()
    text: str = ""
    value: str | None = None
    value_map: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    dates: tuple[str, ...] = ()
    number: NumberForm | None = None


@dataclass(frozen=True, slots=True)
class MadeUpFields:
    """Fields invented from a seed, in the style of a place."""

    seed: str
    style: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappingProfile:
    """A checked mapping profile; see the module's text for what the parts mean."""

    name: str
    version: int
    title: str
    kind: str
    columns: Mapping[str, Source]
    as_of_choices: Mapping[date, Mapping[str, str]] = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    made_up: MadeUpFields | None = None
    keep: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    total_alone: bool = False
    dates: tuple[str, ...] = ()
    number: NumberForm | None = None
    digest: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def label(self) -> str:
        """`name@version`, by which an import remembers how it read its file."""
        return f"{self.name}@{self.version}"

    def as_of(self, wanted: date | None, today: date) -> date:
        """The date the file speaks of: the one wanted, else the profile's last choice that has come, else today.

        DomainError for a date that the profile does not offer or that is still to come.
        """
        choices = self.as_of_choices
        come = [day for day in choices if day <= today]
        chosen = wanted or (max(come or choices) if choices else today)
        if choices and chosen not in choices:
            raise DomainError(
                "intake.as_of",
                say("This mapping knows the dates %(dates)s.", dates=", ".join(str(day) for day in sorted(choices))),
                field="as_of",
            )
        if chosen > today:
            raise DomainError(
                "intake.as_of_future",
                say(
                    "The as-of date %(date)s is later than the business date %(today)s.",
                    date=chosen,
                    today=today,
                ),
                field="as_of",
            )
        return chosen


def standard_profile(kind: str) -> MappingProfile:
    """The layout of reference/files.md by either header, for `accounts` or `payments`."""
    columns = {column.field: Source((column.field, column.chinese)) for column in LAYOUTS[kind]}
    data = {"columns": {name: list(source.columns) for name, source in columns.items()}}
    return MappingProfile("standard", 1, "Standard layout", kind, columns, digest="standard@1", data=data)


def shipped_profiles() -> list[str]:
    """The names of the profiles that come with the portal, the standard layout first."""
    return ["standard", *sorted(path.stem for path in _SHIPPED.iterdir() if path.suffix in _SUFFIXES)]


def load_profile(name: str | None, kind: str) -> MappingProfile:
    """A shipped profile by name; None or `standard` is the standard layout. Never looks at files elsewhere."""
    if name is None or name == "standard":
        return standard_profile(kind)
    if name not in shipped_profiles():
        raise unknown_profile(name, shipped_profiles())
    return _of_kind(_shipped(name), kind)


def shipped_for(kind: str) -> list[MappingProfile]:
    """The shipped profiles that read files of a kind, the standard layout first."""
    others = [_shipped(name) for name in shipped_profiles() if name != "standard"]
    return [standard_profile(kind), *(profile for profile in others if profile.kind == kind)]


@cache
def _shipped(name: str) -> MappingProfile:
    """Read once: pages that offer the profiles name all of them."""
    path = next(path for suffix in _SUFFIXES if (path := _SHIPPED / f"{name}{suffix}").is_file())
    return parse_profile(path.read_bytes())


def find_profile(name_or_file: str | None, kind: str) -> MappingProfile:
    """For the command line, whose user may read the machine's files: a shipped profile by name, else a file's."""
    path = Path(name_or_file or "")
    if name_or_file is None or name_or_file in shipped_profiles() or not path.is_file():
        return load_profile(name_or_file, kind)
    return profile_file(name_or_file, kind)


def profile_file(file: str, kind: str) -> MappingProfile:
    """The profile that a file of this machine holds."""
    path = Path(file)
    if path.stat().st_size > _LARGEST_PROFILE:
        raise _wrong(say("The mapping file is too large."))
    return _of_kind(parse_profile(path.read_bytes()), kind)


def _of_kind(profile: MappingProfile, kind: str) -> MappingProfile:
    if profile.kind != kind:
        raise _wrong(say("The mapping “%(name)s” is for %(kind)s.", name=profile.name, kind=profile.kind))
    return profile


def unknown_profile(name: str, known: Sequence[str]) -> DomainError:
    """What is said of a name that nothing has."""
    return DomainError(
        "mapping.unknown",
        say("There is no mapping “%(name)s”; known are: %(names)s.", name=name, names=", ".join(known)),
        field="mapping",
    )


def parse_profile(content: bytes | str) -> MappingProfile:
    """A profile from its YAML or JSON; DomainError `mapping.wrong` says what is wrong with it."""
    try:
        data = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise _wrong(say("The mapping is neither YAML nor JSON.")) from None
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise _wrong(say("The mapping is not a list of named parts."))
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise _wrong(say("The mapping has unknown parts: %(names)s.", names=", ".join(unknown)))
    try:
        return _profile(data, hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(say("The mapping cannot be read: %(part)s.", part=str(error))) from None


def _profile(data: dict[str, Any], digest: str) -> MappingProfile:
    kind = data["kind"]
    if kind not in LAYOUTS:
        raise _wrong(say("The mapping's kind is one of: %(kinds)s.", kinds=", ".join(LAYOUTS)))
    if not _NAME.fullmatch(str(data["name"])):
        raise _wrong(say("The mapping's name consists of small letters, digits and dashes."))
    fields = {column.field for column in LAYOUTS[kind]}
    columns = {name: _source(name, given) for name, given in data["columns"].items()}
    scope = tuple(data.get("scope") or ())
    for name in [*columns, *scope]:
        if name not in fields and name not in _SCOPES:
            raise _wrong(say("The mapping names “%(name)s”, which is not known.", name=name))
    choices = (data.get("as_of") or {}).get("choices") or {}
    formats = data.get("formats") or {}
    if set(formats) - {"date", "number"}:
        raise _wrong(say("The formats of a mapping are date and number."))
    return MappingProfile(
        name=str(data["name"]),
        version=int(data["version"]),
        title=str(data.get("title") or data["name"]),
        kind=kind,
        columns=columns,
        as_of_choices={_day(day): {str(k): str(v) for k, v in axis.items()} for day, axis in choices.items()},
        scope=scope,
        made_up=_made_up(data.get("made_up")),
        keep=tuple(map(str, data.get("keep") or ())),
        ignore=tuple(map(str, data.get("ignore") or ())),
        total_alone=data.get("total_alone") is True,
        dates=date_forms(formats.get("date")),
        number=number_form(formats.get("number")),
        digest=digest,
        data=data,
    )


def _source(name: str, given: Any) -> Source:
    if isinstance(given, str):
        return Source((given,))
    if isinstance(given, list):
        return Source(tuple(map(str, given)))
    ways = [way for way in ("column", "text", "value") if way in given]
    if len(ways) != 1 or set(given) - {*ways, "map", "rule", "date", "number"}:
        raise _wrong(say("The field “%(name)s” needs exactly one of column, text and value.", name=name))
    if ("date" in given and name not in DAYS) or ("number" in given and name not in AMOUNTS):
        raise _wrong(say("The field “%(name)s” holds no date or amount that could have a form.", name=name))
    rule = str(given.get("rule", ""))
    if rule and rule not in RULES:
        raise _wrong(say("The mapping names “%(name)s”, which is not known.", name=rule))
    column = given.get("column", ())
    return Source(
        columns=(column,) if isinstance(column, str) else tuple(map(str, column)),
        text=str(given.get("text", "")),
        value=str(given["value"]) if "value" in given else None,
        value_map={str(key): str(value) for key, value in (given.get("map") or {}).items()},
        rule=rule,
        dates=date_forms(given.get("date")),
        number=number_form(given.get("number")),
    )


def _made_up(given: Any) -> MadeUpFields | None:
    if given is None:
        return None
    fields = tuple(map(str, given["fields"]))
    for name in fields:
        if name not in _INVENTABLE:
            raise _wrong(say("The mapping names “%(name)s”, which is not known.", name=name))
    if given["style"] not in STYLES:
        raise _wrong(say("The mapping names “%(name)s”, which is not known.", name=given["style"]))
    return MadeUpFields(str(given["seed"]), str(given["style"]), fields)


def _day(given: Any) -> date:
    return parse_date(given if isinstance(given, date) else str(given))


def _wrong(message: Message) -> DomainError:
    return DomainError("mapping.wrong", message, field="mapping")
