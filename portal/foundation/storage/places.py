"""What a place that keeps bytes has to be able to do, and the errors that all places share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["NotStored", "Place", "StorageError", "checked_name"]

# Letters, digits and a few signs, no part begins with a dot: no name can climb out of its place.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
LONGEST_NAME = 400


class StorageError(Exception):
    """A file cannot be kept or read as it was: altered, cut off, out of reach, or another one has its name."""


class NotStored(StorageError):
    """There is no such file."""


class OutOfReach(StorageError):
    """The file may well be whole: its service does not answer, or its data key is not in the settings."""


class Place(Protocol):
    """Keeps bytes under names. A name is written once, whole or not at all."""

    def scratch(self) -> BinaryIO:
        """An empty file to write into before it is handed to `keep`; gone when closed."""

    def keep(self, name: str, scratch: BinaryIO) -> bool:
        """Keep what was written into the scratch file. False, and nothing changed, where the name is taken."""

    def read(self, name: str, start: int = 0) -> BinaryIO:
        """The bytes from `start` on. Raises NotStored."""

    def exists(self, name: str) -> bool:
        """Whether the name is taken."""

    def names(self, prefix: str) -> Iterator[str]:
        """All names that begin so, in order."""

    def tidy(self, before: datetime) -> int:
        """Remove what writers that died before then left half-written; how many pieces that were."""


def checked_name(name: str) -> str:
    """The name itself; StorageError where it could mean a place outside."""
    if len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise StorageError(f"not a name for a file: {name[:80]!r}")
    return name
