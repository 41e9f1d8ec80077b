"""Pages of texts and messages, as each side sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.messages.models import (
    MessageSetting,
    MessageState,
    MessageTemplate,
    MessageTemplateVersion,
    OutgoingMessage,
)
from portal.contact.messages.operations import send_message
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.message_factories import DEMAND, NOTICE, REMINDER, clerk, leader_of, make_approved, register_staff
from tests.identity.factories import make_bank, make_user
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
ENGLISH = (
    "{name}: {agency}, staff {staff_number}, acting for {bank}. {amount} as of {as_of} is overdue on the card ending "
    "{account_tail}. Call {phone}."
)
OPENING = "您好，这里是{agency}，工号{staff_number}，受{bank}委托与{name}联系。"


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    desk = make_desk(person)
    register_staff(desk)
    return desk


def test_a_text_goes_from_its_writer_over_the_bank_to_the_debtor(
    desk: Desk, person: Person, client_for: Client, db_session: Session
) -> None:
    leader, officer = make_user(Role.AGENCY_LEADER, desk.agency), make_user(Role.COMPLIANCE, make_bank())
    said = {"code": "sms-01", "name": "催款短信", "channel": "sms", "purpose": "demand", "language": "zh_Hans"}
    form = client_for(leader).get("/texts/new")
    looked = form.submit("form", text="后果自负", look="1", **said)
    assert "“后果自负”: It threatens." in looked and "to be confirmed by counsel" in looked
    assert db_session.scalars(sa.select(MessageTemplate)).all() == []
    page = looked.submit("form", text=DEMAND, **said)
    assert "The text is kept as a draft." in page and "The rules of wording have nothing against this text." in page
    path = page.path
    page = page.client.post(f"{path}/submit", to=path)
    assert "waits for approval" in page and "Approve" not in page
    read = client_for(officer).get(path)
    assert "SMS-01" in client_for(officer).get("/texts?state=submitted")
    approved = read.client.post(f"{path}/approve", {"version": "1"}, to=path)
    assert "in use" in approved
    staff = client_for(desk.user)
    write = staff.get(f"/queue/{desk.account_id}").client.get(f"/queue/{desk.account_id}/message")
    shown = write.submit("write", look="1")
    assert "王**您好" in shown and "王小明" not in shown and "2 messages are charged." in shown
    sent = shown.submit("write", send="1")
    assert sent.path == f"/queue/{desk.account_id}" and "The message is in the outbox" in sent
    assert "SMS: Asks for payment “催款短信”, in the outbox" in sent and "SMS: Message sent" not in sent
    assert db_session.scalars(sa.select(OutgoingMessage.state)).all() == [MessageState.QUEUED]


def test_a_text_that_is_refused_says_why_and_who_wrote_it_cannot_approve_it(desk: Desk, client_for: Client) -> None:
    writer, other = make_user(Role.VENDOR_MANAGER, make_bank()), make_user(Role.COMPLIANCE, make_bank())
    form = client_for(writer).get("/texts/new")
    page = form.submit(
        "form", code="N-1", name="Notice", channel="sms", purpose="notice", language="zh_Hans", text=NOTICE
    )  # fmt: skip
    page = page.client.post(f"{page.path}/submit", to=page.path)
    assert "You wrote this version, so another person has to decide about it." in page
    page.client.post(f"{page.path}/approve", {"version": "1"}, status=409)
    refused = client_for(other).post(f"{page.path}/refuse", {"version": "1", "reason": "too long"}, to=page.path)
    assert "Refused: too long" in refused


@pytest.mark.parametrize("of_bank", [True, False])
def test_a_new_text_begins_with_what_goes_together_and_shows_what_the_rules_say(
    desk: Desk, client_for: Client, of_bank: bool
) -> None:
    writer = make_user(Role.COMPLIANCE, make_bank()) if of_bank else make_user(Role.AGENCY_LEADER, desk.agency)
    form = client_for(writer).get("/texts/new")
    kept = form.submit("form", code="A-1", name="x", language="en", text="Dear {name}, call {phone}")
    assert "The text is kept as a draft." in kept
    looked = (
        client_for(writer)
        .get("/texts/new")
        .submit("form", code="A-2", name="x", language="en", text="Dear {name}", look="1")
    )
    section = next(e for e in looked.root.iter("section") if "data-focus" in e.attrib)
    assert "What the rules of wording say" in "".join(section.itertext())


def test_a_wrong_field_stands_beside_the_text_and_nothing_is_lost(desk: Desk, client_for: Client) -> None:
    leader = make_user(Role.AGENCY_LEADER, desk.agency)
    form = client_for(leader).get("/texts/new")
    page = form.submit(
        "form", code="A-1", name="x", channel="sms", purpose="demand", language="en", text="Dear {nmae}"
    )  # fmt: skip
    assert page.status == 422 and "There is no field “nmae”." in page and "Dear {nmae}" in page


@pytest.mark.parametrize(
    ("locale", "words"), [("en", "SMS is closed now: Contact is allowed from 08:00"), ("zh_Hans", "短信现在不可用：")]
)
def test_at_night_the_page_says_why_nothing_can_be_sent(
    desk: Desk, person: Person, client_for: Client, locale: str, words: str, db_session: Session
) -> None:
    make_approved(leader_of(desk))
    user = make_user(Role.AGENCY_STAFF, desk.agency, locale=locale)
    at_time(NOON.replace(hour=23))
    page = client_for(user).get(f"/queue/{desk.account_id}/message")
    assert words in page and "disabled" in page.html
    template_id = db_session.scalars(sa.select(MessageTemplate.id)).one()
    forced = {
        "template_id": f"{template_id}",
        "contact_point_id": f"{person.mobile}",
        "was_read": f"{template_id}.{person.mobile}.1",
        "send": "1",
    }
    page.client.post(f"/queue/{desk.account_id}/message", forced, status=422)
    assert db_session.scalars(sa.select(OutgoingMessage)).all() == []


def test_only_the_text_that_was_read_goes_out(
    desk: Desk, person: Person, client_for: Client, db_session: Session
) -> None:
    first = make_approved(leader_of(desk))
    other = make_approved(leader_of(desk), name="Another text", code="SMS-02")
    page = client_for(desk.user).get(f"/queue/{desk.account_id}/message")
    read = page.submit("write", template_id=f"{first}", contact_point_id=f"{person.mobile}", look="1")
    changed = read.submit("write", template_id=f"{other}", send="1")
    assert changed.status == 422 and "This is not what you read" in changed and "As it will be sent" in changed
    assert db_session.scalars(sa.select(OutgoingMessage)).all() == []
    assert "The message is in the outbox" in changed.submit("write", send="1")
    sent = sa.select(MessageTemplateVersion.template_id).join(
        OutgoingMessage, OutgoingMessage.template_version_id == MessageTemplateVersion.id
    )
    assert db_session.scalars(sent).all() == [other]


@pytest.mark.parametrize(("region", "first"), [("CN-SH", "Zwei"), ("HK", "Zwei"), ("", "Zwei"), ("US-NY", "Eins")])
def test_texts_in_the_debtors_language_stand_first_and_the_first_is_chosen(
    person: Person, client_for: Client, region: str, first: str
) -> None:
    at_time(NOON.replace(hour=21))  # nine in the morning in New York
    desk = make_desk(person, region=region)
    register_staff(desk)
    made = {
        "Eins": make_approved(leader_of(desk), ENGLISH, name="Eins", language="en"),
        "Zwei": make_approved(leader_of(desk), name="Zwei"),
    }
    page = client_for(desk.user).get(f"/queue/{desk.account_id}/message")
    texts = [each for each in page.root.iter("input") if each.get("name") == "template_id"]
    assert texts[0].get("value") == str(made[first])
    assert [text.get("checked") is not None for text in texts] == [True, False]


def test_a_number_of_the_wrong_kind_is_told_beside_its_field(desk: Desk, client_for: Client) -> None:
    template_id = make_approved(leader_of(desk))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}/message")
    wrong = page.submit("write", template_id=f"{template_id}", contact_point_id="999999", look="1")
    assert "Choose a number or address that this text can go to." in "".join(
        wrong.element("contact_point_id-error").itertext()
    )


def test_the_workbench_shows_what_is_said_first_in_a_call(desk: Desk, client_for: Client) -> None:
    make_approved(leader_of(desk), OPENING, Purpose.OPENING, Channel.CALL, name="Opening words")
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "Opening: Opening words" in page and "工号HT-007，受江南银行委托与王**联系" in page


def test_without_an_approved_text_the_page_says_so(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/queue/{desk.account_id}/message")
    assert "Your organisation has no approved text to send." in page


def test_the_bank_takes_the_outbox_away_and_notes_what_became_of_a_message(
    app: Flask, desk: Desk, person: Person, client_for: Client, db_session: Session
) -> None:
    message_id = send_message(desk.actor, desk.account_id, make_approved(leader_of(desk)), 1, person.mobile)
    bank = client_for(make_user(Role.VENDOR_MANAGER, make_bank()))
    assert "1 message waits in the outbox." in bank.get("/messages")
    page = bank.post("/messages/export")
    assert page.path.startswith("/messages/exports/") and "messages.csv" not in page
    run_pending(app)
    page = bank.get(page.path)
    assert "messages.csv" in page and "M2005-07-01-01" in page
    file = bank.client.get(f"{page.path}/files/messages.csv")
    assert "王小明" in file.text and file.headers["Cache-Control"] == "no-store"
    assert "M2005-07-01-01" in bank.get("/messages/exports")
    one = bank.get(f"/messages/{message_id}")
    assert "exported" in one and "王小明" not in one
    assert "王小明您好" in bank.post(f"/messages/{message_id}/reveal", status=200)
    assert "delivered" in bank.post(
        f"/messages/{message_id}/result", {"result": "delivered"}, to=f"/messages/{message_id}"
    )
    history = bank.get(f"/accounts/{desk.account_id}")
    assert "Asks for payment" in history and "delivered" in history


def test_an_agency_sees_its_own_messages_and_takes_nothing_away(desk: Desk, person: Person, client_for: Client) -> None:
    send_message(desk.actor, desk.account_id, make_approved(leader_of(desk)), 1, person.mobile)
    mine = client_for(desk.user).get("/messages")
    assert "Asks for payment" in mine and "Export the outbox" not in mine
    other = make_desk(make_person())
    assert "No message has been drawn up yet." in client_for(other.user).get("/messages")
    client_for(other.user).get("/messages/1", status=404)
    client_for(desk.user).get("/messages/exports", status=403)


def test_each_side_chooses_what_goes_out_by_itself(desk: Desk, client_for: Client, db_session: Session) -> None:
    leader, manager = make_user(Role.AGENCY_LEADER, desk.agency), make_user(Role.VENDOR_MANAGER, make_bank())
    reminder = make_approved(leader_of(desk), REMINDER, Purpose.REMINDER)
    notice = make_approved(clerk(), NOTICE, Purpose.NOTICE)
    page = client_for(leader).get("/texts/settings")
    wrong = page.submit("form", reminder_days="20", reminder_template_id=f"{reminder}")
    assert wrong.status == 422 and "Choose 1 to 14 days" in wrong
    assert "is kept" in page.submit("form", reminder_days="2", reminder_template_id=f"{reminder}")
    assert "is kept" in client_for(manager).get("/texts/settings").submit("form", notice_template_id=f"{notice}")
    kept = {s.organisation_id: s for s in db_session.scalars(sa.select(MessageSetting))}
    assert (kept[desk.agency.id].reminder_days, kept[desk.agency.id].reminder_template_id) == (2, reminder)
    assert kept[manager.organisation_id].notice_template_id == notice
