"""The workbench by keyboard alone, in Debian's chromium, under the strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from portal.contact.models import ContactAttempt, Promise
from tests.contact.factories import NOON, Desk, Person, at_time, make_account, make_desk, make_person, place
from tests.contact.screens import workbench

pytestmark = [pytest.mark.browser, pytest.mark.databases("sqlite")]


@dataclass
class Screen:
    """A browser at the workbench of the first of two accounts."""

    page: Page
    desk: Desk
    person: Person
    second: int


@pytest.fixture
def screen(app: Flask) -> Iterator[Screen]:
    at_time(NOON)
    person = make_person()
    desk = make_desk(person)
    second = make_account(make_person(), total=1_000)
    place(desk.agency, second)
    with workbench(app, desk, NOON) as page:
        yield Screen(page, desk, person, second)


def test_the_usual_outcome_takes_two_keys_and_the_next_account_opens(screen: Screen, db_session: Session) -> None:
    screen.page.keyboard.press("n")
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_url(f"**/queue/{screen.second}*")
    attempt = db_session.scalars(sa.select(ContactAttempt)).one()
    assert (attempt.outcome, attempt.contact_point_id) == ("no_answer", screen.person.mobile)


def test_a_digit_chooses_the_number_and_a_promise_is_typed_without_the_mouse(
    screen: Screen, db_session: Session
) -> None:
    page = screen.page
    page.keyboard.press("2")
    page.keyboard.press("p")
    expect(page.locator("[name=promise_amount]")).to_be_focused()
    page.keyboard.type("5000")
    page.fill("[name=promise_on]", (NOON.date() + timedelta(days=3)).isoformat())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/queue/{screen.second}*")
    assert db_session.scalars(sa.select(Promise.amount_minor)).all() == [500_000]
    assert db_session.scalars(sa.select(ContactAttempt.contact_point_id)).all() == [screen.person.office]


def test_only_what_goes_with_the_way_of_contact_is_in_sight_and_letters_typed_into_the_note_choose_nothing(
    screen: Screen,
) -> None:
    page = screen.page
    expect(page.locator("[name=promise_amount]")).to_be_hidden()
    expect(page.locator("input[value=delivered]")).to_be_hidden()
    page.check("input[name=channel][value=sms]")
    expect(page.locator("input[value=delivered]")).to_be_visible()
    expect(page.locator("input[value=no_answer]")).to_be_hidden()
    page.focus("[name=note]")
    page.keyboard.type("promise")
    expect(page.locator("input[name=outcome]:checked")).to_have_count(0)


def test_a_number_that_is_shown_leaves_what_stands_in_the_form(screen: Screen) -> None:
    page = screen.page
    page.fill("[name=note]", "half a sentence")
    page.click(f"button[form=reveal-point-{screen.person.mobile}]")
    expect(page.locator(".point .revealed")).to_contain_text("+86138")
    expect(page.locator("[name=note]")).to_have_value("half a sentence")


# The usual outcomes, each with the keys that log it: none takes more than four.
USUAL = {"no_answer": "n Enter", "busy": "z Enter", "hung_up": "u Enter", "dead_number": "2 x Enter"}


def mark(page: Page) -> None:
    """A whole page load would take this away."""
    page.evaluate("window.stillTheSamePage = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.stillTheSamePage === true"))


@pytest.mark.parametrize("outcome", USUAL)
def test_the_usual_outcome_takes_four_keys_at_most_and_the_page_is_not_loaded_anew(
    screen: Screen, db_session: Session, outcome: str
) -> None:
    mark(screen.page)
    keys = USUAL[outcome].split()
    assert len(keys) <= 4
    for key in keys:
        screen.page.keyboard.press(key)
    screen.page.wait_for_url(f"**/queue/{screen.second}*")
    expect(screen.page.locator("main .flash").first).to_contain_text("Saved:")
    assert is_marked(screen.page)
    assert db_session.scalars(sa.select(ContactAttempt.outcome)).all() == [outcome]


def test_account_after_account_is_logged_by_keys_alone_to_the_end_of_the_queue(
    screen: Screen, db_session: Session
) -> None:
    page = screen.page
    mark(page)
    for key in ("n", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url(f"**/queue/{screen.second}*")
    expect(page.locator("h1")).to_contain_text("AC")
    for key in ("n", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/queue")
    expect(page.locator("main")).to_contain_text("Nothing waits here.")
    assert is_marked(page)
    assert len(db_session.scalars(sa.select(ContactAttempt)).all()) == 2


def test_another_account_of_the_queue_opens_in_place_and_the_back_button_leads_back(screen: Screen) -> None:
    page = screen.page
    mark(page)
    page.click(f'.bench-queue a[href*="/queue/{screen.second}"]')
    page.wait_for_url(f"**/queue/{screen.second}*")
    expect(page.locator(".bench-queue [aria-current]")).to_have_attribute("href", f"/queue/{screen.second}")
    page.go_back()
    expect(page.locator(".bench-queue [aria-current]")).to_have_attribute("href", f"/queue/{screen.desk.account_id}")
    assert is_marked(page)


def test_what_is_wrong_is_shown_in_place_and_can_be_mended(screen: Screen, db_session: Session) -> None:
    page = screen.page
    mark(page)
    page.keyboard.press("p")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert page.url.endswith(f"/queue/{screen.desk.account_id}") and is_marked(page)
    page.fill("[name=promise_amount]", "100")
    page.fill("[name=promise_on]", (NOON.date() + timedelta(days=3)).isoformat())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/queue/{screen.second}*")
    assert db_session.scalars(sa.select(Promise.amount_minor)).all() == [10_000]


def test_where_the_line_is_down_what_was_entered_stays_and_can_be_saved_again(
    screen: Screen, db_session: Session
) -> None:
    page = screen.page
    page.fill("[name=note]", "half a sentence")
    page.focus("main")
    page.keyboard.press("n")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("[data-unsent]")).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("half a sentence")
    page.context.set_offline(False)
    page.click("#log button[type=submit]:not([aria-hidden]):has-text('Save and next')")
    page.wait_for_url(f"**/queue/{screen.second}*")
    assert len(db_session.scalars(sa.select(ContactAttempt)).all()) == 1
