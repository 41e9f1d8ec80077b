"""Pages of wishes and consents: noted where one works, read by all whom they bind, ended by the bank."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask

from portal.contact.wishes.kinds import Kind
from portal.foundation.access import Role
from portal.identity.models import User
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.wishing import BREAKFAST, tell
from tests.identity.factories import make_bank, make_user
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
SCAN = b"%PDF-1.4 letter"


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(BREAKFAST)
    make_bank()
    return make_person("America/New_York")


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, region="US-NY")


@pytest.fixture
def compliance(desk: Desk) -> User:
    return make_user(Role.COMPLIANCE)


def test_a_collector_notes_a_wish_without_script_and_sees_it_at_the_workbench(
    desk: Desk, person: Person, client_for: Client
) -> None:
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    page = client.get(page.links["Note a wish or consent"])
    assert "dials" not in page.html and 'name="note"' not in page.html
    page = client.get(f"/accounts/{desk.account_id}/wishes/new?kind=media_stop")
    assert "Kept sealed." in page and 'name="weekdays"' not in page.html
    page = page.submit("form", channel="sms", contact_point_id=str(person.mobile), note="call 13800120012 instead")
    assert "Every check from now on knows of it." in page and "SMS to " in page
    assert "13800120012" not in page
    bench = client.get(f"/queue/{desk.account_id}")
    assert "Not by this way or number" in bench and "the rules heed it" in bench


def test_of_way_and_number_one_is_enough_and_the_form_says_so(desk: Desk, person: Person, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/accounts/{desk.account_id}/wishes/new?kind=media_stop")
    assert page.field("said_at").get("autofocus") is not None
    empty = page.submit("form", status=422, channel="", contact_point_id="")
    said = "".join(empty.element("channel-error").itertext())
    assert "Choose a way, a number, or both." in said and "Fill this in." not in empty
    assert "It is noted." in empty.submit("form", contact_point_id=str(person.mobile))


def test_every_fault_of_the_form_is_named_with_its_field(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/accounts/{desk.account_id}/wishes/new?kind=inconvenient_time")
    page = page.submit("form", opens="09:00", until="2001-01-01", said_at="2005-09-01T10:00")
    assert page.status == 422
    for field in ("weekdays", "closes", "until", "said_at"):
        assert f'href="#{field}"' in page.html, field
    page = page.submit("form", status=422, weekdays=["0", "1", "2"], closes="12:00", until="", said_at="soon")
    assert 'href="#said_at"' in page.html
    page = page.submit("form", weekdays=["0", "1", "2"], closes="00:00", said_at="2005-07-05T10:00")
    assert "Monday to Wednesday, 09:00 to 24:00" in page


def test_only_what_the_rules_of_the_place_know_is_offered(desk: Desk, app: Flask, client_for: Client) -> None:
    american = client_for(desk.user).get(f"/accounts/{desk.account_id}/wishes/new").html
    assert "more_calls" in american and "agreed_frequency" not in american and "breathing_space" not in american
    at_time(NOON)
    chinese = make_desk(make_person())
    page = client_for(chinese.user).get(f"/accounts/{chinese.account_id}/wishes/new").html
    assert "agreed_frequency" in page and "more_calls" not in page
    assert client_for(chinese.user).get(f"/accounts/{chinese.account_id}/wishes/new?kind=nothing").status == 200


def test_without_a_kind_the_page_says_that_one_is_to_be_chosen(desk: Desk, client_for: Client) -> None:
    path = f"/accounts/{desk.account_id}/wishes/new"
    assert "Choose one." in client_for(desk.user).get(f"{path}?kind=")
    assert "Choose one." not in client_for(desk.user).get(path)


def test_another_agency_reads_what_binds_it_without_who_noted_it_and_asks_the_bank_to_let_it_go(
    desk: Desk, person: Person, client_for: Client
) -> None:
    rival = make_desk(person, region="US-NY")
    wish_id = tell(desk, Kind.MEDIA_STOP, channel="sms", note="told Ann")
    own = tell(desk, Kind.CONTACT_TIME, note="at any hour")
    client = client_for(rival.user)
    page = client.get(f"/wishes/{wish_id}")
    assert "Not by this way or number" in page and "Ask the bank" in page and "told Ann" not in page
    assert desk.user.name not in page and desk.agency.name not in page
    client.get(f"/wishes/{own}", status=404)
    assert "Consent to other hours" not in client.get(f"/queue/{rival.account_id}")
    assert "Not by this way or number" in client.get(f"/accounts/{rival.account_id}")


def test_a_letter_with_its_scan_is_noted_by_the_bank_and_ended_by_it(
    desk: Desk, compliance: User, client_for: Client
) -> None:
    officer = client_for(compliance)
    page = officer.get(f"/accounts/{desk.account_id}/wishes/new?kind=cease")
    page = page.submit("form", proof=(BytesIO(SCAN), "letter.pdf"), whole_person="y")
    assert "the account is on hold" in page and "raised by this letter" in page and "letter.pdf" in page
    assert officer.client.get(page.links["letter.pdf"]).data == SCAN
    seen = client_for(desk.user).get("/wishes/1")
    assert "the bank" in seen and "letter.pdf" not in seen
    nothing = page.submit("end-form", status=422)
    assert "Choose one." in nothing
    page = page.submit("end-form", **{"end-reason": "withdrawn", "end-note": "wrote again"})
    assert "Its end is noted." in page and "taken back by the debtor" in page and "wrote again" in page
    assert "raised by this letter" not in page
    history = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Noted: Letter that contact ends" in history and "taken back by the debtor" in history


def test_who_may_not_raise_holds_notes_nothing(desk: Desk, client_for: Client) -> None:
    client_for(make_user(Role.FINANCE)).get(f"/accounts/{desk.account_id}/wishes/new", status=403)
    elsewhere = make_desk(make_person("America/New_York"), region="US-NY")
    client_for(elsewhere.user).get(f"/accounts/{desk.account_id}/wishes/new", status=404)


def test_words_in_full_are_shown_by_a_click_that_is_recorded(desk: Desk, client_for: Client) -> None:
    wish_id = tell(desk, Kind.MEDIA_STOP, channel="sms", note="call 13800120012 instead")
    client = client_for(desk.user)
    assert "13800120012" not in client.get(f"/wishes/{wish_id}")
    assert "13800120012" in client.post(f"/wishes/{wish_id}/reveal")
