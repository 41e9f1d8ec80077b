"""What stands against a text: what it must say, and what it may not.

A text is looked at as a reader takes it: full-width letters are letters, capitals do not matter, and what is strewn
between Chinese signs to hide a word (spaces, stars, signs of no width) is not there. Every finding says which words it
found, and where in the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from portal.contact.wording.texts import FIELDS, Purpose, fields_in, parts_of

__all__ = [
    "Finding",
    "Forbidden",
    "ForbiddenFields",
    "Required",
    "Rule",
    "Wording",
    "Written",
    "check",
    "gap",
    "is_blocked",
]

Weight = Literal["block", "warn"]
_FIRST_GAP: Final = 0xE000
_Sign = tuple[str, int, int]  # as it is taken, and where it begins and ends in the text as it was written
_STREWN: Final = frozenset(" \t\n\r　*·.．-－_＿|｜~～/\\'\"`^+=")


@dataclass(frozen=True, slots=True)
class Written:
    """A text that is to be approved. `of_bank`: the bank says it in its own name; else an agency does."""

    text: str
    subject: str
    channel: str
    purpose: Purpose
    of_bank: bool


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules of wording have. `code`: what is wrong, for the sentence; empty `channels` or `purposes`: all of them;
    `of`: asks only about texts of the `bank` or of an `agency`. `sources`: what it rests on, passed through."""

    id: str
    code: str
    weight: Weight
    sources: tuple[Any, ...] = ()
    channels: frozenset[str] = frozenset()
    purposes: frozenset[Purpose] = frozenset()
    of: str = ""

    def covers(self, written: Written) -> bool:
        """Whether the rule asks about this text."""
        if self.channels and written.channel not in self.channels:
            return False
        if self.purposes and written.purpose not in self.purposes:
            return False
        return not self.of or (self.of == "bank") is written.of_bank


@dataclass(frozen=True, kw_only=True)
class Forbidden(Rule):
    """None of these phrases."""

    patterns: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, kw_only=True)
class ForbiddenFields(Rule):
    """None of these fields."""

    fields: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Required(Rule):
    """One of these fields, or one of these phrases."""

    fields: frozenset[str] = frozenset()
    patterns: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """The rules of one place, with their version."""

    id: str
    version: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule has against a text. `phrase`: the words as they stand there, `part` (`text` or `subject`) and `start`
    where; empty and -1 for what is missing, which `wanted` names."""

    rule: str
    code: str
    weight: Weight
    phrase: str = ""
    part: str = "text"
    start: int = -1
    wanted: str = ""
    sources: tuple[Any, ...] = ()


def check(wording: Wording, written: Written) -> tuple[Finding, ...]:
    """Everything that the rules have against a text, what forbids it first, then by place. WordingError for a text that
    cannot be read."""
    parts = {"text": _Plain(written.text), "subject": _Plain(written.subject)}
    fields = fields_in(written.text) | fields_in(written.subject)
    found = [
        finding
        for rule in wording.rules
        if rule.covers(written)
        for finding in _ask(rule, written, parts, fields)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda f: (f.weight != "block", f.part, f.start, f.rule)))


def gap(field: str) -> str:
    """The sign that stands for a field while patterns are looked for: no phrase reaches across one unseen, and a pattern
    may ask for it."""
    return chr(_FIRST_GAP + FIELDS.index(field))


def is_blocked(findings: tuple[Finding, ...]) -> bool:
    """Whether the text cannot be approved as it stands."""
    return any(finding.weight == "block" for finding in findings)


def _ask(rule: Rule, written: Written, parts: dict[str, _Plain], fields: frozenset[str]) -> Iterator[Finding]:
    if isinstance(rule, Forbidden):
        for part, plain in parts.items():
            yield from _phrases(rule, part, plain)
    elif isinstance(rule, ForbiddenFields):
        for name in sorted(rule.fields & fields):
            part = "text" if name in fields_in(written.text) else "subject"
            phrase = f"{{{name}}}"
            start = max(getattr(written, part).find(phrase), 0)
            yield Finding(rule.id, rule.code, rule.weight, phrase, part, start, sources=rule.sources)
    elif isinstance(rule, Required) and not rule.fields & fields:
        said = any(pattern.search(plain.text) for pattern in rule.patterns for plain in parts.values())
        if not said:
            wanted = " / ".join(f"{{{name}}}" for name in sorted(rule.fields))
            yield Finding(rule.id, rule.code, rule.weight, wanted=wanted, sources=rule.sources)


def _phrases(rule: Forbidden, part: str, plain: _Plain) -> Iterator[Finding]:
    """The places that the rule's patterns find; where two of them overlap it is one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found.span() for pattern in rule.patterns for found in pattern.finditer(plain.text)):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    for start, end in joined:
        phrase, at = plain.as_written(start, end)
        yield Finding(rule.id, rule.code, rule.weight, phrase, part, at, sources=rule.sources)


class _Plain:
    """A text as it is taken, with the place of every sign in the text as it was written."""

    def __init__(self, written: str) -> None:
        self._written = written
        signs: list[_Sign] = []
        for part in parts_of(written):
            if part.is_field:
                signs.append((gap(part.words), part.start, written.index("}", part.start) + 1))
                continue
            signs += [
                (plain, part.start + place, part.start + place + 1)
                for place, sign in enumerate(part.words)
                if unicodedata.category(sign) != "Cf"
                for plain in unicodedata.normalize("NFKC", sign).casefold()
            ]
        kept = _without_strewn(signs)
        self.text = "".join(sign for sign, _, _ in kept)
        self._places = [(begins, ends) for _, begins, ends in kept]

    def as_written(self, start: int, end: int) -> tuple[str, int]:
        """The words between two places of the plain text, and where they begin, as they were written."""
        first, behind = self._places[start][0], self._places[end - 1][1]
        return self._written[first:behind], first


def _without_strewn(signs: list[_Sign]) -> list[_Sign]:
    """Without the signs that stand alone or in rows between two Chinese ones."""
    kept: list[_Sign] = []
    waiting: list[_Sign] = []
    for sign in signs:
        if sign[0] in _STREWN:
            waiting.append(sign)
            continue
        if not (kept and _is_chinese(kept[-1][0]) and _is_chinese(sign[0])):
            kept += waiting
        waiting = []
        kept.append(sign)
    return kept + waiting


def _is_chinese(sign: str) -> bool:
    return "㐀" <= sign <= "鿿"
