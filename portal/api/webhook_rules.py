"""When a delivery is tried again, and how it is signed. Pure.

Each try is signed anew, over its own time and the very bytes of its body, so that nobody can send an old one again later.
While a secret is being changed each try carries a signature by either.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DELAYS", "MOST_TRIES", "VERSION", "signature_of", "wait_after"]

VERSION: Final = "v1"
DELAYS: Final = (
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6),
    timedelta(hours=12), timedelta(hours=24),
)  # fmt: skip
MOST_TRIES: Final = len(DELAYS) + 1


def wait_after(tries: int) -> timedelta | None:
    """How long after so many tries that failed the next one comes; None where that was the last."""
    if tries < 1:
        raise ValueError("nothing was tried")
    return DELAYS[tries - 1] if tries <= len(DELAYS) else None


def signature_of(secrets: Iterable[str], timestamp: str, body: bytes) -> str:
    """The header's value: `v1=` and the HMAC-SHA256 in hex of timestamp, dot and body, once for each secret."""
    signed = timestamp.encode() + b"." + body
    return ",".join(f"{VERSION}={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}" for key in secrets)
