"""Flask-Login over our own sessions: who a request comes from, and what that person has to do first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flask import request
from flask import session as cookie
from flask_login import LoginManager, UserMixin, login_user

from portal.foundation.frame import LOCALE_KEY
from portal.identity import sessions

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.language import Message
    from portal.identity.sessions import Recognised

__all__ = ["FirstThing", "SignedIn", "had_session", "set_up_sign_in", "sign_in_browser"]

USER_KEY = "_user_id"  # where Flask-Login keeps what `get_id` answers


class FirstThing(NamedTuple):
    """What stands before everything else: where to go, and what stays reachable meanwhile."""

    endpoint: str
    endpoints: frozenset[str]


ALWAYS_OPEN = frozenset({"identity.sign_out", "identity.choose_language"})
CHANGE_PASSWORD = FirstThing("identity.change_initial_password", ALWAYS_OPEN | {"identity.change_initial_password"})
KEPT_OUT = FirstThing("identity.kept_out", ALWAYS_OPEN | {"identity.kept_out"})
SET_UP_CODES = FirstThing(
    "identity.codes", ALWAYS_OPEN | {"identity.codes", "identity.start_codes", "identity.confirm_codes"}
)


class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind a request. The browser holds only the session's token."""

    def __init__(self, token: str, who: Recognised) -> None:
        self._token = token
        self.actor = who.actor
        self.session_id = who.session_id
        self._who = who

    def get_id(self) -> str:
        return self._token

    @property
    def must_change_password(self) -> bool:
        """Whether somebody else has set the password that opened this session."""
        return self._who.must_change_password

    @property
    def must_set_up_codes(self) -> bool:
        """Whether the bank requires one-time codes and this person has none yet."""
        return self._who.must_set_up_codes

    @property
    def hindrance(self) -> Message | None:
        """What keeps this person out since the session began."""
        return self._who.hindrance

    def must_do_first(self) -> FirstThing | None:
        """To hear why one is kept out; a change of the initial password, then the set-up of one-time codes."""
        if self.hindrance is not None:
            return KEPT_OUT
        if self.must_change_password:
            return CHANGE_PASSWORD
        return SET_UP_CODES if self.must_set_up_codes else None


def _load(token: str) -> SignedIn | None:
    who = sessions.recognise(token, origin())
    if who is None:
        return None
    sessions.mark_seen(who)
    return SignedIn(token, who)


def origin() -> str:
    """The address that this request comes from, for the audit trail."""
    return (request.remote_addr or "unknown")[:64]


def sign_in_browser(token: str) -> None:
    """Give the browser its session; nothing that it carried before comes along but the language."""
    locale = cookie.get(LOCALE_KEY)
    cookie.clear()
    if locale:
        cookie[LOCALE_KEY] = locale
    who = sessions.recognise(token, origin())
    if who:
        login_user(SignedIn(token, who))


def had_session() -> bool:
    """Whether the browser comes with a session that has ended; asked once, then forgotten."""
    return cookie.pop(USER_KEY, None) is not None


def set_up_sign_in(app: Flask) -> None:
    """Let Flask-Login ask our sessions; access itself is checked by `portal.foundation.web`."""
    manager = LoginManager()
    manager.session_protection = None  # sessions are rows that can be ended; an address that changes is no theft
    manager.user_loader(_load)
    manager.init_app(app)
