"""Every address of the portal, asked for by every role: what a role's permissions do not name is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import ROLE_PERMISSIONS, Permission, Role
from portal.foundation.web import PUBLIC, access_of
from tests.identity.factories import make_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from tests.support.pages import PageClient


def guarded(app: Flask) -> Iterator[tuple[str, str, Permission]]:
    """Method, address (every number is 1) and permission of all that is not open to everybody."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        wanted = access_of(app, rule.endpoint)
        if wanted == PUBLIC:
            continue
        assert isinstance(wanted, Permission), f"{rule.endpoint} asks for {wanted!r}"
        address = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1))
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield method, address, wanted


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_what_its_permissions_do_not_name(
    app: Flask, client_for: Callable[..., PageClient], role: Role
) -> None:
    client = client_for(make_user(role))
    forbidden = [(m, a) for m, a, wanted in guarded(app) if wanted not in ROLE_PERMISSIONS[role]]
    assert forbidden

    token = {"csrf_token": client.csrf_token()}
    answers = {
        (method, address): client.client.open(address, method=method, data=token if method != "GET" else None)
        for method, address in forbidden
    }

    assert {where: answer.status_code for where, answer in answers.items()} == dict.fromkeys(forbidden, 403)


@pytest.mark.databases("sqlite")
def test_a_stranger_is_led_to_the_door_from_everywhere(app: Flask, pages: PageClient) -> None:
    token = {"csrf_token": pages.csrf_token()}
    for method, address, _wanted in guarded(app):
        answer = pages.client.open(address, method=method, data=token if method != "GET" else None)
        assert answer.status_code == 401 or (answer.status_code == 302 and "/sign-in" in answer.location), address


def test_every_permission_opens_something_for_somebody() -> None:
    given = frozenset().union(*ROLE_PERMISSIONS.values())

    assert given == frozenset(Permission)
