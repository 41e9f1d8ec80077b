"""Every operation of the interface, asked by nobody, by a person, by a token that is not made for it, and by a rival's."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.api.scopes import BANK_SCOPES, Scope
from portal.api.tokens import make_token
from portal.contact.requests.operations import Said, ask
from portal.contact.requests.thread import RequestCode
from portal.contact.wishes.kinds import Kind
from portal.contact.wishes.operations import Telling, note_wish
from portal.foundation.access import Role
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactKind, ContactPoint
from portal.vendors.models import PlacementKind
from tests.identity.factories import observer
from tests.walls.browsing import Browser
from tests.walls.interface import OPERATIONS, Operation

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from portal.foundation.access import Actor
    from tests.walls.world import World

ALL = tuple(scope.value for scope in Scope if scope not in BANK_SCOPES)
with_table = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.endpoint)
guarded = pytest.mark.parametrize("operation", [o for o in OPERATIONS if not o.is_open], ids=lambda o: o.endpoint)
before_any_row = pytest.mark.parametrize("world", ["sqlite"], indirect=True, scope="package")


@dataclass
class System:
    """A system of one side: its secret with every scope, one of each scope alone, and an account that it holds."""

    secret: str
    narrow: dict[str, str]
    known: dict[str, Any]


@pytest.fixture(scope="module")
def systems(world: World) -> dict[str, System]:
    with world.app.app_context():
        return {mark: _system(world, mark) for mark in ("EASTAG", "WESTAG")}


def _system(world: World, mark: str) -> System:
    leader = world.person(Role.AGENCY_LEADER, mark).actor
    today = services().clock.today(leader.time_zone)
    with reading(observer()) as session:
        held = session.execute(
            sa.select(Account.account_ref, ContactPoint.id, Account.id)
            .join(Placement, Placement.account_id == Account.id)
            .join(ContactPoint, ContactPoint.customer_id == Account.customer_id)
            .where(
                Placement.organisation_id == leader.organisation_id, Placement.kind == PlacementKind.COLLECTION,
                Placement.accepted_at.is_not(None), Placement.ended_at.is_(None), ContactPoint.kind == ContactKind.PHONE,
            )
            .order_by(Account.id)
        ).all()  # fmt: skip
    with reading(world.person(Role.AGENCY_LEADER, "WESTAG" if mark == "EASTAG" else "EASTAG").actor) as session:
        seen = set(session.scalars(visible(ContactPoint, session.info["actor"]).with_only_columns(ContactPoint.id)))
    # of a person who owes on this side alone
    ref, point, account_id = next(row for row in held if row[1] not in seen)
    request_id = ask(leader, account_id, RequestCode.OTHER, Said(f"{mark} asks"))
    wish_id = consent(leader, account_id)
    return System(
        make_token(leader, f"{mark} system", ALL, today).secret,
        {scope: make_token(leader, f"{mark} {scope}", [scope], today).secret for scope in ALL},
        {
            "account_ref": ref,
            "contact_point_id": point,
            "request_id": request_id,
            "wish_id": wish_id,
            "account_id": account_id,
        },
    )


def _bank_secret(world: World) -> str:
    administrator = world.person(Role.ADMINISTRATOR).actor
    with world.app.app_context():
        today = services().clock.today(administrator.time_zone)
        return make_token(administrator, "core system", [scope.value for scope in BANK_SCOPES], today).secret


def consent(who: Actor, account_id: int) -> int:
    """A consent to any hour, which its collector may end."""
    return note_wish(who, account_id, Telling(kind=Kind.CONTACT_TIME, note="on the telephone"))


def _ask(world: World, operation: Operation, known: dict[str, Any], secret: str | None) -> TestResponse:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), operation.path)
    head = {"Authorization": f"Bearer {secret}"} if secret else {}
    client = world.app.test_client()
    answer = client.open(path, method=operation.methods[0], headers=head, json=_filled(operation.content, known))
    assert answer.status_code < 500, f"{path} crashes"
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
    return answer


def _filled(part: Any, known: dict[str, Any]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(value, known) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, known) for value in part]
    found = re.fullmatch(r"\{(\w+)\}", part) if isinstance(part, str) else None
    return known[found[1]] if found else part


@before_any_row
@guarded
def test_nobody_is_told_what_is_missing(world: World, systems: dict[str, System], operation: Operation) -> None:
    for secret in (None, "pat_made_up", systems["EASTAG"].secret[:-1]):
        answer = _ask(world, operation, systems["EASTAG"].known, secret)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


@before_any_row
@guarded
def test_a_signed_in_person_is_nobody_here(world: World, systems: dict[str, System], operation: Operation) -> None:
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(systems["EASTAG"].known[found[1]]), operation.path)
    for role in (Role.AGENCY_LEADER, Role.ADMINISTRATOR):
        client = Browser(world, world.person(role), looks=False).pages.client
        assert client.open(path, method=operation.methods[0], json=operation.content).status_code == 401


@guarded
def test_a_token_that_is_not_made_for_it_is_refused(
    world: World, systems: dict[str, System], operation: Operation
) -> None:
    for scope, secret in systems["EASTAG"].narrow.items():
        answer = _ask(world, operation, systems["EASTAG"].known, secret)
        assert (answer.status_code == 403) is (operation.scope not in (None, scope)), f"{operation.path} with {scope}"


@with_table
def test_what_is_ones_own_is_answered_and_tells_of_nobody_else(
    world: World, systems: dict[str, System], operation: Operation
) -> None:
    words = re.compile("|".join(world.words_of_others(world.person(Role.AGENCY_LEADER, "EASTAG"))))
    known = systems["EASTAG"].known
    if "request_id" in operation.path:  # what was asked before has been closed by somebody's token meanwhile
        leader = world.person(Role.AGENCY_LEADER, "EASTAG").actor
        with world.app.app_context():
            asked = ask(leader, known["account_id"], RequestCode.OTHER, Said("EASTAG asks again"))
        known = known | {"request_id": asked}
    if "wish_id" in operation.path:  # and what was agreed is ended
        with world.app.app_context():
            agreed = consent(world.person(Role.AGENCY_LEADER, "EASTAG").actor, known["account_id"])
        known = known | {"wish_id": agreed}
    secret = _bank_secret(world) if operation.of_bank else systems["EASTAG"].secret
    answer = _ask(world, operation, known, secret)
    assert answer.status_code in (200, 201), answer.text
    assert not words.search(json.dumps(answer.json, ensure_ascii=False))


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.is_about_one], ids=lambda o: o.endpoint)
def test_what_is_a_rivals_is_not_found(world: World, systems: dict[str, System], operation: Operation) -> None:
    answer = _ask(world, operation, systems["EASTAG"].known, systems["WESTAG"].secret)
    assert answer.status_code == 404, answer.text


def test_a_rivals_account_in_a_log_is_no_account(world: World, systems: dict[str, System]) -> None:
    (log,) = (operation for operation in OPERATIONS if operation.endpoint == "v1.log_attempts")
    answer = _ask(world, log, systems["EASTAG"].known, systems["WESTAG"].secret)
    assert answer.status_code == 422 and answer.json is not None
    assert answer.json["rejected"][0]["errors"][0]["code"] == "unknown_account"


def test_a_rival_reads_lists_without_any_of_ours(world: World, systems: dict[str, System]) -> None:
    for mark in ("EASTAG", "WESTAG"):
        words = re.compile("|".join(world.words_of_others(world.person(Role.AGENCY_LEADER, mark))))
        for operation in OPERATIONS:
            if operation.methods == ("GET",) and "<" not in operation.path:
                answer = _ask(world, operation, {}, systems[mark].secret)
                assert not words.search(json.dumps(answer.json, ensure_ascii=False)), operation.path
