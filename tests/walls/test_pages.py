"""What people of one side read: nothing of the other's, no door that is not theirs, and what a batch shows when."""

from __future__ import annotations

import re
from itertools import product

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.web import PUBLIC, access_of
from portal.foundation.work import reading
from portal.portfolio.models import Account, ContactPoint
from tests.identity.factories import observer
from tests.walls.browsing import Browser
from tests.walls.routes import ROUTES
from tests.walls.world import SIDES, Person, World

EVERYBODY = pytest.mark.parametrize("role", list(Role))
VENDORS = (Role.AGENCY_LEADER, Role.AGENCY_STAFF, Role.LEGAL_PARTNER)
LISTS = [route.path for route in ROUTES if route.is_page and "<" not in route.path and route.needs]


def _lists(person: Person) -> list[str]:
    return [r.path for r in ROUTES if r.path in LISTS and "GET" in r.methods and r.needs in person.actor.permissions]


def _own_pages(world: World, person: Person) -> list[str]:
    """Addresses that the person may open: every list, and one of each kind of thing."""
    found = _lists(person)
    for route in ROUTES:
        if route.is_page and route.ids and route.needs in person.actor.permissions:
            own = world.own(route.ids[0], person)[:1]
            found += [re.sub(r"<[^>]+>", "{}", route.path).format(*ids) for ids in own]
    return found


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)  # links are the templates', whatever the database
@EVERYBODY
def test_every_link_and_form_of_a_page_is_one_that_its_reader_may_use(world: World, role: Role) -> None:
    """A door that is shown opens: no link leads to 403 or 404, no form asks for what the role does not include."""
    person = world.person(role)
    browser = Browser(world, person, looks=False)
    adapter = world.app.url_map.bind("localhost")
    links: set[str] = set()
    for path in _own_pages(world, person):
        answer = browser.get(path)
        if answer.status_code != 200:
            continue
        links |= set(re.findall(r'<a\b[^>]*?\bhref="(/[^"?#]*)', answer.text))
        for action in re.findall(r'<form\b[^>]*?\bmethod="post"[^>]*?\baction="([^"?]*)', answer.text):
            endpoint, _values = adapter.match(action, method="POST")
            needed = access_of(world.app, endpoint)
            assert needed == PUBLIC or needed in person.actor.permissions, f"{path} offers {role} {action}"
    assert len(links) > 3
    for link in sorted(links):
        assert browser.get(link).status_code in (200, 302), f"{role} is offered {link}"


@pytest.mark.parametrize("role", VENDORS)
@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.mark)
def test_exports_and_searches_hold_nothing_of_the_other_side(world: World, role: Role, side: object) -> None:
    mark = f"{side.mark}{'LF' if role is Role.LEGAL_PARTNER else 'AG'}"  # type: ignore[attr-defined]
    person = world.person(role, mark)
    browser = Browser(world, person, looks=False)
    other = next(s for s in SIDES if s is not side)
    for path in _lists(person):
        if "/me" not in path:
            browser.get(f"{path}?export=csv")
    theirs = {ids[0] for owner, ids in world.things["account"] if owner.startswith(other.mark)}
    for words in (f"{other.surname}7", f"{other.surname}1", "13900000007", "13900000001", "0007", "BOTH-C", "双方欠"):
        answer = browser.pages.client.get("/search", query_string={"q": words})
        found = set(re.findall(r"/accounts/(\d+)", answer.location or answer.text))
        assert not {int(number) for number in found} & theirs, f"{words} finds {person.mark} {found}"


def test_before_a_batch_is_accepted_only_its_summary_is_open(world: World) -> None:
    for side in SIDES:
        for role, mark in ((Role.AGENCY_LEADER, f"{side.mark}AG"), (Role.LEGAL_PARTNER, f"{side.mark}LF")):
            person = world.person(role, mark)
            browser = Browser(world, person, looks=True)
            path = f"/batches/{world.one('fresh batch', mark)}"
            page = browser.page(browser.get(path), path)
            assert f"{mark}" in page and side.fresh[1] in page
            assert f"{side.mark}-FRESH" not in page.html and side.surname not in page.html
            assert not re.search(r'href="/(accounts|queue)/\d', page.html)
            for account_id in _accounts(f"{side.mark}-FRESH-"):
                assert browser.get(f"/accounts/{account_id}").status_code == 404
                assert browser.post(f"/accounts/{account_id}/reveal").status_code == 404
            assert f"{side.mark}-FRESH" not in browser.get(f"{path}?export=csv").text


def test_after_a_recall_the_earnings_stay_and_the_person_is_gone(world: World) -> None:
    for side in SIDES:
        person = world.person(Role.AGENCY_LEADER, f"{side.mark}AG")
        browser = Browser(world, person, looks=True)
        for account_id in _accounts(f"{side.mark}-RECALLED-"):
            for path in (f"/accounts/{account_id}", f"/queue/{account_id}"):
                assert browser.get(path).status_code == 404
                assert browser.post(f"{path}/reveal", {"what": "name"}).status_code == 404
        statement = browser.get(f"/statements/{world.one('statement', person.mark)}").text
        payments = browser.get("/payments").text
        for reference in (f"{side.mark}-RECALLED-1-JULY", f"{side.mark}-WORKED-1-JULY"):
            assert reference in statement and reference in payments
        batch = browser.get(f"/batches/{world.one('recalled batch', person.mark)}")
        assert batch.status_code == 200
        for path in ("/accounts", "/queue", "/search?q=BOTH-C"):
            assert f"{side.mark}-RECALLED" not in browser.get(path).text, path
        # one's own promise keeps the account's reference, and nothing of the person
        promises = browser.get("/promises").text
        assert f"{side.mark}-RECALLED-1" in promises
        assert f"{side.surname}3" not in promises
        assert f"{side.surname}3" not in batch.text and f"{side.surname}*" not in batch.text


def test_what_is_not_released_is_not_there_for_its_agency(world: World) -> None:
    person = world.person(Role.AGENCY_LEADER)
    browser = Browser(world, person, looks=False)
    statements = browser.get("/statements").text
    assert "EAST-AUGUST" in browser.get("/payments").text
    assert "2005-07" in statements and "2005-08" not in statements


def test_a_person_who_owes_on_both_sides_shows_each_side_its_own_account(world: World) -> None:
    for side, other in (SIDES, SIDES[::-1]):
        (mine,), (theirs,) = _accounts(f"{side.mark}-BOTH"), _accounts(f"{other.mark}-BOTH")
        browser = Browser(world, world.person(Role.AGENCY_LEADER, f"{side.mark}AG"), looks=True)
        for path in (f"/accounts/{mine}", f"/queue/{mine}"):
            answer = browser.get(path)
            assert answer.status_code == 200
            assert f"{side.mark} complaint" in answer.text or path.startswith("/queue")
        assert browser.get(f"/accounts/{theirs}").status_code == 404


# --- ids that a form holds ------------------------------------------------------------------------------------------------


def test_ids_in_forms_are_ones_own_too(world: World) -> None:
    mine, theirs = _accounts("EAST-WORKED-1")[0], _accounts("WEST-WORKED-1")[0]
    with reading(observer()) as session:
        wanted = sa.select(ContactPoint.id).join(Account, Account.customer_id == ContactPoint.customer_id)
        point = session.scalars(wanted.where(Account.id == theirs)).first()
    agent = Browser(world, world.person(Role.AGENCY_STAFF), looks=False)
    lawyer = Browser(world, world.person(Role.LEGAL_PARTNER), looks=False)
    for number in (point, 10**30):
        assert agent.post(f"/accounts/{mine}/reveal", {"contact_point": f"{number}"}).status_code == 404
        assert agent.post(f"/queue/{mine}/reveal", {"what": f"point-{number}"}).status_code == 404
        call = {"channel": "call", "outcome": "no_answer", "contact_point_id": f"{number}"}
        assert agent.post(f"/queue/{mine}", call).status_code == 422
    put_right = {"channel": "call", "outcome": "no_answer", "corrects_id": "987654321"}
    assert agent.post(f"/queue/{mine}", put_right).status_code == 404
    for number in (world.one("worked batch", "WESTLF"), world.one("worked batch", "EASTAG"), 987_654_321, 10**30):
        assert lawyer.post("/packs/new", {"batch": f"{number}", "pay_within_days": "15"}).status_code == 404


def _accounts(beginning: str) -> list[int]:
    with reading(observer()) as session:
        wanted = sa.select(Account.id).where(Account.account_ref.startswith(beginning, autoescape=True))
        return list(session.scalars(wanted.order_by(Account.id)))


# --- what no person types ------------------------------------------------------------------------------------------------

INFINITE = "WzEsIjIwMDUtMDctMDEiLEluZmluaXR5LDFd"  # [1,"2005-07-01",Infinity,1]
QUESTIONS = (
    f"after={INFINITE}&sort=-nothing&tab=none&state=none&q=%27%25&paid_from=0001-01-01&paid_to=9999-12-31",
    "after=%FF%FE&before=W10&sort=%27;--&page=-1&state=%F0%9F%8F%A6&currency=NONE",
    "export=exe",
)
RUNS = (
    "currency=NONE&kind=none&buckets=M9&seed=-1&most=1e9&share_1=NaN&share_99999999999999999999=1",
    "kind=collection&currency=CNY&buckets=M2&share_2=Infinity&balance_from=1e400&balance_to=99999999999999999999999",
    "kind=collection&currency=CNY&buckets=M2&share_2=100&most=99999999999999999999&seed=99999999999999999999",
)


@pytest.mark.parametrize("role", [Role.VENDOR_MANAGER, Role.FINANCE, Role.AGENCY_LEADER, Role.LEGAL_PARTNER])
def test_an_address_that_no_page_leads_to_is_understood_or_refused(world: World, role: Role) -> None:
    browser = Browser(world, world.person(role), looks=False)
    lists = [path for path in _lists(browser.person) if "/me" not in path and "/new" not in path]
    for path, question in product(lists, QUESTIONS):
        assert browser.get(f"{path}?{question}").status_code in (200, 302, 400, 404), f"{path}?{question}"


def test_a_run_that_nobody_can_mean_is_explained(world: World) -> None:
    browser = Browser(world, world.person(Role.VENDOR_MANAGER), looks=world.kind == "sqlite")
    for question in RUNS:
        assert browser.get(f"/placements/new?{question}").status_code in (200, 422)
        fields = dict(pair.split("=") for pair in question.split("&"))
        assert browser.post("/placements/new", fields).status_code == 422


def test_a_text_that_no_database_keeps_is_refused_wherever_it_comes(world: World) -> None:
    browser = Browser(world, world.person(Role.AGENCY_STAFF), looks=True)
    assert browser.get("/search?q=%00").status_code == 400
    assert browser.post("/sign-in", {"user_name": "\0", "password": "\0"}).status_code == 400
    assert browser.post("/sign-out", {"form_token": "\0"}).status_code == 400
    assert Browser(world, None, looks=False).get("/invitation/%00").status_code == 404
