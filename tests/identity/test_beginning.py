"""`portal init`, and what the application refuses to start with."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask

from portal import application
from portal.foundation.access import Permission
from portal.foundation.web import access_of, public, requires, undeclared_views
from portal.identity.commands import init
from portal.identity.models import Organisation, User
from tests.identity.factories import PASSWORD

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.config import Settings
    from tests.support.pages import PageClient


def run_init(app: Flask, *arguments: str) -> str:
    """What the command prints, run over the test's application."""
    result = contextvars.Context().run(CliRunner().invoke, init, list(arguments), obj=app)
    assert result.exit_code == 0, result.output
    return result.output


def test_init_makes_the_bank_and_a_link_for_its_administrator(
    app: Flask, pages: PageClient, db_session: Session
) -> None:
    said = run_init(app, "--bank-name", "江南银行", "--admin", "boss")
    link = said.splitlines()[-1]
    assert link.startswith("http://127.0.0.1:8000/invitation/")

    page = pages.get(urlsplit(link).path).submit("form", new=PASSWORD, again=PASSWORD, to="/sign-in")
    page.submit("form", user_name="boss", password=PASSWORD)
    assert "江南银行" in pages.get("/me")

    assert "no new link" in run_init(app)
    assert len(db_session.scalars(sa.select(Organisation)).all()) == 1
    assert len(db_session.scalars(sa.select(User)).all()) == 1


def test_init_makes_a_fresh_link_until_the_administrator_has_been_in(app: Flask, pages: PageClient) -> None:
    first = run_init(app).splitlines()[-1]
    second = run_init(app).splitlines()[-1]

    assert first != second
    pages.get(urlsplit(first).path, status=409)
    pages.get(urlsplit(second).path)


def test_a_view_that_names_nothing_stops_the_start(
    settings: Settings, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_an_open_door(app: Flask) -> None:
        app.add_url_rule("/forgotten", "forgotten", lambda: "open to all")

    monkeypatch.setattr(application, "set_up_web", with_an_open_door)

    with pytest.raises(RuntimeError, match="views without a permission: forgotten"):
        application.build(settings, None)


def test_every_view_names_a_permission_or_says_that_it_is_public(app: Flask) -> None:
    assert undeclared_views(app) == []
    open_to_all = {endpoint for endpoint in app.view_functions if access_of(app, endpoint) == "public"}
    assert {endpoint for endpoint in open_to_all if endpoint.startswith("identity.")} == {
        "identity.sign_in", "identity.sign_in_code", "identity.choose_language", "identity.invitation",
    }  # fmt: skip


def test_marking_a_view_leaves_it_as_it_is() -> None:
    @requires(Permission.USERS_VIEW)
    def guarded() -> str:
        return "guarded"

    @public
    def opened() -> str:
        return "open"

    assert (guarded(), opened()) == ("guarded", "open")
