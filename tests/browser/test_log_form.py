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
from tests.contact.factories import Desk, Person, at_time, call, make_desk, make_person
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
