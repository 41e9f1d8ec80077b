"""The scan of a paper, as somebody uploads it: only what it says it is, and no larger than a scan.

What a file is, its first bytes say; its name and what the browser claims of it are not believed. It is never opened here,
and leaves only as a file to be kept (`Content-Disposition: attachment`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.foundation.services import services

__all__ = ["LARGEST", "SIGNS", "TYPES", "Proof", "keep_proof", "read_proof", "safe_stem"]

LARGEST = 10 * 1024 * 1024  # bytes
LONGEST_NAME = 120

# By its first bytes: ending, and the type that it is sent back as.
SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
)
TYPES = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg"}


@dataclass(frozen=True)
class Proof:
    """A scan that was read and may be kept, under a name that is safe to give back."""

    content: bytes
    name: str

    @property
    def content_type(self) -> str:
        """What it is sent back as."""
        return type_of(self.name)


def read_proof(stream: IO[bytes], file_name: str | None) -> Proof:
    """The upload, if it is a PDF, PNG or JPEG of at most 10 MiB; DomainError for the field `proof` otherwise."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _refused("paper.proof_size", say("The file is larger than %(n)s MB. Scan it smaller.", n=LARGEST >> 20))
    ending = next((ending for sign, ending in SIGNS if content.startswith(sign)), None)
    if ending is None:
        raise _refused("paper.proof_type", say("This is no PDF, PNG or JPEG file. Scan the paper as one of these."))
    return Proof(content, f"{safe_stem(file_name or '')}.{ending}")


def keep_proof(proof: Proof) -> str:
    """Put the scan into the storage; its address there."""
    return services().storage.put(proof.content)


def type_of(name: str) -> str:
    """The type of a file that was kept under this name."""
    return TYPES[name.rpartition(".")[2]]


def safe_stem(file_name: str) -> str:
    """What the file was called, without its folders, its ending, and what is no letter or figure."""
    name = PurePosixPath(unicodedata.normalize("NFC", file_name).replace("\\", "/")).name
    stem = re.sub(r"[^\w-]+", "_", name.rpartition(".")[0] or name).strip("_")
    return stem[:LONGEST_NAME] or "scan"


def _refused(code: str, words: Message) -> DomainError:
    return DomainError(code, words, field="proof")
