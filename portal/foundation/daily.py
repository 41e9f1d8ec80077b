"""The day's work by itself: what is due is asked for as jobs, by whichever worker looks first.

A room registers with `due_work` what waits for a day or an instant. Each piece has a key, so that it is one job however
many workers ask; a job that died half-way is taken up again like any other. The actor is the bank's own, without a user:
the portal itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.foundation import hooks
from portal.foundation.access import system_actor
from portal.foundation.services import services
from portal.foundation.work import reading, transaction

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["Due", "ask_for_due", "portal_itself"]


@dataclass(frozen=True)
class Due:
    """A piece of work whose time has come: the kind of job, a key that it alone has, what the handler needs."""

    kind: str
    key: str
    payload: dict[str, Any] = field(default_factory=dict)


def portal_itself(origin: str = "job") -> Actor | None:
    """The bank's actor without a user; None before there is a bank."""
    with reading(system_actor("daily", origin)) as session:
        actor: Actor | None = hooks.bank_actor.one(session)
    return actor.coming_from(origin) if actor else None


def ask_for_due() -> list[int]:
    """Ask for everything that is due now; ids of the jobs, those that were asked for before among them."""
    actor = portal_itself()
    if actor is None:
        return []
    clock = services().clock
    with reading(actor) as session:
        due: list[Due] = [
            piece for found in hooks.due_work(session, actor, clock.now(), clock.today()) for piece in found
        ]
    if not due:
        return []
    with transaction(actor) as work:
        return [work.request_job(piece.kind, piece.key, piece.payload).id for piece in due]
