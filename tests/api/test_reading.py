"""What a system may read: its own organisation's, in pages, with what the rules say now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.portfolio.models import HoldFlag
from portal.portfolio.operations import raise_hold
from tests.api.machines import Machine, make_machine, problem_in, ref_of
from tests.contact.factories import NOON, Person, at_time, call, make_account, make_desk, make_person, place
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


def test_a_token_hears_whose_it_is(machine: Machine) -> None:
    told = machine.get("/me").json
    assert told is not None and machine.desk is not None
    assert told["organisation"]["name"] == machine.desk.agency.name
    assert machine.secret.startswith(told["token"]) and len(told["token"]) < 16
    assert told["today"] == "2005-07-01" and told["expires_on"] == "2005-07-31"
    assert "attempts.write" in told["scopes"]


def test_the_queue_says_who_may_be_called_and_until_when(machine: Machine) -> None:
    (row,) = machine.get("/queue").json["items"]
    assert row["account_ref"] == machine.account_ref
    assert row["balance"] == {"amount": "52838.95", "currency": "CNY"}
    assert row["tab"] == "new" and row["name"] == "王**"
    assert row["call"]["allowed"] is True
    assert row["call"]["allowed_until"] == "2005-07-01T14:00:00+00:00"


def test_at_night_the_queue_says_from_when_and_by_which_rule(machine: Machine) -> None:
    at_time(NOON.replace(hour=23))
    (row,) = machine.get("/queue").json["items"]
    assert row["call"]["allowed"] is False
    assert row["call"]["next_allowed_at"] == "2005-07-02T00:00:00+00:00"
    (finding,) = row["call"]["findings"]
    assert finding["code"] == "HOURS" and "23:00" in finding["detail"] and finding["sources"]


@pytest.mark.parametrize("path", ["/queue", "/accounts"])
def test_a_list_is_read_page_by_page_without_gap_or_repeat(machine: Machine, path: str) -> None:
    assert machine.desk is not None
    more = [make_account(make_person(), total=100_000 + n) for n in range(4)]
    place(machine.desk.agency, *more)
    seen, cursor = [], ""
    while cursor is not None:
        page = machine.get(f"{path}?limit=2&cursor={cursor}").json
        seen += [row["account_ref"] for row in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == {machine.account_ref, *(ref_of(key) for key in more)}


@pytest.mark.parametrize("cursor", ["nonsense", "due.nonsense", "all.W10", "äö"])
@pytest.mark.parametrize("path", ["/queue", "/accounts", "/promises"])
def test_a_cursor_of_nowhere_is_told(machine: Machine, path: str, cursor: str) -> None:
    answer = machine.get(path, query_string={"cursor": cursor})
    assert answer.status_code == 422
    assert problem_in(answer)["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    ("asked", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=ten", "limit"), ("tab=all", "tab"), ("page=2", "page")],
)
def test_what_an_address_says_wrongly_is_told_with_its_field(machine: Machine, asked: str, field: str) -> None:
    told = problem_in(machine.get(f"/queue?{asked}"))
    assert told["status"] == 422
    assert [error["field"] for error in told["errors"]] == [field]


def test_an_account_shows_what_is_owed_and_what_may_be_done(machine: Machine, person: Person) -> None:
    told = machine.get(f"/accounts/{machine.account_ref}").json
    assert told["balance"]["total"] == "52838.95" and told["balance"]["currency"] == "CNY"
    assert set(told["channels"]) == {"call", "sms", "email", "wecom", "visit", "letter"}
    by_id = {point["id"]: point for point in told["contact_points"]}
    assert by_id[person.mobile]["call"]["allowed"] is True
    assert by_id[person.friend]["call"]["allowed"] is False
    assert "****" in by_id[person.mobile]["value_masked"]
    assert told["holds"] == [] and told["promises"] == []
    assert told["debts_with_you"] == [machine.account_ref]


def test_a_hold_stands_on_the_account_in_words(machine: Machine) -> None:
    assert machine.desk is not None
    raise_hold(actor_of(make_user(Role.COMPLIANCE)), machine.desk.account_id, HoldFlag.REPRESENTED, "来函")
    told = machine.get(f"/accounts/{machine.account_ref}").json
    (hold,) = told["holds"]
    assert hold["flag"] == "represented" and hold["detail"]
    assert told["channels"]["call"]["allowed"] is False and told["channels"]["call"]["next_allowed_at"] is None


def test_attempts_and_promises_of_an_account_are_told(machine: Machine, person: Person) -> None:
    assert machine.desk is not None
    desk = machine.desk
    log_attempt(desk.actor, desk.account_id, call(person.mobile, attempt_ref="A-1", note="秘密"))
    at_time(NOON + timedelta(hours=1))
    entry = call(person.mobile, "promise", promise_minor=50_000, promise_on=NOON.date(), attempt_ref="A-2")
    log_attempt(desk.actor, desk.account_id, entry)
    page = machine.get(f"/accounts/{machine.account_ref}/attempts?limit=1").json
    assert [row["attempt_ref"] for row in page["items"]] == ["A-2"]
    rest = machine.get(f"/accounts/{machine.account_ref}/attempts?cursor={page['next']}")
    assert [row["attempt_ref"] for row in rest.json["items"]] == ["A-1"]
    assert rest.json["items"][0]["has_note"] is True and "秘密" not in rest.text
    assert rest.json["items"][0]["staff"] == desk.user.user_name
    (promise,) = machine.get("/promises?state=today").json["items"]
    assert promise["amount"] == {"amount": "500.00", "currency": "CNY"} and promise["attempt_ref"] == "A-2"
    assert machine.get("/promises?state=kept").json["items"] == []
    assert machine.get(f"/accounts/{machine.account_ref}").json["promises"] == [promise]


def test_whether_one_may_contact_is_asked_beforehand(machine: Machine, person: Person) -> None:
    asked = {"account_ref": machine.account_ref, "channel": "call", "contact_point_id": person.mobile}
    assert machine.post("/checks", asked).json["verdict"] == "allow"
    friend = machine.post("/checks", asked | {"contact_point_id": person.friend}).json
    assert friend["verdict"] == "block" and friend["findings"][0]["rule"] and friend["findings"][0]["detail"]
    at_time(NOON.replace(hour=23))
    night = machine.post("/checks", asked).json
    assert night["next_allowed_at"] == "2005-07-02T00:00:00+00:00"
    assert machine.post("/checks", asked | {"direction": "inbound"}).json["allowed"] is True


def test_a_number_of_somebody_else_is_not_checked(machine: Machine) -> None:
    stranger = make_person()
    asked = {"account_ref": machine.account_ref, "channel": "call", "contact_point_id": stranger.mobile}
    told = problem_in(machine.post("/checks", asked))
    assert told["errors"][0]["field"] == "contact_point_id"


def test_what_another_agency_holds_does_not_exist(app: Flask, machine: Machine) -> None:
    other = make_desk(make_person())
    for path in ("/accounts/{}", "/accounts/{}/attempts"):
        assert machine.get(path.format(ref_of(other.account_id))).status_code == 404
        assert machine.get(path.format("AC-NOWHERE")).status_code == 404
    assert machine.post("/checks", {"account_ref": ref_of(other.account_id), "channel": "call"}).status_code == 404
    assert [row["account_ref"] for row in machine.get("/accounts").json["items"]] == [machine.account_ref]
    assert [row["account_ref"] for row in machine.get("/queue").json["items"]] == [machine.account_ref]
