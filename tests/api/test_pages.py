"""The leader's pages of tokens: made and shown once, listed, revoked; the bank sees and revokes those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.api.models import ApiToken
from portal.foundation.access import Role
from portal.foundation.submissions import new_token
from portal.foundation.work import reading
from tests.api.machines import Machine, make_machine, token_of
from tests.contact.factories import NOON, at_time, make_person
from tests.identity.factories import make_agency, make_user, observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.databases("sqlite")
WISH = {"name": "Dialler", "scopes": ["queue.read", "accounts.read"], "expires_on": "2005-12-31"}


@pytest.fixture
def leader(app: Flask) -> User:
    at_time(NOON)
    return make_user(Role.AGENCY_LEADER)


def _secret_of(html: str) -> str:
    return html.partition('id="secret"')[2].partition('value="')[2].partition('"')[0]


def _tokens() -> list[ApiToken]:
    with reading(observer()) as session:
        return list(session.scalars(sa.select(ApiToken).order_by(ApiToken.id)))


def test_a_token_is_shown_once_and_works(app: Flask, leader: User, client_for: Callable[..., PageClient]) -> None:
    pages = client_for(leader)
    assert "No token has been made yet." in pages.get("/tokens").html
    page = pages.post("/tokens/new", WISH, status=200)
    secret = _secret_of(page.html)
    assert Machine(app, secret).get("/me").json["scopes"] == ["accounts.read", "queue.read"]
    for path in ("/tokens", f"/tokens/{_tokens()[0].id}"):
        again = pages.get(path).html
        assert secret not in again and secret[:12] in again
        assert "Read the queue" in again and "queue.read" in again
    assert "pat_" not in (page.response.headers.get("Set-Cookie") or "")


def test_all_that_is_wrong_with_a_token_is_told_at_once(leader: User, client_for: Callable[..., PageClient]) -> None:
    form = client_for(leader).get("/tokens/new")
    assert form.field("name").get("autofocus") is not None
    page = form.submit("form", name=" ", expires_on="someday", scopes=["everything"], status=422)
    for field in ("name", "scopes", "expires_on"):
        assert f'id="{field}-error"' in page.html and f'href="#{field}"' in page.html
    assert 'value="someday"' in page.html and _tokens() == []


def test_a_form_that_is_sent_twice_makes_one_token(leader: User, client_for: Callable[..., PageClient]) -> None:
    pages = client_for(leader)
    wish = WISH | {"form_token": new_token()}
    pages.post("/tokens/new", wish, status=200)
    again = pages.post("/tokens/new", wish, to=f"/tokens/{_tokens()[0].id}")
    assert not _secret_of(again.html) and len(_tokens()) == 1


def test_what_is_missing_is_told_beside_its_field(leader: User, client_for: Callable[..., PageClient]) -> None:
    page = client_for(leader).post("/tokens/new", {"name": "Dialler", "expires_on": "2007-01-01"}, status=422)
    assert "Choose what the token may do." in page.html and "not later than" in page.html
    assert _tokens() == []


def test_a_token_is_revoked_with_a_click(app: Flask, leader: User, client_for: Callable[..., PageClient]) -> None:
    secret = token_of(leader.organisation)
    key = _tokens()[0].id
    page = client_for(leader).post(f"/tokens/{key}/revoke", to=f"/tokens/{key}")
    assert "The token is revoked." in page.html and "revoked" in page.html
    assert Machine(app, secret).get("/me").status_code == 401
    assert "Dialler" in client_for(leader).get("/tokens?state=revoked").html
    assert "Dialler" not in client_for(leader).get("/tokens?state=good").html


def test_the_bank_sees_tokens_of_all_and_makes_its_own_for_payments_only(
    app: Flask, leader: User, client_for: Callable[..., PageClient]
) -> None:
    machine = make_machine(app, make_person())
    assert machine.desk is not None
    administrator = client_for(make_user(Role.ADMINISTRATOR))
    page = administrator.get("/tokens").html
    assert machine.desk.agency.name in page and "Make a token" in page
    new = administrator.get("/tokens/new").html
    assert "Post payments" in new and "Log attempts" not in new
    key = _tokens()[0].id
    administrator.post(f"/tokens/{key}/revoke", to=f"/tokens/{key}")
    assert machine.get("/me").status_code == 401


def test_a_rivals_token_is_not_there(app: Flask, leader: User, client_for: Callable[..., PageClient]) -> None:
    token_of(make_agency())
    key = _tokens()[0].id
    pages = client_for(leader)
    assert pages.client.get(f"/tokens/{key}").status_code == 404
    assert pages.client.get("/tokens/4711").status_code == 404
    assert "Dialler" not in pages.get("/tokens").html


def test_staff_keep_no_tokens(leader: User, client_for: Callable[..., PageClient]) -> None:
    staff = client_for(make_user(Role.AGENCY_STAFF, leader.organisation))
    assert staff.client.get("/tokens").status_code == 403
