"""What keeps a hold standing until it is decided about: a room below answers, and nobody releases the hold before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from portal.foundation import hooks
from portal.foundation.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.portfolio.models import Hold

__all__ = ["Keeper", "keepers_of", "refuse_kept"]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Why a hold cannot be released by itself, and where that is decided."""

    words: Message
    label: Any
    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)


def keepers_of(session: Session, actor: Actor, holds: Collection[Hold]) -> dict[int, Keeper]:
    """Of these holds those that something keeps, by their key."""
    standing = [hold for hold in holds if hold.released_at is None]
    found: dict[int, Keeper] = {}
    for answer in hooks.hold_keepers(session, actor, standing) if standing else ():
        found |= answer
    return found


def refuse_kept(session: Session, actor: Actor, hold: Hold) -> None:
    """Refused where something keeps the hold."""
    keeper = keepers_of(session, actor, (hold,)).get(hold.id)
    if keeper is not None:
        raise Refused("hold.kept", keeper.words)
