"""The application's addresses are those of the table, none more, none less, none looser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from portal.api.scopes import SCOPE_PERMISSIONS, Scope
from portal.foundation.access import ROLE_PERMISSIONS, Permission
from portal.foundation.web import PUBLIC, access_of, undeclared_views
from tests.walls.interface import OPERATIONS
from tests.walls.routes import OPEN_FILES, ROUTES

if TYPE_CHECKING:
    from flask import Flask

pytestmark = pytest.mark.databases("sqlite")

# Parameters that are guessed by nobody, the bank's own names of accounts, and names of what is shipped; all others are numbers, or
# one of a few words.
SECRETS = {"token", "account_ref", "code", "template_name"}


def _paths(app: Flask) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.endpoint, []).append(rule.rule)
    return found


def test_the_applications_addresses_are_those_of_the_table(app: Flask) -> None:
    there = {
        (rule.endpoint, tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})), rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in OPEN_FILES
    }
    written = {(route.endpoint, route.methods, route.path) for route in (*ROUTES, *OPERATIONS)}
    unknown, gone = sorted(there - written), sorted(written - there)
    assert not unknown, "give these a line in tests/walls/routes.py"
    assert not gone, "these are gone from the application"
    assert len(written) == len(ROUTES) + len(OPERATIONS)


def test_every_view_asks_for_the_permission_of_the_table(app: Flask) -> None:
    asked = {route.endpoint: access_of(app, route.endpoint) for route in ROUTES}
    assert asked == {route.endpoint: route.needs or PUBLIC for route in ROUTES}
    assert undeclared_views(app) == []


def test_every_operation_of_the_interface_asks_for_the_scope_of_its_table(app: Flask) -> None:
    for operation in OPERATIONS:
        view = app.view_functions[operation.endpoint]
        assert getattr(view, "__scope__", None) == operation.scope
        wanted = SCOPE_PERMISSIONS[Scope(operation.scope)][0] if operation.scope else None
        assert access_of(app, operation.endpoint) in ({wanted} if wanted else {PUBLIC, Permission.HOME_VIEW})


def test_the_only_files_open_to_everybody_are_styles_and_scripts(app: Flask) -> None:
    paths = _paths(app)
    assert {endpoint: paths[endpoint] for endpoint in OPEN_FILES} == {e: [path] for e, path in OPEN_FILES.items()}
    client = app.test_client()
    for path in ("/static/../portal/config.py", "/static/%2e%2e/portal/config.py", "/bootstrap/static/../../../x.py"):
        assert client.get(path).status_code == 404


def test_every_parameter_of_an_address_is_a_number_or_a_secret(app: Flask) -> None:
    for endpoint, paths in _paths(app).items():
        if endpoint in OPEN_FILES:
            continue
        for path in paths:
            for parameter in re.findall(r"<([^>]*)>", path):
                kind, _, name = parameter.rpartition(":")
                assert kind == "int" or kind.startswith("any(") or name in SECRETS, f"{path}: {parameter} has no type"


def test_nothing_is_changed_by_get(app: Flask) -> None:
    """What changes something is named by a verb at its end and takes POST only."""
    verbs = {"accept", "refuse", "issue", "release", "withdraw", "confirm", "contest", "answer", "cancel", "retry"}
    verbs |= {
        "approve",
        "submit",
        "recall",
        "ask",
        "end",
        "invite",
        "deactivate",
        "reactivate",
        "draw",
        "start",
        "stop",
    }
    verbs |= {"reveal", "build", "void", "sign-out"}
    for rule in app.url_map.iter_rules():
        if rule.rule.rpartition("/")[2] in verbs and rule.endpoint != "identity.start":
            assert "GET" not in (rule.methods or set()), f"{rule.rule} takes GET"


@pytest.mark.parametrize("path", [r.path for r in ROUTES if r.path.endswith(".json")])
def test_whoever_is_not_signed_in_is_answered_401_in_json(app: Flask, path: str) -> None:
    address = re.sub(r"<[^>]+>", "1", path)
    response = app.test_client().get(address)
    assert response.status_code == 401
    assert response.json is not None and set(response.json) == {"code", "message"}


def test_a_script_that_asks_for_json_is_never_led_to_the_sign_in(app: Flask) -> None:
    response = app.test_client().get("/accounts", headers={"Accept": "application/json"})
    assert response.status_code == 401 and response.json is not None


def test_every_permission_is_asked_for_by_a_view_or_kept_for_later() -> None:
    """A permission that no role has would be a door without a key."""
    carried = frozenset().union(*ROLE_PERMISSIONS.values())
    assert carried == set(Permission)
    assert {route.needs for route in ROUTES if route.needs} <= carried
