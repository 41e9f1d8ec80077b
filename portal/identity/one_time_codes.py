"""One-time codes by RFC 6238: six digits, 30 seconds, one step of tolerance; a code works once. Real time."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

import pyotp
import segno

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PURPOSE", "accepted_step", "enrolment_address", "new_secret", "picture"]

PURPOSE: Final = "one-time-code"  # what the sealed secret is authenticated as
WINDOW: Final = 1  # steps before and after, for clocks that are not quite right


def new_secret() -> str:
    """A secret of 160 bits in base 32, as authenticator programs take it."""
    return pyotp.random_base32(32)


def accepted_step(secret: str, code: str, at: datetime, last_step: int | None) -> int | None:
    """The step that this code belongs to, or None: wrong, too old, or of a step that has been used already."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp = pyotp.TOTP(secret)
    now = totp.timecode(at)
    found = None
    for step in range(now - WINDOW, now + WINDOW + 1):
        same = hmac.compare_digest(totp.generate_otp(step), digits)
        if same and (last_step is None or step > last_step):
            found = step
    return found


def enrolment_address(secret: str, user_name: str, issuer: str) -> str:
    """The otpauth address that an authenticator program reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=user_name, issuer_name=issuer)


def picture(address: str) -> str:
    """The address as a QR code, an SVG in a data URI for an image."""
    return str(segno.make(address, error="m").svg_data_uri(scale=5, border=2))
