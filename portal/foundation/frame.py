"""What the layout shows around every page: the person, their navigation, search, language, and the way out.

Pages of rooms are named here by endpoint only; what is not there is not shown.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from flask import Flask, current_app, g, has_request_context, request, session, url_for
from flask_babel import Babel, get_locale, gettext
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from portal.foundation import catalogue
from portal.foundation.access import Actor, Permission, Role
from portal.foundation.assets import set_up_assets
from portal.foundation.language import _l
from portal.foundation.navigation import Item, items_for
from portal.foundation.problems import asks_interface
from portal.foundation.services import services

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["LANGUAGES", "Frame", "Link", "current_locale", "current_zone", "set_up_frame", "set_up_languages"]

# Code of the catalogue, tag for HTML, and the language's own name.
LANGUAGES: tuple[tuple[str, str, str], ...] = (("zh_Hans", "zh-Hans", "中文"), ("en", "en", "English"))
LOCALE_KEY = "locale"  # in the session, until somebody signs in
DEFAULT_LOCALE = "zh_Hans"

ROLE_LABELS: dict[Role, Any] = {
    Role.ADMINISTRATOR: _l("Administrator"),
    Role.VENDOR_MANAGER: _l("Vendor manager"),
    Role.FINANCE: _l("Finance"),
    Role.COMPLIANCE: _l("Compliance"),
    Role.AGENCY_LEADER: _l("Agency leader"),
    Role.AGENCY_STAFF: _l("Agency staff"),
    Role.LEGAL_PARTNER: _l("Legal partner"),
}
SEARCH = "portfolio.search"
SIGN_OUT = "identity.sign_out"
LANGUAGE = "identity.choose_language"
SIGN_IN = "identity.sign_in"
OWN_PAGES = (("identity.profile", _l("My account")), ("identity.sessions", _l("My sessions")))


class Link(NamedTuple):
    """An address and its words."""

    label: Any
    url: str


def signed_in() -> Actor | None:
    """Who asks, or None before the sign-in and outside a request."""
    if not has_request_context():
        return None
    try:
        found: Actor | None = current_user.actor if current_user and current_user.is_authenticated else None
    except SQLAlchemyError:
        # The database does not answer: the error page that says so must not need it.
        return None
    return found


def current_locale() -> str:
    """The reader's language: the person's, else the one chosen before the sign-in, else what the browser asks for."""
    if not has_request_context():
        return "en"
    person = None if _is_unknown_machine() else signed_in()
    known = [code for code, _, _ in LANGUAGES]
    if person:
        return person.locale if person.locale in known else DEFAULT_LOCALE
    if not asks_interface() and session.get(LOCALE_KEY) in known:
        return str(session[LOCALE_KEY])
    wanted = request.accept_languages.best_match(["zh", "zh-CN", "zh-Hans", "zh-TW", "en"], default="zh")
    return "en" if wanted == "en" else DEFAULT_LOCALE


def _is_unknown_machine() -> bool:
    """Whether another system asks and its token has not been looked at yet: no session may be, in its place."""
    return asks_interface() and not hasattr(g, "_login_user")


def current_zone() -> str:
    """The zone in which the reader's organisation lives."""
    person = signed_in()
    return person.time_zone if person else services().settings.time_zone


class Frame:
    """What `layout.html` and `bare.html` know as `frame`; looked up when a page uses it, once a page."""

    @cached_property
    def actor(self) -> Actor | None:
        """The person, or None on a page before the sign-in."""
        return signed_in()

    @property
    def name(self) -> str:
        """The portal's name."""
        return str(gettext("Agency portal"))

    @property
    def language(self) -> str:
        """The page's language as HTML names it."""
        code = str(get_locale())
        return next((tag for known, tag, _ in LANGUAGES if known == code), "en")

    @property
    def other_languages(self) -> list[tuple[str, str, str]]:
        """Those that the page is not in: code, tag, own name."""
        return [each for each in LANGUAGES if each[1] != self.language]

    @property
    def role(self) -> Any:
        """The person's role in words."""
        return ROLE_LABELS.get(self.actor.role, "") if self.actor and self.actor.role else ""

    @cached_property
    def navigation(self) -> list[Item]:
        """The entries of the person's role, with what waits behind them; beside an error it is not asked for."""
        counted = not g.get("error_is_told")
        return items_for(self.actor, current_app, request.endpoint, counted=counted) if self.actor else []

    @property
    def home_url(self) -> str:
        """Where the portal's name leads: the first page that the person's navigation has."""
        if self.actor and self.navigation:
            return url_for(self.navigation[0].endpoint)
        # Somebody signed in must not be led to the sign-in, which would lead back here.
        return _address(OWN_PAGES[0][0] if self.actor else SIGN_IN) or "/"

    @property
    def search_url(self) -> str | None:
        """Where the search box sends its words; None for those who see no accounts."""
        allowed = self.actor and self.actor.can(Permission.ACCOUNTS_VIEW)
        return _address(SEARCH) if allowed else None

    @property
    def search_hint(self) -> str:
        """What can be searched for."""
        return str(gettext("Account, name, batch, letter number"))

    @property
    def searched(self) -> str:
        """What was searched for, on the page of results."""
        return request.args.get("q", "").replace("\0", "") if request.endpoint == SEARCH else ""

    @property
    def sign_out_url(self) -> str | None:
        """Takes a POST."""
        return _address(SIGN_OUT)

    @property
    def language_url(self) -> str | None:
        """Takes a POST with `locale` and `next`."""
        return _address(LANGUAGE)

    @property
    def here(self) -> str:
        """This page's address, to come back to after a change of language; what answers a POST has none of its own, so it is
        the page that the POST came from."""
        here = _within(request.full_path.rstrip("?")) if request.method == "GET" else _opens(_came_from())
        return here or self.home_url

    @property
    def own_links(self) -> list[Link]:
        """The person's own pages."""
        return [Link(label, url) for endpoint, label in OWN_PAGES if (url := _address(endpoint))]

    @property
    def back_url(self) -> str | None:
        """The page before this one, if it was one of ours."""
        return None if request.referrer == request.url else _came_from()

    @property
    def now(self) -> datetime:
        """The instant at which a page is printed."""
        return services().clock.now()


def _came_from() -> str | None:
    """The page of ours that led here."""
    before = request.referrer or ""
    return _within("/" + before.removeprefix(request.host_url)) if before.startswith(request.host_url) else None


def _opens(path: str | None) -> str | None:
    """The path, unless it only takes POST, so that nobody can come back to it."""
    adapter = current_app.create_url_adapter(request)
    if path is None or adapter is None:
        return None
    try:
        adapter.match(urlsplit(path).path, method="GET")
    except HTTPException:
        return None
    return path


def _within(path: str) -> str | None:
    """The path, unless a browser would take it for another machine's address, or no page can hold it."""
    return None if path.startswith("//") or "\\" in path or not path.isprintable() else path


def _address(endpoint: str) -> str | None:
    return url_for(endpoint) if endpoint in current_app.view_functions else None


def set_up_languages(app: Flask) -> None:
    """Chinese and English for the whole application."""
    babel = Babel()
    babel.init_app(app, default_locale="en", locale_selector=current_locale, timezone_selector=current_zone)
    catalogue.install(babel)


def set_up_frame(app: Flask) -> None:
    """Gives every template its `frame`, and the addresses of styles and scripts."""
    set_up_assets(app)
    app.context_processor(lambda: {"frame": Frame()})
