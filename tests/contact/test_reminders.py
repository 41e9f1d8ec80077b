"""Reminders before promises fall due: once, with approved words, in the agency's name, at hours that the rules allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.messages.dispatch import ask_export
from portal.contact.messages.models import MessageState, OutgoingMessage
from portal.contact.messages.operations import reveal_message
from portal.contact.messages.reminders import draw_reminders
from portal.contact.messages.settings import choose_reminders
from portal.contact.messages.texts import withdraw_text
from portal.contact.models import ContactAttempt, Promise, PromiseState, WorkItem
from portal.contact.operations import log_attempt
from portal.contact.wording import Purpose
from portal.foundation.access import Actor
from portal.foundation.daily import ask_for_due, portal_itself
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import transaction
from portal.identity.models import User
from portal.portfolio.models import ContactPoint, ContactStatus, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.message_factories import DEMAND, REMINDER, clerk, leader_of, make_approved
from tests.identity.factories import make_bank, observer
from tests.support.pages import PageClient

pytestmark = pytest.mark.usefixtures("app")
DUE = date(2005, 7, 5)
BEFORE = NOON.replace(day=4)  # the day before


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    make_bank(phone="95500")
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    desk = make_desk(person)
    promise = call(person.mobile, "promise", promise_minor=500_000, promise_on=DUE)
    log_attempt(desk.actor, desk.account_id, promise)
    return desk


@pytest.fixture
def leader(desk: Desk) -> Actor:
    return leader_of(desk)


@pytest.fixture
def text(leader: Actor) -> int:
    return make_approved(leader, REMINDER, Purpose.REMINDER)


def day(app: Flask, when: datetime) -> None:
    """What the day brings at this hour."""
    at_time(when)
    ask_for_due()
    run_pending(app)


def drawn(session: Session) -> list[OutgoingMessage]:
    return list(session.scalars(sa.select(OutgoingMessage)))


def test_a_promise_is_reminded_of_once_the_days_before_it_falls_due(
    app: Flask, desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    day(app, BEFORE - timedelta(days=1))
    assert drawn(db_session) == []
    day(app, BEFORE)
    (message,) = drawn(db_session)
    assert (message.purpose, message.state, message.made_by) == (Purpose.REMINDER, MessageState.QUEUED, None)
    assert message.promise_id and message.organisation_id == desk.agency.id
    assert "您承诺于2005年7月5日还款5,000.00元" in reveal_message(desk.actor, message.id).text
    attempt = db_session.get_one(ContactAttempt, message.attempt_id)
    assert (attempt.outcome, attempt.verdict, attempt.contact_point_id) == ("sent", "allow", person.mobile)
    assert attempt.organisation_id == desk.agency.id and attempt.logged_by is None
    item = db_session.scalars(sa.select(WorkItem)).one()
    assert (item.next_kind, item.next_on) == ("promise", DUE)  # it waits for its day all the same
    for hours in (1, 2):
        day(app, BEFORE + timedelta(hours=hours))
    assert len(drawn(db_session)) == 1


def test_a_reminder_stands_once_in_the_history_and_is_nobody_elses_deed(
    app: Flask, desk: Desk, leader: Actor, text: int, client_for: Callable[..., PageClient], db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    day(app, BEFORE)
    page = client_for(db_session.get_one(User, leader.user_id)).get(f"/accounts/{desk.account_id}")
    assert page.text.count("SMS: ") == 1 and "interface" not in page.text
    assert "SMS: Reminder of a promise" in page


def test_without_a_setting_nobody_is_reminded(app: Flask, desk: Desk, text: int, db_session: Session) -> None:
    day(app, BEFORE)
    assert drawn(db_session) == []


def test_a_setting_that_is_taken_back_reminds_nobody(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    choose_reminders(leader, None, None)
    day(app, BEFORE)
    assert drawn(db_session) == []


def test_only_an_approved_text_reminds(app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session) -> None:
    choose_reminders(leader, 1, text)
    withdraw_text(clerk(), text, "wrong")
    day(app, BEFORE)
    assert drawn(db_session) == []


def test_outside_the_hours_of_the_day_nothing_is_due_and_in_the_morning_it_is(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    for hour in (0, 8, 20, 23):
        day(app, BEFORE.replace(hour=hour))
        assert drawn(db_session) == []
    day(app, BEFORE.replace(hour=9))
    assert len(drawn(db_session)) == 1


def test_what_the_rules_forbid_now_is_tried_again_in_the_next_hour(
    app: Flask, desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    with transaction(observer()) as work:
        hold = add_hold(work, person.id, None, HoldFlag.DO_NOT_CONTACT, "asked")
    day(app, BEFORE)
    assert drawn(db_session) == []
    assert db_session.scalars(sa.select(ContactAttempt.outcome)).all() == ["promise"]
    with transaction(observer()) as work:
        work.session.merge(hold).released_at = work.now
    day(app, BEFORE + timedelta(minutes=30))
    assert drawn(db_session) == []  # the hour's job is done
    day(app, BEFORE + timedelta(hours=1))
    assert len(drawn(db_session)) == 1


def test_a_promise_that_is_kept_or_was_made_today_is_not_reminded_of(
    app: Flask, desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 14, text)
    day(app, NOON + timedelta(hours=1))
    assert drawn(db_session) == []
    with transaction(observer()) as work:
        work.session.scalars(sa.select(Promise)).one().state = PromiseState.KEPT
    day(app, BEFORE)
    assert drawn(db_session) == []


def test_a_promise_that_is_kept_before_the_reminder_leaves_the_outbox_stops_it(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    day(app, BEFORE)
    with transaction(observer()) as work:
        work.session.scalars(sa.select(Promise)).one().state = PromiseState.KEPT
    ask_export(clerk())
    run_pending(app)
    (message,) = drawn(db_session)
    assert (message.state, message.failure) == (MessageState.FAILED, "promise_over")


def test_who_has_no_number_that_serves_is_not_reminded(
    app: Flask, desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    with transaction(observer()) as work:
        for point in work.session.scalars(sa.select(ContactPoint)):
            point.status = ContactStatus.INVALID
    day(app, BEFORE)
    assert drawn(db_session) == []
    actor = portal_itself()
    assert actor is not None and draw_reminders(actor) == (0, 1)


def test_each_agency_reminds_of_its_own_promises(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    person = make_person(name="李小红")
    other = make_desk(person)
    log_attempt(other.actor, other.account_id, call(person.mobile, "promise", promise_minor=1_000, promise_on=DUE))
    choose_reminders(leader, 1, text)
    day(app, BEFORE)
    assert [message.organisation_id for message in drawn(db_session)] == [desk.agency.id]


@pytest.mark.parametrize("days", [0, 15, -1])
def test_reminders_go_out_one_to_fourteen_days_before(leader: Actor, text: int, days: int) -> None:
    with pytest.raises(DomainError) as error:
        choose_reminders(leader, days, text)
    assert error.value.field == "reminder_days"


def test_reminders_need_an_approved_text_for_reminders_of_the_agency_itself(desk: Desk, leader: Actor) -> None:
    of_another = make_approved(leader_of(make_desk(make_person())), REMINDER, Purpose.REMINDER)
    for text in (None, of_another, make_approved(leader, DEMAND)):
        with pytest.raises(DomainError) as error:
            choose_reminders(leader, 1, text)
        assert error.value.field == "reminder_template_id"
    with pytest.raises(Refused):
        choose_reminders(clerk(), 1, of_another)
    with pytest.raises(Refused):
        choose_reminders(desk.actor, 1, None)


def test_a_reminder_that_leaves_the_outbox_behind_the_promised_day_is_not_sent(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    day(app, BEFORE)
    at_time(NOON.replace(day=6))
    ask_export(clerk())
    run_pending(app)
    (message,) = drawn(db_session)
    assert (message.state, message.failure) == (MessageState.FAILED, "promise_past")
    assert db_session.scalars(sa.select(Promise)).one().state is PromiseState.OPEN  # its days of grace run


def test_a_reminder_still_goes_out_on_the_promised_day(
    app: Flask, desk: Desk, leader: Actor, text: int, db_session: Session
) -> None:
    choose_reminders(leader, 1, text)
    day(app, BEFORE)
    at_time(NOON.replace(day=5))
    ask_export(clerk())
    run_pending(app)
    (message,) = drawn(db_session)
    assert message.state is MessageState.EXPORTED
