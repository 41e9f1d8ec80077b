"""A mapping as a person edits it: each column of a file with the field that it feeds. Pure.

What the table cannot show (templates, rules, alternatives for other files, dates to choose from, invented people) stays as
the profile has it that the editing began with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.portfolio.intake.binding import header_key
from portal.portfolio.intake.layout import CHINESE, REJECT_HEADERS
from portal.portfolio.intake.notation import NUMBER_FORMS, NumberForm
from portal.portfolio.intake.profile import MappingProfile, Source
from portal.portfolio.intake.suggest import Suggestion

__all__ = ["EXTRA", "IGNORE", "ColumnUse", "Editing", "OtherSource"]

EXTRA, IGNORE = "extra", "ignore"  # what a column may be that feeds no field
OWN: Final = "own"  # a form of amounts that has no name on the page
_LONGEST_MAP: Final = 200  # lines


@dataclass(frozen=True)
class ColumnUse:
    """One column of the file: the field that it feeds (or EXTRA, IGNORE), and how its cells are read.

    `values` holds lines such as `D = dispute`; `date` and `number` name forms, empty: as the whole file.
    """

    column: str
    use: str = EXTRA
    values: str = ""
    date: str = ""
    number: str = ""


@dataclass(frozen=True)
class OtherSource:
    """A field that no column of the table feeds: from a column that feeds another field too, or with a fixed value."""

    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Editing:
    """What stands in the form. `kept`: fields that the profile feeds in a way that the table cannot show, in words."""

    columns: tuple[ColumnUse, ...]
    others: Mapping[str, OtherSource] = field(default_factory=dict)
    date: str = ""
    number: str = "1,234.56"
    scope: tuple[str, ...] = ()
    total_alone: bool = False
    kept: Mapping[str, str] = field(default_factory=dict)

    # --- from what is known ---

    @classmethod
    def suggested(cls, header: Sequence[str], suggestion: Suggestion) -> Editing:
        """From what the header suggests."""
        field_of = {column: name for name, column in suggestion.columns.items()}
        return cls(tuple(ColumnUse(name, field_of.get(name, _rest(name))) for name in header))

    @classmethod
    def of_profile(cls, header: Sequence[str], profile: MappingProfile) -> Editing:
        """As a profile reads this header."""
        by_key = {header_key(name): name for name in header}
        uses: dict[str, ColumnUse] = {}
        others: dict[str, OtherSource] = {}
        kept: dict[str, str] = {}
        for name, source in profile.columns.items():
            if not _is_plain(source):
                kept[name] = _in_words(source)
            elif source.value is not None:
                others[name] = OtherSource(value=source.value)
            elif (column := _column_of(source, by_key)) is None:
                continue
            elif column in uses:
                others[name] = OtherSource(column=column)
            else:
                uses[column] = ColumnUse(
                    column, name, _as_lines(source), "; ".join(source.dates), _name_of(source.number)
                )
        ignored = {header_key(name) for name in profile.ignore}
        columns = tuple(
            uses.get(name) or ColumnUse(name, IGNORE if header_key(name) in ignored else _rest(name)) for name in header
        )
        number = _name_of(profile.number) or "1,234.56"
        return cls(columns, others, "; ".join(profile.dates), number, profile.scope, profile.total_alone, kept)

    # --- to a profile's parts ---

    def data(self, kind: str, base: MappingProfile | None, *, keep_all: bool = False) -> dict[str, Any]:
        """The parts of the profile that reads the file so; `keep_all`: what feeds no field is said to be kept, and so is
        no longer unknown. DomainError `mapping.wrong`, its field the form's, for what cannot be."""
        self._refuse_doubles(kind)
        data: dict[str, Any] = {} if base is None else dict(base.data)
        data["kind"] = kind
        data["columns"] = self._sources(base)
        self._set(data, "scope", list(self.scope))
        self._set(data, "total_alone", self.total_alone)
        self._set(data, "formats", self._formats(base))
        here = {header_key(use.column) for use in self.columns}
        for part, use in (("keep", EXTRA), ("ignore", IGNORE)):
            before = list(map(str, data.get(part) or ()))
            known = {header_key(name) for name in before}
            fresh = [u.column for u in self.columns if u.use == use and header_key(u.column) not in known | _REJECTS]
            stay = [n for n in before if header_key(n) not in here or header_key(n) in self._used_as(use)]
            self._set(data, part, stay + (fresh if use == IGNORE or keep_all else []))
        return data

    def is_as(self, base: MappingProfile, header: Sequence[str]) -> bool:
        """Whether nothing differs from what the profile says of this header."""
        return self == Editing.of_profile(header, base)

    def _used_as(self, use: str) -> set[str]:
        return {header_key(u.column) for u in self.columns if u.use == use}

    @staticmethod
    def _set(data: dict[str, Any], part: str, value: Any) -> None:
        if value:
            data[part] = value
        else:
            data.pop(part, None)

    def _formats(self, base: MappingProfile | None) -> dict[str, Any]:
        forms = {"date": _forms(self.date), "number": self._number(self.number, base.number if base else None)}
        return {name: form for name, form in forms.items() if form}

    @staticmethod
    def _number(name: str, own: NumberForm | None) -> dict[str, Any] | None:
        form = own if name == OWN else NUMBER_FORMS.get(name)
        return None if form is None else _as_data(form)

    def _refuse_doubles(self, kind: str) -> None:
        """A field is fed once."""
        seen: dict[str, str] = {}
        for use in self.columns:
            if use.use in (EXTRA, IGNORE):
                continue
            if use.use in seen:
                raise DomainError(
                    "mapping.wrong",
                    say("“%(one)s” and “%(other)s” cannot both be %(field)s (%(chinese)s).",
                        one=seen[use.use], other=use.column, field=use.use, chinese=CHINESE.get((kind, use.use), use.use)),
                    field="mapping",
                )  # fmt: skip
            seen[use.use] = use.column

    def _sources(self, base: MappingProfile | None) -> dict[str, Any]:
        by_key = {header_key(use.column): use.column for use in self.columns}
        before = base.columns if base else {}
        given: Mapping[str, Any] = base.data.get("columns", {}) if base else {}
        uses = {use.use: use for use in self.columns}
        sources: dict[str, Any] = {}
        for name in dict.fromkeys([*before, *uses, *self.others]):
            other = self.others.get(name, OtherSource())
            if name in (EXTRA, IGNORE):
                continue
            if name in uses:
                sources[name] = self._of_column(uses[name], before.get(name), given.get(name), by_key)
            elif other.column:
                sources[name] = other.column
            elif other.value:
                sources[name] = {"value": other.value}
            elif name in before and self._stays(before[name], by_key):
                sources[name] = given[name]
        return sources

    @staticmethod
    def _stays(source: Source, by_key: Mapping[str, str]) -> bool:
        """What the table cannot show, or what other files have and this one has not."""
        return not _is_plain(source) or (source.value is None and _column_of(source, by_key) is None)

    def _of_column(self, use: ColumnUse, before: Source | None, given: Any, by_key: Mapping[str, str]) -> Any:
        if before is not None and _is_plain(before) and before.value is None:
            here = [by_key[key] for name in before.columns if (key := header_key(name)) in by_key]
            as_it_was = use == ColumnUse(
                use.column, use.use, _as_lines(before), "; ".join(before.dates), _name_of(before.number),
            )  # fmt: skip
            if here == [use.column] and as_it_was:
                return given
        source: dict[str, Any] = {"column": use.column}
        self._set(source, "map", _values(use))
        self._set(source, "date", _forms(use.date))
        self._set(source, "number", self._number(use.number, before.number if before else None))
        return source if len(source) > 1 else use.column


_REJECTS: Final = frozenset(header_key(name) for name in REJECT_HEADERS)


def _as_lines(source: Source) -> str:
    """What the words of a column mean, a line each, as a form sends them back."""
    return "\n".join(f"{key} = {value}".strip() for key, value in source.value_map.items())


def _rest(name: str) -> str:
    return IGNORE if header_key(name) in _REJECTS else EXTRA


def _is_plain(source: Source) -> bool:
    """Whether the table can show it: a column or a fixed value."""
    return not source.text and not source.rule and not any(name.startswith("$") for name in source.columns)


def _column_of(source: Source, by_key: Mapping[str, str]) -> str | None:
    return next((by_key[key] for name in source.columns if (key := header_key(name)) in by_key), None)


def _in_words(source: Source) -> str:
    return source.text or " / ".join(source.columns) or source.value or ""


def _forms(written: str) -> list[str] | str:
    forms = [form.strip() for form in written.split(";") if form.strip()]
    return forms[0] if len(forms) == 1 else forms


def _values(use: ColumnUse) -> dict[str, str]:
    """Lines such as `D = dispute`."""
    values: dict[str, str] = {}
    lines = [line for line in use.values.splitlines() if line.strip()]
    for line in lines[:_LONGEST_MAP]:
        key, sign, value = line.partition(" = ") if " = " in line else line.partition("=")
        if not sign:
            raise DomainError(
                "mapping.wrong",
                say("In the values of “%(column)s” the line “%(line)s” is not of the form: word in the file = our word.",
                    column=use.column, line=line.strip()[:60]),
                field="mapping",
            )  # fmt: skip
        values[key.strip()] = value.strip()
    return values


def _name_of(form: NumberForm | None) -> str:
    if form is None:
        return ""
    return next((name for name, known in NUMBER_FORMS.items() if known == form), OWN)


def _as_data(form: NumberForm) -> dict[str, Any]:
    data: dict[str, Any] = {"decimal": form.decimal, "thousands": form.thousands, "negative": list(form.negative)}
    return data | ({"minor": True} if form.minor else {}) | ({"currency": True} if form.currency else {})
