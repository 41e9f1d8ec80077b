"""Python's garbage collector kept away from what stands for as long as the process does."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["standing_aside"]


@contextmanager
def standing_aside() -> Iterator[None]:
    """For long work: what is there when it begins (modules, mappings, templates: half a million objects) is not walked over
    again with every hundred thousand rows. What comes after is collected as ever."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
