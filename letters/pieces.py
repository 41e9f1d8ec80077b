"""Work cut into pieces, and files that stand whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

__all__ = ["in_chunks", "write_whole"]

_T = TypeVar("_T")


def in_chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of up to `size` values, read from the source only as they are asked for."""
    source = iter(values)
    while chunk := list(islice(source, size)):
        yield chunk


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that its name never stands for a part of it, not even after the machine has lost its power."""
    unfinished = file.with_suffix(f".{os.getpid()}.part")  # a worker that was given up may still be writing the same
    with unfinished.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())  # or the name could outlive the content
    unfinished.replace(file)
