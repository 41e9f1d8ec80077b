"""A form that is sent twice does its work once, one after the other and at the same time; one that failed may be mended."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.contact.models import ContactAttempt
from portal.foundation import submissions
from portal.foundation.access import Role
from portal.foundation.submissions import new_token
from tests.contact.factories import NOON, at_time, make_desk, make_person
from tests.identity.factories import make_user
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.contact.factories import Desk, Person

AT_ONCE = 4


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


@pytest.fixture
def point(person: Person) -> int:
    """A number that the desk may call."""
    return person.mobile


def _message(client: PageClient, point: int, token: str) -> dict[str, str]:
    return {
        "csrf_token": client.csrf_token(), "form_token": token, "channel": "call", "outcome": "no_answer",
        "contact_point_id": f"{point}", "direction": "outbound",
    }  # fmt: skip


def _logged(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(ContactAttempt)) or 0


def test_a_form_that_is_sent_twice_is_done_once_and_leads_to_the_same_place(
    app: Flask, desk: Desk, point: int, db_session: Session
) -> None:
    client, token = PageClient(app).sign_in(desk.user), new_token()
    first, second = (
        client.client.post(f"/queue/{desk.account_id}", data=_message(client, point, token)) for _time in range(2)
    )
    assert first.status_code == second.status_code == 302, first.text
    assert first.location == second.location
    assert _logged(db_session) == 1


def test_a_form_that_is_sent_several_times_at_once_is_done_once(
    app: Flask, desk: Desk, point: int, db_session: Session
) -> None:
    token, together = new_token(), threading.Barrier(AT_ONCE)
    clients = [PageClient(app).sign_in(desk.user) for _each in range(AT_ONCE)]
    forms = [_message(client, point, token) for client in clients]

    def send(number: int) -> tuple[int, str]:
        together.wait(20)
        answer = clients[number].client.post(f"/queue/{desk.account_id}", data=forms[number])
        return answer.status_code, answer.location

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = set(pool.map(send, range(AT_ONCE)))
    assert len(answers) == 1 and answers.pop()[0] == 302
    assert _logged(db_session) == 1


def test_a_form_that_failed_may_be_sent_again_with_the_same_token(
    app: Flask, desk: Desk, point: int, db_session: Session
) -> None:
    client, token = PageClient(app).sign_in(desk.user), new_token()
    wrong = _message(client, point, token) | {"outcome": "promise"}
    assert client.client.post(f"/queue/{desk.account_id}", data=wrong).status_code == 422
    assert client.client.post(f"/queue/{desk.account_id}", data=_message(client, point, token)).status_code == 302
    assert _logged(db_session) == 1


def test_a_double_click_on_a_form_that_fails_shows_what_is_wrong_twice(
    app: Flask, desk: Desk, point: int, db_session: Session
) -> None:
    token, together = new_token(), threading.Barrier(2)
    clients = [PageClient(app).sign_in(desk.user) for _each in range(2)]
    forms = [_message(client, point, token) | {"outcome": "promise"} for client in clients]

    def send(number: int) -> int:
        together.wait(20)
        return clients[number].client.post(f"/queue/{desk.account_id}", data=forms[number]).status_code

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(send, range(2))) == {422}
    assert _logged(db_session) == 0


@pytest.mark.databases("sqlite")
def test_whoever_comes_second_is_told_when_the_first_takes_too_long(
    app: Flask, desk: Desk, point: int, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submissions, "PATIENCE", 0.0)
    for locale, words in (("en", "This form was sent twice"), ("zh_Hans", "该表单重复提交")):
        user = make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)
        client, token = PageClient(app).sign_in(user), new_token()
        assert submissions.claim(token, None)
        answer = client.client.post(f"/queue/{desk.account_id}", data=_message(client, point, token))
        assert answer.status_code == 409
        assert words in answer.text
    assert _logged(db_session) == 0


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(("locale", "words"), [("en", "This form has expired"), ("zh_Hans", "表单已过期")])
def test_a_form_that_lay_too_long_says_so_and_changes_nothing(
    app: Flask, desk: Desk, point: int, db_session: Session, locale: str, words: str
) -> None:
    user = make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)
    client = PageClient(app).sign_in(user)
    message = _message(client, point, new_token())
    app.config["WTF_CSRF_TIME_LIMIT"] = -1
    page = client.post(f"/queue/{desk.account_id}", message, guarded=False, status=400)
    assert words in page
    forged = message | {"csrf_token": "forged"}
    assert words in client.post(f"/queue/{desk.account_id}", forged, guarded=False, status=400)
    assert _logged(db_session) == 0


@pytest.mark.databases("sqlite")
def test_the_guard_of_one_browser_is_none_in_another(app: Flask, desk: Desk, point: int, db_session: Session) -> None:
    mine, theirs = PageClient(app).sign_in(desk.user), PageClient(app).sign_in(make_user(Role.AGENCY_STAFF))
    guard = theirs.get("/me/password").field("csrf_token").get("value", "")
    answer = mine.post(
        f"/queue/{desk.account_id}",
        _message(mine, point, new_token()) | {"csrf_token": guard},
        guarded=False,
        status=400,
    )
    assert "This form has expired" in answer
    assert _logged(db_session) == 0
