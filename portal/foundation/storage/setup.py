"""Which storage the settings ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from portal.config import ConfigurationError
from portal.foundation.storage.folder import Folder
from portal.foundation.storage.interface import Storage

if TYPE_CHECKING:
    from portal.config import Settings
    from portal.foundation.storage.places import Place

__all__ = ["make_storage"]


def make_storage(settings: Settings) -> Storage:
    """The storage of `PORTAL_STORAGE_URL`: a folder's path, or `s3://bucket/prefix`. Raises ConfigurationError."""
    return Storage(_place(settings), settings.data_keys())


def _place(settings: Settings) -> Place:
    location = settings.storage_location
    if not location.startswith("s3://"):
        return Folder(Path(location.removeprefix("file://")))
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    if not bucket:
        raise ConfigurationError("PORTAL_STORAGE_URL takes a folder's path or s3://bucket/prefix")
    from portal.foundation.storage.s3 import Bucket  # boto3 takes half a second to load, and a folder needs none of it

    return Bucket(bucket, prefix, settings.s3_endpoint)
