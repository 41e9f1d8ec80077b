"""Sessions live on the server: they go to sleep, can be seen, and can be ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import Role
from portal.identity.models import UserSession
from portal.identity.operations import deactivate_user
from tests.identity.factories import actor_of, make_agency, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from tests.support.pages import PageClient

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def only_session(session: Session) -> UserSession:
    return session.scalars(sa.select(UserSession)).one()


def test_a_browser_that_is_silent_too_long_is_signed_out(
    pages: PageClient, set_clock: Callable[[datetime], None]
) -> None:
    set_clock(NOON)
    pages.sign_in(make_user())
    set_clock(NOON + timedelta(minutes=59))
    pages.get("/me")
    set_clock(NOON + timedelta(minutes=118))
    pages.get("/me")

    set_clock(NOON + timedelta(minutes=179))
    page = pages.get("/me", to="/sign-in")

    assert "Your session has ended." in page


def test_being_seen_is_written_once_a_minute(
    pages: PageClient, set_clock: Callable[[datetime], None], db_session: Session
) -> None:
    set_clock(NOON)
    pages.sign_in(make_user())
    set_clock(NOON + timedelta(seconds=59))
    pages.get("/me")
    assert only_session(db_session).seen_at == NOON

    set_clock(NOON + timedelta(seconds=61))
    pages.get("/me")
    assert only_session(db_session).seen_at == NOON + timedelta(seconds=61)


def test_one_ends_an_own_session_in_another_browser(client_for: Callable[..., PageClient]) -> None:
    user = make_user(Role.AGENCY_STAFF)
    here, there = client_for(user), client_for(user)
    there.get("/me")

    page = here.get("/me/sessions")
    form = next(f for f in page.forms if "/me/sessions/" in (f.get("action") or ""))
    page = page.submit(form.get("action", ""), to="/me/sessions")

    assert "That browser is signed out." in page
    there.get("/me", to="/sign-in")
    here.get("/me")


def test_somebody_elses_session_is_not_there_to_be_ended(
    client_for: Callable[..., PageClient], db_session: Session
) -> None:
    mate = make_user(Role.AGENCY_STAFF, make_agency())
    theirs = client_for(mate)
    number = only_session(db_session).id

    client_for(make_user(Role.AGENCY_STAFF, mate.organisation)).post(f"/me/sessions/{number}/end", status=404)
    client_for(make_user(Role.AGENCY_LEADER, mate.organisation)).post(
        f"/users/{mate.id}/sessions/{number}/end", status=403
    )

    theirs.get("/me")


def test_an_administrator_ends_anybodys_session(client_for: Callable[..., PageClient]) -> None:
    mate = make_user(Role.AGENCY_STAFF)
    theirs = client_for(mate)
    page = client_for(make_user(Role.ADMINISTRATOR)).get(f"/users/{mate.id}")
    form = next(f for f in page.forms if "/sessions/" in (f.get("action") or ""))

    page.submit(form.get("action", ""), to=f"/users/{mate.id}")

    theirs.get("/me", to="/sign-in")


def test_who_is_deactivated_is_out_at_once(client_for: Callable[..., PageClient]) -> None:
    mate = make_user(Role.FINANCE)
    theirs = client_for(mate)

    deactivate_user(actor_of(make_user(Role.ADMINISTRATOR)), mate.id)

    theirs.get("/me", to="/sign-in")


def test_a_cookie_with_a_made_up_token_opens_nothing(pages: PageClient) -> None:
    pages.sign_in(make_user())
    pages._write_cookie(lambda cookie: cookie.update({"_user_id": "made up"}))

    pages.get("/me", to="/sign-in")
