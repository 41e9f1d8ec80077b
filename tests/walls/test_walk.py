"""Every route with every role: own ids, a rival's, ids of nothing; signed in and not; with and without the form's guard.

One test a route, and a database where rows are asked for. Pages are looked at (valid HTML and all that holds for every page) in both languages on
SQLite; the other database answers with the same templates, so there the answer's status and words are enough.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import ROLES_OF, Role
from tests.walls.browsing import NOWHERE, Browser, address, nowhere
from tests.walls.routes import ROUTES, Route
from tests.walls.world import LOCALES, home_of

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.walls.world import Person, World

ANSWERED = (200, 302, 409, 422)
REFUSED_POST = (302, 400, 409, 422)
MOST_LOOKED_AT = 3  # of one's own things of a kind

# Answered before anything is looked up: which database there would be makes no difference.
before_any_row = pytest.mark.parametrize("world", ["sqlite"], indirect=True, scope="package")
with_table = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.endpoint)
guarded_routes = pytest.mark.parametrize("route", [r for r in ROUTES if r.needs], ids=lambda route: route.endpoint)


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[tuple[Role, str], Browser]:
    """A browser for each role and language, signed in when first needed."""

    class Lazily(dict[tuple[Role, str], Browser]):
        def __missing__(self, key: tuple[Role, str]) -> Browser:
            role, locale = key
            self[key] = Browser(world, world.person(role, locale=locale), looks=world.kind == "sqlite")
            return self[key]

    return Lazily()


def _people(world: World, route: Route, *, may: bool) -> list[Person]:
    """Somebody of each role that carries the route's permission, or of each that does not."""
    people = [world.person(role) for role in Role]
    return [p for p in people if (route.needs in p.actor.permissions) is may]


def _ids(world: World, route: Route, person: Person) -> list[tuple[object, ...]]:
    """Ids with which the person may use the route: a few of them."""
    if not route.ids:
        return [()]
    own = list(dict.fromkeys(world.own(route.ids[0], person)))
    return own if len(own) <= MOST_LOOKED_AT else [*own[: MOST_LOOKED_AT - 1], own[-1]]


def _any_ids(world: World, route: Route) -> tuple[object, ...]:
    return world.things[route.ids[0]][0][1] if route.ids else ()


def test_the_walk_knows_things_of_every_kind_that_addresses_name(world: World) -> None:
    for route in ROUTES:
        for what in route.ids:
            assert world.things.get(what), f"{route.path}: the world has no {what}"
    assert {role for roles in ROLES_OF.values() for role in roles} == set(Role)
    assert {home_of(role) for role in Role} == {"BANK", "EASTAG", "EASTLF"}


@before_any_row
@guarded_routes
def test_nobody_is_led_to_the_sign_in(world: World, route: Route) -> None:
    path = address(route, _any_ids(world, route))
    nobody = Browser(world, None, looks=False)
    if "GET" in route.methods:
        answer = nobody.get(path)
        if path.endswith(".json"):
            assert answer.status_code == 401 and answer.is_json
        else:
            assert answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
    if "POST" in route.methods:
        answer = nobody.post(path, dict(route.fields))
        assert (answer.status_code, answer.location) == (302, "/sign-in")


@before_any_row
@guarded_routes
def test_a_role_without_the_permission_is_refused(
    world: World, browsers: dict[tuple[Role, str], Browser], route: Route
) -> None:
    """Before anything is looked up: whether the ids are there makes no difference."""
    for number, person in enumerate(_people(world, route, may=False)):
        browser = browsers[person.role, "en"]
        for ids in (_any_ids(world, route), *([] if number else nowhere(route)[:1])):
            for method in route.methods:
                answer = _ask(browser, method, route, ids, look=False)
                assert answer.status_code == 403, f"{method} {route.path} as {person.role}: {answer.status_code}"


@with_table
def test_what_is_ones_own_is_answered(world: World, browsers: dict[tuple[Role, str], Browser], route: Route) -> None:
    locales = LOCALES if world.kind == "sqlite" else LOCALES[:1]
    people = _people(world, route, may=True) if route.needs else []
    first = people[0] if people else None
    for person, locale in product(people, locales):
        browser = browsers[person.role, locale]
        reader = world.person(person.role, locale=locale)
        if "GET" in route.methods:
            own = _ids(world, route, reader)
            for ids in own if locale == "en" else own[:1]:
                # in Chinese the same templates speak, so one role's page is looked at; every role's is asked for
                answer = browser.get(address(route, ids), look=ids == own[0] and (locale == "en" or person is first))
                assert answer.status_code in ANSWERED, (
                    f"GET {address(route, ids)} as {reader.role}: {answer.status_code}"
                )
                assert answer.status_code != 200 or not route.is_page or answer.mimetype == "text/html"


@guarded_routes
def test_what_is_a_rivals_or_nothing_is_not_found(
    world: World, browsers: dict[tuple[Role, str], Browser], route: Route
) -> None:
    for number, person in enumerate(_people(world, route, may=True)):
        browser = browsers[person.role, "en"]
        foreign = world.foreign(route.ids[0], person) if route.ids else []
        nothing = nowhere(route)[:1] if number else nowhere(route)
        for ids, method in product([*foreign, *nothing], route.methods):
            answer = _ask(browser, method, route, ids, look=ids == (NOWHERE[0],))
            assert answer.status_code == 404, (
                f"{method} {address(route, ids)} as {person.role} of {person.mark}: {answer.status_code}"
            )


posting = pytest.mark.parametrize("route", [r for r in ROUTES if "POST" in r.methods], ids=lambda route: route.endpoint)


@before_any_row
@posting
def test_a_form_without_its_guard_changes_nothing_and_says_so(
    world: World, browsers: dict[tuple[Role, str], Browser], route: Route
) -> None:
    person = _people(world, route, may=True)[0] if route.needs else world.person(Role.AGENCY_STAFF)
    for locale, words in (("en", "This form has expired"), ("zh_Hans", "表单已过期")):
        browser = browsers[person.role, locale]
        answer = browser.post(address(route, _any_ids(world, route)), dict(route.fields), guarded=False)
        assert answer.status_code == 400
        assert words in answer.text, f"{route.path} in {locale}"


@posting
def test_an_empty_form_is_understood(world: World, route: Route) -> None:
    """Sent with nothing but its guard: something to mend, or done; never a crash. Last, since some of it is done."""
    for person in _people(world, route, may=True):
        for ids in _ids(world, route, person)[:1]:
            browser = Browser(world, person, looks=world.kind == "sqlite")
            answer = browser.post(address(route, ids), dict(route.fields))
            wanted = (*REFUSED_POST, 200) if "/reveal" in route.path else REFUSED_POST
            assert answer.status_code in wanted, f"POST {address(route, ids)} as {person.role}: {answer.status_code}"


def _ask(browser: Browser, method: str, route: Route, ids: tuple[object, ...], *, look: bool) -> TestResponse:
    path = address(route, ids)
    fields = dict(route.fields) | ({"reason": "walls"} if route.reason else {})
    return browser.get(path, look=look) if method == "GET" else browser.post(path, fields, look=look)
