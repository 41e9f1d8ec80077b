"""E-mail through a real server on this machine: each message is handed over once, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.config import ConfigurationError, Settings
from portal.contact.messages import mailing
from portal.contact.messages.dispatch import ask_export
from portal.contact.messages.models import MessageEvent, MessageState, OutgoingMessage
from portal.contact.messages.operations import send_message
from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.daily import ask_for_due
from portal.foundation.errors import Refused
from portal.foundation.jobs import Job, JobState, retry_job, run_pending
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.portfolio.models import ContactKind, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.message_factories import MAIL, add_point, clerk, leader_of, make_approved, register_staff
from tests.identity.factories import observer
from tests.support.mail import MailServer, mail_server

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def server(app: Flask) -> Iterator[MailServer]:
    with mail_server() as mail:
        found = services()
        found.settings = replace(found.settings, smtp_url=mail.url, mail_from="notices@bank.example")
        yield mail


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    desk = make_desk(person)
    register_staff(desk)
    return desk


def mailed(desk: Desk, person: Person) -> int:
    """A message that waits for the server."""
    text = make_approved(leader_of(desk), MAIL, Purpose.CONTACT, Channel.EMAIL, subject="{bank}：请与我们联系")
    return send_message(
        desk.actor, desk.account_id, text, 1, add_point(person.id, ContactKind.EMAIL, "wang@example.com")
    )


def kept(session: Session) -> OutgoingMessage:
    return session.scalars(sa.select(OutgoingMessage)).one()


def test_the_server_gets_the_message_as_it_was_approved(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    message_id = mailed(desk, person)
    assert server.taken == []  # not before the transaction stands
    run_pending(app)
    (mail,) = server.taken
    assert mail["To"] == "wang@example.com" and mail["Subject"] == "江南银行：请与我们联系"
    assert mail["From"].addresses[0].addr_spec == "notices@bank.example"
    assert mail["From"].addresses[0].display_name == desk.agency.name
    assert mail["Message-ID"].startswith(f"<message-{message_id}-")
    assert "王小明您好" in mail.get_content() and "HT-007" in mail.get_content()
    message = kept(db_session)
    assert message.state is MessageState.SENT and message.dispatched_at == NOON
    assert db_session.scalars(sa.select(MessageEvent.state)).all() == [MessageState.SENT]


def test_a_message_that_is_sent_is_not_sent_again(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    mailed(desk, person)
    run_pending(app)
    at_time(NOON + timedelta(hours=1))
    ask_for_due()
    run_pending(app)
    with pytest.raises(Refused):
        ask_export(clerk())
    assert len(server.taken) == 1


def test_a_server_that_is_away_or_busy_gets_it_later(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    server.busy = True
    mailed(desk, person)
    run_pending(app)
    job = db_session.scalars(sa.select(Job)).one()
    assert job.state is JobState.FAILED and job.error and job.error["code"] == "mail.not_taken"
    assert kept(db_session).state is MessageState.QUEUED and kept(db_session).handed_at is None
    server.busy = False
    retry_job(desk.actor, job.id)
    run_pending(app)
    assert len(server.taken) == 1 and kept(db_session).state is MessageState.SENT


def test_what_waits_is_asked_for_again_once_an_hour(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    server.busy = True
    mailed(desk, person)
    run_pending(app)
    assert ask_for_due() == []
    at_time(NOON + timedelta(minutes=30))
    assert len(ask_for_due()) == 1
    run_pending(app)
    assert len(set(ask_for_due())) == 1  # the same job
    server.busy = False
    at_time(NOON + timedelta(minutes=70))
    ask_for_due()
    run_pending(app)
    assert kept(db_session).state is MessageState.SENT


def test_an_address_that_the_server_refuses_is_not_asked_about_again(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    server.refuses = True
    mailed(desk, person)
    run_pending(app)
    assert (kept(db_session).state, kept(db_session).failure) == (MessageState.FAILED, "refused")


def test_where_the_server_did_not_answer_nobody_sends_it_a_second_time(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    server.dies = True
    mailed(desk, person)
    run_pending(app)
    server.dies = False
    at_time(NOON + timedelta(hours=2))
    ask_for_due()
    run_pending(app)
    assert len(server.taken) == 1
    assert (kept(db_session).state, kept(db_session).failure) == (MessageState.FAILED, "unknown")


def test_a_worker_that_died_between_question_and_answer_sends_nothing_twice(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    message_id = mailed(desk, person)
    letter = mailing._claim(desk.actor, message_id)  # as the first worker did, before it died
    assert isinstance(letter, mailing.Letter)
    mailing.deliver(services().settings, letter)
    run_pending(app)
    assert len(server.taken) == 1
    assert kept(db_session).failure == "unknown"


def test_a_hold_that_was_raised_meanwhile_stops_an_e_mail_too(
    app: Flask, server: MailServer, desk: Desk, person: Person, db_session: Session
) -> None:
    mailed(desk, person)
    with transaction(observer()) as work:
        add_hold(work, person.id, None, HoldFlag.DO_NOT_CONTACT, "asked")
    run_pending(app)
    assert server.taken == [] and kept(db_session).state is MessageState.QUEUED


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("ftp://mail.example", "a@b.example"),
        ("smtp://", "a@b.example"),
        ("smtp://mail.example:port", "a@b.example"),
        ("smtp://mail.example", ""),
        ("smtp://mail.example", "nobody"),
    ],
)
def test_a_wrong_mail_server_is_named(url: str, sender: str) -> None:
    with pytest.raises(ConfigurationError, match="PORTAL_"):
        Settings(smtp_url=url, mail_from=sender).check()


def test_the_password_of_the_mail_server_is_not_shown() -> None:
    assert "secret" not in repr(Settings(smtp_url="smtps://me:secret@mail.example", mail_from="a@b.example"))
