"""How an answer says that it is a file, and what the file is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.http import dump_options_header

if TYPE_CHECKING:
    from flask import Response

__all__ = ["name_as_file"]


def name_as_file(response: Response, file_name: str) -> Response:
    """The answer as a file to be kept under this name, which may be Chinese: a header itself holds Latin letters only
    (RFC 6266)."""
    response.headers["Content-Disposition"] = dump_options_header("attachment", {"filename": file_name})
    return response
