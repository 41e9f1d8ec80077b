"""Files: content addressed by its hash, written once, encrypted at rest, checked on read.

One small interface over two places: a folder (the default), or a bucket of any S3-compatible service. What is stored is
never held in memory whole: it goes in and comes out in pieces of one MiB.
"""

from __future__ import annotations

from portal.foundation.storage.interface import Storage
from portal.foundation.storage.places import NotStored, OutOfReach, StorageError
from portal.foundation.storage.setup import make_storage

__all__ = ["NotStored", "OutOfReach", "Storage", "StorageError", "make_storage"]
