"""The line above the log form follows what stands in the form, in Debian's chromium, by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Page, Route, expect
from sqlalchemy.orm import Session

from portal.contact.models import ContactAttempt
from portal.contact.operations import log_attempt
from tests.contact.factories import Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.contact.screens import workbench

pytestmark = [pytest.mark.browser, pytest.mark.databases("sqlite")]

NEW_YORK = ZoneInfo("America/New_York")
TALKED = datetime(2005, 7, 5, 10, 0, tzinfo=NEW_YORK)
NOON = datetime(2005, 7, 1, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SAVE = "#log button[type=submit]:not([aria-hidden]):has-text('Save and next')"


@dataclass
class Screen:
    """A browser at the workbench of an account."""

    page: Page
    desk: Desk
    person: Person

    @property
    def line(self) -> str:
        return "[data-live=verdict]"


@pytest.fixture
def dialled(app: Flask) -> Iterator[Screen]:
    """The mobile was dialled six times today in vain, so that no rule allows a seventh."""
    at_time(NOON)
    person = make_person()
    desk = make_desk(person)
    for minute in range(6):
        at_time(NOON + timedelta(minutes=minute))
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    with workbench(app, desk, NOON + timedelta(minutes=30)) as page:
        yield Screen(page, desk, person)


@pytest.fixture
def talked(app: Flask) -> Iterator[Screen]:
    """In New York, two days after a conversation."""
    at_time(TALKED)
    person = make_person("America/New_York")
    desk = make_desk(person, region="US-NY")
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    with workbench(app, desk, TALKED + timedelta(days=2)) as page:
        yield Screen(page, desk, person)


def test_the_line_follows_the_number_and_the_way_of_contact(dialled: Screen) -> None:
    page, line = dialled.page, dialled.page.locator(dialled.line)
    expect(line).to_contain_text("May be called now")  # the office: the number that may be called is chosen first
    page.keyboard.press("1")
    expect(line).to_contain_text("This number was dialled 6 times today")
    page.keyboard.press("2")
    expect(line).to_contain_text("May be called now")
    page.keyboard.press("3")
    expect(line).to_contain_text("Third persons may be asked")
    page.keyboard.press("c")
    expect(line).to_contain_text("They called us")
    expect(line).not_to_contain_text("Third persons may be asked")


def test_an_answer_that_was_overtaken_is_dropped(dialled: Screen) -> None:
    """The answer about the first number comes after that about the second."""
    page, line = dialled.page, dialled.page.locator(dialled.line)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if f"contact_point_id={dialled.person.mobile}" in route.request.url.split("?")[1].split("&"):
            held.append(route)
        else:
            route.continue_()

    page.route("**/check.json?*", hold)
    with page.expect_request("**/check.json?*"):
        page.keyboard.press("1")
    with page.expect_response("**/check.json?*"):
        page.keyboard.press("3")
    expect(line).to_contain_text("Third persons may be asked")
    with page.expect_response("**/check.json?*"):
        held[0].continue_()
    page.wait_for_timeout(200)
    expect(line).to_contain_text("Third persons may be asked")
    expect(line).not_to_contain_text("dialled 6 times")


def test_where_the_line_is_down_it_says_that_it_may_be_out_of_date(dialled: Screen) -> None:
    page = dialled.page
    page.context.set_offline(True)
    page.keyboard.press("1")
    expect(page.locator("[data-unasked]")).to_be_visible()
    page.context.set_offline(False)
    page.keyboard.press("2")
    expect(page.locator("[data-unasked]")).to_be_hidden()


def test_a_presumption_asks_for_its_reason_and_what_they_began_needs_none(talked: Screen, db_session: Session) -> None:
    page = talked.page
    reason = page.locator("select[name=override_reason]")
    expect(reason).to_be_visible()
    page.check("input[name=channel][value=call_in]")
    expect(reason).to_have_count(0)
    page.check("input[name=channel][value=call]")
    expect(reason).to_be_visible()
    page.keyboard.press("n")
    page.click(SAVE)
    expect(page.locator("#override_reason-error")).to_contain_text("Say why it goes on all the same")
    reason.select_option("consumer_request")
    page.keyboard.press("Tab")
    page.click(SAVE)
    expect(page.locator("main .flash").first).to_contain_text("went on because: the person has asked for it")
    kept = db_session.scalars(sa.select(ContactAttempt).order_by(ContactAttempt.id.desc())).first()
    assert kept is not None and (kept.verdict, kept.override_reason) == ("presume", "consumer_request")


# --- what was entered is not lost -------------------------------------------------------------------------------------


@pytest.fixture
def open_case(app: Flask) -> Iterator[Screen]:
    """The first of two accounts that may be called."""
    at_time(NOON)
    person = make_person()
    desk = make_desk(person)
    place(desk.agency, make_account(make_person(), total=1_000))
    with workbench(app, desk, NOON) as page:
        yield Screen(page, desk, person)


def enter_promise(page: Page, amount: str) -> None:
    """A promise that lacks its day."""
    page.focus("main")
    page.keyboard.press("p")
    page.keyboard.type(amount)
    page.fill("[name=note]", "pays after work")


def test_a_link_of_the_error_summary_leads_to_its_field_and_leaves_all_that_was_entered(open_case: Screen) -> None:
    page = open_case.page
    enter_promise(page, "lots")
    page.click(SAVE)
    page.click(".error-summary a[href='#promise_amount']")
    expect(page.locator("#promise_amount")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("2000")
    expect(page.locator("#promise_amount")).to_have_value("2000")
    page.evaluate("location.hash = '#main'")
    page.wait_for_timeout(200)
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("[name=note]")).to_have_value("pays after work")
    expect(page.locator("input[value=promise]")).to_be_checked()


def test_what_was_entered_is_given_back_after_another_page_and_another_account(open_case: Screen) -> None:
    page, note = open_case.page, open_case.page.locator("[name=note]")
    back = page.locator("[data-given-back]")
    expect(back).to_be_hidden()
    page.keyboard.press("2")
    enter_promise(page, "2000")
    page.click("text=Enter one that was found")
    page.click("main >> text=Cancel")
    expect(back).to_be_visible()
    expect(note).to_have_value("pays after work")
    expect(page.locator("#promise_amount")).to_have_value("2000")
    expect(page.locator(f"input[name=contact_point_id][value='{open_case.person.office}']")).to_be_checked()

    page.click(f".bench-queue a:not([href*='/queue/{open_case.desk.account_id}'])")
    expect(page.locator(".bench-queue [aria-current]")).not_to_have_attribute(
        "href", f"/queue/{open_case.desk.account_id}"
    )
    expect(back).to_be_hidden()
    expect(note).to_have_value("")
    page.go_back()
    expect(back).to_be_visible()
    expect(note).to_have_value("pays after work")
    expect(page.locator("#promise_amount")).to_have_value("2000")


def test_what_was_saved_or_thrown_away_is_not_given_back(open_case: Screen) -> None:
    page = open_case.page
    here = f"/queue/{open_case.desk.account_id}"
    enter_promise(page, "2000")
    page.goto(here)
    page.click("text=Throw it away")
    expect(page.locator("[name=note]")).to_have_value("")
    page.goto(here)
    expect(page.locator("[data-given-back]")).to_be_hidden()

    page.focus("main")
    page.keyboard.press("n")
    page.fill("[name=note]", "rang out")
    page.click(SAVE)
    expect(page.locator("main .flash").first).to_contain_text("Saved:")
    page.goto(here)
    expect(page.locator("[data-given-back]")).to_be_hidden()
    expect(page.locator("[name=note]")).to_have_value("")


def test_a_contact_that_had_taken_place_comes_back_as_one_and_a_correction_is_left_alone(open_case: Screen) -> None:
    page = open_case.page
    here = f"/queue/{open_case.desk.account_id}"
    page.goto(f"{here}?late=1")
    page.fill("[name=at]", "2005-07-01T10:00")
    page.fill("[name=note]", "from the mobile")
    page.goto(here)
    page.wait_for_url("**late=1")
    expect(page.locator("[name=at]")).to_have_value("2005-07-01T10:00")
    log_attempt(open_case.desk.actor, open_case.desk.account_id, call(open_case.person.mobile))
    page.goto("/queue")
    page.goto(here)
    page.click("#history >> text=Correct")
    expect(page.locator("[name=note]")).to_have_value("")
    expect(page.locator("input[value=no_answer]")).to_be_checked()


def test_whoever_signs_in_next_is_given_back_nothing(open_case: Screen) -> None:
    page = open_case.page
    enter_promise(page, "2000")
    page.click(".menu summary")
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in**")
    assert page.evaluate("sessionStorage.length") == 0


def test_where_the_session_has_ended_the_sign_in_page_comes_as_a_page_of_its_own(open_case: Screen) -> None:
    page = open_case.page
    page.context.clear_cookies()
    page.focus("main")
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in**")
    expect(page.locator(".side")).to_have_count(0)
