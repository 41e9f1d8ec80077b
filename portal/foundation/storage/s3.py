"""Files in a bucket of Amazon S3 or of any service that speaks like it."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.foundation.storage.places import NotStored, OutOfReach, StorageError, checked_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from _typeshed import WriteableBuffer
    from types_boto3_s3 import S3Client

__all__ = ["Bucket"]

MIB = 1024 * 1024
SMALL = 8 * MIB  # up to here one request, which the service itself makes conditional; above, an upload in parts
PARTS = TransferConfig(multipart_threshold=SMALL, multipart_chunksize=8 * MIB, max_concurrency=2)
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
GONE = {"NoSuchKey", "404", "NotFound"}


class Bucket:
    """Objects under one prefix of one bucket. Keys and region come from boto3's usual places."""

    def __init__(self, bucket: str, prefix: str = "", endpoint: str = "") -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._endpoint = endpoint
        self._clients: dict[int, S3Client] = {}

    @property
    def _client(self) -> S3Client:
        """One client a process: threads may share it, a forked child must not share its connections."""
        pid = os.getpid()
        if pid not in self._clients:
            self._clients[pid] = boto3.session.Session().client(
                "s3",
                endpoint_url=self._endpoint or None,
                config=Config(
                    retries={"mode": "standard", "max_attempts": 5},
                    connect_timeout=10,
                    read_timeout=60,
                    # services other than Amazon's know neither buckets as host names nor the newer checksums
                    s3={"addressing_style": "path" if self._endpoint else "auto"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        return self._clients[pid]

    def scratch(self) -> BinaryIO:
        """On this machine's disk, already encrypted, gone when closed or when we are killed."""
        return cast("BinaryIO", tempfile.TemporaryFile())

    def keep(self, name: str, scratch: BinaryIO) -> bool:
        """Small files: the service refuses a second writer. Large ones are content by hash, where the second is the same."""
        key = self._key(name)
        if self.exists(name):
            return False
        size = scratch.seek(0, io.SEEK_END)
        scratch.seek(0)
        with _errors(name):
            if size > SMALL:
                self._client.upload_fileobj(scratch, self._bucket, key, Config=PARTS)
                return True
            try:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=scratch, IfNoneMatch="*")
            except ClientError as error:
                if _code(error) in TAKEN:
                    return False
                if _code(error) != "NotImplemented":
                    raise
                # an older service, which knows no conditions: looking first is the best there is
                scratch.seek(0)
                self._client.put_object(Bucket=self._bucket, Key=key, Body=scratch)
        return True

    def read(self, name: str, start: int = 0) -> BinaryIO:
        with _errors(name):
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=f"bytes={start}-")
        return cast("BinaryIO", _Body(found["Body"], name))

    def exists(self, name: str) -> bool:
        try:
            with _errors(name):
                self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except NotStored:
            return False
        return True

    def names(self, prefix: str) -> Iterator[str]:
        """The service lists in order, a thousand at a time."""
        pages = self._client.get_paginator("list_objects_v2")
        with _errors(prefix):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for found in page.get("Contents", []):
                    yield found["Key"].removeprefix(self._prefix)

    def tidy(self, before: datetime) -> int:
        """Uploads in parts that were begun before then and never completed: they cost rent and are seen by nobody."""
        ended = 0
        with _errors(self._prefix):
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for left in (one for one in page.get("Uploads", []) if one["Initiated"] < before):
                    self._client.abort_multipart_upload(Bucket=self._bucket, Key=left["Key"], UploadId=left["UploadId"])
                    ended += 1
        return ended

    def _key(self, name: str) -> str:
        return self._prefix + checked_name(name)


class _Body(io.RawIOBase):
    """The service's answer as a stream whose errors are ours; `read(n)` gives up to n bytes."""

    def __init__(self, body: object, name: str) -> None:
        self._body = cast("BinaryIO", body)
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        with _errors(self._name):
            data = self._body.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _errors(name: str) -> Iterator[None]:
    """The service's errors in our words; what it said goes along as the cause."""
    try:
        yield
    except ClientError as error:
        if _code(error) in GONE:
            raise NotStored(f"there is no stored file {name}") from error
        raise StorageError(f"the storage service refused {name}: {_code(error)}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OutOfReach(f"the storage service cannot be reached for {name}: {type(error).__name__}") from error
