"""How a file looks at rest: encrypted in pieces, so that it can be read from anywhere without being held whole.

    header   magic 4 | key id 16 | salt 16 | address 32 | size 8 | tag 16
    pieces   AES-256-GCM of one MiB each (the last one shorter, or empty), tag 16 each

The key of a file is derived from a data key of the environment and the file's salt, so no two files share one, and a
piece's number can be its nonce. Number and "last one" are part of the nonce: a piece that was moved, left out or cut
off does not open. The header's tag is made with the same key over all of the header: a file cannot take another's
address, and its size cannot lie.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.foundation.storage.places import OutOfReach, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import WriteableBuffer

__all__ = ["HEADER_SIZE", "PIECE", "Header", "SealedReader", "read_header", "seal"]

MAGIC = b"PSF1"
PIECE = 1024 * 1024
TAG = 16
_FIELDS = struct.Struct(">4s16s16s32sQ")
HEADER_SIZE = _FIELDS.size + TAG
_HEADER_NONCE = b"\xff" * 12


@dataclass(frozen=True)
class Header:
    """What stands before the pieces; `address` is the SHA-256 of the content, or of the name of a named file."""

    key: bytes
    address: bytes
    size: int

    @property
    def pieces(self) -> int:
        """How many pieces follow; empty content is one empty piece."""
        return max(1, -(-self.size // PIECE))


def seal(
    content: IO[bytes], scratch: BinaryIO, keys: Mapping[str, bytes], address: bytes | None = None
) -> tuple[bytes, int]:
    """Write `content` sealed into `scratch`, under the first of `keys`; the SHA-256 and size of the content.

    The header is written last, since only then the address is known; `address` replaces the content's hash in it.
    """
    key_id, data_key = next(iter(keys.items()))
    salt = os.urandom(16)
    cipher = AESGCM(_file_key(data_key, salt))
    hashed, size, number = hashlib.sha256(), 0, 0
    scratch.seek(HEADER_SIZE)
    piece = _read_piece(content)
    while True:
        following = _read_piece(content) if len(piece) == PIECE else b""
        hashed.update(piece)
        size += len(piece)
        scratch.write(cipher.encrypt(_nonce(number, last=not following), piece, None))
        if not following:
            break
        piece, number = following, number + 1
    fields = _FIELDS.pack(MAGIC, key_id.encode().ljust(16, b"\0"), salt, address or hashed.digest(), size)
    scratch.seek(0)
    scratch.write(fields + cipher.encrypt(_HEADER_NONCE, b"", fields))
    return hashed.digest(), size


def read_header(raw: BinaryIO, keys: Mapping[str, bytes], address: bytes) -> Header:
    """The header of a sealed file, checked against the address it was asked by. Raises StorageError."""
    data = _read_fully(raw, HEADER_SIZE)
    if len(data) != HEADER_SIZE or not data.startswith(MAGIC):
        raise StorageError("a stored file is cut off, or was not written by this portal")
    fields, tag = data[: _FIELDS.size], data[_FIELDS.size :]
    _, padded_id, salt, found, size = _FIELDS.unpack(fields)
    key_id = padded_id.rstrip(b"\0").decode(errors="replace")
    if key_id not in keys:
        raise OutOfReach(f"PORTAL_DATA_KEY does not hold key {key_id!r}, which a stored file needs")
    key = _file_key(keys[key_id], salt)
    try:
        AESGCM(key).decrypt(_HEADER_NONCE, tag, fields)
    except InvalidTag as error:
        raise StorageError("the header of a stored file was altered") from error
    if found != address:
        raise StorageError("a stored file stands at another's address")
    return Header(key, found, size)


class SealedReader(io.RawIOBase):
    """The plain content of a sealed file; seeking reads on from that piece. Every piece is checked before it is given out.

    Read from end to end, the whole is checked against its hash as well (`expected`).
    """

    def __init__(
        self, header: Header, raw: BinaryIO, reopen: Callable[[int], BinaryIO], expected: bytes | None = None
    ) -> None:
        self._header = header
        self._cipher = AESGCM(header.key)
        self._raw: BinaryIO = raw  # stands at the start of piece `_next`
        self._reopen = reopen
        self._expected = expected
        self._hash = hashlib.sha256() if expected is not None else None
        self._next = 0
        self._piece = b""
        self._number = -1  # of the piece that is held
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place; costs nothing until something is read there."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._header.size}[whence]
        if start + offset < 0:
            raise ValueError("a place before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with what is left of one piece. Raises StorageError where the file was altered."""
        if self._position >= self._header.size:
            if self._header.size == 0:
                self._hold(0)  # even nothing is checked: an empty piece has a tag
            return 0
        number, offset = divmod(self._position, PIECE)
        self._hold(number)
        view = memoryview(buffer).cast("B")
        found = self._piece[offset : offset + len(view)]
        view[: len(found)] = found
        self._position += len(found)
        return len(found)

    def close(self) -> None:
        """Let go of the place's stream."""
        if not self.closed:
            self._raw.close()
        super().close()

    def _hold(self, number: int) -> None:
        """Have piece `number` open."""
        if number == self._number:
            return
        if number != self._next:
            self._raw.close()
            self._raw = self._reopen(HEADER_SIZE + number * (PIECE + TAG))
            self._hash = None  # no longer read from end to end
        last = number == self._header.pieces - 1
        wanted = (self._header.size - number * PIECE if last else PIECE) + TAG
        sealed = _read_fully(self._raw, wanted)
        try:
            piece = self._cipher.decrypt(_nonce(number, last), sealed, None)
        except InvalidTag as error:
            raise StorageError("a stored file was altered or cut off") from error
        self._piece, self._number, self._next = piece, number, number + 1
        if self._hash is not None:
            self._hash.update(piece)
            if last and self._hash.digest() != self._expected:
                raise StorageError("a stored file does not have the hash that is its address")


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack(">IQ", int(last), number)


def _file_key(data_key: bytes, salt: bytes) -> bytes:
    return hmac.new(data_key, b"file" + salt, hashlib.sha256).digest()


def _read_piece(content: IO[bytes]) -> bytes:
    return _read_fully(content, PIECE)


def _read_fully(stream: IO[bytes], wanted: int) -> bytes:
    """`wanted` bytes, or all there are: a stream may give fewer at a time."""
    parts: list[bytes] = []
    while wanted > 0:
        part = stream.read(wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)
