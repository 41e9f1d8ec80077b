"""Nobody is mailed a password: a link lets a person choose one, once, for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from portal.foundation.access import Role
from portal.identity import operations
from tests.identity.factories import PASSWORD, actor_of, make_bank, make_law_firm, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.pages import Page, PageClient

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def invited(**fields: str) -> tuple[int, str]:
    """Somebody who has been invited: the number, and the link's path."""
    user = make_user(Role.AGENCY_STAFF, **fields)
    token = operations.invite(actor_of(make_user(Role.ADMINISTRATOR)), user.id)
    return user.id, f"/invitation/{token}"


def choose(page: Page, password: str = PASSWORD, again: str | None = None, to: str | None = None) -> Page:
    return page.submit("form", new=password, again=again or password, to=to)


def test_an_administrator_adds_a_person_who_comes_in_by_the_link(client_for: Callable[..., PageClient]) -> None:
    firm = make_law_firm()
    boss = client_for(make_user(Role.ADMINISTRATOR))
    page = boss.get(f"/organisations/{firm.id}/users/new")
    page = page.submit(
        "form", user_name="Chen.Wei", name="陈伟", lawyer_licence_no="13101202010", lawyer_licence_until="2030-06-30"
    )
    link = page.element("invitation-link").get("value") or ""
    assert link.startswith("http://127.0.0.1:8000/invitation/")
    assert "invitation-link" not in boss.get(page.path).html  # shown once

    pages = client_for(make_user())
    pages.sign_out()
    page = pages.get(urlsplit(link).path)
    assert "chen.wei" in page
    assert firm.name in page
    page = choose(page, to="/sign-in")
    page = page.submit("form", user_name="chen.wei", password=PASSWORD)

    assert "13101202010" in pages.get("/me")


def test_a_role_has_to_be_chosen(client_for: Callable[..., PageClient]) -> None:
    bank = make_bank()
    boss = client_for(make_user(Role.ADMINISTRATOR))

    page = boss.get(f"/organisations/{bank.id}/users/new").submit("form", user_name="new.one", name="New One")
    assert page.status == 422 and page.links["Role"] == "#role"

    page = page.submit("form", role="finance")
    assert "Finance" in page and page.element("invitation-link") is not None


def test_a_link_works_once(pages: PageClient) -> None:
    _, path = invited(user_name="once")
    choose(pages.get(path), to="/sign-in")

    assert "This link has been used already." in pages.get(path, status=409)


def test_two_who_open_the_same_link_do_not_both_set_a_password(client_for: Callable[..., PageClient]) -> None:
    _, path = invited(user_name="raced")
    somebody = make_user()
    first, second = client_for(somebody), client_for(somebody)
    mine, theirs = first.get(path), second.get(path)
    choose(mine, to="/sign-in")

    page = theirs.submit("form", new="another long password", again="another long password", status=409)

    assert "This link has been used already." in page


def test_a_link_expires(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOON)
    _, path = invited()
    set_clock(NOON + timedelta(hours=71, minutes=59))
    pages.get(path)
    set_clock(NOON + timedelta(hours=72))

    assert "This link has expired." in pages.get(path, status=409)


def test_a_newer_link_makes_the_older_worthless(pages: PageClient) -> None:
    number, older = invited()
    newer = operations.invite(actor_of(make_user(Role.ADMINISTRATOR)), number)

    assert "This link has expired." in pages.get(older, status=409)
    pages.get(f"/invitation/{newer}")


def test_a_made_up_link_opens_nothing(pages: PageClient) -> None:
    assert "This link opens nothing." in pages.get("/invitation/made-up", status=404)


def test_a_link_for_somebody_who_was_deactivated_opens_nothing(pages: PageClient) -> None:
    number, path = invited()
    operations.deactivate_user(actor_of(make_user(Role.ADMINISTRATOR)), number)

    pages.get(path, status=404)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("eleven char", None, "Use at least 12 characters."),
        ("somebody.here", None, "must not be the user name"),
        ("Somebody.Here2026", None, "must not be the user name"),
        ("aaaaaaaaaaaaa", None, "more than a few different characters"),
        ("long enough for this", "long enough for that", "This differs from the first one."),
        ("x" * 200, None, "Use at most 128 characters."),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_with_the_rule(
    pages: PageClient, password: str, again: str | None, words: str
) -> None:
    _, path = invited(user_name="somebody.here")

    page = choose(pages.get(path), password, again)

    assert page.status == 422
    assert words in page


def test_an_initial_password_must_be_changed_before_anything_else(client_for: Callable[..., PageClient]) -> None:
    user = make_user(Role.FINANCE)
    boss = client_for(make_user(Role.ADMINISTRATOR))
    boss.get(f"/users/{user.id}/initial-password").submit("form", password="told by telephone", to=f"/users/{user.id}")
    theirs = client_for(user)

    page = theirs.get("/organisations", to="/me/first-password")
    theirs.get("/me", to="/me/first-password")
    page = choose(page, "told by telephone")
    assert "differs from the present one" in page
    choose(page, "chosen by oneself")

    assert theirs.get("/organisations").h1 == "Organisations"
    theirs.sign_out()
    page = theirs.post("/sign-in", {"user_name": user.user_name, "password": "told by telephone"})
    assert "The user name or the password is wrong." in page


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(client_for: Callable[..., PageClient]) -> None:
    user = make_user(Role.AGENCY_STAFF, password=PASSWORD)
    here, there = client_for(user), client_for(user)
    page = here.get("/me/password")
    page = page.submit("form", old="not the old one", new="a new long password", again="a new long password")
    assert "This is not your present password." in page

    page.submit("form", old=PASSWORD, new="a new long password", again="a new long password", to="/me")

    there.get("/me", to="/sign-in")
    here.get("/me")
