"""Styles, scripts and images: kept by the browser for as long as they are what they were.

Their address carries the hash of their content, so that a page asks for them once and an upgrade is seen at once.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app, request, url_for

if TYPE_CHECKING:
    from flask import Flask, Response

__all__ = ["asset", "set_up_assets"]

_FOREVER = "public, max-age=31536000, immutable"
_A_DAY = "public, max-age=86400"  # Bootstrap's own address has no version


def asset(filename: str) -> str:
    """The address of a file in static/."""
    path = Path(current_app.static_folder or "") / filename
    return url_for("static", filename=filename, v=_version(path, path.stat().st_mtime_ns))


@lru_cache(maxsize=256)
def _version(path: Path, _changed_at: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]


def _let_browsers_keep(response: Response) -> Response:
    if response.status_code in (200, 304):
        if request.endpoint == "static" and "v" in request.args:
            response.headers["Cache-Control"] = _FOREVER
        elif request.endpoint == "bootstrap.static":
            response.headers["Cache-Control"] = _A_DAY
    return response


def set_up_assets(app: Flask) -> None:
    """Gives templates `asset('css/portal.css')`."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_let_browsers_keep)
