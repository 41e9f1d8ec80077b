"""The door: who comes in, who does not, and what those who do not come in learn."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.database import db
from portal.identity.models import UserSession
from portal.identity.views import local_path
from tests.identity.factories import PASSWORD, make_agency, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.support.pages import Page, PageClient

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WRONG = "The user name or the password is wrong."
SLOW = "Too many failed attempts."


def enter(pages: PageClient, user_name: str, password: str = PASSWORD, to: str | None = None) -> Page:
    return pages.post("/sign-in", {"user_name": user_name, "password": password}, to=to)


def test_a_person_signs_in_and_out(pages: PageClient, db_session: Session) -> None:
    make_user(Role.ADMINISTRATOR, user_name="admin", name="Ann", password=PASSWORD)

    page = enter(pages, " Admin ")
    assert page.status == 200
    assert "Ann" in page.html
    assert len(db_session.scalars(sa.select(UserSession).where(UserSession.ended_at.is_(None))).all()) == 1

    page = pages.get("/me").submit("/sign-out", to="/sign-in")
    assert "You are signed out." in page
    assert db_session.scalars(sa.select(UserSession).where(UserSession.ended_at.is_(None))).all() == []
    deeds = [event.action for event in db_session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))]
    assert deeds == ["session.begun", "session.ended"]


def test_people_of_an_agency_sign_in_under_the_same_walls(pages: PageClient) -> None:
    leader = make_user(Role.AGENCY_LEADER, make_agency(), password=PASSWORD)

    enter(pages, leader.user_name)

    assert leader.user_name in pages.get("/me")


@pytest.mark.parametrize("user_name", ["admin", "nobody", "left", "gone"])
def test_nobody_learns_which_of_name_and_password_was_wrong(pages: PageClient, user_name: str) -> None:
    make_user(Role.ADMINISTRATOR, user_name="admin", password="another password")
    make_user(Role.ADMINISTRATOR, user_name="left", password=PASSWORD, active=False)
    make_user(Role.AGENCY_LEADER, make_agency(active=False), user_name="gone", password=PASSWORD)

    page = enter(pages, user_name)

    assert WRONG in page
    assert "_user_id" not in pages.cookie()


def test_a_refused_attempt_is_on_record_without_the_name_that_was_typed(pages: PageClient, db_session: Session) -> None:
    user = make_user(user_name="known", password=PASSWORD)

    enter(pages, "known", "wrong password")
    enter(pages, "My Secret Typed Here", "wrong password")

    events = db_session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(e.action, e.subject_id, e.actor_name) for e in events] == [
        ("sign_in.failed", user.id, "sign-in"),
        ("sign_in.failed", None, "sign-in"),
    ]
    assert not any(e.details or e.after for e in events)


def test_guessing_at_a_name_slows_down_and_survives_a_restart(
    pages: PageClient, set_clock: Callable[[datetime], None]
) -> None:
    make_user(user_name="target", password=PASSWORD)
    set_clock(NOON)
    for _ in range(5):
        assert WRONG in enter(pages, "target", "guess number one")

    page = enter(pages, "target")  # the right password, too early
    assert page.status == 429
    assert f"{SLOW} Wait 30 seconds" in page

    pages.sign_out()  # another browser, and all that is known stands in the database
    set_clock(NOON + timedelta(seconds=29))
    assert SLOW in enter(pages, "TARGET")
    set_clock(NOON + timedelta(seconds=31))
    assert WRONG in enter(pages, "target", "guess number two")
    assert "Wait 60 seconds" in enter(pages, "target")

    set_clock(NOON + timedelta(minutes=3))
    assert enter(pages, "target").status == 200


def test_a_name_that_nobody_has_slows_down_alike(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOON)
    for _ in range(5):
        assert WRONG in enter(pages, "nobody")

    assert SLOW in enter(pages, "nobody")


def test_guessing_at_many_names_from_one_address_slows_that_address_down(
    pages: PageClient, set_clock: Callable[[datetime], None]
) -> None:
    make_user(user_name="victim", password=PASSWORD)
    set_clock(NOON)
    for number in range(30):
        assert WRONG in enter(pages, f"name{number}")

    assert SLOW in enter(pages, "victim")
    elsewhere = {"environ_base": {"REMOTE_ADDR": "203.0.113.9"}}
    page = pages.post("/sign-in", {"user_name": "victim", "password": PASSWORD}, **elsewhere)
    assert page.path != "/sign-in"


def test_a_success_forgives_the_name(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    make_user(user_name="clumsy", password=PASSWORD)
    set_clock(NOON)
    for _ in range(3):
        for _ in range(4):
            assert WRONG in enter(pages, "clumsy", "mistyped it again")
        assert enter(pages, "clumsy").path != "/sign-in"
        pages.sign_out()


def test_who_is_not_signed_in_is_led_to_the_door_and_then_on(pages: PageClient) -> None:
    make_user(Role.ADMINISTRATOR, user_name="admin", password=PASSWORD)
    page = pages.get("/users?role=finance", to="/sign-in")

    page = page.submit("form", user_name="admin", password=PASSWORD, to="/users")

    assert page.path == "/users?role=finance"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", "/a\nb", ""]
)
def test_a_way_on_that_leads_away_is_not_taken(target: str) -> None:
    assert local_path(target) is None


def test_a_way_on_inside_is_taken() -> None:
    assert local_path("/users?role=finance") == "/users?role=finance"


def test_a_form_without_its_token_is_refused(pages: PageClient) -> None:
    make_user(user_name="admin", password=PASSWORD)

    page = pages.post("/sign-in", {"user_name": "admin", "password": PASSWORD}, guarded=False, status=400)

    assert "expired" in page.title


def test_the_language_is_chosen_before_and_after_the_sign_in(pages: PageClient) -> None:
    user = make_user(Role.ADMINISTRATOR, locale="zh_Hans")
    pages.language = "zh-CN"
    page = pages.get("/sign-in")
    assert page.h1 == "登录"
    page = page.submit("/language", locale="en", to="/sign-in")
    assert page.h1 == "Sign in"

    pages.sign_in(user)
    page = pages.get("/users?role=finance")
    assert page.h1 == "用户"
    page = page.submit("/language", locale="en", to="/users?role=finance")
    assert page.h1 == "Users"


@pytest.mark.databases("sqlite")
def test_a_language_that_is_not_spoken_is_not_found(pages: PageClient) -> None:
    pages.sign_in(make_user())

    pages.post("/language", {"locale": "xx"}, status=404)


def test_many_guesses_at_once_do_not_slip_through_together(
    app: Flask, client_for: Callable[..., PageClient], set_clock: Callable[[datetime], None]
) -> None:
    set_clock(NOON)
    somebody = make_user(user_name="target", password=PASSWORD)
    browsers = [client_for(somebody) for _ in range(12)]
    for browser in browsers:
        browser.sign_out()
    db.session.remove()

    with ThreadPoolExecutor(len(browsers)) as threads:
        answers = list(threads.map(lambda browser: enter(browser, "target", "a guess like others").status, browsers))

    assert Counter(answers) == {422: 5, 429: 7}
