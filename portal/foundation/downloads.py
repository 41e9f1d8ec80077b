"""How an answer says that it is a file, and what the file is called."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response, stream_with_context
from werkzeug.http import dump_options_header

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["name_as_file", "uploaded_file"]


def uploaded_file(content: bytes | Iterable[bytes], content_type: str, file_name: str) -> Response:
    """What somebody has uploaded, as a file to be kept: it is never opened in the portal's own pages. `content` may be read
    while it is sent."""
    if not isinstance(content, bytes):
        content = stream_with_context(iter(content))
    response = Response(content, content_type=content_type)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return name_as_file(response, file_name)


def name_as_file(response: Response, file_name: str) -> Response:
    """The answer as a file to be kept under this name, which may be Chinese.

    A header holds Latin letters only, so other names go into it encoded (RFC 6266), with a plain one beside for whoever
    does not read that.
    """
    names = {"filename": file_name}
    if not file_name.isascii():
        plain = "".join(c if c.isascii() else "_" for c in file_name)
        names = {"filename": plain, "filename*": f"UTF-8''{quote(file_name)}"}
    response.headers["Content-Disposition"] = dump_options_header("attachment", names)
    return response
