"""What stands around a page: each role its own words, the reader's language, and nothing that leads nowhere."""

from __future__ import annotations

import pytest
from flask import Flask, session
from flask_babel import gettext
from flask_login import LoginManager

from portal.foundation import frame, navigation
from portal.foundation.access import ROLE_PERMISSIONS, ROLES_OF, Actor, OrganisationKind, Role
from portal.foundation.navigation import ENTRIES, counts, items_for


@pytest.fixture
def app() -> Flask:
    """An application that has every page of the navigation but one."""
    app = Flask("frame")
    app.secret_key = "only-for-this-test"
    LoginManager(app).user_loader(lambda _: None)
    frame.set_up_languages(app)
    for endpoint in {entry.endpoint for entry in ENTRIES} - {"recovery.payments"}:
        app.add_url_rule(f"/{endpoint}", endpoint, str)
    return app


def person(role: Role) -> Actor:
    kind = next(kind for kind, roles in ROLES_OF.items() if role in roles)
    return Actor(
        user_id=1, name="x", organisation_kind=kind, role=role, permissions=ROLE_PERMISSIONS[role], organisation_id=1
    )


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rooms' own counts stand aside: they ask a database, and are there or not by what was imported before."""
    monkeypatch.setattr(navigation, "_counts", {})


@pytest.fixture
def three_runs_wait(nothing_waits: None) -> None:
    counts("placement.runs")(lambda actor: 3 if actor.organisation_kind is OrganisationKind.BANK else 0)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_only_pages_that_are_there_and_that_it_may_open(app: Flask, role: Role) -> None:
    shown = items_for(person(role), app, None)
    needed = {entry.endpoint: entry.permission for entry in ENTRIES}

    assert shown
    assert all(needed[item.endpoint] in ROLE_PERMISSIONS[role] for item in shown)
    assert "recovery.payments" not in {item.endpoint for item in shown}
    assert len({item.endpoint for item in shown}) == len(shown)


def test_a_collector_begins_with_the_queue_and_a_lawyer_with_the_packs(app: Flask) -> None:
    with app.app_context():
        assert str(items_for(person(Role.AGENCY_STAFF), app, None)[0].label) == "Queue"
        assert "Packs" in [str(item.label) for item in items_for(person(Role.LEGAL_PARTNER), app, None)]
        assert "Letters" in [str(item.label) for item in items_for(person(Role.VENDOR_MANAGER), app, None)]


@pytest.mark.usefixtures("three_runs_wait")
def test_an_entry_says_how_much_waits_behind_it(app: Flask) -> None:
    waiting = {item.endpoint: item.count for item in items_for(person(Role.VENDOR_MANAGER), app, None)}

    assert waiting["placement.runs"] == 3
    assert waiting["portfolio.accounts"] == 0


def test_the_page_that_is_open_is_marked_once(app: Flask) -> None:
    here = [i.endpoint for i in items_for(person(Role.VENDOR_MANAGER), app, "portfolio.accounts") if i.is_here]

    assert here == ["portfolio.accounts"]


@pytest.mark.parametrize(
    ("asked", "language"),
    [("en-GB,en;q=0.9", "en"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"), ("fr", "zh-Hans"), ("", "zh-Hans")],
)
def test_before_the_sign_in_the_browser_chooses_the_language(app: Flask, asked: str, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": asked}):
        assert frame.Frame().language == language


def test_a_language_chosen_before_the_sign_in_stands_against_the_browser(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        session[frame.LOCALE_KEY] = "en"

        assert gettext("Sign out") == "Sign out"


def test_pages_are_said_in_chinese_out_of_the_fragments(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert gettext("Sign out") == "退出登录"
        assert frame.Frame().name == "委外协作平台"


@pytest.mark.parametrize(
    ("before", "back"),
    [
        ("http://localhost/accounts?sort=name", "/accounts?sort=name"),
        ("http://elsewhere.example/accounts", None),
        ("http://localhost.example/", None),
        ("http://localhost//elsewhere.example", None),
        ("", None),
    ],
)
def test_the_way_back_stays_in_the_portal(app: Flask, before: str, back: str | None) -> None:
    with app.test_request_context("/here", headers={"Referer": before}):
        assert frame.Frame().back_url == back
