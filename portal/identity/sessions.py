"""Signed-in browsers as rows: begun, recognised, seen, ended. All by real time.

These are steps of a transaction that somebody else has opened, except `recognise` and `mark_seen`, which stand at the
beginning of every request in a short session of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.foundation.access import Actor, system_actor
from portal.foundation.database import PATIENCE_OPTION, WRITE_OPTION, db
from portal.foundation.services import services
from portal.identity.models import Organisation, User, UserSession
from portal.identity.people import actor_from, hindrance
from portal.identity.tokens import new_token, token_hash

if TYPE_CHECKING:
    from portal.foundation.language import Message
    from portal.foundation.work import Work

__all__ = ["Recognised", "begin", "end_sessions", "idle_limit", "live", "mark_seen", "recognise"]

SEEN_EVERY = timedelta(minutes=1)  # writing at each request would make every reader a writer


@dataclass(frozen=True)
class Recognised:
    """Who a browser belongs to, what that person still has to do before anything else, and what keeps the person out."""

    actor: Actor
    session_id: int
    seen_at: datetime
    must_change_password: bool
    must_set_up_codes: bool
    hindrance: Message | None = None


def idle_limit() -> timedelta:
    """How long a browser may be silent before it is signed out."""
    return timedelta(minutes=services().settings.session_idle_minutes)


def live(now: datetime) -> sa.ColumnElement[bool]:
    """The condition of sessions that still open the door at `now` (real time)."""
    return sa.and_(UserSession.ended_at.is_(None), UserSession.seen_at > now - idle_limit())


def begin(work: Work, user: User, browser: str) -> str:
    """A new session of the person; the token is for the browser and known nowhere else."""
    token = new_token()
    work.session.add(
        UserSession(
            organisation_id=user.organisation_id,
            user_id=user.id,
            token_hash=token_hash(token),
            created_at=work.real_now,
            seen_at=work.real_now,
            origin=work.actor.origin[:64],
            browser=browser[:200],
        )
    )
    return token


def end_sessions(work: Work, user_id: int, except_id: int | None = None) -> int:
    """End all live sessions of a person but one; how many were ended."""
    ended = 0
    wanted = sa.select(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    for row in work.session.scalars(wanted):
        if row.id != except_id:
            row.ended_at = work.real_now
            ended += 1
    return ended


def recognise(token: str, origin: str) -> Recognised | None:
    """Who comes with this token from the address `origin`; None if it opens nothing any more."""
    now = services().clock.real_now()
    with Session(db.engine, info={"actor": system_actor("sign-in")}) as session:
        found = session.execute(
            sa.select(UserSession, User, Organisation)
            .join(User, User.id == UserSession.user_id)
            .join(Organisation, Organisation.id == User.organisation_id)
            .where(UserSession.token_hash == token_hash(token), live(now), User.active, Organisation.active)
        ).first()
        hindered = hindrance(session, found[1], found[2]) if found else None
    if found is None:
        return None
    row, user, organisation = found
    actor = actor_from(user, organisation, origin)
    required = actor.is_bank and services().settings.totp_required_for_bank
    return Recognised(
        actor=actor,
        session_id=row.id,
        seen_at=row.seen_at,
        must_change_password=user.must_change_password,
        must_set_up_codes=required and not user.totp_confirmed,
        hindrance=hindered,
    )


def mark_seen(who: Recognised) -> None:
    """Keep the session awake; written at most once a minute."""
    now = services().clock.real_now()
    if now - who.seen_at < SEEN_EVERY:
        return
    with Session(db.engine, info={"actor": system_actor("sign-in")}) as session:
        try:
            # While an import holds SQLite's only write lock, pages are read all the same; the next one marks it.
            session.connection(execution_options={WRITE_OPTION: True, PATIENCE_OPTION: 50})
            session.execute(sa.update(UserSession).where(UserSession.id == who.session_id).values(seen_at=now))
            session.commit()
        except OperationalError:
            session.rollback()
