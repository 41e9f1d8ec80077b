"""The clock of the work standard: it stands still while a hold stops contact, and begins anew with its end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contact.entries import PAUSED
from portal.contact.models import WorkItem
from portal.contact.operations import log_attempt
from portal.contact.queue import count_untouched, queue_page
from portal.contact.team.desks import WHOLE
from portal.foundation import hooks
from portal.foundation.access import Actor
from portal.foundation.jobs import run_pending
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement, PlacementBatch
from portal.portfolio.models import Hold, HoldFlag
from portal.portfolio.operations import add_hold, end_hold
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.identity.factories import make_bank, observer

TODAY = NOON.date()
LATER = TODAY + timedelta(days=30)


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    make_bank()
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def untouched(actor: Actor, day: date = LATER) -> list[int]:
    with reading(actor) as session:
        rows = queue_page(session, actor, NOON, day, "untouched").rows
        assert count_untouched(session, actor, day, WHOLE) == len(rows)
        return [row.account.id for row in rows]


def to_be_tried_by(account_id: int) -> date:
    with reading(observer()) as session:
        day: date = session.scalars(sa.select(WorkItem.try_by).where(WorkItem.account_id == account_id)).one()
        return day


def hold(person: Person, flag: HoldFlag = HoldFlag.DO_NOT_CONTACT, account_id: int | None = None) -> int:
    with transaction(observer()) as work:
        found = add_hold(work, person.id, account_id, flag, "test")
        work.session.flush()
        return found.id


def release(hold_id: int) -> None:
    with transaction(observer()) as work:
        end_hold(work, work.session.scalars(visible(Hold, work.actor).where(Hold.id == hold_id)).one(), "over")


def test_an_account_that_may_not_be_contacted_is_not_untouched(desk: Desk, person: Person) -> None:
    assert untouched(desk.actor) == [desk.account_id]
    hold(person)
    assert untouched(desk.actor) == []


def test_the_clock_begins_anew_with_the_release(desk: Desk, person: Person) -> None:
    hold_id = hold(person, account_id=desk.account_id)
    at_time(NOON + timedelta(days=20))
    release(hold_id)
    assert to_be_tried_by(desk.account_id) == TODAY + timedelta(days=27)


def test_it_stands_still_until_the_last_hold_that_stops_contact_has_ended(desk: Desk, person: Person) -> None:
    first, second = hold(person), hold(person, HoldFlag.PLAN, desk.account_id)
    release(first)
    assert to_be_tried_by(desk.account_id) == PAUSED
    release(second)
    assert untouched(desk.actor) == [desk.account_id]


def test_a_mark_that_stops_no_contact_leaves_the_clock_running(desk: Desk, person: Person) -> None:
    hold(person, HoldFlag.HARDSHIP)
    assert untouched(desk.actor) == [desk.account_id]


def test_what_is_logged_meanwhile_does_not_start_it(desk: Desk, person: Person) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "cease_requested"))
    assert to_be_tried_by(desk.account_id) == PAUSED
    at_time(NOON + timedelta(days=1))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, at=NOON + timedelta(hours=2), already_happened=True))
    assert to_be_tried_by(desk.account_id) == PAUSED


def test_what_one_organisation_raises_on_a_person_stops_the_clocks_of_the_others(
    app: Flask, desk: Desk, person: Person
) -> None:
    other = make_desk(person)
    log_attempt(other.actor, other.account_id, call(person.mobile, "cease_requested"))
    assert untouched(other.actor) == []
    run_pending(app)
    assert untouched(desk.actor) == []


def test_a_file_of_accounts_stops_the_clocks_of_what_it_holds(desk: Desk, person: Person) -> None:
    free = make_account(make_person())
    place(desk.agency, free)
    with transaction(observer()) as work:
        filed = Hold(
            customer_id=person.id, account_id=desk.account_id, flag=HoldFlag.DECEASED, reason="file", release_reason="",
            raised_at=work.now,
        )  # fmt: skip
        work.session.add(filed)
        work.session.flush()
        hooks.holds_filed(work, 1)
    assert untouched(desk.actor) == [free]


def test_what_comes_while_a_hold_stands_comes_with_its_clock_stopped(desk: Desk, person: Person) -> None:
    hold(person)
    account_id = make_account(person)
    (placement_id,) = place(desk.agency, account_id)
    with transaction(observer()) as work:
        of_account = sa.select(Placement.batch_id).where(Placement.id == placement_id)
        batch = work.session.scalars(visible(PlacementBatch, work.actor).where(PlacementBatch.id.in_(of_account))).one()
        hooks.batch_accepted(work, batch)
    assert to_be_tried_by(account_id) == PAUSED
