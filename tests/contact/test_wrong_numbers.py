"""Numbers that turned out to be somebody else's or dead: not proposed, not the debtor's, and serving again once put right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.models import ContactAttempt
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.errors import Refused
from portal.foundation.work import transaction
from portal.portfolio.models import ContactPoint, ContactStatus
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.contact.logs import HEADER, a_log, bring, number_of, ref_of
from tests.identity.factories import make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def log(desk: Desk, point: int, outcome: str, **more: object) -> int:
    return log_attempt(desk.actor, desk.account_id, call(point, outcome, **more)).attempt_id


def status_of(session: Session, point: int) -> ContactStatus:
    session.expire_all()
    return session.get_one(ContactPoint, point).status


def answer(client: PageClient, desk: Desk, point: int) -> str:
    asked = {"channel": "call", "contact_point_id": point}
    return str(client.client.get(f"/queue/{desk.account_id}/check.json", query_string=asked).json["verdict"])


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_a_number_that_is_somebody_elses_is_a_third_persons_and_says_so(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log(desk, person.mobile, "wrong_number")
    client = client_for(desk.user)
    said = answer(client, desk, person.mobile)
    assert (
        "not allowed" in said and "Third persons may be asked" in said and "it turned out to be somebody else" in said
    )
    assert "not allowed" not in answer(client, desk, person.office)
    with pytest.raises(Refused):
        log(desk, person.mobile, "no_answer")


def test_where_the_rules_let_a_third_person_be_called_the_form_says_that_the_number_is_not_the_debtors(
    person: Person, client_for: Client
) -> None:
    american = make_desk(person, region="US-NY")
    with transaction(observer()) as work:
        work.session.get_one(ContactPoint, person.mobile).status = ContactStatus.THIRD_PARTY
    at_time(NOON.replace(hour=22))  # ten in the morning in New York is ten at night here
    said = answer(client_for(american.user), american, person.mobile)
    assert "it turned out to be somebody else" in said


def test_numbers_that_proved_wrong_stand_last_and_are_not_chosen(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log(desk, person.mobile, "wrong_number")
    client = client_for(make_user(Role.AGENCY_STAFF, desk.agency))
    page = client.get(f"/queue/{desk.account_id}").html
    chosen = f'value="{person.office}" data-key="1" checked'
    assert chosen in page and f'value="{person.mobile}" data-wrong data-key="3">' in page
    log(desk, person.office, "dead_number")
    page = client.get(f"/queue/{desk.account_id}").html
    assert 'name="contact_point_id" value="" checked' in page and page.count("data-wrong") == 2


def test_where_no_number_is_left_the_line_says_so_and_leads_to_another(
    person: Person, desk: Desk, client_for: Client
) -> None:
    log(desk, person.mobile, "wrong_number")
    log(desk, person.office, "dead_number")
    client = client_for(make_user(Role.AGENCY_STAFF, desk.agency))
    assert "No number is left" not in answer(client, desk, person.mobile)  # the friend's
    log(desk, person.friend, "wrong_number", party="friend", already_happened=True)
    page = client.get(f"/queue/{desk.account_id}")
    assert "No number is left that serves." in page and "May be called now" not in page
    said = answer(client, desk, person.mobile)
    for address in (f"/queue/{desk.account_id}/contact-points", f"/accounts/{desk.account_id}/requests/new"):
        assert address in said
    assert "No number is left" not in str(
        client.client.get(f"/queue/{desk.account_id}/check.json?channel=call_in").json
    )


def test_what_has_happened_is_judged_by_whose_number_it_was(person: Person, desk: Desk) -> None:
    first = log(desk, person.mobile, "wrong_number")
    corrected = log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer", corrects_id=first))
    assert corrected.verdict == "allow"


# --- put right --------------------------------------------------------------------------------------------------------


def test_a_correction_takes_back_what_the_entry_had_taught(person: Person, desk: Desk, db_session: Session) -> None:
    log(desk, person.mobile, "refuses")
    assert status_of(db_session, person.mobile) is ContactStatus.VALID
    wrong = log(desk, person.mobile, "wrong_number")
    assert status_of(db_session, person.mobile) is ContactStatus.THIRD_PARTY
    dead = log(desk, person.mobile, "dead_number", corrects_id=wrong)
    assert status_of(db_session, person.mobile) is ContactStatus.INVALID
    log(desk, person.mobile, "no_answer", corrects_id=dead)
    assert status_of(db_session, person.mobile) is ContactStatus.VALID


def test_a_correction_to_another_number_frees_the_first(person: Person, desk: Desk, db_session: Session) -> None:
    wrong = log(desk, person.mobile, "wrong_number")
    log(desk, person.office, "wrong_number", corrects_id=wrong)
    assert status_of(db_session, person.mobile) is ContactStatus.UNCHECKED
    assert status_of(db_session, person.office) is ContactStatus.THIRD_PARTY


def test_what_the_bank_or_another_entry_said_since_stands(person: Person, desk: Desk, db_session: Session) -> None:
    marked = log(desk, person.mobile, "wrong_number")
    with transaction(observer()) as work:
        work.session.get_one(ContactPoint, person.mobile).status = ContactStatus.INVALID
    log(desk, person.mobile, "no_answer", corrects_id=marked)
    assert status_of(db_session, person.mobile) is ContactStatus.INVALID
    first = log(desk, person.office, "wrong_number")
    log(desk, person.office, "wrong_number", already_happened=True)
    log(desk, person.office, "no_answer", corrects_id=first)
    assert status_of(db_session, person.office) is ContactStatus.THIRD_PARTY


def test_an_attempt_keeps_what_was_known_of_the_number_before_it(
    person: Person, desk: Desk, db_session: Session
) -> None:
    key = log(desk, person.mobile, "wrong_number")
    assert db_session.get_one(ContactAttempt, key).decision["point_status"] == "unchecked"


def test_a_log_by_file_unlearns_as_the_form_does(person: Person, desk: Desk, db_session: Session) -> None:
    number, account = number_of(person.mobile), ref_of(desk.account_id)
    at_time(NOON.replace(hour=20))
    rows = (
        f"A1,{account},2005-07-01 10:00,call,{number},,wrong_number,",
        f"A2,{account},2005-07-01 10:00,call,{number},,no_answer,A1",
    )
    bring(desk.actor, a_log(*rows, header=f"{HEADER},corrects"))
    assert status_of(db_session, person.mobile) is ContactStatus.UNCHECKED


def test_the_queues_button_leads_where_save_and_next_does(person: Person, desk: Desk, client_for: Client) -> None:
    other = make_account(make_person(name="李四"), total=100_000)
    place(desk.agency, other)
    log(desk, person.mobile, "cease_requested")
    client = client_for(desk.user)
    page = client.get("/queue", status=200)
    client.get(page.links["Open the next account"], to=f"/queue/{other}")
    blocked = client.get(f"/queue/{desk.account_id}")
    assert (
        "Not to be called, and no time is known" in blocked and "The debtor has asked not to be contacted." in blocked
    )
    assert "conversations left today" not in blocked
