"""A request with an idempotency key does its work once, whoever dies in between."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.api import answers
from portal.api.models import ApiAnswer
from portal.foundation import hooks
from portal.foundation.daily import portal_itself
from portal.foundation.errors import DomainError
from portal.foundation.services import services
from portal.foundation.work import reading
from tests.api.machines import Machine, make_machine, problem_in
from tests.contact.factories import NOON, Person, at_time, make_person
from tests.contact.logs import kept
from tests.identity.factories import make_bank, observer

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def machine(app: Flask, person: Person) -> Machine:
    return make_machine(app, person)


def a_call(machine: Machine, person: Person, **fields: Any) -> dict[str, Any]:
    usual = {"attempt_ref": "D-1", "account_ref": machine.account_ref, "channel": "call", "outcome": "no_answer"}
    return usual | {"contact_point_id": person.mobile} | fields


def _actor(machine: Machine) -> Actor:
    assert machine.desk is not None
    return machine.desk.actor


def test_the_same_request_is_answered_as_before(machine: Machine, person: Person) -> None:
    first = machine.post("/attempts", a_call(machine, person), key="k-1")
    again = machine.post("/attempts", a_call(machine, person), key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json and again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(kept()) == 1


def test_another_request_with_the_key_is_refused(machine: Machine, person: Person) -> None:
    machine.post("/attempts", a_call(machine, person), key="k-1")
    other = machine.post("/attempts", a_call(machine, person, attempt_ref="D-2"), key="k-1")
    assert other.status_code == 422 and problem_in(other)["code"] == "idempotency.conflict"
    elsewhere = machine.post("/attempt-logs", a_call(machine, person), key="k-1")
    assert problem_in(elsewhere)["code"] == "idempotency.conflict"
    assert len(kept()) == 1


def test_what_was_refused_may_be_tried_again(machine: Machine, person: Person) -> None:
    at_time(NOON.replace(hour=23))
    assert machine.post("/attempts", a_call(machine, person), key="k-1").status_code == 409
    at_time(NOON + timedelta(days=1))
    assert machine.post("/attempts", a_call(machine, person), key="k-1").status_code == 201


def test_a_key_is_of_one_organisation_only(app: Flask, machine: Machine, person: Person) -> None:
    somebody = make_person()
    other = make_machine(app, somebody)
    machine.post("/attempts", a_call(machine, person), key="k-1")
    theirs = a_call(other, somebody)
    assert other.post("/attempts", theirs, key="k-1").status_code == 201


def test_a_request_whose_first_is_at_work_waits_its_turn(machine: Machine) -> None:
    claimed = answers.claim(_actor(machine), "k-1", "POST /x", b"{}")
    assert isinstance(claimed, answers.Claim)
    with pytest.raises(DomainError) as refused:
        answers.claim(_actor(machine), "k-1", "POST /x", b"{}")
    assert (refused.value.code, refused.value.status) == ("idempotency.at_work", 409)


def test_a_claim_whose_process_died_is_taken_over_and_the_late_one_fenced_off(machine: Machine) -> None:
    actor = _actor(machine)
    dead = answers.claim(actor, "k-1", "POST /x", b"{}")
    at_time(NOON + timedelta(seconds=61))
    mine = answers.claim(actor, "k-1", "POST /x", b"{}")
    assert isinstance(dead, answers.Claim) and isinstance(mine, answers.Claim) and mine.at > dead.at
    answers.settle(actor, dead, 201, "late")
    answers.release(actor, dead)
    with reading(observer()) as session:
        assert session.scalars(sa.select(ApiAnswer)).one().body is None
    answers.settle(actor, mine, 201, "{}")
    assert answers.claim(actor, "k-1", "POST /x", b"{}") == answers.Answer(201, "{}")


@pytest.mark.parametrize("key", ["", "x" * 201, "schlüssel", "a\tb"])
def test_a_key_is_plain_and_short(machine: Machine, key: str) -> None:
    with pytest.raises(DomainError) as refused:
        answers.claim(_actor(machine), key, "POST /x", b"{}")
    assert refused.value.code == "idempotency.key"


def test_reading_takes_no_key(machine: Machine, person: Person) -> None:
    asked = {"account_ref": machine.account_ref, "channel": "call"}
    assert machine.post("/checks", asked, key="k-1").status_code == 200
    assert machine.post(f"/contact-points/{person.mobile}/reveal", key="k-1").status_code == 200
    with reading(observer()) as session:
        assert session.scalars(sa.select(ApiAnswer)).all() == []


def test_old_answers_are_forgotten_by_themselves(machine: Machine, person: Person) -> None:
    make_bank()
    machine.post("/attempts", a_call(machine, person), key="k-1")
    portal = portal_itself()
    assert portal is not None

    def due() -> list[str]:
        with reading(portal) as session:
            clock = services().clock
            found = hooks.due_work(session, portal, clock.now(), clock.today())
            return [piece.kind for pieces in found for piece in pieces if piece.kind == answers.FORGET]

    assert due() == []
    at_time(NOON + timedelta(days=8))
    assert due() == [answers.FORGET]
    assert answers.forget_old(portal) == 1 and due() == []
