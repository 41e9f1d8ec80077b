"""Systems of agencies for the tests of the interface: their tokens, and what they are answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from portal.api.scopes import BANK_SCOPES, Scope
from portal.api.tokens import make_token
from portal.foundation.access import Role
from portal.foundation.services import services
from tests.contact.factories import Desk, Person, make_desk
from tests.contact.logs import ref_of
from tests.identity.factories import actor_of, make_user

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from werkzeug.test import TestResponse

    from portal.identity.models import Organisation

__all__ = ["ALL", "Machine", "machine_of", "make_machine", "ref_of", "token_of"]

ALL = tuple(scope.value for scope in Scope if scope not in BANK_SCOPES)


@dataclass
class Machine:
    """A system of an agency that asks; checks of every problem that it is one."""

    app: Flask
    secret: str
    desk: Desk | None = None
    language: str = "en"

    def get(self, path: str, **more: Any) -> TestResponse:
        return self._ask("GET", path, **more)

    def post(self, path: str, content: Any = None, *, key: str | None = None, **more: Any) -> TestResponse:
        head = {"Idempotency-Key": key} if key else {}
        return self._ask("POST", path, json=content, headers=head, **more)

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        head = {"Authorization": f"Bearer {self.secret}", "Accept-Language": self.language} | (headers or {})
        response = self.app.test_client().open(f"/api/v1{path}", method=method, headers=head, **more)
        if response.status_code >= 400:
            problem_in(response)
        return response

    @property
    def account_ref(self) -> str:
        assert self.desk is not None
        return ref_of(self.desk.account_id)


def problem_in(response: TestResponse) -> dict[str, Any]:
    """The problem of an answer."""
    assert response.content_type == "application/problem+json", response.content_type
    told: dict[str, Any] = json.loads(response.text)
    assert told["status"] == response.status_code
    assert told["code"] and told["detail"] and told["type"] == f"urn:portal:problem:{told['code']}"
    return told


def token_of(agency: Organisation, scopes: Iterable[str] = ALL, days: int = 30) -> str:
    """A secret of the agency."""
    leader = actor_of(make_user(Role.AGENCY_LEADER, agency))
    until = services().clock.today(leader.time_zone) + timedelta(days=days)
    return make_token(leader, "Dialler", tuple(scopes), until).secret


def machine_of(app: Flask, desk: Desk, scopes: Iterable[str] = ALL) -> Machine:
    """A system of the desk's agency."""
    return Machine(app, token_of(desk.agency, scopes), desk)


def make_machine(app: Flask, person: Person, scopes: Iterable[str] = ALL, **account: Any) -> Machine:
    """A system of a new agency that holds a new account of the person."""
    return machine_of(app, make_desk(person, **account), scopes)
