"""What a person does for himself or herself: password, one-time codes, language, own sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation.access import system_actor
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity import one_time_codes, passwords, queries, sessions, throttle

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.identity.models import User

__all__ = [
    "change_initial_password", "change_password", "choose_language", "codes_are_required", "confirm_codes",
    "end_own_session", "start_codes", "stop_codes",
]  # fmt: skip

LOCALES = ("zh_Hans", "en")


def _me(work: Work) -> User:
    return queries.person_for_change(work.session, work.actor, work.actor.user_id or 0)


def _check_own_password(actor: Actor, password: str, field: str) -> None:
    """Raises DomainError where this is not the actor's password, or `throttled` after several that were not."""
    brakes = (throttle.by_person("own password", actor.user_id or 0),)
    gate = _gate(actor)
    with transaction(gate) as work:
        throttle.count_attempt(work, brakes)
    with reading(actor) as session:
        user, _organisation = queries.person(session, actor, actor.user_id or 0)
    right = passwords.matches(user.password_hash, password)
    if not right:
        raise DomainError("password.wrong", say("This is not your present password."), field=field)
    with transaction(gate) as work:
        throttle.take_back(work, brakes)


def change_password(actor: Actor, session_id: int, old: str, new: str) -> None:
    """Take a new password; every other browser of this person is signed out."""
    _check_own_password(actor, old, field="old")
    _set_password(actor, session_id, new)


def change_initial_password(actor: Actor, session_id: int, new: str) -> None:
    """Replace the password that an administrator has set. Refused where none is waiting to be replaced."""
    with reading(actor) as session:
        user, _organisation = queries.person(session, actor, actor.user_id or 0)
    if not user.must_change_password:
        raise Refused("password.not_initial", say("Your password has been changed already."))
    _set_password(actor, session_id, new)


def _set_password(actor: Actor, session_id: int, new: str) -> None:
    passwords.check_rules(new, actor.user_name, field="new")
    with reading(actor) as session:
        user, _organisation = queries.person(session, actor, actor.user_id or 0)
    if passwords.matches(user.password_hash, new):
        raise DomainError("password.same", say("Choose a password that differs from the present one."), field="new")
    hashed = passwords.hash_password(new)
    with transaction(actor) as work:
        user = _me(work)
        user.password_hash = hashed
        user.must_change_password = False
        ended = sessions.end_sessions(work, user.id, except_id=session_id)
        work.audit("password.changed", user, sessions_ended=ended)


def choose_language(actor: Actor, locale: str) -> None:
    """Show pages in this language from now on. NotFound for a language that the portal does not speak."""
    if locale not in LOCALES:
        raise NotFound
    with transaction(actor) as work:
        user = _me(work)
        before, user.locale = user.locale, locale
        work.audit("user.language_chosen", user, {"locale": before}, {"locale": locale})


def codes_are_required(actor: Actor) -> bool:
    """Whether this person may not do without one-time codes."""
    return actor.is_bank and services().settings.totp_required_for_bank


def start_codes(actor: Actor) -> None:
    """Make a secret to be scanned; it counts once a first code has confirmed it. Refused where codes are on already."""
    with transaction(actor) as work:
        user = _me(work)
        if user.totp_confirmed:
            raise Refused("codes.on", say("One-time codes are switched on already."))
        user.totp_secret = work.vault.seal_secret(one_time_codes.new_secret(), one_time_codes.PURPOSE)
        user.totp_last_step = None
        work.audit("codes.started", user)


def confirm_codes(actor: Actor, code: str) -> None:
    """Switch one-time codes on with a first right code. DomainError `code.wrong`."""
    with transaction(actor) as work:
        user = _me(work)
        if user.totp_confirmed or not user.totp_secret:
            raise Refused("codes.not_started", say("There is nothing to confirm. Begin with the set-up."))
        secret = work.vault.open_secret(user.totp_secret, one_time_codes.PURPOSE)
        step = one_time_codes.accepted_step(secret, code, work.real_now, user.totp_last_step)
        if step is None:
            words = say("This code is wrong. Check that the telephone shows the right time and enter the next code.")
            raise DomainError("code.wrong", words, field="code")
        user.totp_confirmed = True
        user.totp_last_step = step
        work.audit("codes.confirmed", user)


def stop_codes(actor: Actor, password: str) -> None:
    """Switch one-time codes off, with the password once more. Refused where the bank requires them."""
    if codes_are_required(actor):
        raise Refused("codes.required", say("Your role requires one-time codes, so they stay on."))
    _check_own_password(actor, password, field="password")
    with transaction(actor) as work:
        user = _me(work)
        user.totp_secret, user.totp_confirmed, user.totp_last_step = None, False, None
        work.audit("codes.stopped", user)


def end_own_session(actor: Actor, session_id: int) -> None:
    """Sign one of one's own browsers out. NotFound where it is not one's own or has ended."""
    with transaction(actor) as work:
        mine = queries.live_sessions(work.session, actor, actor.user_id or 0, work.real_now)
        row = next((row for row in mine if row.id == session_id), None)
        if row is None:
            raise NotFound
        row.ended_at = work.real_now
        work.audit("session.ended", row)


def _gate(actor: Actor) -> Actor:
    """Throttles belong to the portal, not to the organisation that is being throttled."""
    return system_actor("sign-in", actor.origin)
