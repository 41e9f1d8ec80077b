"""The log form: what the rules say of what stands in it, all mistakes at once, what was kept, and putting an entry right."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.models import Channel, ContactAttempt, EvidenceFile, Promise
from portal.contact.operations import log_attempt
from portal.contact.outcomes import OUTCOMES, fits
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.identity.factories import make_user
from tests.support.pages import PageClient

Client = Callable[..., PageClient]


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def asked(client: PageClient, account_id: int, **fields: object) -> str:
    """What the page's script is answered."""
    answer = client.client.get(f"/queue/{account_id}/check.json", query_string=fields)
    assert answer.status_code == 200
    return str(answer.json["verdict"] + answer.json["override"])


# --- the answer while the form is open --------------------------------------------------------------------------------


def test_the_answer_follows_the_number_and_the_way_of_contact(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    for minute in range(6):  # the seventh dial of a number that nobody takes is not allowed
        at_time(NOON + timedelta(minutes=minute))
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    client = client_for(desk.user)
    before = db_session.scalar(sa.select(sa.func.count()).select_from(AuditEvent))
    used_up = asked(client, desk.account_id, channel="call", contact_point_id=person.mobile)
    assert "dialled 6 times today" in used_up and "not allowed" in used_up
    assert "May be called now" in asked(client, desk.account_id, channel="call", contact_point_id=person.office)
    friend = asked(client, desk.account_id, channel="call", contact_point_id=person.friend)
    assert "Third persons may be asked" in friend
    incoming = asked(client, desk.account_id, channel="call_in", contact_point_id=person.mobile)
    assert "Open now." in incoming and "not allowed" not in incoming
    assert db_session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == before


def test_the_answer_is_as_of_the_time_that_is_entered_and_in_the_readers_language(
    person: Person, desk: Desk, client_for: Client
) -> None:
    at_time(NOON.replace(hour=23))
    chinese = client_for(make_user(Role.AGENCY_STAFF, desk.agency, locale="zh_Hans"))
    now = asked(chinese, desk.account_id, channel="call", contact_point_id=person.mobile)
    assert "不允许" in now or "08:00" in now
    noon = asked(chinese, desk.account_id, channel="call", contact_point_id=person.mobile, at="2005-07-01T12:00")
    assert "现在可以致电" in noon


def test_nonsense_is_answered_for_a_call_before_a_number_is_chosen(
    person: Person, desk: Desk, client_for: Client
) -> None:
    stranger = make_person()
    nonsense = {
        "channel": "smoke",
        "contact_point_id": stranger.mobile,
        "at": "soon",
        "corrects_id": "99999999999999999999",
    }
    answer = asked(client_for(desk.user), desk.account_id, **nonsense)
    assert "May be called now" in answer and "****" not in answer


def test_another_agency_is_answered_nothing(desk: Desk, client_for: Client) -> None:
    other = make_desk(make_person())
    assert client_for(other.user).client.get(f"/queue/{desk.account_id}/check.json").status_code == 404


# --- all mistakes at once ---------------------------------------------------------------------------------------------


def test_every_mistake_is_told_beside_its_field_and_nothing_that_was_typed_is_lost(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit(
        "log", outcome="promise", promise_amount="a lot", promise_on="someday", promise_amount_2="7.001",
        promise_on_2="2005-06-01", again_on="2009-01-01", party="nobody", reason_behind="bad luck", note="kept words",
        evidence=(io.BytesIO(b"RIFF....WAVEfmt "), "call 7.wav"),
    )  # fmt: skip
    assert page.status == 422
    wrong = ("promise_amount", "promise_on", "promise_amount_2", "promise_on_2", "again_on", "party", "reason_behind")
    for field in (*wrong, "evidence"):
        assert f'id="{field}-error"' in page.html and f'href="#{field}"' in page.html
    assert "Write the day as 2005-07-31." in page and "nothing was kept of it: call 7.wav" in page
    for typed in ("a lot", "7.001", "2005-06-01", "2009-01-01", "kept words"):
        assert typed in page.html
    assert db_session.scalars(sa.select(ContactAttempt)).all() == []
    assert db_session.scalars(sa.select(EvidenceFile)).all() == []


def test_a_note_takes_no_card_number_and_nothing_of_it_is_lost(
    desk: Desk, person: Person, client_for: Client, db_session: Session
) -> None:
    note = "says card 6222 0212 3456 7890 is lost; 4111 1111 1111 1111"
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit("log", status=422, outcome="no_answer", contact_point_id=str(person.mobile), note=note)
    assert "Leave card numbers out." in page and "is lost" in page
    assert db_session.scalars(sa.select(ContactAttempt.id)).all() == []


def test_without_a_way_of_contact_and_an_outcome_both_are_asked_for(desk: Desk, client_for: Client) -> None:
    page = (
        client_for(desk.user).get(f"/queue/{desk.account_id}").submit("log", channel="", outcome="", promise_amount="x")
    )
    assert page.status == 422
    for words in ("Choose the way of contact.", "Choose what came of it.", "Write an amount"):
        assert words in page


def test_a_mistake_and_the_rules_refusal_are_told_together(desk: Desk, client_for: Client) -> None:
    at_time(NOON.replace(hour=23))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}?late=1")
    page = page.submit("log", outcome="promise", promise_amount="x", already_happened="")
    assert "Write an amount" in page and "Enter the day by which it is to be paid." in page
    assert "08:00 to 22:00" in page.html.split("error-summary")[1].split("</ul>")[0]


def test_the_statement_of_income_tells_all_its_mistakes_and_which_files_are_none(
    desk: Desk, client_for: Client
) -> None:
    page = client_for(make_user(Role.AGENCY_LEADER, desk.agency)).get(f"/queue/{desk.account_id}/income")
    assert " autofocus" in page.html
    files = [(io.BytesIO(b"hello"), "one.txt"), (io.BytesIO(b"world"), "two.txt")]
    page = page.submit("income", household="0", wages="x", food="-3", proof=files)
    assert page.status == 422
    for field in ("household", "wages", "food", "proof"):
        assert f'id="{field}-error"' in page.html
    assert "one.txt" in page and "two.txt" in page


# --- what was kept ----------------------------------------------------------------------------------------------------


def test_what_was_kept_is_said_with_the_account_the_masked_name_and_the_way_back(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    place(desk.agency, make_account(make_person(name="李四"), total=100_000))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    page = page.submit("log", outcome="promise", promise_amount="5,000", promise_on="2005-07-05", note="下周发工资")
    assert "王**: Call, CN¥5,000.00 by 5 Jul 2005, with a note." in page
    assert f'<a href="/queue/{desk.account_id}">Back to AC' in page.html and "王小明" not in page


# --- putting an entry right -------------------------------------------------------------------------------------------


def test_a_correction_names_its_entry_and_begins_with_all_that_it_said(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    page.submit(
        "log", outcome="promise", promise_amount="100", promise_on="2005-07-05", promise_amount_2="200",
        promise_on_2="2005-07-20", note="secret words", reason_behind="illness", next_action="sms",
    )  # fmt: skip
    old = db_session.scalars(sa.select(ContactAttempt)).one()
    form = client.get(f"/queue/{desk.account_id}?late=1&corrects={old.id}")
    assert "You put right the entry of" in form and "Call, Promise to pay" in form and "Its note is sealed" in form
    assert "secret words" not in form
    form.submit("log", promise_amount_2="300")
    standing = db_session.scalars(sa.select(Promise).where(Promise.state == "open").order_by(Promise.promised_on)).all()
    assert [(p.amount_minor, p.promised_on.day) for p in standing] == [(10_000, 5), (30_000, 20)]
    new = db_session.scalars(sa.select(ContactAttempt).where(ContactAttempt.corrects_id == old.id)).one()
    assert (new.reason_behind, new.next_action, new.at) == ("illness", "sms", old.at)


def test_after_a_correction_the_mark_of_the_replaced_entry_is_named_with_the_way_to_have_it_released(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "disputes"))
    old = db_session.scalars(sa.select(ContactAttempt)).one()
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}?late=1&corrects={old.id}").submit("log", outcome="no_answer")
    assert "the mark that the replaced entry set still stands" in page
    assert "/holds/" in page.html and f"/accounts/{desk.account_id}/requests/new?code=hold" in page.html


def test_a_correction_keeps_the_hour_of_the_call_back_that_was_agreed(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    agreed = call(person.mobile, "callback_requested", callback_at=NOON + timedelta(hours=3))
    log_attempt(desk.actor, desk.account_id, agreed)
    old = db_session.scalars(sa.select(ContactAttempt)).one()
    form = client_for(desk.user).get(f"/queue/{desk.account_id}?late=1&corrects={old.id}")
    assert "2005-07-01T15:00" in form.html


def test_a_correction_that_changes_the_way_of_contact_or_the_day_says_so_before_and_after(
    person: Person, desk: Desk, client_for: Client, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    old = db_session.scalars(sa.select(ContactAttempt)).one()
    client = client_for(desk.user)
    same = asked(client, desk.account_id, channel="call", contact_point_id=person.mobile, corrects_id=old.id)
    assert "changes the way of contact" not in same and "moves the entry" not in same
    changed = asked(client, desk.account_id, channel="call_in", contact_point_id=person.mobile, corrects_id=old.id)
    assert "It changes the way of contact from Call to They called us" in changed
    at_time(NOON + timedelta(days=1))
    client = client_for(desk.user)
    moved = {"channel": "call", "corrects_id": old.id, "at": "2005-07-02T10:00"}
    assert "It moves the entry from 1 Jul 2005 to 2 Jul 2005" in asked(client, desk.account_id, **moved)
    page = client.get(f"/queue/{desk.account_id}?late=1&corrects={old.id}").submit("log", channel="call_in")
    assert "It changes the way of contact from Call to They called us" in page


# --- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", Channel)
def test_every_outcome_has_a_key_and_no_two_of_a_way_of_contact_share_one(channel: Channel) -> None:
    keys = [outcome.key for outcome in OUTCOMES.values() if fits(outcome, channel)]
    assert all(len(key) == 1 for key in keys) and len(keys) == len(set(keys))
    assert not set(keys) & {"c", "/", *"0123456789"}  # the next way of contact, the search, and the numbers


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_key_is_shown_beside_its_outcome(desk: Desk, client_for: Client, locale: str) -> None:
    page = client_for(make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)).get(f"/queue/{desk.account_id}")
    for code, outcome in OUTCOMES.items():
        choice = page.html.split(f'name="outcome" value="{code}"')[1].split("</label>")[0]
        assert f'data-key="{outcome.key}"' in choice and f"<kbd>{outcome.key}</kbd>" in choice


@pytest.mark.parametrize(
    "path", ["/accounts/{0}/requests/new", "/accounts/{0}/complaints/new", "/queue/{0}/contact-points"]
)
def test_the_first_field_of_a_form_is_ready_for_the_keyboard(desk: Desk, client_for: Client, path: str) -> None:
    page = client_for(desk.user).get(path.format(desk.account_id))
    assert page.html.count(" autofocus") == 1
