"""Whose work a person has in the queue: a leader the whole agency's, a collector the own desk's, with the pool or without.

A desk is a collector's part of the queue; the pool is what nobody was dealt. Dealing orders the work and is no wall: what the
agency holds, all of its people may look up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from portal.contact.models import TeamRule, WorkItem
from portal.foundation.access import ROLE_PERMISSIONS, Permission
from portal.foundation.visibility import visible
from portal.identity.models import User
from portal.vendors.models import StaffMember

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "MINE",
    "POOL",
    "WHOLE",
    "Colleague",
    "Scope",
    "colleagues",
    "desk_of",
    "is_own_only",
    "scope_of",
    "whose_of",
]

MINE, POOL = "mine", "pool"  # as an address says them; a colleague by number
WORKERS: Final = tuple(role for role, may in ROLE_PERMISSIONS.items() if Permission.QUEUE_WORK in may)


@dataclass(frozen=True, slots=True)
class Scope:
    """Desks whose work stands in a queue: numbers of people, None for the pool. `desks` None: all of the organisation."""

    desks: tuple[int | None, ...] | None = None

    def conditions(self) -> Sequence[sa.ColumnElement[bool]]:
        """One condition a desk, each a range of an index by itself."""
        if self.desks is None:
            return [sa.true()]
        return [WorkItem.assigned_to.is_(None) if desk is None else WorkItem.assigned_to == desk for desk in self.desks]


WHOLE: Final = Scope()


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the organisation who works the queue, or once did. `may_work`: can be dealt accounts today.
    `is_collector`: works it and does not lead the team."""

    user_id: int
    name: str
    may_work: bool
    is_collector: bool


def is_own_only(session: Session, actor: Actor) -> bool:
    """Whether collectors of the organisation work without the pool."""
    rule = visible(TeamRule, actor).where(TeamRule.organisation_id == actor.organisation_id)
    return bool(session.scalar(rule.with_only_columns(TeamRule.own_only)))


def whose_of(session: Session, actor: Actor, written: str) -> str:
    """Whose work an address names, as far as the actor may choose it; empty for the usual."""
    if written == MINE:
        return written
    if actor.can(Permission.QUEUE_DEAL):
        numbers = {str(colleague.user_id) for colleague in colleagues(session, actor)} if written.isdigit() else ()
        return written if written == POOL or written in numbers else ""
    return written if written == POOL and not is_own_only(session, actor) else ""


def scope_of(session: Session, actor: Actor, whose: str = "") -> Scope:
    """The desks that `whose` (see `whose_of`) stands for."""
    if whose == MINE:
        return Scope((actor.user_id,))
    if whose == POOL:
        return Scope((None,))
    if whose:
        return Scope((int(whose),))
    if actor.can(Permission.QUEUE_DEAL) or actor.user_id is None:  # a system has no desk: it asks for its organisation
        return WHOLE
    return Scope((actor.user_id,) if is_own_only(session, actor) else (actor.user_id, None))


def colleagues(session: Session, actor: Actor, today: date | None = None) -> list[Colleague]:
    """Who works the queue of the actor's organisation, by name; those who are deactivated, not permitted by the bank or,
    with `today`, have left may not be dealt anything."""
    member = visible(StaffMember, actor).subquery()
    people = (
        visible(User, actor)
        .where(User.organisation_id == actor.organisation_id, User.role.in_(WORKERS))
        .outerjoin(member, member.c.user_id == User.id)
        .with_only_columns(User.id, User.name, User.role, User.active, member.c.barred_at, member.c.ended_on)
        .order_by(User.name, User.id)
    )
    return [
        Colleague(
            user_id,
            name,
            active and barred_at is None and (ended_on is None or today is None or ended_on >= today),
            Permission.QUEUE_DEAL not in ROLE_PERMISSIONS[role],
        )
        for user_id, name, role, active, barred_at, ended_on in session.execute(people)
    ]


def desk_of(session: Session, actor: Actor, placement_id: int) -> str | None:
    """On whose desk a place of the queue lies, by name; None for the pool."""
    mine = visible(WorkItem, actor).where(WorkItem.placement_id == placement_id)
    return session.scalar(mine.join(User, User.id == WorkItem.assigned_to).with_only_columns(User.name))
