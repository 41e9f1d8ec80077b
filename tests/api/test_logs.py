"""A dialler's log through the interface is the file's import: the same errors, the same order of times, the same once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from portal.foundation.access import Role
from tests.api.machines import Machine, make_machine, problem_in
from tests.contact.factories import NOON, Person, at_time, make_person
from tests.contact.logs import a_log, bring, kept, number_of, rejected
from tests.identity.factories import actor_of, make_bank, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.support.pages import PageClient


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


def test_the_summary_counts_what_was_against_the_rules_and_names_no_file_that_cannot_be_fetched(
    machine: Machine, person: Person
) -> None:
    rows = [
        a_row(machine, person, "L-1", "07:00"),
        a_row(machine, person, "L-2"),
        a_row(machine, person, "L-3", outcome="?"),
    ]
    told = machine.post("/attempt-logs", {"rows": rows}).json
    assert told["summary"]["breach"] == told["changes"]["breach"] == 1
    assert "rejects_file" not in told["summary"] and len(told["rejected"]) == 1
    refused = machine.post("/attempt-logs", {"rows": rows[2:]})
    assert "rejects_file" not in problem_in(refused)["summary"]


@pytest.mark.parametrize(("locale", "words"), [("en", "interface"), ("zh_Hans", "接口")])
def test_what_a_token_logged_names_the_interface_as_its_author(
    machine: Machine, person: Person, client_for: Callable[..., PageClient], locale: str, words: str
) -> None:
    """By the log, one by one, and brought by the bank, which names nobody: that is no token's deed."""
    assert machine.desk is not None
    machine.post("/attempt-logs", {"rows": [a_row(machine, person, "L-1", "07:00")]})
    late = {"attempt_ref": "L-2", "account_ref": machine.account_ref, "channel": "call", "outcome": "no_answer"}
    late |= {"contact_point_id": person.mobile, "at": "2005-07-01T07:10:00+08:00", "already_happened": True}
    assert machine.post("/attempts", late).status_code == 201
    bank = make_user(Role.COMPLIANCE, make_bank(), locale=locale)
    officer = client_for(bank)
    assert officer.get("/conduct").text.count(words) >= 2
    for attempt in kept():
        assert words in officer.get(f"/conduct/attempts/{attempt.id}").text
    reader = make_user(Role.AGENCY_STAFF, machine.desk.agency, locale=locale)
    assert client_for(reader).get(f"/queue/{machine.desk.account_id}").text.count(f"· {words}") == 2


def test_a_log_that_the_bank_brings_is_no_deed_of_a_token(
    machine: Machine, person: Person, client_for: Callable[..., PageClient]
) -> None:
    assert machine.desk is not None
    row = f"B-1,{machine.account_ref},2005-07-01 07:00,call,{number_of(person.mobile)},self,no_answer"
    bring(actor_of(make_user(Role.ADMINISTRATOR, make_bank())), a_log(row), machine.desk.agency.id)
    (attempt,) = kept()
    page = client_for(make_user(Role.COMPLIANCE)).get(f"/conduct/attempts/{attempt.id}")
    assert attempt.logged_by is None and "interface" not in page.text


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
