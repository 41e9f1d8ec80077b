"""A system logs attempts: each with all that follows on the page, once, and by its own reference."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from portal.contact.models import ContactAttempt, Promise, WorkItem
from portal.foundation.audit import AuditEvent
from portal.foundation.work import reading
from tests.api.machines import Machine, make_machine, problem_in, ref_of
from tests.contact.factories import NOON, Person, at_time, make_account, make_desk, make_person, place
from tests.contact.logs import kept, number_of
from tests.identity.factories import observer

if TYPE_CHECKING:
    from flask import Flask

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def machine(app: Flask, person: Person) -> Machine:
    return make_machine(app, person)


def a_call(machine: Machine, person: Person, **fields: Any) -> dict[str, Any]:
    usual = {"attempt_ref": "D-1", "account_ref": machine.account_ref, "channel": "call"}
    return usual | {"contact_point_id": person.mobile, "outcome": "no_answer"} | fields


def test_an_attempt_is_logged_with_all_that_follows(machine: Machine, person: Person) -> None:
    answer = machine.post(
        "/attempts", a_call(machine, person, outcome="promise", promise_amount="5000.00", promise_on="2005-07-08")
    )
    assert answer.status_code == 201
    assert answer.json["verdict"] == "allow" and answer.json["is_breach"] is False
    (attempt,) = kept()
    assert attempt.attempt_ref == "D-1" and attempt.logged_by is None and attempt.contact_point_id == person.mobile
    with reading(observer()) as session:
        promise = session.scalars(sa.select(Promise)).one()
        assert (promise.amount_minor, promise.promised_on) == (500_000, date(2005, 7, 8))
        item = session.scalars(sa.select(WorkItem)).one()
        assert (item.next_kind, item.next_on) == ("promise", date(2005, 7, 8))
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "attempt.logged")).one()
        assert event.actor_name == f"api:{machine.secret[:12]}" and event.actor_user_id is None


def test_the_same_reference_is_the_same_attempt(machine: Machine, person: Person) -> None:
    first = machine.post("/attempts", a_call(machine, person))
    again = machine.post("/attempts", a_call(machine, person))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["attempt_ref"] == "D-1"
    other = machine.post("/attempts", a_call(machine, person, outcome="busy"))
    assert other.status_code == 409 and problem_in(other)["code"] == "attempt.conflict"
    assert len(kept()) == 1


def test_what_the_rules_forbid_is_refused_unless_it_has_happened(machine: Machine, person: Person) -> None:
    at_time(NOON.replace(hour=23))
    refused = machine.post("/attempts", a_call(machine, person))
    assert refused.status_code == 409
    assert problem_in(refused)["code"] == "conduct.blocked" and "23:00" in problem_in(refused)["detail"]
    errors = problem_in(refused)["errors"]
    assert [error["code"] for error in errors] == ["cn.hours", "conduct.blocked"]
    assert "22:00" in errors[0]["detail"] and errors[1]["field"] == "already_happened"
    asked = {"account_ref": machine.account_ref, "channel": "call", "contact_point_id": person.mobile}
    assert problem_in(refused)["check"] == machine.post("/checks", asked).json
    assert problem_in(refused)["check"]["next_allowed_at"] == "2005-07-02T00:00:00+00:00"
    assert kept() == []
    taken = machine.post("/attempts", a_call(machine, person, already_happened=True))
    assert taken.status_code == 201 and taken.json["is_breach"] is True


def test_what_the_rules_presume_takes_one_of_their_reasons(app: Flask) -> None:
    at_time(datetime(2005, 7, 5, 10, 0, tzinfo=NEW_YORK))
    person = make_person("America/New_York")
    machine = make_machine(app, person, region="US-NY")
    machine.post("/attempts", a_call(machine, person, outcome="refuses"))
    at_time(datetime(2005, 7, 6, 10, 0, tzinfo=NEW_YORK))
    check = machine.post("/checks", {"account_ref": machine.account_ref, "channel": "call"}).json
    assert (check["verdict"], check["allowed"], check["needs_reason"]) == ("presume", True, True)
    again = a_call(machine, person, attempt_ref="D-2")
    refused = machine.post("/attempts", again)
    assert refused.status_code == 409 and problem_in(refused)["code"] == "conduct.presumed"
    assert problem_in(refused)["errors"][0]["field"] == "override_reason"
    unlisted = machine.post("/attempts", again | {"override_reason": "in_a_hurry"})
    assert unlisted.status_code == 422 and problem_in(unlisted)["code"] == "conduct.override_reason"
    reason = check["findings"][0]["overrides"][0]
    taken = machine.post("/attempts", again | {"override_reason": reason})
    assert taken.status_code == 201 and taken.json["override_reason"] == reason


def test_all_that_is_wrong_with_an_attempt_is_told_at_once(machine: Machine, person: Person) -> None:
    wrong = a_call(machine, person, outcome="promise", promise_on="2005-06-01", again_on="2009-01-01", channel="visit")
    answer = machine.post("/attempts", wrong)
    assert answer.status_code == 422
    fields = {error["field"] for error in problem_in(answer)["errors"]}
    assert fields == {"promise_amount", "promise_on", "again_on", "contact_point_id"}


def test_a_number_is_named_by_itself_too(machine: Machine, person: Person) -> None:
    told = a_call(machine, person) | {"contact_point_id": None}
    del told["contact_point_id"]
    answer = machine.post("/attempts", told | {"contact_point": number_of(person.office)})
    assert answer.status_code == 201 and answer.json["contact_point_id"] == person.office
    unknown = machine.post("/attempts", told | {"attempt_ref": "D-2", "contact_point": "13700137000"})
    assert problem_in(unknown)["code"] == "attempt.number_unknown"
    unreadable = machine.post("/attempts", told | {"attempt_ref": "D-2", "contact_point": "abc"})
    assert problem_in(unreadable)["errors"][0]["field"] == "contact_point"
    both = machine.post("/attempts", told | {"contact_point_id": person.mobile, "contact_point": "13700137000"})
    assert problem_in(both)["errors"][0]["field"] == "contact_point"


def test_the_debts_of_a_talk_and_who_led_it_are_named_by_reference(machine: Machine, person: Person) -> None:
    assert machine.desk is not None
    other = make_account(person)
    place(machine.desk.agency, other)
    answer = machine.post(
        "/attempts",
        a_call(
            machine, person, outcome="negotiating", debts_discussed=[ref_of(other)], staff=machine.desk.user.user_name
        ),
    )
    assert answer.status_code == 201 and answer.json["staff"] == machine.desk.user.user_name
    (attempt,) = kept()
    assert attempt.debts_discussed == [other] and attempt.logged_by == machine.desk.user.id


def test_references_that_nobody_knows_are_told_all_at_once(machine: Machine, person: Person) -> None:
    stranger = make_desk(make_person())
    told = problem_in(
        machine.post(
            "/attempts",
            a_call(
                machine, person, debts_placed_for=[ref_of(stranger.account_id)], staff=stranger.user.user_name,
                corrects="D-0", promise_amount="much",
            ),
        )
    )  # fmt: skip
    assert {error["field"] for error in told["errors"]} == {"debts_placed_for", "staff", "corrects", "promise_amount"}
    assert told["detail"] == told["errors"][0]["detail"]


def test_an_entry_is_put_right_by_its_reference(machine: Machine, person: Person) -> None:
    machine.post("/attempts", a_call(machine, person))
    fixed = machine.post("/attempts", a_call(machine, person, attempt_ref="D-2", outcome="busy", corrects="D-1"))
    assert fixed.status_code == 201 and fixed.json["corrects"] == "D-1"
    page = machine.get(f"/accounts/{machine.account_ref}/attempts").json["items"]
    assert {row["attempt_ref"]: row["corrected_by"] for row in page} == {"D-1": "D-2", "D-2": None}
    twice = machine.post("/attempts", a_call(machine, person, attempt_ref="D-3", outcome="busy", corrects="D-1"))
    assert problem_in(twice)["code"] == "attempt.corrected"


def test_an_attempt_of_earlier_is_judged_as_of_its_time(machine: Machine, person: Person) -> None:
    early = (NOON - timedelta(hours=6)).isoformat()
    answer = machine.post("/attempts", a_call(machine, person, at=early, already_happened=True))
    assert answer.json["at"] == "2005-06-30T22:00:00+00:00" and answer.json["is_breach"] is True


def test_an_outcome_that_stops_contact_raises_its_hold(machine: Machine, person: Person) -> None:
    answer = machine.post("/attempts", a_call(machine, person, outcome="represented"))
    assert answer.json["hold_raised"] == "represented"
    assert machine.post("/attempts", a_call(machine, person, attempt_ref="D-2")).status_code == 409


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"at": "2005-07-01 12:00"}, "at"),
        ({"at": "2005-07-01T12:00:00"}, "at"),
        ({"at": 5}, "at"),
        ({"promise_on": "1 July"}, "promise_on"),
        ({"outcome": "nothing"}, "outcome"),
        ({"channel": None}, "channel"),
        ({"attempt_ref": ""}, "attempt_ref"),
        ({"attempt_ref": "x" * 65}, "attempt_ref"),
        ({"contact_point_id": "7"}, "contact_point_id"),
        ({"contact_point_id": True}, "contact_point_id"),
        ({"contact_point_id": 2**63}, "contact_point_id"),
        ({"already_happened": "yes"}, "already_happened"),
        ({"debts_discussed": "AC1"}, "debts_discussed"),
        ({"outcom": "busy"}, "outcom"),
        ({"note": "a\0b"}, "note"),
        ({"note": "x" * 4_001}, "note"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_field(
    machine: Machine, person: Person, fields: dict[str, Any], field: str
) -> None:
    answer = machine.post("/attempts", a_call(machine, person, **fields))
    assert answer.status_code == 422
    (error,) = problem_in(answer)["errors"]
    assert error["field"] == field and error["code"].startswith("field.") and error["detail"]
    assert kept() == []


def test_another_agencys_account_is_not_there_to_be_logged(machine: Machine, person: Person) -> None:
    other = make_desk(make_person())
    answer = machine.post("/attempts", a_call(machine, person, account_ref=ref_of(other.account_id)))
    assert answer.status_code == 404 and kept() == []


def test_two_at_once_with_one_reference_are_one_attempt(
    machine: Machine, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the first had not been committed yet when the second looked: the database says so, and it looks again."""
    from portal.contact import operations

    machine.post("/attempts", a_call(machine, person))
    look, looks = operations._logged_before, []

    def too_early(work: Any, entry: Any, account_id: int) -> ContactAttempt | None:
        looks.append(entry.attempt_ref)
        return None if len(looks) == 1 else look(work, entry, account_id)

    monkeypatch.setattr(operations, "_logged_before", too_early)
    assert machine.post("/attempts", a_call(machine, person)).status_code == 200
    assert len(kept()) == 1 and len(looks) == 2
