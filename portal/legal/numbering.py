"""Numbers, verification codes and samples of letters. Pure: no database, no Flask."""

from __future__ import annotations

import random
import re
import secrets
import unicodedata
from collections.abc import Sequence

__all__ = ["draw_sample", "letter_number", "new_verify_code", "plain_number", "sample_size", "year_and_number"]

# Letters and digits that nobody takes for another when reading them off paper: no 0 O, no 1 I L, no 5 S, no 8 B.
ALPHABET = "234679ACDEFGHJKMNPQRTUVWXYZ"
GROUPS, GROUP = 3, 4
SAMPLE_ONE_IN = 50  # two in a hundred
LONGEST = 200  # characters looked at; nobody types more off a letter
# Brackets that stand around a year in official letters; full-width round ones NFKC knows.
_ROUND = str.maketrans("〔〕【】[]", "()()()")
_PARTS = re.compile(
    r"(?:(?P<year>(?:19|20)[0-9]{2})(?![0-9]).{0,30}?)?(?<![0-9])(?P<number>[0-9]{6,7})(?![0-9]).?", re.ASCII
)


def letter_number(mark: str, year: int, number: int, *, chinese: bool = True) -> str:
    """The number in the firm's form, (2026)京某律函字第000123号 (reference/letters.md 2), in English letters AB-2026-000123; `mark`
    is the firm's 字."""
    if not chinese:
        return f"{mark}-{year}-{number:06d}"
    return f"({year}){mark}律函字第{number:06d}号"


def plain_number(text: str) -> str:
    """A letter number in the form in which it is kept, however it was typed: full width, with spaces, in other brackets."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_ROUND)
    return "".join(plain.split()).upper()


def year_and_number(text: str) -> tuple[int | None, int] | None:
    """What somebody remembers of a letter number: its six figures, with the year or without; None where it is nothing of that
    kind: 2005 000010, (2005)…第000010号, 000010."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).translate(_ROUND).strip()
    found = _PARTS.fullmatch(plain.lstrip("(第"))
    return (int(found["year"]) if found["year"] else None, int(found["number"])) if found else None


def new_verify_code() -> str:
    """Twelve random characters in three groups, 7KQ2-M9TD-4PXA: 27 to the power of 12, so that nobody guesses one."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def sample_size(letters: int, least: int) -> int:
    """How many of so many letters have to be opened: two in a hundred, `least` at the least, never more than there are."""
    return min(letters, max(least, -(-letters // SAMPLE_ONE_IN)))


def draw_sample(seed: str, keys: Sequence[int], size: int) -> frozenset[int]:
    """Which of the keys have to be opened; the same for the same seed, so that it can be shown afterwards."""
    return frozenset(random.Random(seed).sample(list(keys), size))
