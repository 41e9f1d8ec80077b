"""Wording that no letter may hold, as data for each jurisdiction (`letters/wording/*.yaml`).

The words are looked for in the text as a reader sees it: tags, markup and invisible characters do not part them, and
look-alike forms (full width, typographic quotes) count as the plain ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from letters.findings import Finding

WORDING = Path(__file__).parent / "wording"
_QUOTES = str.maketrans("‘’‚“”„", "'''\"\"\"")
_LOOK_ALIKES = str.maketrans("аеорсухіј", "aeopcyxij")
"""Cyrillic letters that look like Latin ones."""


@dataclass(frozen=True)
class Wording:
    """One rule: what is looked for, why it may not stand in a letter, and where that is written. `by_permission`:
    may be let pass by whoever checks, where the law allows it under conditions."""

    id: str
    pattern: re.Pattern[str]
    why_en: str
    why_zh: str
    source: str
    by_permission: bool


def jurisdictions() -> list[str]:
    """Jurisdictions that have rules on wording."""
    return sorted(file.stem for file in WORDING.glob("*.yaml"))


@lru_cache(maxsize=8)
def wordings(jurisdiction: str) -> tuple[Wording, ...]:
    """The rules of a jurisdiction; KeyError where there are none."""
    if jurisdiction not in jurisdictions():
        raise KeyError(jurisdiction)
    stated = yaml.safe_load((WORDING / f"{jurisdiction}.yaml").read_text("utf-8"))
    return tuple(
        Wording(
            rule["id"],
            re.compile(rule["pattern"]),
            rule["why"]["en"],
            rule["why"]["zh"],
            rule["source"],
            bool(rule.get("by_permission")),
        )
        for rule in stated
    )


def find_forbidden(
    jurisdiction: str, file: str, runs: Iterable[list[tuple[str, int]]], allowed: Collection[str] = ()
) -> Iterator[Finding]:
    """Forbidden words in runs of text, each a list of pieces with their lines. `allowed` are ids of rules that may be
    let pass (only those that say so)."""
    rules = [rule for rule in wordings(jurisdiction) if not (rule.by_permission and rule.id in allowed)]
    for run in runs:
        text, lines = _plain(run)
        for rule in rules:
            for found in rule.pattern.finditer(text):
                words = found[0].replace("\ue000", "…")[:40]
                yield Finding(
                    "template.wording",
                    file,
                    lines[found.start()],
                    f'"{words}" may not be said ({rule.why_en}; {rule.source}) [{rule.id}]',
                    f"不得使用“{words}”（{rule.why_zh}；{rule.source}）[{rule.id}]",
                )


def _plain(run: list[tuple[str, int]]) -> tuple[str, list[int]]:
    """A run as it is searched, and the line of each of its characters."""
    characters: list[str] = []
    lines: list[int] = []
    for piece, line in run:
        for character in unicodedata.normalize("NFKC", piece).casefold().translate(_QUOTES).translate(_LOOK_ALIKES):
            if unicodedata.category(character) in ("Cf", "Mn", "Cc") and not character.isspace():
                continue
            if character in "\ue001\ue002\ue003":
                continue
            characters.append(" " if character.isspace() else character)
            lines.append(line)
    kept = [place for place in range(len(characters)) if _counts(characters, place)]
    return "".join(characters[place] for place in kept), [lines[place] for place in kept]


def _counts(characters: list[str], place: int) -> bool:
    """Of white space one counts, and none beside a Chinese character."""
    if characters[place] != " ":
        return True
    before = next((c for c in reversed(characters[:place][-40:]) if c != " "), "")
    after = next((c for c in characters[place + 1 : place + 40] if c != " "), "")
    first = place == 0 or characters[place - 1] != " "
    return first and not (_chinese(before) or _chinese(after))


def _chinese(character: str) -> bool:
    return character >= "\u2e80" and not "\ue000" <= character <= "\uf8ff"
