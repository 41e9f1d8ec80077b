"""What a template demands of its data beyond each field by itself: sums that come out, days in their order.

They stand in schema.yaml, since a repayment agreement adds up otherwise than a demand:

    rules:
      due: total                                        # must be above zero
      sums:
        - {of: [principal, interest, fees], is: [total]}
        - {of: [items.principal], is: [principal]}      # left out where the list is empty
        - {of: [total, -waived], is: [agreed]}
      days:
        - {day: as_of, not_after: issued_on}
        - {day: instalments.due_on, not_after: issued_on, months: 60}
        - {day: validation_ends, not_before: issued_on, period: us_validation}
      least: {pay_within_days: 30}
      longest: {address: 200, debtor_name: 60}            # characters: what the envelope's window holds
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from letters.amounts import print_amount, read_amount
from letters.dates import read_date
from letters.errors import Problem
from letters.schema import Field
from letters.validation_period import earliest_end

Period = Literal["", "us_validation"]


@dataclass(frozen=True)
class Rules:
    """The demands of one template; names are those of its fields, a member of a list as list.member."""

    due: str
    sums: tuple[SumRule, ...]
    days: tuple[DayRule, ...]
    least: tuple[tuple[str, int], ...]
    longest: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class SumRule:
    """`of` make `equal`; a name with a minus before it is taken off."""

    of: tuple[str, ...]
    equal: tuple[str, ...]


@dataclass(frozen=True)
class DayRule:
    """`day` lies not after, or not before, `limit` moved by months or by a period that the law counts."""

    day: str
    limit: str
    side: Literal["not_after", "not_before"]
    months: int = 0
    period: Period = ""


def read_rules(schema: Mapping[str, Any], fields: Sequence[Field]) -> Rules:
    """The rules of a parsed schema.yaml. ValueError or KeyError for what is not understood or names no field."""
    stated = schema["rules"]
    names = {entry.name for entry in fields} | {
        f"{entry.name}.{member.name}" for entry in fields for member in entry.members
    }
    rules = Rules(
        due=stated["due"],
        sums=tuple(SumRule(tuple(rule["of"]), tuple(rule["is"])) for rule in stated["sums"]),
        days=tuple(_day_rule(rule) for rule in stated["days"]),
        least=tuple((stated.get("least") or {}).items()),
        longest=tuple((stated.get("longest") or {}).items()),
    )
    used = {rules.due, *(name for name, _ in (*rules.least, *rules.longest))}
    used |= {name.removeprefix("-") for rule in rules.sums for name in (*rule.of, *rule.equal)}
    used |= {name for rule in rules.days for name in (rule.day, rule.limit)}
    if used - names:
        raise ValueError(f"rules name what is no field: {', '.join(sorted(used - names))}")
    return rules


def _day_rule(stated: Mapping[str, Any]) -> DayRule:
    side: Literal["not_after", "not_before"] = "not_after" if "not_after" in stated else "not_before"
    period = stated.get("period", "")
    if period not in ("", "us_validation"):
        raise ValueError(f"no period {period}")
    return DayRule(stated["day"], stated[side], side, int(stated.get("months", 0)), period)


def broken(
    rules: Rules, fields: Sequence[Field], head: Mapping[str, Any], letter: Mapping[str, Any]
) -> Iterator[Problem]:
    """The rules that a letter breaks whose fields are right each by itself."""
    data = _Data(fields, head, letter)
    if data.total((rules.due,)) == 0:
        yield _problem("sum.nothing_due", rules.due, "is zero: nothing is due", f"{data.label(rules.due)}为零")
    for rule in rules.sums:
        yield from _sum(rule, data)
    for day in rules.days:
        yield from _day(day, data)
    for name, number in rules.least:
        value = data.values(name)
        if value and value[0] < number:
            yield _problem("field.too_small", name, f"must be {number} at least", f"不得少于 {number}")
    for name, number in rules.longest:
        if any(len(str(value)) > number for value in data.values(name)):
            yield _problem("field.too_long", name, f"is longer than {number} characters", f"超过 {number} 个字符")


def _sum(rule: SumRule, data: _Data) -> Iterator[Problem]:
    lists = [name.partition(".")[0] for name in rule.of if data.is_member(name)]
    if any(not data.rows(name) for name in lists):
        return
    got, stated = data.total(rule.of), data.total(rule.equal)
    if got != stated:
        en = data.sum_en(rule.of)
        yield _problem(
            "sum.differs",
            lists[0] if lists else rule.equal[-1],
            f"does not add up: {en} is {data.money(got)}, stated {data.money(stated)}",
            f"金额不符：{data.sum_zh(rule.of)}为 {data.money(got)}，所列为 {data.money(stated)}",
        )


def _day(rule: DayRule, data: _Data) -> Iterator[Problem]:
    limits = data.values(rule.limit)
    if not limits:
        return
    limit = _moved(read_date(limits[0]), rule)
    for place, value in zip(data.places(rule.day), data.values(rule.day), strict=True):
        day = read_date(value)
        if rule.side == "not_after" and day > limit:
            plain = not rule.months and not rule.period
            code = "date.after_issue" if plain and rule.limit == "issued_on" else "date.too_late"
            en = "is later than the letter's own date" if plain else f"is later than {limit.isoformat()}"
            zh = "晚于函件日期" if plain else f"晚于 {limit.isoformat()}"
            yield _problem(code, place, en, zh)
        elif rule.side == "not_before" and day < limit:
            yield _problem("date.too_early", place, f"is earlier than {limit.isoformat()}", f"早于 {limit.isoformat()}")


def _moved(day: date, rule: DayRule) -> date:
    """The limit itself: a day some months on (the month's last where it has no such day), or a counted period's end."""
    if rule.period:
        return earliest_end(day)
    years, month = divmod(day.month - 1 + rule.months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


class _Data:
    """A letter's values by the names that rules use."""

    def __init__(self, fields: Sequence[Field], head: Mapping[str, Any], letter: Mapping[str, Any]) -> None:
        self._fields = {entry.name: entry for entry in fields}
        self._sources = {"head": head, "letter": letter}
        self._currency = str(letter.get("currency"))

    def is_member(self, name: str) -> bool:
        return name.removeprefix("-") not in self._fields

    def rows(self, name: str) -> Sequence[Mapping[str, Any]]:
        entry = self._fields[name.removeprefix("-")]
        return entry.read(self._sources[entry.part]) or ()

    def values(self, name: str) -> list[Any]:
        """The values that are there: one, none, or those of a list's rows."""
        if self.is_member(name):
            listed, _, member = name.partition(".")
            found = [row.get(member) for row in self.rows(listed)]
        else:
            entry = self._fields[name]
            found = [entry.read(self._sources[entry.part])]
        return [value for value in found if value not in (None, "")]

    def places(self, name: str) -> list[str]:
        if not self.is_member(name):
            return [name] * len(self.values(name))
        listed, _, member = name.partition(".")
        return [f"{listed}[{i}].{member}" for i, row in enumerate(self.rows(listed)) if row.get(member)]

    def total(self, names: Sequence[str]) -> int:
        """Minor units; what is missing counts nothing."""
        return sum(
            (-1 if name.startswith("-") else 1) * read_amount(value, self._currency)
            for name in names
            for value in self.values(name.removeprefix("-"))
        )

    def money(self, minor: int) -> str:
        return print_amount(minor, self._currency)

    def sum_en(self, names: Sequence[str]) -> str:
        words = [f"- {name[1:]}" if name.startswith("-") else f"+ {name}" for name in names]
        return " ".join(words).removeprefix("+ ")

    def sum_zh(self, names: Sequence[str]) -> str:
        words = [f"－{self.label(name[1:])}" if name.startswith("-") else f"＋{self.label(name)}" for name in names]
        return "".join(words).removeprefix("＋")

    def label(self, name: str) -> str:
        """What a field is called in Chinese; a member of a list as its column's sum."""
        if not self.is_member(name):
            return self._fields[name].label_zh
        listed, _, member = name.partition(".")
        entry = self._fields[listed]
        return f"{entry.label_zh}{next(m.label_zh for m in entry.members if m.name == member)}合计"


def _problem(code: str, field: str, en: str, zh: str) -> Problem:
    return Problem(code, field, f"field {field} {en}", f"字段 {field}：{zh}")
