"""Finished parts of a print file that outlive the process which made them, so that a job goes on where it died.

A part's name says what is in it, so that a part of other data, another template or other fonts is never taken for it. Its
outcomes are written last and put in place at once: where they stand, the part is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from letters.errors import Problem
from letters.pieces import write_whole

__all__ = ["Outcome", "finished", "name_of_part", "write_outcomes"]


@dataclass(frozen=True)
class Outcome:
    """What became of a letter: how many pages it has, or the problem that holds it."""

    position: int
    pages: int
    problem: Problem | None = None


def name_of_part(number: int, letters: Sequence[tuple[int, str, str]], *, split: bool, archive: bool) -> str:
    """The name of a part by what it holds: place, number and content hash of each letter, and whether and how singles go with it."""
    said = json.dumps([list(letter) for letter in letters] + [split, archive], ensure_ascii=True)
    return f"part-{number:06d}-{hashlib.sha256(said.encode('ascii')).hexdigest()[:24]}"


def write_outcomes(part: Path, outcomes: Sequence[Outcome]) -> None:
    """Say that a part (its PDF) is finished, and what became of its letters."""
    said = json.dumps([asdict(outcome) for outcome in outcomes], ensure_ascii=True)
    write_whole(part.with_suffix(".json"), said.encode("ascii"))


def finished(part: Path) -> list[Outcome] | None:
    """What became of the letters of a part that an earlier process finished; None where it has to be made."""
    try:
        rows = json.loads(part.with_suffix(".json").read_text("utf-8"))
        outcomes = [
            Outcome(row["position"], row["pages"], Problem(**row["problem"]) if row["problem"] else None)
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_whole = part.exists() or all(outcome.problem for outcome in outcomes)
    return outcomes if is_whole else None
