"""What the debtor asked for and no rule of the place heeds is said before the contact, where it is against it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from portal.contact.wishes.kinds import Kind
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.wishing import BREAKFAST, tell
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
ASKED = "The debtor asked:"


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def answer(client: PageClient, desk: Desk, **asked: object) -> str:
    return str(client.client.get(f"/queue/{desk.account_id}/check.json", query_string=asked).json["verdict"])


def test_a_number_that_is_not_to_be_called_is_told_with_that_number_and_way_alone(
    person: Person, desk: Desk, client_for: Client
) -> None:
    tell(desk, Kind.MEDIA_STOP, channel="call", contact_point_id=person.mobile)
    client = client_for(desk.user)
    said = answer(client, desk, channel="call", contact_point_id=person.mobile)
    assert f"{ASKED} Not by this way or number: Call to " in said and "it is for people to" in said
    assert "with care" in said and "The rules allow it, but the debtor has asked otherwise." in said
    other = answer(client, desk, channel="call", contact_point_id=person.office)
    assert ASKED not in other and "May be called now" in other
    assert ASKED not in answer(client, desk, channel="call_in", contact_point_id=person.mobile)
    assert ASKED not in answer(client, desk, channel="sms", contact_point_id=person.mobile)


def test_hours_and_places_are_told_as_of_the_time_and_number_in_the_form(
    person: Person, desk: Desk, client_for: Client
) -> None:
    at_time(NOON.replace(hour=9))
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=16, opens=600, closes=720)  # Fridays, 10:00 to 12:00
    tell(desk, Kind.INCONVENIENT_PLACE, place="work", contact_point_id=person.office)
    at_time(NOON)
    client = client_for(desk.user)
    mobile = {"channel": "call", "contact_point_id": person.mobile}
    assert "10:00 to 12:00" in answer(client, desk, at="2005-07-01T11:00", **mobile)
    assert ASKED not in answer(client, desk, at="2005-07-01T12:00", **mobile)
    assert "Not at this place" in answer(client, desk, channel="call", contact_point_id=person.office)


def test_where_a_rule_heeds_it_nothing_is_left_to_people(app: Flask, client_for: Client) -> None:
    at_time(BREAKFAST)
    person = make_person("America/New_York")
    american = make_desk(person, region="US-NY")
    tell(american, Kind.MEDIA_STOP, channel="call", contact_point_id=person.mobile)
    said = answer(client_for(american.user), american, channel="call", contact_point_id=person.mobile)
    assert "not allowed" in said and ASKED not in said


def test_the_flash_says_that_people_heed_it_and_the_letter_that_stops_contact_is_heeded(
    person: Person, desk: Desk, client_for: Client
) -> None:
    client = client_for(desk.user)
    page = client.get(f"/accounts/{desk.account_id}/wishes/new?kind=media_stop")
    page = page.submit("form", channel="sms", contact_point_id=str(person.mobile))
    assert "No rule here heeds it" in page and "Every check" not in page
    assert "for people to heed" in client.get(f"/queue/{desk.account_id}")
    tell(desk, Kind.CEASE)
    assert client.get(f"/queue/{desk.account_id}").text.count("the rules heed it") == 1
