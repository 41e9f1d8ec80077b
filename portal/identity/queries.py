"""Reads of organisations, people, their sessions and invitations. What one may not see is not found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Invitation, Organisation, User, UserSession
from portal.identity.sessions import live
from portal.identity.tokens import token_hash

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "invited", "live_sessions", "open_invitation", "organisation", "organisations", "person",
    "person_by_name", "person_for_change", "users",
]  # fmt: skip


def users(actor: Actor) -> sa.Select[Any]:
    """People with their organisation, as rows `(User, Organisation)`."""
    return visible(User, actor).join(Organisation, Organisation.id == User.organisation_id).add_columns(Organisation)


def organisations(actor: Actor) -> sa.Select[tuple[Organisation]]:
    """Organisations that the actor may see: the bank sees all, everybody else their own."""
    return visible(Organisation, actor)


def organisation(session: Session, actor: Actor, organisation_id: int) -> Organisation:
    """One organisation. NotFound if it is not there for this actor."""
    found = session.scalar(organisations(actor).where(Organisation.id == organisation_id))
    if found is None:
        raise NotFound
    return found


def person(session: Session, actor: Actor, user_id: int) -> tuple[User, Organisation]:
    """A person with the organisation. NotFound if not there for this actor."""
    found = session.execute(users(actor).where(User.id == user_id)).first()
    if found is None:
        raise NotFound
    return found[0], found[1]


def person_for_change(session: Session, actor: Actor, user_id: int) -> User:
    """A person's row, locked until the transaction ends. NotFound if not there for this actor."""
    wanted = visible(User, actor).where(User.id == user_id).with_for_update()
    found = session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def person_by_name(session: Session, user_name: str) -> tuple[User, Organisation] | None:
    """Who signs in with this name, with the organisation."""
    found = session.execute(
        sa.select(User, Organisation)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.user_name == user_name.strip().lower())
    ).first()
    return (found[0], found[1]) if found else None


def live_sessions(session: Session, actor: Actor, user_id: int, now: datetime) -> list[UserSession]:
    """Browsers in which a person is signed in at `now` (real time), the latest first."""
    wanted = visible(UserSession, actor).where(UserSession.user_id == user_id, live(now))
    return list(session.scalars(wanted.order_by(UserSession.seen_at.desc(), UserSession.id.desc())))


def invited(session: Session, token: str, lock: bool = False) -> tuple[Invitation, User, Organisation] | None:
    """The invitation of a link, used or not, with the person it is for. The session is a system actor's.

    `lock` keeps both rows for this transaction alone.
    """
    wanted = (
        sa.select(Invitation, User, Organisation)
        .join(User, User.id == Invitation.user_id)
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(Invitation.token_hash == token_hash(token))
    )
    if lock:
        wanted = wanted.with_for_update(of=[Invitation, User]).execution_options(populate_existing=True)
    found = session.execute(wanted).first()
    return (found[0], found[1], found[2]) if found else None


def open_invitation(session: Session, actor: Actor, user_id: int, now: datetime) -> Invitation | None:
    """The invitation that a person can still use at `now` (real time)."""
    wanted = visible(Invitation, actor).where(
        Invitation.user_id == user_id, Invitation.used_at.is_(None), Invitation.expires_at > now
    )
    return session.scalar(wanted.order_by(Invitation.id.desc()).limit(1))
