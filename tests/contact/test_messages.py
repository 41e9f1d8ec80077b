"""Sending an approved text: the rules first, then the log and the outbox together, or nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.messages.models import MessageEvent, MessageState, OutgoingMessage
from portal.contact.messages.operations import preview, reveal_message, send_message
from portal.contact.messages.texts import Content, approve_text, submit_text, withdraw_text, write_version
from portal.contact.models import Channel, ContactAttempt
from portal.contact.operations import log_attempt
from portal.contact.wording import Purpose
from portal.foundation.access import Actor
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import transaction
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import ContactKind, ContactPoint, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.message_factories import (
    DEMAND,
    MAIL,
    NOTICE,
    REMINDER,
    add_point,
    clerk,
    leader_of,
    make_approved,
    register_staff,
)
from tests.identity.factories import observer

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    desk = make_desk(person)
    register_staff(desk)
    return desk


@pytest.fixture
def leader(desk: Desk) -> Actor:
    return leader_of(desk)


@pytest.fixture
def text(leader: Actor) -> int:
    return make_approved(leader)


def kept(session: Session) -> OutgoingMessage:
    return session.scalars(sa.select(OutgoingMessage)).one()


def nothing_was_sent(session: Session) -> bool:
    return (
        not session.scalars(sa.select(OutgoingMessage.id)).all()
        and not session.scalars(sa.select(ContactAttempt.id)).all()
    )


def test_a_message_waits_in_the_outbox_and_its_attempt_is_logged(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    message_id = send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    message = kept(db_session)
    assert (message.id, message.state, message.purpose, message.channel) == (
        message_id, MessageState.QUEUED, Purpose.DEMAND, Channel.SMS,
    )  # fmt: skip
    assert message.reserved and message.parts == 2 and message.made_by == desk.user.id
    attempt = db_session.get_one(ContactAttempt, message.attempt_id)
    assert (attempt.channel, attempt.outcome, attempt.verdict) == (Channel.SMS, "sent", "allow")
    assert attempt.contact_point_id == person.mobile
    assert "王小明".encode() not in message.text_sealed
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "message.drawn_up")).one()
    assert "王" not in str(event.after)


def test_the_text_is_filled_for_the_person_and_shown_by_a_click_that_is_recorded(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    message_id = send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    filled = reveal_message(desk.actor, message_id)
    assert filled.text == (
        f"【江南银行】王小明您好，{desk.agency.name}（工号HT-007）受江南银行委托提醒您：尾号0042的信用卡截至2005年6月30日"
        f"应还52,838.95元，请尽快还款。如有疑问请致电010-55550100。"
    )
    assert filled.digest == kept(db_session).content_sha256
    revealed = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).one()
    assert (revealed.subject_type, revealed.subject_id) == ("outgoing_message", message_id)


def test_a_preview_masks_the_name_and_changes_nothing(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    shown = preview(desk.actor, desk.account_id, text, person.mobile)
    assert "王**您好" in shown.filled.text and "王小明" not in shown.filled.text
    assert nothing_was_sent(db_session)


def test_an_english_text_says_amounts_and_days_in_english(desk: Desk, leader: Actor, person: Person) -> None:
    words = (
        "{name}: {agency}, staff {staff_number}, acting for {bank}. {amount} as of {as_of} is overdue on the card ending "
        "{account_tail}. Call {phone}."
    )
    english = make_approved(leader, words, language="en")
    shown = preview(desk.actor, desk.account_id, english, person.mobile)
    assert "acting for Jiangnan Bank. CNY 52,838.95 as of 30 June 2005" in shown.filled.text


def test_at_night_nothing_is_sent(desk: Desk, person: Person, text: int, db_session: Session) -> None:
    at_time(NOON.replace(hour=22))
    with pytest.raises(Refused) as refused:
        send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    assert refused.value.code == "conduct.blocked"
    assert nothing_was_sent(db_session)


def test_to_whom_nobody_may_write_nothing_is_sent(desk: Desk, person: Person, text: int, db_session: Session) -> None:
    with transaction(observer()) as work:
        add_hold(work, person.id, None, HoldFlag.DO_NOT_CONTACT, "asked")
    with pytest.raises(Refused):
        send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    assert nothing_was_sent(db_session)


def test_a_third_person_is_never_written_to(desk: Desk, person: Person, text: int, db_session: Session) -> None:
    with pytest.raises(DomainError) as error:
        send_message(desk.actor, desk.account_id, text, 1, person.friend)
    assert error.value.code == "message.third_person"
    assert nothing_was_sent(db_session)


def test_a_short_message_goes_to_no_landline_and_no_e_mail(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    address = add_point(person.id, ContactKind.EMAIL, "wang@example.com")
    with transaction(observer()) as work:
        work.session.get_one(ContactPoint, person.office).value_masked = "+8610****78"
    for point in (address, person.office, 987_654):
        with pytest.raises(DomainError) as error:
            send_message(desk.actor, desk.account_id, text, 1, point)
        assert error.value.code == "message.point"
    assert nothing_was_sent(db_session)


def test_a_text_with_a_gap_is_not_sent(
    desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    with pytest.raises(DomainError) as error:  # who leads stands in no staff register
        send_message(leader, desk.account_id, text, 1, person.mobile)
    assert error.value.code == "message.gap" and "staff_number" in str(error.value.message)
    assert nothing_was_sent(db_session)


def test_only_what_is_approved_is_sent_and_only_as_it_was_read(
    desk: Desk, leader: Actor, person: Person, text: int, db_session: Session
) -> None:
    write_version(leader, text, Content(DEMAND + "谢谢。"))
    with pytest.raises(Refused):
        send_message(desk.actor, desk.account_id, text, 2, person.mobile)
    submit_text(leader, text)
    approve_text(clerk(), text, 2)
    with pytest.raises(Refused) as refused:
        send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    assert refused.value.code == "message.text_changed"
    withdraw_text(leader, text, "wrong")
    with pytest.raises(NotFound):
        send_message(desk.actor, desk.account_id, text, 2, person.mobile)
    assert nothing_was_sent(db_session)


def test_a_text_of_somebody_else_or_for_something_else_is_not_there(
    desk: Desk, leader: Actor, person: Person, db_session: Session
) -> None:
    of_another = make_approved(leader_of(make_desk(make_person())))
    of_the_bank = make_approved(clerk(), NOTICE, Purpose.NOTICE)
    by_itself = make_approved(leader, REMINDER, Purpose.REMINDER)
    for template_id in (of_another, of_the_bank, by_itself):
        with pytest.raises(NotFound):
            send_message(desk.actor, desk.account_id, template_id, 1, person.mobile)
    assert nothing_was_sent(db_session)


def test_an_account_that_is_not_held_is_not_there(person: Person, text: int, desk: Desk) -> None:
    other = make_desk(make_person())
    with pytest.raises(NotFound):
        send_message(desk.actor, other.account_id, text, 1, person.mobile)


def test_an_e_mail_has_its_subject_and_waits_in_the_outbox_without_a_server(
    desk: Desk, leader: Actor, person: Person, db_session: Session
) -> None:
    mail = make_approved(leader, MAIL, Purpose.CONTACT, Channel.EMAIL, subject="{bank}：请与我们联系")
    point = add_point(person.id, ContactKind.EMAIL, "wang@example.com")
    message_id = send_message(desk.actor, desk.account_id, mail, 1, point)
    filled = reveal_message(desk.actor, message_id)
    assert filled.subject == "江南银行：请与我们联系"
    assert kept(db_session).state is MessageState.QUEUED


def test_what_waits_when_the_account_goes_back_is_not_sent_and_the_agency_reads_it_no_more(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    message_id = send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    with transaction(observer()) as work:
        mine = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, mine, Ending(EndReason.RECALLED))
    message = kept(db_session)
    assert (message.state, message.failure) == (MessageState.FAILED, "ended")
    assert db_session.scalars(sa.select(MessageEvent.detail)).all() == ["ended"]
    with pytest.raises(NotFound):
        reveal_message(desk.actor, message_id)


def test_the_day_s_calls_and_messages_stand_in_one_log(
    desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    assert sorted(db_session.scalars(sa.select(ContactAttempt.outcome))) == ["no_answer", "sent"]
