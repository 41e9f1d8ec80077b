"""An invoice's file as an agency uploads it: a PDF, an OFD or the XML of an e-invoice, and no larger than one.

What a file is, its content says; its name and what the browser claims of it are not believed. It is never rendered or
parsed here, and leaves only as a file to be kept.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import IO

from portal.foundation.errors import DomainError
from portal.foundation.language import Message, say
from portal.vendors.proofs import LARGEST, Proof, safe_stem

__all__ = ["FILE_TYPES", "read_invoice_file"]

FILE_TYPES = {"pdf": "application/pdf", "ofd": "application/ofd", "xml": "application/xml"}
MOST_MEMBERS = 2_000  # of an OFD, which is an archive
_XML = re.compile(rb"\s*<\?xml\s")
_DECLARES = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)  # what an invoice has no use for, and an attacker has


def read_invoice_file(stream: IO[bytes], file_name: str | None) -> Proof:
    """The upload under a name that is safe to give back; DomainError for the field `file` where it is none of these, or larger
    than 10 MiB."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise _refused("invoice.file_size", say("The file is larger than %(n)s MB.", n=LARGEST >> 20))
    ending = _ending(content)
    if ending is None:
        words = say("This is no PDF, OFD or XML file of an invoice. Choose the file that the tax system issued.")
        raise _refused("invoice.file_type", words)
    return Proof(content, f"{safe_stem(file_name or 'invoice')}.{ending}")


def _ending(content: bytes) -> str | None:
    if content.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return "ofd" if _is_ofd(content) else None
    return "xml" if _is_xml(content.removeprefix(b"\xef\xbb\xbf")) else None


def _is_ofd(content: bytes) -> bool:
    """By its list of members alone: nothing is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    return len(names) <= MOST_MEMBERS and "OFD.xml" in names


def _is_xml(content: bytes) -> bool:
    return bool(_XML.match(content)) and b"\0" not in content and not _DECLARES.search(content)


def _refused(code: str, words: Message) -> DomainError:
    return DomainError(code, words, field="file")
