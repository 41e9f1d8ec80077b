"""How people come in and go out: name and password, one-time code, invitation, sign-out.

Nothing here says whether a name exists: the work is the same and the words are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.foundation.access import system_actor
from portal.foundation.errors import DomainError, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity import one_time_codes, passwords, queries, sessions, throttle
from portal.identity.people import actor_from, hindrance

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.identity.models import Invitation, Organisation, User

__all__ = ["Invited", "Passed", "accept_invitation", "read_invitation", "sign_in", "sign_in_with_code", "sign_out"]


@dataclass(frozen=True)
class Passed:
    """What a right password gives: the new session's token, or None where a one-time code is still owed."""

    user_id: int
    token: str | None


@dataclass(frozen=True)
class Invited:
    """Who an invitation is for."""

    user_name: str
    name: str
    organisation: str


def _gate(origin: str) -> Actor:
    return system_actor("sign-in", origin)


def sign_in(user_name: str, password: str, *, origin: str, browser: str) -> Passed:
    """Check name and password and begin a session, unless a one-time code is owed.

    Raises DomainError `sign_in.wrong` (which of both, nobody learns), `throttled`, or `sign_in.hindered` with what keeps
    the person out, told only to who has shown who it is.
    """
    name = user_name.strip().lower()
    brakes = (throttle.by_name(name), throttle.by_address(origin))
    with transaction(_gate(origin)) as work:
        throttle.count_attempt(work, brakes)
    with reading(_gate(origin)) as session:
        found = queries.person_by_name(session, name)
    # Outside any transaction: hashing takes a while, and a lock would make everybody wait for it.
    right = passwords.matches(found[0].password_hash if found else None, password)
    with transaction(_gate(origin)) as work:
        if found and right and found[0].active and found[1].active:
            throttle.take_back(work, brakes)
        else:
            work.audit("sign_in.failed", ("user_account", found[0].id) if found else "user_account")
            found = None
    if found is None:
        raise DomainError("sign_in.wrong", say("The user name or the password is wrong."))
    user, organisation = found
    if user.totp_confirmed:
        return Passed(user.id, None)
    return Passed(user.id, _begin(user, organisation, origin, browser, password))


def sign_in_with_code(user_id: int, code: str, *, origin: str, browser: str) -> str:
    """Check the one-time code of somebody whose password was right; the new session's token.

    Raises DomainError `code.wrong` (also for a code that was used before) or `throttled`.
    """
    brakes = (throttle.by_person("one-time code", user_id),)
    with transaction(_gate(origin)) as work:
        throttle.count_attempt(work, brakes)
    with transaction(_gate(origin)) as work:
        user, organisation = queries.person(work.session, work.actor, user_id)
        user = queries.person_for_change(work.session, work.actor, user_id)
        step = None
        if user.active and organisation.active and user.totp_secret and user.totp_confirmed:
            secret = work.vault.open_secret(user.totp_secret, one_time_codes.PURPOSE)
            step = one_time_codes.accepted_step(secret, code, work.real_now, user.totp_last_step)
        if step is None:
            work.audit("sign_in.code_failed", user)
        else:
            user.totp_last_step = step
            throttle.take_back(work, brakes)
    if step is None:
        raise DomainError("code.wrong", say("This code is wrong or has been used already."), field="code")
    return _begin(user, organisation, origin, browser)


def _begin(user: User, organisation: Organisation, origin: str, browser: str, password: str | None = None) -> str:
    """Begin the person's session, as the person; hash the password anew where the parameters have grown."""
    _refuse_who_is_kept_out(user, organisation, origin)
    with transaction(actor_from(user, organisation, origin)) as work:
        row = queries.person_for_change(work.session, work.actor, user.id)
        if password and row.password_hash and passwords.is_outdated(row.password_hash):
            row.password_hash = passwords.hash_password(password)
        token = sessions.begin(work, row, browser)
        work.audit("session.begun", row)
    return token


def _refuse_who_is_kept_out(user: User, organisation: Organisation, origin: str) -> None:
    with transaction(_gate(origin)) as work:
        hindered = hindrance(work.session, user, organisation)
        if hindered is not None:
            work.audit("sign_in.kept_out", ("user_account", user.id))
    if hindered is not None:
        raise DomainError("sign_in.hindered", hindered, status=403)


def sign_out(actor: Actor, session_id: int) -> None:
    """End the session of this browser."""
    with transaction(actor) as work:
        for row in queries.live_sessions(work.session, actor, actor.user_id or 0, work.real_now):
            if row.id == session_id:
                row.ended_at = work.real_now
        work.audit("session.ended", ("user_session", session_id))


def read_invitation(token: str) -> Invited:
    """Who a link invites. DomainError with the reason where the link opens nothing: unknown, used, expired."""
    with reading(_gate("link")) as session:
        _invitation, user, organisation = _usable(session, token, services().clock.real_now())
        return Invited(user.user_name, user.name, organisation.name)


def _usable(session: Session, token: str, now: datetime, lock: bool = False) -> tuple[Invitation, User, Organisation]:
    found = queries.invited(session, token, lock)
    if found is None or not (found[1].active and found[2].active):
        raise DomainError(
            "invitation.unknown", say("This link opens nothing. Check that you copied all of it."), status=404
        )
    invitation = found[0]
    if invitation.used_at is not None:
        raise Refused("invitation.used", say("This link has been used already. Sign in with the password you chose."))
    if invitation.expires_at <= now:
        raise Refused("invitation.expired", say("This link has expired. Ask your administrator for a new one."))
    return found


def accept_invitation(token: str, password: str, *, origin: str) -> str:
    """Set the first password by an invitation link, which works once; the user name to sign in with."""
    with reading(_gate(origin)) as session:
        found = queries.invited(session, token)
    if found:
        passwords.check_rules(password, found[1].user_name)
    hashed = passwords.hash_password(password)
    with transaction(_gate(origin)) as work:
        invitation, user, _organisation = _usable(work.session, token, work.real_now, lock=True)
        invitation.used_at = work.real_now
        user.password_hash = hashed
        user.must_change_password = False
        work.audit("invitation.accepted", user)
        return user.user_name
