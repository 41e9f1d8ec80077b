"""One-time codes: set up, asked for, used once, taken off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest

from portal.foundation.access import Role
from portal.foundation.errors import Refused
from portal.foundation.services import services
from portal.identity import operations, own_account
from portal.identity.one_time_codes import PURPOSE, accepted_step, new_secret
from tests.identity.factories import PASSWORD, actor_of, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.identity.models import User
    from tests.support.pages import Page, PageClient

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODE = pyotp.TOTP(SECRET)


def person_with_codes(role: Role = Role.FINANCE) -> User:
    sealed = services().vault.seal_secret(SECRET, PURPOSE)
    return make_user(role, password=PASSWORD, totp_secret=sealed, totp_confirmed=True)


def give_password(pages: PageClient, user: User) -> Page:
    return pages.post("/sign-in", {"user_name": user.user_name, "password": PASSWORD}, to="/sign-in/code")


def test_codes_are_set_up_by_scanning_and_confirming(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOON)
    pages.sign_in(make_user(Role.AGENCY_STAFF, password=PASSWORD))
    page = pages.get("/me/codes").submit("/me/codes/start", to="/me/codes")
    picture = next(image for image in page.root.iter("img"))
    assert (picture.get("src") or "").startswith("data:image/svg+xml")
    secret = "".join("".join(next(page.root.iter("code")).itertext()).split())

    page = page.submit("/me/codes/confirm", code="000000")
    assert "This code is wrong." in page
    page = page.submit("/me/codes/confirm", code=pyotp.TOTP(secret).at(NOON), to="/me")

    assert "One-time codes are on." in page
    assert not list(pages.get("/me/codes").root.iter("img"))


def test_a_code_is_asked_for_and_works_once(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    user = person_with_codes()
    set_clock(NOON)
    page = give_password(pages, user)
    pages.get("/me", to="/sign-in")  # the password alone opens nothing
    page = page.submit("form", code="12 34 56")
    assert "This code is wrong or has been used already." in page
    page.submit("form", code=CODE.at(NOON))
    assert user.user_name in pages.get("/me")

    pages.sign_out()
    page = give_password(pages, user).submit("form", code=CODE.at(NOON))
    assert page.status == 422
    page = page.submit("form", code=CODE.at(NOON + timedelta(seconds=30)))  # the next one, by a clock that is fast
    assert user.user_name in pages.get("/me")


def test_guessing_codes_slows_down(pages: PageClient, set_clock: Callable[[datetime], None]) -> None:
    user = person_with_codes()
    set_clock(NOON)
    page = give_password(pages, user)
    for _ in range(5):
        assert page.submit("form", code="111111").status == 422

    assert page.submit("form", code=CODE.at(NOON), status=429).status == 429


def test_the_password_is_asked_for_again_when_the_code_takes_too_long(
    pages: PageClient, set_clock: Callable[[datetime], None]
) -> None:
    user = person_with_codes()
    set_clock(NOON)
    give_password(pages, user)
    set_clock(NOON + timedelta(minutes=6))

    pages.get("/sign-in/code", to="/sign-in")


def test_codes_are_taken_off_with_the_password(pages: PageClient) -> None:
    user = person_with_codes()
    pages.sign_in(user)

    page = pages.get("/me/codes").submit("/me/codes/stop", password="not the password")
    assert "This is not your present password." in page
    page = page.submit("/me/codes/stop", password=PASSWORD, to="/me")

    assert "One-time codes are off." in page


@pytest.mark.settings(totp_required_for_bank=True)
def test_where_the_bank_requires_codes_its_people_set_them_up_before_anything_else(
    client_for: Callable[..., PageClient], set_clock: Callable[[datetime], None]
) -> None:
    set_clock(NOON)
    client = client_for(make_user(Role.ADMINISTRATOR))
    page = client.get("/users", to="/me/codes").submit("/me/codes/start", to="/me/codes")
    client.get("/me", to="/me/codes")
    secret = "".join("".join(next(page.root.iter("code")).itertext()).split())

    page.submit("/me/codes/confirm", code=pyotp.TOTP(secret).at(NOON))

    assert client.get("/users").h1 == "Users"
    client_for(make_user(Role.AGENCY_LEADER)).get("/users")


@pytest.mark.settings(totp_required_for_bank=True)
@pytest.mark.databases("sqlite")
def test_required_codes_stay_on(client_for: Callable[..., PageClient]) -> None:
    user = person_with_codes()

    with pytest.raises(Refused, match=r"codes\.required"):
        own_account.stop_codes(actor_of(user), PASSWORD)


@pytest.mark.databases("sqlite")
def test_an_administrator_takes_lost_codes_off(client_for: Callable[..., PageClient], pages: PageClient) -> None:
    user = person_with_codes()
    theirs = client_for(user)
    operations.reset_codes(actor_of(make_user(Role.ADMINISTRATOR)), user.id)

    theirs.get("/me", to="/sign-in")
    page = pages.post("/sign-in", {"user_name": user.user_name, "password": PASSWORD})
    assert page.path != "/sign-in/code"


def test_a_code_counts_one_step_early_or_late_and_never_twice() -> None:
    totp, secret = CODE, SECRET
    step = totp.timecode(NOON)
    for away, accepted in ((-60, None), (-30, step - 1), (0, step), (30, step + 1), (60, None)):
        code = totp.at(NOON + timedelta(seconds=away))
        assert accepted_step(secret, code, NOON, None) == accepted
    assert accepted_step(secret, totp.at(NOON), NOON, step) is None
    assert accepted_step(secret, totp.at(NOON - timedelta(seconds=30)), NOON, step) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert accepted_step(new_secret(), code, NOON, None) is None
