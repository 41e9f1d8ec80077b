"""A mapping profile laid over the header of one file: which cell feeds which field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.tabular import Cell, cell_text
from portal.foundation.values import plain, trim
from portal.portfolio.intake.layout import AMOUNTS, DAYS, LAYOUTS, REJECT_HEADERS
from portal.portfolio.intake.notation import NumberForm, date_reader
from portal.portfolio.intake.profile import RULES, MappingProfile, Source

__all__ = ["Binding", "bind", "header_key"]

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


def header_key(name: str) -> str:
    """A header in the form in which headers are compared: half-width, small letters, no spaces around."""
    return plain(name).casefold()


_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_UNNAMED = re.compile(r"column \d+", re.ASCII)  # a header's cell that was empty


@dataclass(frozen=True, slots=True)
class Binding:
    """How one file's rows are read. `column_of` names the file's column (or the field itself) for messages; `day_of` and
    `amount_of` hold what reads the fields that are not written in the standard forms; `called` has what the header's
    language calls the fields that have no column."""

    direct: Sequence[tuple[str, int]]
    derived: Sequence[tuple[str, Callable[[Sequence[Cell]], Cell]]]
    extra: Sequence[tuple[str, int]]
    unknown_columns: tuple[str, ...]
    column_of: Mapping[str, str]
    width: int
    day_of: Mapping[str, Callable[[Cell], date]]
    amount_of: Mapping[str, NumberForm]
    called: Mapping[str, str]

    @property
    def fields(self) -> frozenset[str]:
        """The fields that this file speaks of; a blank one was blank in the file, another was not in it."""
        return frozenset(self.column_of)

    def name_of(self, field: str) -> str:
        """What a field is called to who sent the file."""
        return self.column_of.get(field) or self.called.get(field, field)

    def read(self, cells: Sequence[Cell]) -> dict[str, Cell]:
        """The row's cells by field."""
        values = {name: cells[place] for name, place in self.direct}
        for name, get in self.derived:
            values[name] = get(cells)
        return values

    def read_extra(self, cells: Sequence[Cell]) -> dict[str, str]:
        """The filled cells of columns that no field takes, by header."""
        return {name: text for name, place in self.extra if (text := trim(cell_text(cells[place])))}


def bind(profile: MappingProfile, header: Sequence[str], as_of: date) -> Binding:
    """Lays the profile over a header; DomainError `intake.missing_columns` names the columns that are not there."""
    places = {header_key(name): place for place, name in enumerate(header)}
    axis = profile.as_of_choices.get(as_of, {})
    direct: list[tuple[str, int]] = []
    derived: list[tuple[str, Callable[[Sequence[Cell]], Cell]]] = []
    column_of: dict[str, str] = {}
    used: set[int] = set()
    is_chinese = any(_CHINESE.search(name) for name in header)
    called = {column.field: column.chinese for column in LAYOUTS[profile.kind]} if is_chinese else {}
    for name, source in profile.columns.items():
        found = _places_of(source, places, axis)
        if found is None:
            continue
        used.update(found)
        column_of[name] = header[found[0]] if found else called.get(name, name)
        if source.columns and not source.value_map and not source.rule:
            direct.append((name, found[0]))
        else:
            derived.append((name, _getter(source, found)))
    _check_required(profile, set(column_of), header)
    kept = {header_key(name) for name in profile.keep}
    passed = {header_key(name) for name in (*profile.ignore, *REJECT_HEADERS)}
    rest = [(name, place) for place, name in enumerate(header) if place not in used and header_key(name) not in passed]
    unknown = tuple(name for name, _ in rest if header_key(name) not in kept)
    return Binding(direct, derived, rest, unknown, column_of, len(header), *_forms(profile, column_of), called)


def _forms(
    profile: MappingProfile, found: Mapping[str, str]
) -> tuple[dict[str, Callable[[Cell], date]], dict[str, NumberForm]]:
    """What reads days and amounts where the profile, or a field's own source, gives their form. A fixed value is ours."""
    days: dict[str, Callable[[Cell], date]] = {}
    amounts: dict[str, NumberForm] = {}
    for name, source in profile.columns.items():
        if name not in found or source.value is not None:
            continue
        if name in DAYS and (forms := source.dates or profile.dates) and forms != ("standard",):
            days[name] = date_reader(forms)
        elif name in AMOUNTS and (form := source.number or profile.number) is not None:
            amounts[name] = form
    return days, amounts


def _places_of(source: Source, places: Mapping[str, int], axis: Mapping[str, str]) -> list[int] | None:
    """The columns that a source reads; None where the file does not have them. Two headers of one field are refused."""
    if source.value is not None:
        return []
    if source.text:
        found = [places.get(header_key(name)) for name in _PLACEHOLDER.findall(source.text)]
        return None if None in found else [place for place in found if place is not None]
    names = [axis.get(name[1:], "") if name.startswith("$") else name for name in source.columns]
    here = sorted({places[key] for name in names if (key := header_key(name)) in places})
    if len(here) > 1:
        raise DomainError(
            "tabular.duplicate_column",
            say("Two columns of the file mean the same: %(names)s.", names=", ".join(names)),
            field="file",
        )
    return here or None


def _getter(source: Source, found: list[int]) -> Callable[[Sequence[Cell]], Cell]:
    if source.value is not None:
        fixed = source.value
        return lambda cells: fixed
    rule, value_map, template = RULES.get(source.rule), source.value_map, source.text

    def get(cells: Sequence[Cell]) -> Cell:
        if template:
            parts = iter(found)
            text = _PLACEHOLDER.sub(lambda _: plain(cell_text(cells[next(parts)])), template)
        else:
            text = plain(cell_text(cells[found[0]]))
        text = value_map.get(text, text)
        if rule is None or not text:
            return text
        try:
            return rule(text)
        except ValueError:
            return text  # unreadable for the rule, so for the field too: the row says so

    return get


def _check_required(profile: MappingProfile, found: set[str], header: Sequence[str]) -> None:
    invented = set(profile.made_up.fields) if profile.made_up else set()
    layout = LAYOUTS[profile.kind]
    missing = [column for column in layout if column.required and column.field not in found | invented]
    if profile.total_alone and "total" in found:
        missing = [column for column in missing if column.field != "principal"]
    names = [(column.field, column.chinese) for column in missing]
    if profile.kind == "accounts" and not {"phone_1", "address"} & (found | invented):
        names.append(("phone_1 / address", "手机号 / 地址"))
    written = [name for name in header if not _UNNAMED.fullmatch(name)]
    if names and not found and len(written) <= 1:
        words = say(
            "The first row is no header: it has only %(header)s. Take away what stands above the row of column names.",
            header=", ".join(written)[:80],
        )
        raise DomainError("intake.missing_columns", words, field="mapping")
    if names:
        raise DomainError(
            "intake.missing_columns",
            say(
                "The file lacks the columns %(missing)s (%(chinese)s); it has: %(header)s. Say which column holds them, or "
                "take another layout.",
                missing=", ".join(field for field, _ in names),
                chinese="、".join(chinese for _, chinese in names),
                header=", ".join(header[:40]),
            ),
            field="mapping",
        )
