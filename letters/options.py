"""How a print file is put together: for sheets printed on both sides, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["PrintOptions", "in_postal_order"]


@dataclass(frozen=True)
class PrintOptions:
    """`duplex`: each letter begins on the front of a sheet, by an empty page behind one that ends on a front.

    `split`: a folder for one PDF per letter beside the print file. `kept`: a folder in which finished parts stay, so that
    a job that died goes on where it was; whoever names it removes it. `strict`: one held letter stops the job.
    `archive`: the letters of `split` are PDF/A-3u, the print file never is.
    """

    duplex: bool = False
    split: Path | None = None
    kept: Path | None = None
    strict: bool = False
    archive: bool = False


def in_postal_order(letters: Sequence[Mapping[str, Any]]) -> list[int]:
    """Places of letters (from 0) as a post office sorts them: by postcode, those without one last, then by address.

    Letters that are equal in both stay in the order of the data.
    """

    def place(number: int) -> tuple[bool, str, str]:
        letter = letters[number] if isinstance(letters[number], Mapping) else {}
        postcode = "".join(str(letter.get("postcode") or "").split()).upper()
        return not postcode, postcode, str(letter.get("address") or "")

    return sorted(range(len(letters)), key=place)
