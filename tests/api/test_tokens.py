"""Tokens: shown once, for what they were made for, until they end or are revoked; a session is no token, nor a token one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.api.models import ApiToken
from portal.api.scopes import BANK_SCOPES, SCOPE_PERMISSIONS, Scope
from portal.api.tokens import make_token, revoke_token
from portal.foundation.access import ROLE_PERMISSIONS, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused, SeveralErrors
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from tests.api.machines import ALL, Machine, make_machine, problem_in, token_of
from tests.contact.factories import NOON, Person, at_time, make_person
from tests.identity.factories import actor_of, make_agency, make_user, observer

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.pages import PageClient

TODAY = NOON.date()


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def machine(app: Flask, person: Person) -> Machine:
    return make_machine(app, person)


def _leader() -> tuple[Organisation, object]:
    agency = make_agency()
    return agency, make_user(Role.AGENCY_LEADER, agency)


def _only_token() -> ApiToken:
    with reading(observer()) as session:
        return session.scalars(sa.select(ApiToken)).one()


def test_the_secret_is_kept_nowhere(machine: Machine) -> None:
    token = _only_token()
    assert machine.secret.startswith(f"{token.prefix}_") and len(machine.secret) > 50
    with reading(observer()) as session:
        told = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "token.made")).one()
        assert told.after["prefix"] == token.prefix
        kept = repr([vars(token), told.after, told.details])
    assert machine.secret not in kept and machine.secret[len(token.prefix) :] not in kept


def test_every_scope_is_at_most_what_a_leader_may_do() -> None:
    for scope, permissions in SCOPE_PERMISSIONS.items():
        whose = Role.FINANCE if scope in BANK_SCOPES else Role.AGENCY_LEADER
        assert set(permissions) <= ROLE_PERMISSIONS[whose]
    assert set(SCOPE_PERMISSIONS) == set(Scope)


def test_what_is_wrong_with_a_token_is_told_at_once(app: Flask) -> None:
    at_time(NOON)
    _agency, leader = _leader()
    with pytest.raises(SeveralErrors) as refused:
        make_token(actor_of(leader), " ", ["everything"], TODAY + timedelta(days=367))
    assert {error.field for error in refused.value.errors} == {"name", "scopes", "expires_on"}


@pytest.mark.parametrize("days", [-1, 367])
def test_a_token_ends_within_a_year_and_not_before_today(app: Flask, days: int) -> None:
    at_time(NOON)
    _agency, leader = _leader()
    with pytest.raises(DomainError) as refused:
        make_token(actor_of(leader), "Dialler", ALL, TODAY + timedelta(days=days))
    assert refused.value.field == "expires_on"


def test_nobody_but_a_leader_makes_a_token(app: Flask) -> None:
    at_time(NOON)
    agency = make_agency()
    with pytest.raises(Refused):
        make_token(actor_of(make_user(Role.AGENCY_STAFF, agency)), "Dialler", ALL, TODAY)
    with pytest.raises(Refused) as refused:
        make_token(actor_of(make_user(Role.LEGAL_PARTNER)), "Dialler", ALL, TODAY)
    assert refused.value.code == "token.whose"


def test_the_bank_makes_tokens_for_posting_payments_and_for_nothing_of_an_agency(app: Flask) -> None:
    at_time(NOON)
    administrator = actor_of(make_user(Role.ADMINISTRATOR))
    with pytest.raises(DomainError) as refused:
        make_token(administrator, "Core", ["queue.read"], TODAY)
    assert refused.value.field == "scopes"
    with pytest.raises(DomainError):
        make_token(actor_of(make_user(Role.AGENCY_LEADER, make_agency())), "Dialler", ["payments.write"], TODAY)
    secret = make_token(administrator, "Core", ["payments.write"], TODAY).secret
    assert Machine(app, secret).get("/me").status_code == 200
    assert Machine(app, secret).get("/queue").status_code == 403


def test_a_token_opens_until_the_end_of_its_last_day(machine: Machine) -> None:
    at_time(NOON + timedelta(days=30))
    assert machine.get("/me").status_code == 200
    at_time(NOON + timedelta(days=31))
    assert machine.get("/me").status_code == 401


def test_a_revoked_token_opens_nothing(machine: Machine) -> None:
    assert machine.desk is not None
    leader = actor_of(make_user(Role.AGENCY_LEADER, machine.desk.agency))
    revoke_token(leader, _only_token().id)
    answer = machine.get("/me")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    assert problem_in(answer)["code"] == "token.refused"
    with pytest.raises(Refused):
        revoke_token(leader, _only_token().id)


def test_the_bank_revokes_any_and_a_rival_none(machine: Machine) -> None:
    with pytest.raises(NotFound):
        revoke_token(actor_of(make_user(Role.AGENCY_LEADER)), _only_token().id)
    revoke_token(actor_of(make_user(Role.ADMINISTRATOR)), _only_token().id)
    assert machine.get("/me").status_code == 401


def test_the_tokens_of_an_organisation_that_is_shut_open_nothing(machine: Machine) -> None:
    assert machine.desk is not None
    with transaction(observer()) as work:
        work.session.get_one(Organisation, machine.desk.agency.id).active = False
    assert machine.get("/me").status_code == 401


@pytest.mark.parametrize("head", ["", "Bearer", "Bearer pat_no", "Basic cGF0Og==", "Bearer schlüssel", "pat_x"])
def test_whatever_is_no_token_is_refused_as_such(app: Flask, head: str) -> None:
    headers = {"Authorization": head.encode().decode("latin-1"), "Accept-Language": "en"}
    answer = app.test_client().get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert "Authorization: Bearer" in problem_in(answer)["detail"]


def test_a_session_is_no_token_and_a_token_no_session(machine: Machine, pages: PageClient) -> None:
    assert machine.desk is not None
    pages.sign_in(machine.desk.user)
    for path in ("/api/v1/me", "/api/v1/queue"):
        assert pages.client.get(path).status_code == 401
    assert pages.client.get("/queue").status_code == 200
    answer = machine.app.test_client().get("/queue", headers={"Authorization": f"Bearer {machine.secret}"})
    assert answer.status_code == 302 and "/sign-in" in answer.location
    both = pages.client.get("/api/v1/me", headers={"Authorization": f"Bearer {machine.secret}"})
    assert both.json is not None and both.json["token"] == machine.secret[:12]


SCOPE_OF = {
    "/queue": "queue.read", "/accounts": "accounts.read", "/accounts/AC1": "accounts.read",
    "/accounts/AC1/attempts": "attempts.read", "/promises": "promises.read",
}  # fmt: skip


def test_a_token_opens_what_it_was_made_for_and_nothing_else(app: Flask, person: Person) -> None:
    agency = make_agency()
    for scope in ALL:
        machine = Machine(app, token_of(agency, (scope,)))
        for path, needed in SCOPE_OF.items():
            status = machine.get(path).status_code
            assert (status == 403) is (needed != scope), f"{path} with {scope}: {status}"
        assert (machine.post("/attempts", {}).status_code == 403) is (scope != "attempts.write")
        assert machine.get("/me").status_code == 200


def test_the_day_of_its_last_use_is_noted(machine: Machine) -> None:
    assert _only_token().last_used_on is None
    machine.get("/me")
    assert _only_token().last_used_on == TODAY
    at_time(NOON + timedelta(days=2))
    machine.get("/me")
    assert _only_token().last_used_on == TODAY + timedelta(days=2)
