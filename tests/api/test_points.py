"""Contact points: found ones with their lawful ground, and one in full, which is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.work import reading
from portal.portfolio.models import ContactPoint, ContactSource
from tests.api.machines import Machine, make_machine, problem_in, ref_of
from tests.contact.factories import NOON, Person, at_time, make_desk, make_person
from tests.contact.logs import number_of
from tests.identity.factories import observer

if TYPE_CHECKING:
    from flask import Flask

FOUND = {
    "kind": "phone", "value": "137-0013-7000", "relation": "spouse", "source": "公开黄页", "lawful_ground": "public_source",
}  # fmt: skip


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def machine(app: Flask, person: Person) -> Machine:
    return make_machine(app, person)


def test_a_found_number_is_kept_with_its_ground_and_masked(machine: Machine) -> None:
    path = f"/accounts/{machine.account_ref}/contact-points"
    answer = machine.post(path, FOUND)
    assert answer.status_code == 201
    assert answer.json["value_masked"] == "+86137****7000" and answer.json["source"] == "found"
    with reading(observer()) as session:
        point = session.scalars(sa.select(ContactPoint).where(ContactPoint.source == ContactSource.FOUND)).one()
        assert (point.id, point.lawful_ground, point.relation) == (answer.json["id"], "public_source", "spouse")
        assert machine.desk is not None and point.found_by_id == machine.desk.agency.id
        assert session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "contact_point.found")).one()
    again = machine.post(path, FOUND)
    assert again.status_code == 200 and again.json["id"] == answer.json["id"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"value": "no number"}, "value"),
        ({"kind": "email"}, "value"),
        ({"kind": "address", "value": "4111111111111111"}, "value"),
        ({"source": "  "}, "source"),
        ({"source": ""}, "source"),
        ({"lawful_ground": "curiosity"}, "lawful_ground"),
        ({"lawful_ground": None}, "lawful_ground"),
        ({"relation": "boss"}, "relation"),
    ],
)
def test_a_found_number_needs_all_that_makes_it_lawful(machine: Machine, fields: dict[str, Any], field: str) -> None:
    answer = machine.post(f"/accounts/{machine.account_ref}/contact-points", FOUND | fields)
    assert answer.status_code == 422
    assert [error["field"] for error in problem_in(answer)["errors"]] == [field]


def test_a_number_in_full_is_recorded_each_time(machine: Machine, person: Person) -> None:
    for _ in range(2):
        assert machine.post(f"/contact-points/{person.mobile}/reveal").json == {"value": number_of(person.mobile)}
    with reading(observer()) as session:
        events = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).all()
        assert [event.actor_name for event in events] == [f"api:{machine.secret[:12]}"] * 2


def test_a_number_of_another_agencys_debtor_is_not_there(machine: Machine) -> None:
    stranger = make_person()
    other = make_desk(stranger)
    for key in (stranger.mobile, 0, 2**63):
        assert machine.post(f"/contact-points/{key}/reveal").status_code == 404
    assert machine.post(f"/accounts/{ref_of(other.account_id)}/contact-points", FOUND).status_code == 404


def test_revealing_needs_its_own_scope(app: Flask, person: Person) -> None:
    narrow = make_machine(app, person, ("accounts.read", "queue.read"))
    assert narrow.post(f"/contact-points/{person.mobile}/reveal").status_code == 403
