"""Promises that are open when a placement ends: facts of the account, for whoever holds it next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.contact import queries, workbench
from portal.contact.labels import row_words
from portal.contact.models import CarriedPromise, Promise, PromiseState
from portal.contact.operations import log_attempt
from portal.contact.queue import queue_page
from portal.foundation.access import Role
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person, place
from tests.contact.test_queue import credit
from tests.identity.factories import actor_of, make_agency, make_user, observer

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor

TODAY = NOON.date()


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def promise(desk: Desk, person: Person, days: int = 2, amount: int = 10_000) -> None:
    on = TODAY + timedelta(days=days)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=amount, promise_on=on))


def end(desk: Desk, actor: Actor | None = None) -> None:
    """The agency's placement ends, by the bank or by the agency itself."""
    with transaction(actor or observer()) as work:
        mine = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, mine, Ending(EndReason.RETURNED if actor else EndReason.RECALLED))


def states(actor: Actor | None = None) -> tuple[list[PromiseState], list[PromiseState]]:
    """Of promises, and of those that went on with an account, as somebody sees them."""
    with reading(actor or observer()) as session:
        mine = session.scalars(sa.select(Promise.state).order_by(Promise.id)).all()
        carried = session.scalars(sa.select(CarriedPromise.state).order_by(CarriedPromise.id)).all()
        return list(mine), list(carried)


@pytest.mark.parametrize("by_agency", [False, True], ids=["recalled", "given back"])
def test_an_open_promise_goes_on_with_the_account_to_the_next_holder(
    desk: Desk, person: Person, by_agency: bool
) -> None:
    promise(desk, person)
    end(desk, desk.actor if by_agency else None)
    following = make_agency()
    place(following, desk.account_id, starts_at=NOON, accepted_at=NOON)
    new_holder = actor_of(make_user(Role.AGENCY_STAFF, following))

    assert states(desk.actor) == ([PromiseState.CARRIED], [])
    assert states(new_holder) == ([], [PromiseState.OPEN])
    assert states() == ([PromiseState.CARRIED], [PromiseState.OPEN])
    with reading(new_holder) as session:
        bench = workbench.open_bench(session, new_holder, desk.account_id, services().clock, None)
        assert len(bench.taken_over) == 1
        assert "round 1" in str(bench.taken_over[0]) and desk.agency.name not in str(bench.taken_over[0])
        assert any("made in round 1" in str(event.title) for event in bench.timeline)
        (row,) = queue_page(session, new_holder, NOON, TODAY).rows
        assert str(row_words(row, NOON, "Asia/Shanghai")).endswith("promised before for 3 Jul")


def test_a_promise_whose_day_has_passed_was_not_kept_and_does_not_go_on(desk: Desk, person: Person) -> None:
    promise(desk, person)
    at_time(NOON + timedelta(days=6))  # two days and three of grace
    end(desk)
    assert states() == ([PromiseState.BROKEN], [])


def test_payments_settle_it_whoever_is_credited(desk: Desk, person: Person) -> None:
    promise(desk, person)
    end(desk)
    credit(desk, 9_999, TODAY)
    assert states()[1] == [PromiseState.OPEN]
    credit(desk, 1, TODAY + timedelta(days=2))
    assert states() == ([PromiseState.CARRIED], [PromiseState.KEPT])


def test_what_is_paid_too_late_breaks_it_and_what_was_posted_late_mends_it(desk: Desk, person: Person) -> None:
    promise(desk, person)
    end(desk)
    at_time(NOON + timedelta(days=6))
    credit(desk, 10_000, TODAY + timedelta(days=6))
    assert states()[1] == [PromiseState.BROKEN]
    credit(desk, 10_000, TODAY + timedelta(days=2))
    assert states()[1] == [PromiseState.KEPT]


def test_a_new_promise_takes_the_place_of_the_one_that_came_along(desk: Desk, person: Person) -> None:
    promise(desk, person)
    end(desk)
    following = make_agency()
    place(following, desk.account_id, starts_at=NOON, accepted_at=NOON)
    staff = actor_of(make_user(Role.AGENCY_STAFF, following))
    again = call(person.mobile, "promise", promise_minor=5_000, promise_on=TODAY + timedelta(days=5))
    log_attempt(staff, desk.account_id, again)
    assert states() == ([PromiseState.CARRIED, PromiseState.OPEN], [PromiseState.REPLACED])


def test_the_old_holder_has_it_in_its_list_closed(desk: Desk, person: Person) -> None:
    promise(desk, person)
    end(desk)
    with reading(desk.actor) as session:
        listed = {
            state: len(
                session.execute(queries.promise_state(queries.promises_statement(desk.actor), state, TODAY)).all()
            )
            for state in ("open", "today", "broken", "kept", "carried")
        }
    assert listed == {"open": 0, "today": 0, "broken": 0, "kept": 0, "carried": 1}


def test_the_database_knows_no_carried_promise_that_is_carried_again(desk: Desk, person: Person) -> None:
    promise(desk, person)
    end(desk)
    with pytest.raises(IntegrityError), transaction(observer()) as work:
        work.session.execute(sa.update(CarriedPromise).values(state=PromiseState.CARRIED))
