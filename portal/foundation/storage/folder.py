"""Files in a folder of this machine, or of a file server that all machines share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from portal.foundation.storage.places import NotStored, StorageError, checked_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["Folder"]

INCOMING = "incoming"


class Folder:
    """Written to a scratch file first, flushed to the disk, then given its name in one step; readable by us alone."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def scratch(self) -> BinaryIO:
        """A file beside the others, so that naming it moves nothing."""
        incoming = self._root / INCOMING
        try:
            incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cast("BinaryIO", tempfile.NamedTemporaryFile(dir=incoming, prefix="part-"))
        except OSError as error:
            raise StorageError(f"the folder of stored files cannot be written: {error.strerror}") from error

    def keep(self, name: str, scratch: BinaryIO) -> bool:
        """A hard link names the file only if nobody has the name: two writers cannot both win."""
        target = self._path(name)
        try:
            scratch.flush()
            os.fsync(scratch.fileno())
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.link(scratch.name, target)
            _flush_folder(target.parent)
        except FileExistsError:
            return False
        except OSError as error:
            raise StorageError(f"a file cannot be stored: {error.strerror}") from error
        return True

    def read(self, name: str, start: int = 0) -> BinaryIO:
        try:
            stream = self._path(name).open("rb")
        except FileNotFoundError as error:
            raise NotStored(f"there is no stored file {name}") from error
        except OSError as error:
            raise StorageError(f"a stored file cannot be read: {error.strerror}") from error
        stream.seek(start)
        return stream

    def exists(self, name: str) -> bool:
        return self._path(name).is_file()

    def names(self, prefix: str) -> Iterator[str]:
        """Walks the one folder that the prefix lies in."""
        folder = self._root / prefix.rpartition("/")[0]
        found = (path.relative_to(self._root).as_posix() for path in folder.rglob("*") if path.is_file())
        return iter(sorted(name for name in found if name.startswith(prefix)))

    def tidy(self, before: datetime) -> int:
        """Scratch files that nobody has written to since."""
        left = [p for p in (self._root / INCOMING).glob("part-*") if p.stat().st_mtime < before.timestamp()]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)


def _flush_folder(folder: Path) -> None:
    """The name, too, has to survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
