"""Whatever goes wrong is a problem in the asker's language, never a page and never a way to the sign-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.machines import Machine, make_machine, problem_in
from tests.contact.factories import NOON, at_time, make_person

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def machine(app: Flask) -> Machine:
    at_time(NOON)
    return make_machine(app, make_person())


def _send(machine: Machine, content: bytes, kind: str = "application/json") -> Any:
    head = {"Authorization": f"Bearer {machine.secret}", "Accept-Language": "en", "Content-Type": kind}
    return machine.app.test_client().post("/api/v1/attempts", data=content, headers=head)


@pytest.mark.parametrize("path", ["/nowhere", "/accounts/", "/accounts//attempts", "/contact-points/x/reveal", "//me"])
def test_an_address_of_nothing_is_404(machine: Machine, path: str) -> None:
    assert problem_in(machine.get(path))["status"] == 404


def test_another_version_is_nowhere(machine: Machine) -> None:
    answer = machine.app.test_client().get("/api/v2/me", headers={"Authorization": f"Bearer {machine.secret}"})
    assert problem_in(answer)["code"] == "not_found"


def test_a_method_that_is_not_taken_is_told_with_those_that_are(machine: Machine) -> None:
    answer = machine.post("/queue", {})
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]
    assert problem_in(answer)["code"] == "method"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_is_no_json_is_not_taken(machine: Machine, kind: str) -> None:
    assert problem_in(_send(machine, b"{}", kind))["status"] == 415


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": ' + b"9" * 5_000 + b"}"])
def test_json_that_cannot_be_read_is_told(machine: Machine, content: bytes) -> None:
    assert problem_in(_send(machine, content))["code"] == "json.unreadable"


@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"5"])
def test_json_that_is_no_object_is_told(machine: Machine, content: bytes) -> None:
    assert _send(machine, content).status_code == 422


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"note": "a\0"}, "note"),
        ({"note": "\ud83d"}, "note"),
        ({"debts_discussed": ["A", "\0"]}, "debts_discussed.1"),
        ({"\0": 1}, None),
    ],
)
def test_characters_that_no_database_keeps_are_told_with_their_place(
    machine: Machine, content: dict[str, Any], field: str | None
) -> None:
    told = problem_in(_send(machine, json.dumps(content).encode()))
    assert (told["status"], told["code"]) == (422, "field.characters")
    assert [error["field"] for error in told["errors"]] == ([field] if field else [])


def test_a_nul_in_an_address_is_nowhere(machine: Machine) -> None:
    assert machine.get("/accounts/%00").status_code == 404


def test_too_much_at_once_is_413(machine: Machine) -> None:
    assert problem_in(_send(machine, b'{"note": "' + b"x" * (17 << 20) + b'"}'))["status"] == 413


def test_words_are_chinese_unless_english_is_asked_for(machine: Machine) -> None:
    english = problem_in(machine.get("/queue?limit=0"))
    machine.language = "zh-CN,zh;q=0.9"
    chinese = problem_in(machine.get("/queue?limit=0"))
    assert english["detail"] == "From 1 to 200." and chinese["detail"] == "须在 1 至 200 之间。"
    assert english["code"] == chinese["code"]
    bare = machine.app.test_client().get("/api/v1/queue")
    assert "令牌" in problem_in(bare)["detail"]


@pytest.mark.settings(api_rate=3)
def test_a_token_that_asks_too_often_is_told_when_to_come_again(app: Flask, machine: Machine) -> None:
    other = make_machine(app, make_person())
    answers = [machine.get("/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["X-RateLimit-Limit"] == "3" and answers[0].headers["X-RateLimit-Remaining"] == "2"
    assert problem_in(answers[-1])["code"] == "too_many" and int(answers[-1].headers["Retry-After"]) <= 60
    assert other.get("/me").status_code == 200


def test_only_who_has_to_wait_is_told_for_how_long(machine: Machine) -> None:
    call = {"account_ref": machine.account_ref, "channel": "call"}
    for answer in (
        machine.get("/me"),
        machine.post("/checks", call),
        machine.get("/nowhere"),
        machine.post("/checks", {}),
    ):
        assert "Retry-After" not in answer.headers


@pytest.mark.parametrize(
    ("language", "words"), [("en", "lacks the scope queue.read"), ("zh", "缺少权限范围 queue.read")]
)
def test_a_token_without_the_scope_is_told_which_one_and_who_changes_it(app: Flask, language: str, words: str) -> None:
    at_time(NOON)
    machine = make_machine(app, make_person(), scopes=("accounts.read",))
    machine.language = language
    told = problem_in(machine.get("/queue"))
    assert (told["status"], told["code"]) == (403, "token.scope")
    assert words in told["detail"] and ("team leader" if language == "en" else "主管") in told["detail"]


def test_a_crash_is_a_problem_without_a_word_of_what_it_was(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.api.v1 import views

    def crash(*_given: Any, **_named: Any) -> None:
        raise ValueError("secret words")

    monkeypatch.setattr(views, "queue_page", crash)
    machine.app.config["PROPAGATE"] = False
    answer = machine.get("/queue")
    assert answer.status_code == 500 and "secret" not in answer.text
