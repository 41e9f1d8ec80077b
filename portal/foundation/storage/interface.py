"""The storage as the rooms know it."""

from __future__ import annotations

import hashlib
import io
import re
from typing import IO, TYPE_CHECKING, BinaryIO

from portal.foundation.storage.places import NotStored, StorageError, checked_name
from portal.foundation.storage.sealed import PIECE, SealedReader, read_header, seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from portal.foundation.storage.places import Place

__all__ = ["Storage"]

DIGEST = re.compile(r"[0-9a-f]{64}")
NAMED = "named/"
LARGEST_NAMED = 4 * 1024 * 1024  # bytes; every service writes this much in one conditional request


class Storage:
    """Keeps content by its hash, and a few small things by name (the anchors of the audit chain)."""

    def __init__(self, place: Place, keys: Mapping[str, bytes]) -> None:
        """`keys`: the environment's data keys by id, the current one first; older ones only open."""
        self._place = place
        self._keys = keys

    def put(self, content: bytes | IO[bytes]) -> str:
        """Keep content; its address, the SHA-256 in hexadecimal. What is there already is not written again.

        A stream is read to its end from where it stands. Raises StorageError where the place cannot be reached.
        """
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        with self._place.scratch() as scratch:
            digest, size = seal(stream, scratch, self._keys)
            if not self._place.keep(_content_name(digest.hex()), scratch) and self.size(digest.hex()) != size:
                raise StorageError(f"{digest.hex()} is stored with another size")
        return digest.hex()

    def open(self, digest: str) -> BinaryIO:
        """The content as a stream that can be sought in; every MiB is checked before it is given out.

        Raises NotStored at once where there is none, StorageError where a byte was changed.
        """
        address = _address(digest)
        return self._open(_content_name(digest), address, expected=address)

    def chunks(self, digest: str) -> Iterator[bytes]:
        """The content in pieces of at most one MiB, for an answer that is streamed.

        Raises NotStored and the like here and not at the first piece, while the answer can still be another one.
        """
        stream = self.open(digest)

        def pieces() -> Iterator[bytes]:
            with stream:
                while piece := stream.read(PIECE):
                    yield piece

        return pieces()

    def size(self, digest: str) -> int:
        """Bytes of the plain content. Raises NotStored."""
        with self._place.read(_content_name(digest)) as raw:
            return read_header(raw, self._keys, _address(digest)).size

    def exists(self, digest: str) -> bool:
        """Whether the content is there."""
        _address(digest)
        return self._place.exists(_content_name(digest))

    def write_once(self, name: str, content: bytes) -> None:
        """Keep a small thing (up to 4 MiB) under a name, for good.

        Writing the same again is nothing; StorageError where it would be other content.
        """
        if len(content) > LARGEST_NAMED:
            raise StorageError(f"{name} is too large to be kept by name: put it, and keep its address")
        with self._place.scratch() as scratch:
            seal(io.BytesIO(content), scratch, self._keys, _name_address(name))
            kept = self._place.keep(NAMED + checked_name(name), scratch)
        if not kept and self.read(name) != content:
            raise StorageError(f"{name} is written already, with other content")

    def read(self, name: str) -> bytes:
        """What was kept under a name. Raises NotStored, or StorageError where it was altered."""
        with self._open(NAMED + checked_name(name), _name_address(name)) as stream:
            return stream.read()

    def list(self, prefix: str = "") -> Iterator[str]:
        """The names that begin so, in order; content that has no name is not among them."""
        if prefix:
            checked_name(prefix.rstrip("/"))
        return (name.removeprefix(NAMED) for name in self._place.names(NAMED + prefix))

    def tidy(self, before: datetime) -> int:
        """Remove what writers that died before then left half-written; how many pieces that were."""
        return self._place.tidy(before)

    def _open(self, name: str, address: bytes, expected: bytes | None = None) -> BinaryIO:
        raw = self._place.read(name)
        try:
            header = read_header(raw, self._keys, address)
        except BaseException:
            raw.close()
            raise
        return io.BufferedReader(SealedReader(header, raw, lambda start: self._place.read(name, start), expected))


def _address(digest: str) -> bytes:
    if not DIGEST.fullmatch(digest):
        raise NotStored(f"not an address of a file: {digest[:80]!r}")
    return bytes.fromhex(digest)


def _name_address(name: str) -> bytes:
    return hashlib.sha256(b"name\0" + name.encode()).digest()


def _content_name(digest: str) -> str:
    """Two levels of folders, so that none holds a million files."""
    _address(digest)
    return f"content/{digest[:2]}/{digest[2:4]}/{digest}"
