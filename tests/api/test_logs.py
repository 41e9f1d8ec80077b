"""A dialler's log through the interface is the file's import: the same errors, the same order of times, the same once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from portal.foundation.access import Role
from tests.api.machines import Machine, make_machine, problem_in
from tests.contact.factories import NOON, Person, at_time, make_person
from tests.contact.logs import a_log, bring, kept, number_of, rejected
from tests.identity.factories import actor_of, make_user

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def machine(app: Flask, person: Person) -> Machine:
    return make_machine(app, person)


def a_row(machine: Machine, person: Person, ref: str, time: str = "10:00", **fields: str) -> dict[str, str]:
    usual = {"attempt_ref": ref, "account_ref": machine.account_ref, "at": f"2005-07-01 {time}", "channel": "call"}
    return usual | {"contact_point": number_of(person.mobile), "outcome": "no_answer"} | fields


def test_rows_are_kept_in_the_order_of_their_times(machine: Machine, person: Person) -> None:
    rows = [a_row(machine, person, "L-2", "11:00"), a_row(machine, person, "L-1", "10:00")]
    told = machine.post("/attempt-logs", {"rows": rows}).json
    assert told["summary"]["status"] == "applied" and told["summary"]["created"] == 2
    assert told["rejected"] == [] and told["changes"]["breach"] == 0
    assert [attempt.attempt_ref for attempt in kept()] == ["L-1", "L-2"]
    assert {attempt.contact_point_id for attempt in kept()} == {person.mobile}


def test_the_same_rows_again_change_nothing(machine: Machine, person: Person) -> None:
    rows = {"rows": [a_row(machine, person, "L-1")]}
    machine.post("/attempt-logs", rows)
    again = machine.post("/attempt-logs", rows).json
    assert again["summary"]["status"] == "already_imported" and again["summary"]["unchanged"] == 1
    assert len(kept()) == 1


def test_bad_rows_are_listed_with_all_that_is_wrong_and_the_good_are_kept(machine: Machine, person: Person) -> None:
    rows: list[dict[str, str]] = [
        a_row(machine, person, "L-1", note="first\nsecond\nthird"),
        a_row(machine, person, "L-2", outcome="shrugged", at="yesterday"),
        a_row(machine, person, "L-3", account_ref="AC-NOWHERE"),
    ]
    told = machine.post("/attempt-logs", {"rows": rows}).json
    assert told["summary"]["rejected"] == 2 and told["summary"]["created"] == 1
    by_line = {row["line"]: {e["column"]: e["code"] for e in row["errors"]} for row in told["rejected"]}
    assert by_line == {2: {"outcome": "unknown_value", "at": "unreadable"}, 3: {"account_ref": "unknown_account"}}
    assert all(e["message"] for row in told["rejected"] for e in row["errors"])


def test_where_no_row_is_good_the_answer_is_a_problem_with_the_rows(machine: Machine, person: Person) -> None:
    answer = machine.post("/attempt-logs", {"rows": [a_row(machine, person, "", outcome="")]})
    assert answer.status_code == 422
    told = problem_in(answer)
    assert told["code"] == "import.nothing_good" and told["summary"]["status"] == "refused"
    assert {e["column"] for e in told["rejected"][0]["errors"]} == {"attempt_ref", "outcome"}


def test_a_row_is_refused_for_what_the_file_refuses_it_for(machine: Machine, person: Person) -> None:
    """The same rows by file and by the interface: the same columns and codes."""
    assert machine.desk is not None
    wrong: list[dict[str, str]] = [
        {"outcome": "shrugged"}, {"at": "2005-07-01 23:00"}, {"at": "soon"}, {"account_ref": "AC-9"}, {"channel": "pigeon"},
        {"attempt_ref": ""}, {"contact_point": "13700137000"}, {"outcome": "promise"}, {"note": "4111 1111 1111 1111"},
    ]  # fmt: skip
    rows = [a_row(machine, person, f"F-{n}", **fields) if "attempt_ref" not in fields else a_row(machine, person, "")
            for n, fields in enumerate(wrong)]  # fmt: skip
    told = problem_in(machine.post("/attempt-logs", {"rows": rows}))
    here = {row["line"]: sorted((e["column"], e["code"]) for e in row["errors"]) for row in told["rejected"]}
    leader = actor_of(make_user(Role.AGENCY_LEADER, machine.desk.agency))
    header = ",".join(rows[0] | {"note": ""})
    lines = [",".join((row | {"note": row.get("note", "")}).values()) for row in rows]
    with pytest.raises(Exception, match="nothing_good"):
        bring(leader, a_log(*lines, header=header))
    there = {line - 1: sorted(errors) for line, errors in rejected().items()}
    assert here == there


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"rows": []}, "rows"),
        ({}, "rows"),
        ({"rows": [{"attempt_ref": 5}]}, "rows.0.attempt_ref"),
        ({"rows": [{"colour": "red"}]}, "rows.0.colour"),
        ({"rows": [{"channel": "TRAILER"}]}, "rows.0"),
        ({"rows": [{}]}, "rows.0"),
        ({"rows": [{"attempt_ref": "L"}] * 1_001}, "rows"),
        ({"rows": "L-1"}, "rows"),
        ({"rows": ["L-1"]}, "rows.0"),
    ],
)
def test_what_is_no_log_is_told_with_its_place(machine: Machine, content: Any, field: str) -> None:
    answer = machine.post("/attempt-logs", content)
    assert answer.status_code == 422
    assert problem_in(answer)["errors"][0]["field"] == field
