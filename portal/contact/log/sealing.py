"""How a file of evidence lies in the storage: sealed in pieces with a key of its own, which is kept apart from it.

Whose voice or face is in it is known only once attempts name it, and an attempt may be logged after the file was sent. So the
file is not sealed for a person: its key is a row, which the database deletes with the last of the people that it is about.
"""

from __future__ import annotations

import io
import os
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, BinaryIO, NamedTuple, cast

from portal.contact.models import EvidenceKey
from portal.foundation.errors import NotFound
from portal.foundation.services import services
from portal.foundation.storage.sealed import PIECE, SealedReader, read_header, seal
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.contact.models import EvidenceFile
    from portal.foundation.access import Actor

__all__ = ["KeyedFile", "SealedFile", "content_of", "keep_sealed", "keep_under_new_key", "opened_pieces"]

_NAME = "evidence"
_PURPOSE = "evidence key"
_KEY = 32


class SealedFile(NamedTuple):
    """A file in the storage: the SHA-256 of its content, its address, and its key, sealed with the portal's."""

    digest: str
    stored: str
    key_sealed: bytes


class KeyedFile(NamedTuple):
    """A file in the storage: the SHA-256 and size of its content, its address, and the key that opens it."""

    digest: str
    size: int
    stored: str
    key: bytes


def keep_under_new_key(stream: IO[bytes]) -> KeyedFile:
    """Put a file into the storage under a new key, which is the caller's to keep. Before the transaction that names it: a
    store far away must not hold its lock."""
    key = os.urandom(_KEY)
    with TemporaryFile() as scratch:
        digest, size = seal(stream, cast("BinaryIO", scratch), {_NAME: key})
        scratch.seek(0)
        return KeyedFile(digest.hex(), size, services().storage.put(scratch), key)


def keep_sealed(stream: IO[bytes]) -> SealedFile:
    """The same for a file of evidence, with its key as it goes into a row."""
    kept = keep_under_new_key(stream)
    return SealedFile(kept.digest, kept.stored, services().vault.seal_secret(kept.key.hex(), _PURPOSE))


def content_of(session: Session, actor: Actor, row: EvidenceFile) -> Iterator[bytes]:
    """The file in pieces, for an answer that is streamed. NotFound where its key is gone: the people are erased that it was
    about. Files of releases before 0038 have no key and lie under their digest."""
    storage = services().storage
    if row.stored is None:
        return storage.chunks(row.digest)
    key = session.scalar(visible(EvidenceKey, actor).where(EvidenceKey.evidence_file_id == row.id))
    if key is None:
        raise NotFound
    return opened_pieces(row.stored, row.digest, bytes.fromhex(services().vault.open_secret(key.key_sealed, _PURPOSE)))


def opened_pieces(stored: str, digest: str, key: bytes) -> Iterator[bytes]:
    """A file that lies under a key of its own, as `Storage.chunks`: what cannot be opened says so here, while the answer can still be another one."""
    address = bytes.fromhex(digest)
    raw = services().storage.open(stored)
    plain = io.BufferedReader(
        SealedReader(read_header(raw, {_NAME: key}, address), raw, lambda start: _from(stored, start), address)
    )

    def pieces() -> Iterator[bytes]:
        with plain:
            while piece := plain.read(PIECE):
                yield piece

    return pieces()


def _from(stored: str, start: int) -> BinaryIO:
    stream = services().storage.open(stored)
    stream.seek(start)
    return stream
