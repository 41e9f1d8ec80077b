"""How many requests one address may make; in memory, or on Redis where the bank has more than one process.

It stands beside the sign-in's own throttle (identity), which counts failures and survives restarts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

if TYPE_CHECKING:
    from flask import Flask, Response

__all__ = ["CALENDAR", "SIGN_IN", "VERIFY", "limiter", "set_up_limiter"]

limiter = Limiter(get_remote_address, default_limits=[])
SIGN_IN = "60 per minute"
VERIFY = "30 per minute; 300 per hour"  # of letters; a household behind one address needs a handful
CALENDAR = "30 per minute; 300 per hour"  # a firm's calendars ask from one address, each a few times an hour
_COME_AGAIN = (429, 503)


def set_up_limiter(app: Flask) -> None:
    """Let the application count. What comes after a request runs in the opposite order, so that ours sees the library's
    headers."""
    app.after_request(_only_where_one_is_to_wait)
    limiter.init_app(app)


def _only_where_one_is_to_wait(response: Response) -> Response:
    """The library puts `Retry-After` on every answer that it counts; a system that heeds it would wait for nothing, or send
    again what was done."""
    if response.status_code not in _COME_AGAIN:
        response.headers.pop("Retry-After", None)
    return response
