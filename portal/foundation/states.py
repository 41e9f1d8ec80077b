"""A state as people see it: a word, and a quiet colour that only repeats what the word says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["StateTag", "Tone"]

Tone = Literal["plain", "wait", "go", "good", "bad"]


@dataclass(frozen=True, slots=True)
class StateTag:
    """One state: its code (for files), its label (for people), its tone.

    Tones: `plain` nothing to do (draft, closed), `wait` somebody must act, `go` under way, `good` done as hoped,
    `bad` failed, refused or in breach.
    """

    code: str
    label: Any
    tone: Tone = "plain"
