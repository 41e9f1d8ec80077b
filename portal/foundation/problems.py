"""What went wrong, for other systems: RFC 9457, with the codes and the sentences of the pages."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, has_request_context, request

from portal.foundation.errors import DomainError, SeveralErrors
from portal.foundation.language import Message, say, translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkzeug.exceptions import HTTPException

__all__ = ["asks_interface", "errors_of", "faults_of", "problem", "problem_of"]

INTERFACE = "/api/"
PROBLEM = "application/problem+json"


def asks_interface() -> bool:
    """Whether another system asks, which has a token and no session, and can do nothing with a page."""
    return has_request_context() and request.path.startswith(INTERFACE)


def problem_of(
    status: int, code: str, message: Message, errors: Sequence[DomainError] = (), **more: Any
) -> dict[str, Any]:
    """The problem as JSON. `errors`: each thing to mend, with the field that it belongs to (`rows.3.at`), if any."""
    return {
        "type": f"urn:portal:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": translate(message),
        "errors": [{"field": e.field, "code": e.code, "detail": translate(e.message)} for e in errors],
    } | more


def problem(status: int, code: str, message: Message, errors: Sequence[DomainError] = (), **more: Any) -> Response:
    """The problem as an answer."""
    content = json.dumps(problem_of(status, code, message, errors, **more), ensure_ascii=False)
    return Response(content, status=status, content_type=PROBLEM)


def errors_of(error: DomainError) -> tuple[DomainError, ...]:
    """The things to mend in an error; none where it has no field and says everything itself."""
    if isinstance(error, SeveralErrors):
        return error.errors
    return (error,) if error.field else ()


def faults_of(error: HTTPException) -> list[DomainError]:
    """What was wrong with the parts of a request, where its schemas found it: one error for each field."""
    told = (getattr(error, "data", None) or {}).get("messages") or {}
    return [fault for _place, part in sorted(told.items()) for fault in _faults(part, ())]


def _faults(told: Any, path: tuple[str, ...]) -> Iterator[DomainError]:
    if isinstance(told, dict):
        for name, part in told.items():
            yield from _faults(part, path if name == "_schema" else (*path, str(name)))
    elif isinstance(told, list):
        for part in told:
            yield from _faults(part, path)
    elif isinstance(told, DomainError):
        yield DomainError(told.code, told.message, field=".".join(path) or None)
    else:
        yield DomainError("field.invalid", say("This value cannot be read."), field=".".join(path) or None)
