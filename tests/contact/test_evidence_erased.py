"""Erasing a person takes the recordings that were sent by file: nobody can read them, and the rows that name them stay."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contact.log.evidence import keep_evidence
from portal.contact.models import ContactAttempt, EvidenceFile, EvidenceKey
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import User
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.identity.factories import make_bank, make_user, observer
from tests.portfolio.test_personal_data import erase
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
WORDS = b"RIFF....WAVEfmt I shall pay on Monday"


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    make_bank()
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, Role.AGENCY_LEADER)


@pytest.fixture
def officer(desk: Desk) -> User:
    return make_user(Role.COMPLIANCE)


def send(desk: Desk, *names: str) -> None:
    kept = keep_evidence(desk.actor, [(name, io.BytesIO(WORDS + name.encode())) for name in names])
    assert kept.new == len(names), kept.refused


def log(desk: Desk, account_id: int, point: int, name: str) -> None:
    log_attempt(desk.actor, account_id, call(point, "refuses", evidence_name=name))


def files() -> dict[str, int]:
    with reading(observer()) as session:
        return dict(session.execute(sa.select(EvidenceFile.name, EvidenceFile.id)).all())


def answer(client_for: Client, user: User, name: str) -> tuple[int, bytes]:
    found = client_for(user).client.get(f"/evidence/{files()[name]}/file")
    return found.status_code, found.data


def test_a_recording_opens_until_its_person_is_erased_and_those_of_others_go_on_opening(
    desk: Desk, person: Person, officer: User, client_for: Client
) -> None:
    other = make_person(name="李雷")
    others = make_account(other)
    place(desk.agency, others)
    send(desk, "mine.wav", "theirs.wav", "loose.wav")
    log(desk, desk.account_id, person.mobile, "mine.wav")
    log(desk, others, other.mobile, "theirs.wav")
    assert answer(client_for, officer, "mine.wav") == (200, WORDS + b"mine.wav")

    erase(person.id)

    assert answer(client_for, officer, "mine.wav")[0] == 404
    assert answer(client_for, officer, "theirs.wav") == (200, WORDS + b"theirs.wav")
    assert answer(client_for, officer, "loose.wav") == (200, WORDS + b"loose.wav")
    with reading(observer()) as session:
        keys = session.scalars(sa.select(EvidenceKey.evidence_file_id)).all()
        assert set(keys) == {files()["theirs.wav"], files()["loose.wav"]}
        attempts = session.scalars(sa.select(ContactAttempt.evidence_name).order_by(ContactAttempt.id)).all()
        assert (attempts, set(files())) == (["mine.wav", "theirs.wav"], {"mine.wav", "theirs.wav", "loose.wav"})


def test_a_recording_of_two_people_opens_until_both_are_erased(
    desk: Desk, person: Person, officer: User, client_for: Client
) -> None:
    other = make_person(name="李雷")
    others = make_account(other)
    place(desk.agency, others)
    send(desk, "both.wav")
    log(desk, desk.account_id, person.mobile, "both.wav")
    log(desk, others, other.mobile, "both.wav")

    erase(person.id)
    assert answer(client_for, officer, "both.wav") == (200, WORDS + b"both.wav")
    erase(other.id)
    assert answer(client_for, officer, "both.wav")[0] == 404


def test_another_agencys_file_of_the_same_name_is_another_file(
    desk: Desk, person: Person, officer: User, client_for: Client
) -> None:
    other = make_person(name="李雷")
    elsewhere = make_desk(other, Role.AGENCY_LEADER)
    send(desk, "call.wav")
    log(desk, desk.account_id, person.mobile, "call.wav")
    send(elsewhere, "call.wav")
    log(elsewhere, elsewhere.account_id, other.mobile, "call.wav")

    erase(person.id)

    with reading(observer()) as session:
        left = session.scalars(sa.select(EvidenceKey.organisation_id)).all()
    assert left == [elsewhere.agency.id]


def test_a_recording_that_comes_once_its_person_is_erased_opens_for_nobody(
    desk: Desk, person: Person, officer: User, client_for: Client
) -> None:
    log(desk, desk.account_id, person.mobile, "late.wav")
    erase(person.id)
    send(desk, "late.wav")
    assert answer(client_for, officer, "late.wav")[0] == 404


def test_the_same_file_sent_again_is_here_before_and_is_stored_once(desk: Desk) -> None:
    send(desk, "call.wav")
    again = keep_evidence(desk.actor, [("call.wav", io.BytesIO(WORDS + b"call.wav"))])
    another = keep_evidence(desk.actor, [("call.wav", io.BytesIO(WORDS))])
    assert (again.new, again.before, len(another.refused)) == (0, 1, 1)


def test_a_file_larger_than_one_piece_comes_back_whole(desk: Desk, officer: User, client_for: Client) -> None:
    content = b"RIFF" + bytes(range(256)) * 9_000
    keep_evidence(desk.actor, [("long.wav", io.BytesIO(content))])
    assert answer(client_for, officer, "long.wav") == (200, content)


@pytest.mark.databases("sqlite")
def test_what_is_stored_is_sealed_with_a_key_of_its_own(desk: Desk) -> None:
    send(desk, "call.wav")
    with reading(observer()) as session:
        row = session.scalars(sa.select(EvidenceFile)).one()
        key = session.scalars(sa.select(EvidenceKey)).one()
    assert row.stored is not None
    with services().storage.open(row.stored) as stream:
        assert WORDS not in stream.read()
    assert not services().storage.exists(row.digest)
    assert key.organisation_id == desk.agency.id
