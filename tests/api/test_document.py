"""The document says all that the interface does: every operation, scope, problem and field, with examples that hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from portal.api.scopes import Scope
from tests.walls.interface import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200 and answer.json is not None
    return dict(answer.json)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in methods.keys() & {"get", "post"}:
            yield f"{method.upper()} {path}", methods[method]


def test_every_operation_stands_in_it_with_its_scope(document: dict[str, Any]) -> None:
    told = {name: operation.get("x-scope") for name, operation in _operations(document)}
    written = {
        f"{o.methods[0]} {o.path.replace('<int:', '<').replace('<', '{').replace('>', '}')}": o.scope
        for o in OPERATIONS
    }
    assert told == written
    assert {scope for scope in told.values() if scope} == set(Scope)
    ids = [operation["operationId"] for _name, operation in _operations(document)]
    assert len(ids) == len(set(ids))


def test_every_post_that_keeps_something_takes_a_key_and_nothing_else_does(document: dict[str, Any]) -> None:
    with_key = {
        name for name, operation in _operations(document)
        if any(each.get("name") == "Idempotency-Key" for each in operation.get("parameters", ()))
    }  # fmt: skip
    reading = {"POST /api/v1/checks", "POST /api/v1/contact-points/{contact_point_id}/reveal"}
    assert with_key == {name for name, _ in _operations(document) if name.startswith("POST")} - reading


def test_the_document_says_that_a_call_needs_its_number(document: dict[str, Any]) -> None:
    asked = document["components"]["schemas"]["AttemptAsked"]["properties"]
    assert "needs the number" in asked["contact_point_id"]["description"]


def test_every_operation_says_what_may_go_wrong(document: dict[str, Any]) -> None:
    for name, operation in _operations(document):
        responses = set(operation["responses"])
        assert responses & {"200", "201"}, name
        if operation.get("security") != []:
            assert {"401", "403", "404", "422", "429", "503"} <= responses, name
        assert not name.startswith("POST") or {"409", "413", "415"} <= responses, name
        assert operation["summary"] and operation["description"], name


def _examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    for name, operation in _operations(document):
        bodies = {"asked": operation["requestBody"]} if "requestBody" in operation else {}
        bodies |= {s: response for s, response in operation["responses"].items() if "$ref" not in response}
        for place, body in bodies.items():
            for content in body["content"].values():
                if "example" in content:
                    yield f"{name} {place}", content["schema"], content["example"]


def test_its_examples_are_what_it_describes(document: dict[str, Any]) -> None:
    seen = 0
    for name, schema, example in _examples(document):
        whole = schema | {"components": document["components"]}
        problems = [e.message for e in jsonschema.Draft202012Validator(whole).iter_errors(example)]
        assert not problems, f"{name}: {problems}"
        seen += 1
    assert seen >= 14


def test_it_asks_nothing_of_other_machines(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": "/"}]
    assert document["security"] == [{"token": []}]
