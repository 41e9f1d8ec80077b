"""Storage: the same promises in a folder and in a bucket."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from portal.config import ConfigurationError, Settings
from portal.foundation.storage import NotStored, StorageError, make_storage

if TYPE_CHECKING:
    from pathlib import Path

    from portal.foundation.storage import Storage

MIB = 1024 * 1024


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "folder":
        return Settings(env="test", home=tmp_path)
    s3 = request.getfixturevalue("s3_server")
    return Settings(
        env="test", home=tmp_path, storage_url=f"s3://{s3.bucket}/{secrets.token_hex(4)}", s3_endpoint=s3.endpoint
    )


@pytest.fixture
def storage(settings: Settings) -> Storage:
    return make_storage(settings)


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB])
def test_what_is_put_is_read_back_under_its_hash(storage: Storage, size: int) -> None:
    content = os.urandom(size)
    digest = storage.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert storage.exists(digest)
    assert storage.size(digest) == size
    with storage.open(digest) as stream:
        assert stream.read() == content
    assert b"".join(storage.chunks(digest)) == content


def test_a_stream_is_put_as_its_bytes_are_even_where_it_gives_few_at_a_time(storage: Storage) -> None:
    class Slow(io.RawIOBase):
        left = 2 * MIB + 5

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            n = min(len(memoryview(buffer)), 70_001, self.left)  # type: ignore[arg-type]
            memoryview(buffer)[:n] = b"x" * n  # type: ignore[arg-type]
            self.left -= n
            return n

    assert storage.put(Slow()) == hashlib.sha256(b"x" * (2 * MIB + 5)).hexdigest()  # type: ignore[arg-type]


def test_large_content_goes_in_parts_and_comes_back(storage: Storage) -> None:
    content = os.urandom(20 * MIB + 3)
    digest = storage.put(io.BytesIO(content))
    again = hashlib.sha256()
    for piece in storage.chunks(digest):
        assert len(piece) <= MIB
        again.update(piece)
    assert again.hexdigest() == digest


def test_putting_the_same_twice_is_one_file(storage: Storage) -> None:
    assert storage.put(b"letter") == storage.put(io.BytesIO(b"letter"))


def test_a_stream_can_be_read_from_any_place(storage: Storage) -> None:
    content = os.urandom(3 * MIB + 77)
    with storage.open(storage.put(content)) as stream:
        for start in (2 * MIB - 3, 0, 3 * MIB + 70, MIB):
            assert stream.seek(start) == start
            assert stream.read(1000) == content[start : start + 1000]
        assert stream.seek(-10, io.SEEK_END) == len(content) - 10
        assert stream.read() == content[-10:]
        assert stream.seek(10, io.SEEK_END) and stream.read() == b""


def test_content_that_was_never_put_is_not_stored(storage: Storage) -> None:
    nowhere = "0" * 64
    assert not storage.exists(nowhere)
    for ask in (storage.open, storage.size, storage.chunks):
        with pytest.raises(NotStored):
            ask(nowhere)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_what_is_no_hash_is_not_stored(storage: Storage, digest: str) -> None:
    with pytest.raises(NotStored):
        storage.open(digest)


def test_a_named_thing_is_written_once(storage: Storage) -> None:
    storage.write_once("audit/anchors/000000000001.json", b'{"hash": "a"}')
    storage.write_once("audit/anchors/000000000001.json", b'{"hash": "a"}')
    with pytest.raises(StorageError):
        storage.write_once("audit/anchors/000000000001.json", b'{"hash": "b"}')
    assert storage.read("audit/anchors/000000000001.json") == b'{"hash": "a"}'


def test_names_are_listed_in_order_under_their_prefix(storage: Storage) -> None:
    storage.put(b"content has no name")
    for name in ("audit/anchors/2", "audit/anchors/10", "audit/other/1", "audit/anchors/1"):
        storage.write_once(name, name.encode())
    assert list(storage.list("audit/anchors/")) == ["audit/anchors/1", "audit/anchors/10", "audit/anchors/2"]
    assert len(list(storage.list())) == 4
    assert list(storage.list("audit/none/")) == []


def test_a_name_that_was_never_written_is_not_stored(storage: Storage) -> None:
    with pytest.raises(NotStored):
        storage.read("audit/anchors/7")


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/.hidden", "a\x00b", "a/b/", "x" * 500]
)
def test_a_name_cannot_climb_out_of_its_place(storage: Storage, name: str) -> None:
    with pytest.raises(StorageError):
        storage.write_once(name, b"x")
    with pytest.raises(StorageError):
        storage.read(name)


def test_of_two_writers_of_one_name_one_wins_and_the_other_is_told(storage: Storage) -> None:
    told: list[str] = []

    def write(content: bytes) -> None:
        try:
            storage.write_once("once", content)
        except StorageError:
            told.append("refused")

    writers = [threading.Thread(target=write, args=(str(n).encode(),)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert told == ["refused"] * 3
    assert storage.read("once") in (b"0", b"1", b"2", b"3")


def test_what_dead_writers_left_half_written_is_tidied_away_after_a_while(
    settings: Settings,
) -> None:
    storage, now = make_storage(settings), datetime.now(UTC)
    kept = storage.put(b"whole")
    if settings.s3_endpoint:
        bucket, _, prefix = settings.storage_url.removeprefix("s3://").partition("/")
        client = boto3.client("s3", endpoint_url=settings.s3_endpoint)
        client.create_multipart_upload(Bucket=bucket, Key=f"{prefix}/content/half")
    else:
        (settings.home / "files" / "incoming" / "part-left").write_bytes(b"half")
    assert storage.tidy(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert storage.tidy(now + timedelta(days=4_000)) == 1
    assert storage.exists(kept)


def test_what_an_older_data_key_sealed_still_opens_after_the_key_was_changed(settings: Settings) -> None:
    old, new = (f"{name}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for name in ("old", "new"))
    before = make_storage(_with(settings, data_key=old))
    digest = before.put(b"kept under the old key")
    after = make_storage(_with(settings, data_key=f"{new},{old}"))
    with after.open(digest) as stream:
        assert stream.read() == b"kept under the old key"
    without = make_storage(_with(settings, data_key=new))
    with pytest.raises(StorageError, match="PORTAL_DATA_KEY"):
        without.open(digest)


def test_a_bucket_needs_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        make_storage(Settings(env="test", home=tmp_path, storage_url="s3://"))


def test_a_bucket_that_is_not_there_is_a_storage_error(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    s3 = request.getfixturevalue("s3_server")
    storage = make_storage(
        Settings(env="test", home=tmp_path, storage_url="s3://nobodys-bucket/x", s3_endpoint=s3.endpoint)
    )
    with pytest.raises(StorageError):
        storage.put(b"x")


def _with(settings: Settings, data_key: str) -> Settings:
    return Settings(
        env="test",
        home=settings.home,
        storage_url=settings.storage_url,
        s3_endpoint=settings.s3_endpoint,
        data_key=data_key,
    )
