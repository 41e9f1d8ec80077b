"""The outbox: exported once, only what the rules allow at that time; what became of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.cli import main
from portal.contact.messages import dispatch
from portal.contact.messages.dispatch import ask_export, drop_message, record_download, record_result, run_export
from portal.contact.messages.models import MessageEvent, MessageExport, MessageState, OutgoingMessage
from portal.contact.messages.operations import send_message
from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.portfolio.models import ContactPoint, ContactStatus, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.factories import NOON, Desk, Person, at_time, make_desk, make_person
from tests.contact.message_factories import clerk, leader_of, make_approved, register_staff
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
def text(desk: Desk) -> int:
    return make_approved(leader_of(desk))


@pytest.fixture
def bank(app: Flask) -> Actor:
    return clerk()


@pytest.fixture
def sent(desk: Desk, person: Person, text: int) -> int:
    return send_message(desk.actor, desk.account_id, text, 1, person.mobile)


def exported(app: Flask, bank: Actor) -> int:
    export_id = ask_export(bank)
    run_pending(app)
    return export_id


def lines(bank: Actor, export_id: int, name: str = "messages.csv") -> list[list[str]]:
    taken = record_download(bank, export_id, name)
    content = b"".join(services().storage.chunks(taken.digest))
    if name.endswith(".csv"):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def states(session: Session) -> list[str]:
    return [state.value for state in session.scalars(sa.select(OutgoingMessage.state).order_by(OutgoingMessage.id))]


@pytest.mark.parametrize("name", ["messages.csv", "messages.xlsx"])
def test_an_export_holds_each_message_with_its_number_and_text(
    app: Flask, bank: Actor, sent: int, desk: Desk, db_session: Session, name: str
) -> None:
    header, row = lines(bank, exported(app, bank), name)
    said = dict(zip(header, row, strict=True))
    assert said["to"].startswith("0086138") and "王小明您好" in said["text"] and said["channel"] == "sms"
    assert said["organisation"] == desk.agency.code and int(said["message"]) == sent and int(said["parts"]) == 2
    message = db_session.scalars(sa.select(OutgoingMessage)).one()
    assert message.state is MessageState.EXPORTED and message.dispatched_at == NOON and message.export_id
    event = db_session.scalars(sa.select(MessageEvent)).one()
    assert (event.state, event.detail, event.by_user_id) == (MessageState.EXPORTED, "M2005-07-01-01", bank.user_id)


def test_every_message_is_exported_once(
    app: Flask, bank: Actor, sent: int, desk: Desk, person: Person, text: int, db_session: Session
) -> None:
    first = exported(app, bank)
    with pytest.raises(Refused) as refused:
        ask_export(bank)
    assert refused.value.code == "export.nothing"
    second_message = send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    second = exported(app, bank)
    assert [row[0] for row in lines(bank, first)[1:]] == [f"{sent}"]
    assert [row[0] for row in lines(bank, second)[1:]] == [f"{second_message}"]
    numbers = db_session.scalars(sa.select(MessageExport.number).order_by(MessageExport.id)).all()
    assert numbers == ["M2005-07-01-01", "M2005-07-01-02"]


def test_an_export_that_is_run_again_changes_nothing(app: Flask, bank: Actor, sent: int, db_session: Session) -> None:
    export_id = exported(app, bank)
    before = db_session.get_one(MessageExport, export_id).csv_digest
    assert run_export(bank, export_id).csv_digest == before
    assert len(db_session.scalars(sa.select(MessageEvent)).all()) == 1


def test_an_export_that_dies_has_exported_nothing(
    bank: Actor, sent: int, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = ask_export(bank)

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dispatch, "mark_exported", die)
        with pytest.raises(KeyboardInterrupt):
            run_export(bank, export_id)
    assert states(db_session) == ["queued"]
    assert run_export(bank, export_id).message_count == 1
    assert states(db_session) == ["exported"]


def test_at_night_nothing_leaves_the_outbox(app: Flask, bank: Actor, sent: int, db_session: Session) -> None:
    at_time(NOON.replace(hour=22))
    export = db_session.get_one(MessageExport, exported(app, bank))
    assert (export.message_count, export.held_back, export.csv_digest) == (0, 1, None)
    assert states(db_session) == ["queued"]
    at_time(NOON.replace(hour=8) + timedelta(days=1))
    exported(app, bank)
    assert states(db_session) == ["exported"]


def test_a_hold_that_was_raised_meanwhile_holds_the_message_back(
    app: Flask, bank: Actor, sent: int, person: Person, db_session: Session
) -> None:
    with transaction(observer()) as work:
        add_hold(work, person.id, None, HoldFlag.DO_NOT_CONTACT, "asked")
    exported(app, bank)
    assert states(db_session) == ["queued"]


def test_what_has_been_overtaken_is_not_sent_any_more(
    app: Flask, bank: Actor, sent: int, person: Person, db_session: Session
) -> None:
    with transaction(observer()) as work:
        work.session.get_one(ContactPoint, person.mobile).status = ContactStatus.INVALID
    export = db_session.get_one(MessageExport, exported(app, bank))
    assert (export.message_count, export.dropped) == (0, 1)
    message = db_session.scalars(sa.select(OutgoingMessage)).one()
    assert (message.state, message.failure) == (MessageState.FAILED, "address_wrong")


def test_what_has_waited_too_long_is_not_sent_any_more(app: Flask, bank: Actor, sent: int, db_session: Session) -> None:
    at_time(NOON + timedelta(days=15))
    exported(app, bank)
    assert db_session.scalars(sa.select(OutgoingMessage.failure)).all() == ["too_late"]


def test_a_message_is_taken_out_of_the_outbox_with_a_reason(
    app: Flask, bank: Actor, sent: int, db_session: Session
) -> None:
    with pytest.raises(DomainError):
        drop_message(bank, sent, " ")
    drop_message(bank, sent, "wrong account")
    assert states(db_session) == ["failed"]
    with pytest.raises(Refused):
        drop_message(bank, sent, "again")
    with pytest.raises(Refused):
        ask_export(bank)


@pytest.mark.parametrize("delivered", [True, False])
def test_the_result_of_a_message_is_kept_once(
    app: Flask, bank: Actor, sent: int, db_session: Session, delivered: bool
) -> None:
    with pytest.raises(Refused):
        record_result(bank, sent, delivered=delivered)
    exported(app, bank)
    record_result(bank, sent, delivered=delivered)
    assert states(db_session) == ["delivered" if delivered else "failed"]
    with pytest.raises(Refused):
        record_result(bank, sent, delivered=not delivered)


def test_the_steps_of_a_message_are_evidence(app: Flask, bank: Actor, sent: int) -> None:
    exported(app, bank)
    for statement in (sa.update(MessageEvent).values(detail="x"), sa.delete(MessageEvent)):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(statement)


def test_only_who_may_takes_the_outbox_away(app: Flask, bank: Actor, sent: int, desk: Desk) -> None:
    for somebody in (leader_of(desk), desk.actor, clerk(Role.COMPLIANCE), clerk(Role.FINANCE)):
        with pytest.raises(Refused) as refused:
            ask_export(somebody)
        assert refused.value.code == "access.forbidden"
    export_id = exported(app, bank)
    with pytest.raises(Refused):
        record_download(leader_of(desk), export_id, "messages.csv")
    with pytest.raises(NotFound):
        record_download(bank, export_id, "messages.exe")


def test_a_download_is_recorded_with_its_hash(app: Flask, bank: Actor, sent: int, db_session: Session) -> None:
    export_id = exported(app, bank)
    record_download(bank, export_id, "messages.csv")
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "message.export_taken")).one()
    assert event.details and event.details["sha256"] == db_session.get_one(MessageExport, export_id).csv_digest


def test_the_command_writes_the_outbox_to_a_file_once(app: Flask, bank: Actor, sent: int, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    words = ["messages", "export", "--as", bank.user_name, "--out", str(out)]
    done = CliRunner().invoke(main, words, obj=app)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "export": "M2005-07-01-01", "messages": 1, "held_back": 0, "dropped": 0, "file": str(out),
    }  # fmt: skip
    assert "王小明" in out.read_text(encoding="utf-8-sig")
    assert CliRunner().invoke(main, words, obj=app).exit_code == 3


def test_the_command_says_what_stands_against_a_text(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("{agency}受{bank}委托，{phone}。后果自负。", encoding="utf-8")
    done = CliRunner().invoke(main, ["messages", "check", str(file), "--purpose", "reminder"])
    assert done.exit_code == 3
    first, length = map(json.loads, done.stdout.splitlines())
    assert (first["code"], first["phrase"], first["weight"]) == ("THREAT", "后果自负", "block")
    assert length["coding"] == "ucs2"
    file.write_text("{agency}受{bank}委托，{phone}。", encoding="utf-8")
    assert CliRunner().invoke(main, ["messages", "check", str(file), "--purpose", "reminder"]).exit_code == 0
    file.write_text("{nmae}", encoding="utf-8")
    refused = CliRunner().invoke(main, ["messages", "check", str(file)])
    assert refused.exit_code == 3 and "nmae" in refused.stderr
