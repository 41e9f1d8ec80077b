"""The private address of a person's calendar, and what it answers."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, url_for
from flask import session as cookie

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.language import say
from portal.foundation.limiting import CALENDAR, limiter
from portal.foundation.services import services
from portal.foundation.web import actor, public, requires, say_flash
from portal.legal.matters.blueprint import blueprint
from portal.legal.matters.feeds import answer_feed, end_feed, feed_of, make_feed

__all__ = ["feed"]

SECRET_ONCE, SHOWN_ONCE = "calendar_secret", "calendar address shown once"


@blueprint.get("/hearings/calendar", endpoint="calendar")
@requires(Permission.MATTERS_VIEW)
def calendar_page() -> str:
    """How hearings come into one's own calendar; behind its making with the address, this once."""
    return render_template("legal/calendar.html", feed=feed_of(db.session(), actor()), address=_address_shown_once())


@blueprint.post("/hearings/calendar")
@requires(Permission.MATTERS_VIEW)
def make_calendar() -> Any:
    """A new address; it stands on the next page, and nowhere else."""
    secret = make_feed(actor())
    cookie[SECRET_ONCE] = services().vault.seal_secret(secret, SHOWN_ONCE).hex()  # a cookie is signed, not secret
    return redirect(url_for("matters.calendar"))


@blueprint.post("/hearings/calendar/end")
@requires(Permission.MATTERS_VIEW)
def end_calendar() -> Any:
    """The address leads nowhere from now on."""
    end_feed(actor())
    say_flash(say("The address leads nowhere from now on."))
    return redirect(url_for("matters.calendar"))


@blueprint.get("/calendar/<token>.ics")
@public
@limiter.shared_limit(CALENDAR, scope="calendar")
def feed(token: str) -> Response:
    """Hearings for the calendar of whoever has the address."""
    response = Response(answer_feed(token), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="hearings.ics"'
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _address_shown_once() -> str | None:
    """The address that the step before has made; after this page nobody can show it again."""
    sealed = cookie.pop(SECRET_ONCE, None)
    if sealed is None:
        return None
    secret = services().vault.open_secret(bytes.fromhex(sealed), SHOWN_ONCE)
    return services().settings.base_url.rstrip("/") + url_for("matters.feed", token=secret)
