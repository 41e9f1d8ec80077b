"""Storage: a changed byte is an error, never content."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from portal.config import Settings
from portal.foundation.storage import StorageError, make_storage
from portal.foundation.storage.sealed import HEADER_SIZE, PIECE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from portal.foundation.storage import Storage

SEALED = PIECE + 16


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return make_storage(Settings(env="test", home=tmp_path))


def _file(tmp_path: Path, digest: str) -> Path:
    return next(path for path in (tmp_path / "files").rglob(digest))


def _read(storage: Storage, digest: str) -> bytes:
    with storage.open(digest) as stream:
        return stream.read()


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda data: _flipped(data, 5), id="key id"),
        pytest.param(lambda data: _flipped(data, 25), id="salt"),
        pytest.param(lambda data: _flipped(data, 40), id="address"),
        pytest.param(lambda data: _flipped(data, 75), id="size"),
        pytest.param(lambda data: _flipped(data, HEADER_SIZE - 1), id="header's tag"),
        pytest.param(lambda data: _flipped(data, HEADER_SIZE), id="first byte"),
        pytest.param(lambda data: _flipped(data, len(data) - 1), id="last byte"),
        pytest.param(lambda data: data[:-1], id="a byte cut off"),
        pytest.param(lambda data: data[: HEADER_SIZE + SEALED], id="pieces cut off"),
        pytest.param(lambda data: data[:HEADER_SIZE], id="all pieces cut off"),
        pytest.param(lambda data: b"", id="emptied"),
        pytest.param(lambda data: b"plain text that somebody put there" * 9, id="not ours"),
        pytest.param(
            lambda data: (
                data[:HEADER_SIZE]
                + data[HEADER_SIZE + SEALED : HEADER_SIZE + 2 * SEALED]
                + data[HEADER_SIZE : HEADER_SIZE + SEALED]
                + data[HEADER_SIZE + 2 * SEALED :]
            ),
            id="pieces exchanged",
        ),
    ],
)
def test_an_altered_file_is_an_error(storage: Storage, tmp_path: Path, alter: Callable[[bytes], bytes]) -> None:
    digest = storage.put(os.urandom(2 * PIECE + 100))
    path = _file(tmp_path, digest)
    path.write_bytes(alter(path.read_bytes()))
    with pytest.raises(StorageError):
        _read(storage, digest)


def test_an_empty_file_has_a_tag_too(storage: Storage, tmp_path: Path) -> None:
    digest = storage.put(b"")
    path = _file(tmp_path, digest)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StorageError):
        _read(storage, digest)


def test_a_file_at_anothers_address_is_an_error_before_its_first_byte(storage: Storage, tmp_path: Path) -> None:
    mine, other = storage.put(b"mine"), storage.put(b"another's")
    shutil.copy(_file(tmp_path, other), _file(tmp_path, mine))
    for ask in (storage.open, storage.chunks, storage.size):
        with pytest.raises(StorageError):
            ask(mine)


def test_a_named_thing_under_anothers_name_is_an_error(storage: Storage, tmp_path: Path) -> None:
    storage.write_once("anchors/1", b"one")
    storage.write_once("anchors/2", b"two")
    named = tmp_path / "files" / "named" / "anchors"
    shutil.copy(named / "1", named / "2")
    with pytest.raises(StorageError):
        storage.read("anchors/2")


def test_nothing_readable_lies_on_the_disk(storage: Storage, tmp_path: Path) -> None:
    storage.put("陈大文 410105199003071234".encode() * 1000)
    storage.write_once("note", "陈大文".encode())
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not [path for path in kept if "陈大文".encode() in path.read_bytes()]


def test_files_can_be_read_by_the_portals_own_user_alone(storage: Storage, tmp_path: Path) -> None:
    path = _file(tmp_path, storage.put(b"x"))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_write_that_fails_half_way_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    class Broken:
        def __init__(self) -> None:
            self.left = 3

        def read(self, size: int) -> bytes:
            self.left -= 1
            if not self.left:
                raise ConnectionResetError
            return b"x" * size

    with pytest.raises(ConnectionResetError):
        storage.put(Broken())  # type: ignore[arg-type]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
