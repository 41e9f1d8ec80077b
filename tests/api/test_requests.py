"""Requests between the bank and an agency, over the interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from portal.contact.requests.operations import Said, write_message
from portal.contact.requests.operations import ask as ask_as_bank
from portal.contact.requests.thread import Answer, RequestCode
from portal.foundation.access import Role
from tests.api.machines import make_machine, problem_in
from tests.contact.factories import NOON, at_time, make_person
from tests.identity.factories import actor_of, make_bank, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.api.machines import Machine
    from tests.support.pages import PageClient


@pytest.fixture
def machine(app: Flask) -> Machine:
    at_time(NOON)
    return make_machine(app, make_person())


def ask(machine: Machine, **told: Any) -> dict[str, Any]:
    answer = machine.post(
        f"/accounts/{machine.account_ref}/requests", {"code": "balance_check", "text": "5,000 on 28 June?"} | told
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def test_the_bank_is_asked_and_its_answer_is_taken(machine: Machine) -> None:
    asked = ask(machine)
    assert (asked["state"], asked["turn"], asked["may"]) == ("open", "bank", ["closed", "said"])
    assert asked["due_at"] and asked["messages"][0]["text"] == "5,000 on 28 June?"

    bank = actor_of(make_user(Role.VENDOR_MANAGER, make_bank()))
    write_message(bank, asked["id"], Said("It was posted; call 13800120012."), Answer.DONE)

    told = machine.get(f"/requests/{asked['id']}").json
    assert (told["state"], told["answer"], told["may"]) == ("answered", "done", ["closed", "reopened", "said"])
    assert "13800120012" not in told["messages"][1]["text"] and told["messages"][1]["by"] == "bank"
    closed = machine.post(f"/requests/{asked['id']}/close").json
    assert closed["state"] == "closed"
    assert [row["id"] for row in machine.get("/requests?state=closed").json["items"]] == [asked["id"]]
    assert machine.get("/requests?state=open").json["items"] == []


def test_a_word_that_says_nothing_and_an_answer_out_of_turn_are_refused_as_on_the_page(machine: Machine) -> None:
    asked = ask(machine)

    refused = machine.post(f"/requests/{asked['id']}/messages", {"text": "yes", "answer": "done"})

    assert (refused.status_code, problem_in(refused)["code"]) == (409, "request.turn")
    empty = machine.post(f"/requests/{asked['id']}/messages", {"text": " "})
    assert (empty.status_code, problem_in(empty)["code"]) == (422, "request.text")
    more = machine.post(f"/requests/{asked['id']}/messages", {"text": "One word more."})
    assert (more.status_code, len(more.json["messages"])) == (201, 2)


def test_an_agency_that_grants_the_bank_a_hold_raises_it(machine: Machine) -> None:
    assert machine.desk is not None
    bank = actor_of(make_user(Role.VENDOR_MANAGER, make_bank()))
    request_id = ask_as_bank(bank, machine.desk.account_id, RequestCode.HOLD, Said())
    path = f"/requests/{request_id}/messages"

    refused = machine.post(path, {"answer": "granted"})
    assert (refused.status_code, problem_in(refused)["errors"][0]["field"]) == (422, "flag")
    granted = machine.post(path, {"answer": "granted", "flag": "hardship"})

    assert (granted.status_code, granted.json["answer"]) == (201, "granted")
    assert "hardship" in machine.get(f"/accounts/{machine.account_ref}").text


@pytest.mark.parametrize("text", [{}, {"text": ""}, {"text": "  "}])
def test_words_are_needed_by_page_and_interface_only_where_the_code_says_nothing(
    machine: Machine, client_for: Callable[..., PageClient], text: dict[str, str]
) -> None:
    assert machine.desk is not None
    client, new = client_for(machine.desk.user), f"/accounts/{machine.desk.account_id}/requests/new"
    path = f"/accounts/{machine.account_ref}/requests"

    asked = machine.post(path, {"code": "balance_check"} | text)
    entered = client.get(new).submit("form", code="balance_check", text=text.get("text", ""))
    assert (asked.status_code, asked.json["messages"][0]["text"]) == (201, None)
    assert entered.status == 200 and "balance check" in entered.h1

    refused = machine.post(path, {"code": "other"} | text)
    page = client.get(new).submit("form", status=422, code="other", text=text.get("text", ""))
    assert (refused.status_code, problem_in(refused)["code"]) == (422, "request.text")
    assert problem_in(refused)["errors"][0]["field"] == "text" and problem_in(refused)["detail"] in page.text


def test_a_request_that_is_closed_again_under_its_key_is_answered_as_before(machine: Machine) -> None:
    asked = ask(machine)
    first, again = (machine.post(f"/requests/{asked['id']}/close", key="c-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200) and again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"


def test_another_agency_finds_no_request(machine: Machine, app: Flask) -> None:
    asked = ask(machine)
    other = make_machine(app, make_person())

    assert other.get(f"/requests/{asked['id']}").status_code == 404
    assert other.get("/requests").json == {"items": [], "next": None}
    assert other.post(f"/accounts/{machine.account_ref}/requests", {"code": "other", "text": "?"}).status_code == 404
