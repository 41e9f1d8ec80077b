"""What every request under /api/v1 goes through behind the foundation's doors: how many, how large, read how, done once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import Response, abort, current_app, g, request
from flask_login import current_user
from flask_smorest import Blueprint

from portal.api import answers
from portal.api.scopes import SCOPE_PERMISSIONS, Scope
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.foundation.limiting import limiter
from portal.foundation.services import services
from portal.foundation.web import actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PREFIX", "blueprint", "needs"]

PREFIX: Final = "/api/v1"
LARGEST: Final = 16 * 1024 * 1024  # bytes: a thousand rows of a log with long notes
DEEPEST: Final = 8  # lists and objects within each other; ours have three
View = TypeVar("View", bound="Callable[..., Any]")

blueprint = Blueprint("v1", __name__, url_prefix=PREFIX)


def needs(
    scope: Scope | None, *, writes: bool = False, body: bool = True, permission: Any = None
) -> Callable[[View], View]:
    """Names the scope that an operation needs, and through it the permission. `writes`: it takes an idempotency key.
    `body`: a POST brings JSON.

    Without a scope: whatever token may ask, by the `permission` that every token carries.
    """

    def mark(view: View) -> View:
        view.__access__ = SCOPE_PERMISSIONS[scope][0] if scope else permission  # type: ignore[attr-defined]
        view.__scope__ = scope.value if scope else None  # type: ignore[attr-defined]
        view.__writes__ = writes  # type: ignore[attr-defined]
        view.__body__ = body  # type: ignore[attr-defined]
        return view

    return mark


def _rate() -> str:
    return f"{services().settings.api_rate} per minute"


@limiter.shared_limit(_rate, scope="api", key_func=lambda: f"token:{current_user.token.token_id}")
def _count_request() -> None:
    """One more request of this token; raises the 429 that says when the next may come."""


@blueprint.before_request
def _look_at_request() -> Response | None:
    """Everything before the view: the count, what is in the body, and whether it was done before."""
    if not current_user.is_authenticated:
        return None  # what is open to everybody
    _count_request()
    view = current_app.view_functions[request.endpoint or ""]
    if request.method != "POST":
        return None
    request.max_content_length = LARGEST
    if getattr(view, "__body__", False):
        if request.mimetype != "application/json":
            abort(415)
        _look_at_content()
    return _once(view)


def _look_at_content() -> None:
    """A body that is no JSON, or holds what no database keeps, is refused before anything reads it."""
    try:
        content = json.loads(request.get_data(cache=True))
    except (ValueError, RecursionError):
        words = say("The content cannot be read as JSON in UTF-8.")
        raise DomainError("json.unreadable", words, status=400) from None
    faults = [DomainError("field.characters", _UNKEPT, field=place or None) for place in _unkept(content, "", 0)]
    if faults:
        raise faults[0]


_UNKEPT: Final = say("This holds characters that cannot be kept (NUL, half a surrogate pair), or lies too deep.")


def _unkept(part: Any, place: str, depth: int) -> Iterator[str]:
    if isinstance(part, str):
        if "\0" in part or any("\ud800" <= character <= "\udfff" for character in part):
            yield place
    elif depth >= DEEPEST and isinstance(part, dict | list):
        yield place
    elif isinstance(part, dict):
        for name, value in part.items():
            within = f"{place}.{name}" if place else name
            if next(_unkept(name, "", depth), None) is not None:
                yield place
            else:
                yield from _unkept(value, within, depth + 1)
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _unkept(value, f"{place}.{number}" if place else str(number), depth + 1)


def _once(view: Any) -> Response | None:
    """The answer that the same request had before, if it had one; else the right to do its work."""
    key = request.headers.get("Idempotency-Key")
    if key is None or not getattr(view, "__writes__", False):
        return None
    found = answers.claim(actor(), key, f"{request.method} {request.path}", request.get_data(cache=True))
    if isinstance(found, answers.Answer):
        response = Response(found.body, status=found.status, content_type="application/json")
        response.headers["Idempotency-Replayed"] = "true"
        return response
    g.claim = found
    return None


@blueprint.after_request
def _remember_answer(response: Response) -> Response:
    """What was done is answered again; what was refused may be tried again."""
    claimed = g.pop("claim", None)
    if claimed is not None:
        if response.status_code < 300:
            answers.settle(actor(), claimed, response.status_code, response.get_data(as_text=True))
        else:
            answers.release(actor(), claimed)
    return response
