"""What has been seen in a file, in sixteen bytes a reference: a million take 32 MB where a dict takes 170."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from typing import Final

__all__ = ["HALF", "SeenReferences", "digest_of", "mark_of", "mark_of_digest"]

HALF: Final = 32  # bits

_FIRST_SIZE: Final = 1 << 12
_MASK: Final = (1 << 64) - 1


class SeenReferences:
    """References by their 64-bit hash, each with a 64-bit mark. Open addressing, at most two thirds full.

    Two of a million different references share a hash in 3 of 100 million files.
    """

    def __init__(self) -> None:
        self._count = 0
        self._keys = array("Q", bytes(8 * _FIRST_SIZE))
        self._marks = array("Q", bytes(8 * _FIRST_SIZE))

    def __len__(self) -> int:
        return self._count

    def get(self, reference: str) -> int | None:
        """The mark of a reference, None if it was not seen."""
        slot = self._slot(_key(reference))
        return self._marks[slot] if self._keys[slot] else None

    def add(self, reference: str, mark: int = 1) -> None:
        """Remembers a reference; the first mark stands."""
        key = _key(reference)
        slot = self._slot(key)
        if self._keys[slot]:
            return
        self._keys[slot], self._marks[slot] = key, mark & _MASK
        self._count += 1
        if self._count * 3 > len(self._keys) * 2:
            self._grow()

    def _slot(self, key: int) -> int:
        """Where a key stands, or the free slot where it would."""
        keys = self._keys
        mask = len(keys) - 1
        slot = key & mask
        while keys[slot] and keys[slot] != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        old = zip(self._keys, self._marks, strict=True)
        size = len(self._keys) * 2
        self._keys, self._marks = array("Q", bytes(8 * size)), array("Q", bytes(8 * size))
        for key, mark in old:
            if key:
                slot = self._slot(key)
                self._keys[slot], self._marks[slot] = key, mark


def mark_of(text: str) -> int:
    """Half a mark by which a text is known again, so that two fit into one; 0 for none. Two texts in four thousand million are
    taken for one."""
    return (hash(text) & (1 << HALF) - 1 or 1) if text else 0


def digest_of(*content: object) -> bytes:
    """What a row says, in sixteen bytes; None says nothing."""
    return blake2b("\0".join("" if part is None else str(part) for part in content).encode(), digest_size=16).digest()


def mark_of_digest(digest: bytes) -> int:
    """A digest's first eight bytes as a mark."""
    return int.from_bytes(digest[:8], "big")


def _key(reference: str) -> int:
    return hash(reference) & _MASK or 1
