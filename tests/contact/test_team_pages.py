"""The team's pages, the collectors' queues and the filters that people keep, as they stand in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.labels import WORK_KINDS
from portal.contact.models import WorkItem
from portal.contact.operations import log_attempt
from portal.contact.queue import TABS, UNTOUCHED
from portal.contact.team import operations as team
from portal.contact.team.operations import deal_chosen
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.saved_filters import SavedFilter
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import User
from portal.portfolio.models import Account, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.factories import NOON, Desk, at_time, call, make_account, make_desk, make_person, place
from tests.identity.factories import actor_of, make_user, observer
from tests.support.pages import Page, PageClient

Client = Callable[..., PageClient]


@pytest.fixture
def desk(app: Flask) -> Desk:
    at_time(NOON)
    desk = make_desk(make_person())
    place(desk.agency, *(make_account(make_person(name="李四"), total=100_000 * n) for n in (1, 2)))
    return desk


@pytest.fixture
def leader(desk: Desk) -> User:
    return make_user(Role.AGENCY_LEADER, desk.agency, name="Leader")


@pytest.fixture
def collector(desk: Desk) -> User:
    return make_user(Role.AGENCY_STAFF, desk.agency, name="Collector Chen")


def lying(session: Session, desk: int | None) -> list[int]:
    session.rollback()
    return list(session.scalars(sa.select(WorkItem.id).where(WorkItem.assigned_to.is_not_distinct_from(desk))))


def row_of(page: Page, name: str) -> list[str]:
    """The cells of a person's line in the team's table."""
    for line in page.root.iter("tr"):
        cells = ["".join(cell.itertext()).strip() for cell in line if cell.tag == "td"]
        if cells and cells[0] == name:
            return cells
    raise AssertionError(f"{name} has no line")


def test_the_pool_is_dealt_out_on_the_teams_page_and_each_line_says_what_lies_there(
    leader: User, collector: User, desk: Desk, client_for: Client, db_session: Session
) -> None:
    client = client_for(leader)
    page = client.get("/team")
    assert row_of(page, "The pool")[2] == "3"
    done = page.submit("deal", people=[str(collector.id), str(desk.user.id)], to="/team")
    assert "3 accounts are dealt to 2 collectors." in done
    assert int(row_of(done, collector.name)[2]) + int(row_of(done, desk.user.name)[2]) == 3
    assert "The pool is empty" in done and lying(db_session, None) == []


def test_todays_work_and_what_is_untouched_stand_beside_each_collector(
    leader: User, desk: Desk, client_for: Client, db_session: Session
) -> None:
    deal_chosen(actor_of(leader), lying(db_session, None), desk.user.id)
    person = make_person()
    account = make_account(person)
    place(desk.agency, account)
    at_time(NOON + timedelta(days=10))
    entry = call(person.mobile, "promise", promise_minor=5_000, promise_on=NOON.date() + timedelta(days=12))
    log_attempt(desk.actor, account, entry)
    line = row_of(client_for(leader).get("/team"), desk.user.name)
    assert line[2:] == ["3", "CN¥55,838.95", "3", "1", "1", "1"]


def test_chosen_rows_are_dealt_out_and_the_list_stays_as_it_was(
    leader: User, collector: User, client_for: Client, db_session: Session
) -> None:
    client = client_for(leader)
    page = client.get("/team/accounts?whose=pool")
    rows = [box.get("value") for box in page.root.iter("input") if box.get("name") == "row"]
    done = client.post(
        "/team/deal?whose=pool", {"row": rows[:2], "to": str(collector.id)}, to="/team/accounts?whose=pool"
    )
    assert "2 accounts are dealt out." in done
    assert len(lying(db_session, collector.id)) == 2
    nobody = client.post("/team/deal", {"row": rows[2:], "to": ""}, to="/team/accounts")
    assert "Choose from the list somebody of your team who may work now." in nobody
    none = client.post("/team/deal", {"to": "pool"}, to="/team/accounts")
    assert "Choose the accounts first" in none


def test_all_of_a_collector_is_handed_over_and_taken_back_on_their_page(
    leader: User, collector: User, desk: Desk, client_for: Client, db_session: Session
) -> None:
    deal_chosen(actor_of(leader), lying(db_session, None), collector.id)
    client = client_for(leader)
    page = client.get(f"/team/accounts?whose={collector.id}")
    assert page.h1 == "Accounts of Collector Chen"
    client.post(f"/team/{collector.id}/hand-over", {"to": str(desk.user.id)}, to="/team")
    assert len(lying(db_session, desk.user.id)) == 3
    back = client.post(f"/team/{desk.user.id}/hand-over", {"to": "pool"}, to="/team")
    assert "3 accounts are back in the pool." in back
    same = client.post(f"/team/{desk.user.id}/hand-over", {"to": str(desk.user.id)})
    assert "Choose somebody else" in same
    client.post("/team/987654321/hand-over", {"to": "pool"}, status=404)


def test_a_large_pool_is_dealt_by_a_job_whose_page_leads_back_to_the_team(
    leader: User, collector: User, client_for: Client, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "MOST_AT_ONCE", 1)
    client = client_for(leader)
    page = client.get("/team").submit("deal", people=[str(collector.id)])
    assert page.path.startswith("/jobs/") and "Dealing the pool out" in page
    run_pending(app)
    done = client.get(page.path)
    assert "3 accounts are dealt out." in done and "/team" in done.links.values()


def test_a_collector_has_no_team_page_and_the_queue_shows_the_own_desk_and_the_pool(
    leader: User, collector: User, desk: Desk, client_for: Client, db_session: Session
) -> None:
    deal_chosen(actor_of(leader), lying(db_session, None)[:1], collector.id)
    client = client_for(desk.user)
    client.get("/team", status=403)
    queue = client.get("/queue")
    assert len([a for a in queue.links.values() if a.startswith("/queue/")]) >= 2
    assert collector.name not in queue
    client_for(leader).get("/team").submit("rule-form", rule="own", to="/team")
    assert "Nothing waits here." in client.get("/queue")


def test_who_works_a_part_of_the_queue_stays_in_it_from_account_to_account(
    leader: User, collector: User, client_for: Client, db_session: Session
) -> None:
    deal_chosen(actor_of(leader), lying(db_session, None)[:2], collector.id)
    client = client_for(leader)
    page = client.get(f"/queue?whose={collector.id}")
    first = next(address for address in page.links.values() if re.match(r"/queue/\d", address))
    assert f"whose={collector.id}" in first
    account = client.get(first)
    assert "Dealt to Collector Chen" in account
    following = account.submit("log", outcome="no_answer")
    assert following.path.startswith("/queue/") and f"whose={collector.id}" in following.path
    end = following.submit("log", outcome="no_answer")
    assert end.path == f"/queue?whose={collector.id}" and "Nothing matches these filters." in end


def test_the_leader_narrows_the_list_of_accounts_to_what_is_untouched_and_to_a_desk(
    leader: User, collector: User, desk: Desk, client_for: Client, db_session: Session
) -> None:
    deal_chosen(actor_of(leader), lying(db_session, None)[:1], collector.id)
    at_time(NOON + timedelta(days=9))
    client = client_for(leader)
    assert "untouched (3)" in client.get("/accounts")
    found = client.get(f"/accounts?standard=untouched&whose={collector.id}")
    assert sum(1 for address in found.links.values() if address.startswith("/accounts/")) == 1
    assert "Work standard" not in client_for(desk.user).get("/accounts")


@pytest.mark.parametrize("kind", sorted({segment.kind for parts in TABS.values() for segment in parts} - {UNTOUCHED}))
def test_the_list_of_accounts_has_a_word_for_whatever_turn_comes(leader: User, client_for: Client, kind: str) -> None:
    with transaction(actor_of(leader)) as work:
        for item in work.session.scalars(visible(WorkItem, work.actor)):
            item.next_kind = kind

    assert str(WORK_KINDS[kind]) in client_for(leader).get("/team/accounts").text


def test_at_night_the_queue_says_from_when_and_by_which_rule(desk: Desk, client_for: Client) -> None:
    at_time(NOON.replace(hour=23))
    page = client_for(desk.user).get("/queue")
    assert "from tomorrow 08:00: calling hours" in page
    assert "Contact is allowed from 08:00 to 22:00 where the debtor is" in page.html


def test_of_a_hold_and_the_hour_the_hold_is_named_since_no_time_heals_it(desk: Desk, client_for: Client) -> None:
    with transaction(observer()) as work:
        customer = work.session.get_one(Account, desk.account_id).customer_id
        add_hold(work, customer, None, HoldFlag.DECEASED, "test")
    at_time(NOON.replace(hour=23))
    assert "no: deceased" in client_for(desk.user).get("/queue")


# --- filters that people keep -----------------------------------------------------------------------------------------------


def keep(page: Page, name: str) -> Page:
    return page.submit("/saved-filters", name=name)


def test_a_filter_is_kept_opened_and_deleted(desk: Desk, client_for: Client, db_session: Session) -> None:
    client = client_for(desk.user)
    assert "Save this filter" not in client.get("/promises")
    kept = keep(client.get("/promises?state=open&day_from=2005-07-01"), "open ones")
    assert kept.path == "/promises?day_from=2005-07-01&state=open"
    assert "The filter “open ones” is saved." in kept and "Save this filter" not in kept
    plain = client.get("/promises")
    assert plain.links["open ones"] == "?day_from=2005-07-01&state=open"
    assert "open ones" not in client.get("/my-day")
    row = db_session.scalars(sa.select(SavedFilter)).one()
    gone = plain.submit(f"/saved-filters/{row.id}/delete", to="/promises")
    assert "The filter is deleted." in gone and "open ones" not in gone.links


def test_the_queue_keeps_its_part_and_whose_it_is(desk: Desk, client_for: Client) -> None:
    client = client_for(desk.user)
    kept = keep(client.get("/queue?tab=new&whose=mine"), "my new ones")
    assert kept.path == "/queue?tab=new&whose=mine"
    assert client.get("/queue").links["my new ones"] == "?tab=new&whose=mine"


@pytest.mark.parametrize(
    ("name", "words"), [("", "Give the filter a name"), ("x" * 61, "Give the filter a name"), ("mine", "already")]
)
def test_a_name_that_is_none_or_taken_says_what_to_do(desk: Desk, client_for: Client, name: str, words: str) -> None:
    client = client_for(desk.user)
    keep(client.get("/promises?state=open"), "mine")
    assert words in keep(client.get("/promises?state=kept"), name)


def test_what_the_list_does_not_know_is_not_kept_and_nobody_else_makes_an_offer(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    client = client_for(desk.user)
    kept = keep(client.get("/promises?state=open&day_from=nonsense&evil=1"), "mine")
    assert kept.path == "/promises?state=open"
    client.post("/saved-filters", {"offer": "made-up", "name": "x"}, status=422)
    assert len(db_session.scalars(sa.select(SavedFilter)).all()) == 1


def test_a_filter_is_its_owners_alone(desk: Desk, collector: User, client_for: Client, db_session: Session) -> None:
    keep(client_for(desk.user).get("/promises?state=open"), "mine")
    row = db_session.scalars(sa.select(SavedFilter)).one()
    client = client_for(collector)
    assert "mine" not in client.get("/promises").links
    client.post(f"/saved-filters/{row.id}/delete", status=404)
