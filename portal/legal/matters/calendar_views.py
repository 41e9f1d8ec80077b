"""The private address of a person's calendar, and what it answers."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, url_for

from portal.foundation.access import Permission
from portal.foundation.database import db
from portal.foundation.language import say
from portal.foundation.limiting import CALENDAR, limiter
from portal.foundation.services import services
from portal.foundation.web import actor, led_to, public, requires, say_flash
from portal.legal.matters.blueprint import blueprint
from portal.legal.matters.feeds import answer_feed, end_feed, feed_of, make_feed

__all__ = ["feed"]


@blueprint.get("/hearings/calendar", endpoint="calendar")
@requires(Permission.MATTERS_VIEW)
def calendar_page() -> str:
    """How hearings come into one's own calendar."""
    return _page()


@blueprint.post("/hearings/calendar")
@requires(Permission.MATTERS_VIEW)
def make_calendar() -> str:
    """A new address; it stands on the page that answers, and nowhere else."""
    secret = make_feed(actor())
    led_to(url_for("matters.calendar"))
    base = services().settings.base_url.rstrip("/")
    return _page(base + url_for("matters.feed", token=secret))


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


def _page(address: str | None = None) -> str:
    return render_template("legal/calendar.html", feed=feed_of(db.session(), actor()), address=address)
