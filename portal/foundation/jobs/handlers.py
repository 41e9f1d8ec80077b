"""Which function does which kind of job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.jobs.progress import Progress

__all__ = ["Handler", "JobView", "handler", "handler_of", "title_of"]


@dataclass(frozen=True)
class JobView:
    """What a handler knows of its job; `actor` is the person who asked, with the rights they have now."""

    id: int
    kind: str
    key: str
    attempt: int
    actor: Actor
    payload: dict[str, Any] = field(repr=False)


Handler = Callable[[JobView, "Progress"], dict[str, Any] | None]

_handlers: dict[str, Handler] = {}
_titles: dict[str, Any] = {}


def handler(kind: str, title: Any = None) -> Callable[[Handler], Handler]:
    """Registers the function that does jobs of a kind; `title` is the kind in words (`_l(…)`).

    The function may be started again after a worker died in the middle of it, so it has to find out what is done
    already. It reports by `progress.step(…)`, which also is where it is cancelled. It returns what the page shows in the
    end: `{"message": as_data(say(…)), "url": "/where/to/go", …}`, all of it optional, plain JSON.
    """

    def register(function: Handler) -> Handler:
        known = _handlers.get(kind)
        if known is not None and (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise RuntimeError(f"two handlers for jobs of kind {kind}")
        _handlers[kind] = function
        _titles[kind] = title
        return function

    return register


def handler_of(kind: str) -> Handler | None:
    """The function for a kind, None where no room has one."""
    return _handlers.get(kind)


def title_of(kind: str) -> Any:
    """The kind in words; the kind itself where it has none."""
    return _titles.get(kind) or kind
