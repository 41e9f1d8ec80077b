"""The list of requests: what waits by its deadline, objections to recalls among it with the day by which they are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.requests.operations import Said, ask, close_request, write_message
from portal.contact.requests.thread import Answer, RequestCode
from portal.foundation.access import Role
from portal.identity.models import User
from portal.placement.codes import ObjectionReason, RecallReason
from portal.placement.models import Placement
from portal.placement.objections import object_to_recall
from portal.placement.recall_models import RecallLine
from portal.portfolio.models import Account
from tests.contact.factories import at_time
from tests.identity.factories import actor_of, make_agency, make_bank, make_user
from tests.placement.factories import answerer, make_desk, placed, recall_terms, recalled
from tests.portfolio.factories import make_accounts
from tests.support.pages import Page, PageClient
from tests.vendors.factories import make_contract

Client = Callable[[User], PageClient]
TODAY = date(2005, 7, 1)
MORNING = datetime(2005, 7, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.settings(today=TODAY)


@pytest.fixture
def manager(app: Flask) -> User:
    make_bank()
    return make_user(Role.VENDOR_MANAGER)


@pytest.fixture
def held(manager: User, db_session: Session) -> tuple[User, list[int]]:
    """A collector and three accounts that the agency holds."""
    at_time(MORNING)
    agency = make_agency("HT", name_en="Agency HT")
    make_contract(agency)
    make_accounts(3, days=45)
    placed(make_desk(), agency)
    ids = db_session.scalars(sa.select(Placement.account_id).order_by(Placement.account_id)).all()
    return make_user(Role.AGENCY_LEADER, agency), list(ids)


def refs(session: Session, ids: list[int]) -> list[str]:
    return [session.get_one(Account, number).account_ref for number in ids]


def objected_to(session: Session, collector: User) -> int:
    """An account whose recall for 20 July the agency objects to."""
    recall_terms(collector.organisation, objection_days=20)
    batch_id = session.scalars(sa.select(Placement.batch_id)).first()
    recall_id = recalled(make_desk(), batch_id or 0, RecallReason.ROTATION, final_on=date(2005, 7, 20))
    line = session.scalars(
        sa.select(RecallLine).where(RecallLine.recall_id == recall_id).order_by(RecallLine.id)
    ).first()
    assert line is not None and line.account_id is not None
    object_to_recall(answerer(collector.organisation), [line.id], ObjectionReason.PLAN, 5)
    return line.account_id


def order(page: Page, names: list[str]) -> list[str]:
    """These names as they stand on the page, one below the other."""
    found = [name for name in names if name in page.text]
    return sorted(found, key=page.text.index)


def test_what_is_due_first_stands_first_answered_behind_it_and_closed_is_asked_for(
    manager: User, held: tuple[User, list[int]], client_for: Client, db_session: Session
) -> None:
    collector, ids = held
    first, second, third = refs(db_session, ids)
    who, bank = actor_of(collector), actor_of(manager)
    answered = ask(who, ids[0], RequestCode.DOCUMENTS, Said("one"))
    write_message(bank, answered, Said(), Answer.DONE)
    ask(who, ids[1], RequestCode.DOCUMENTS, Said("two"))
    at_time(MORNING + timedelta(hours=2))
    ask(who, ids[2], RequestCode.DOCUMENTS, Said("three"))

    client = client_for(manager)
    assert order(client.get("/requests"), [first, second, third]) == [second, third, first]

    close_request(who, answered)
    assert first not in client.get("/requests")
    assert order(client.get("/requests?state="), [first, second, third]) == [third, second, first]
    assert order(client.get("/requests?state=&sort=due_at"), [first, second, third]) == [second, third, first]
    assert first in client.get("/requests?state=closed")


def test_an_objection_to_a_recall_is_due_by_the_end_of_the_accounts_last_day(
    manager: User, held: tuple[User, list[int]], client_for: Client, db_session: Session
) -> None:
    collector, ids = held
    account_id = objected_to(db_session, collector)
    objected = refs(db_session, [account_id])[0]
    other = next(number for number in ids if number != account_id)
    ask(actor_of(collector), other, RequestCode.DOCUMENTS, Said("two"))
    asked = refs(db_session, [other])[0]

    page = client_for(manager).get("/requests")
    assert "20 Jul 2005 23:59" in page
    assert order(page, [objected, asked]) == [asked, objected]
    assert "Nothing matches" in client_for(manager).get("/requests?late=yes&code=recall_objection")

    at_time(datetime(2005, 7, 20, 16, tzinfo=UTC))  # midnight in Shanghai
    late = client_for(manager).get("/requests?late=yes&code=recall_objection")
    assert objected in late and "overdue" in late


def test_the_figure_the_row_at_home_and_the_list_that_they_open_agree(
    held: tuple[User, list[int]], manager: User, client_for: Client, db_session: Session
) -> None:
    collector, ids = held
    account_id = objected_to(db_session, collector)
    other = next(number for number in ids if number != account_id)
    ask(actor_of(collector), other, RequestCode.DOCUMENTS, Said("?"))
    objected, asked = refs(db_session, [account_id, other])
    bank = client_for(manager)

    page = bank.get("/requests")
    assert page.links["Requests waiting: 1"] == "/requests"
    addresses = [a.get("href", "") for a in page.root.iter("a")]
    ours, objections = (
        next(address for address in addresses if f"code={code}" in address) for code in ("requests", "recall_objection")
    )

    assert bank.get("/").links["Answer them"] == ours
    assert (asked in bank.get(ours), objected in bank.get(ours)) == (True, False)
    assert (asked in bank.get(objections), objected in bank.get(objections)) == (False, True)
