"""Who next: the order of the day, pages of it, and how batches and payments move it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.entries import Promised
from portal.contact.labels import row_words
from portal.contact.models import Promise, PromiseState, WorkItem
from portal.contact.operations import log_attempt
from portal.contact.queue import Place, next_account, queue_counts, queue_page
from portal.foundation import hooks
from portal.foundation.access import Actor, Role
from portal.foundation.work import reading, transaction
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import HoldFlag, ImportKind, ImportRun, ImportState
from portal.portfolio.operations import add_hold
from portal.recovery.models import Attribution, Decision, Payment, Receiver
from tests.contact.factories import (
    NOON,
    Desk,
    Person,
    at_time,
    call,
    make_account,
    make_desk,
    make_person,
    place,
)
from tests.identity.factories import actor_of, make_agency, make_user, observer

TODAY = NOON.date()


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def order(actor: Actor, tab: str | None = None, today: date = TODAY, **words: Any) -> list[int]:
    with reading(actor) as session:
        return [row.account.id for row in queue_page(session, actor, NOON, today, tab, **words).rows]


def another(desk: Desk, **account: Any) -> tuple[int, Person]:
    """Another account of another person in the same queue."""
    person = make_person()
    account_id = make_account(person, **account)
    place(desk.agency, account_id)
    return account_id, person


def test_the_day_begins_with_promises_then_those_not_kept_then_call_backs_then_new_ones_by_value(
    desk: Desk, person: Person
) -> None:
    small, _ = another(desk, total=1_000)
    large, _ = another(desk, total=9_000_000)
    called, whom = another(desk)
    late, debtor = another(desk)
    log_attempt(desk.actor, late, call(debtor.mobile, "promise", promise_minor=100, promise_on=TODAY))
    log_attempt(
        desk.actor, called, call(whom.mobile, "callback_requested", callback_at=NOON + timedelta(days=1, hours=1))
    )
    day = TODAY + timedelta(days=4)  # behind the days of grace of the one that is late
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=100, promise_on=day))
    assert order(desk.actor, today=day) == [desk.account_id, late, called, large, small]
    assert order(desk.actor) == [late, large, small]


def test_who_was_tried_without_success_comes_up_again_the_next_day(desk: Desk, person: Person) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert order(desk.actor) == []
    assert order(desk.actor, "later") == [desk.account_id]
    assert order(desk.actor, "rest", TODAY + timedelta(days=1)) == [desk.account_id]


def test_a_reminder_before_its_day_leaves_a_promise_where_it_is(
    desk: Desk, person: Person, db_session: Session
) -> None:
    day = TODAY + timedelta(days=2)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=100, promise_on=day))
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    item = db_session.scalars(sa.select(WorkItem)).one()
    assert (item.next_kind, item.next_on) == ("promise", day)


def test_pages_follow_each_other_without_a_gap_or_a_repetition(desk: Desk, person: Person) -> None:
    accounts = [make_account(make_person(), total=1_000 * (n // 3 + 1)) for n in range(9)]
    place(desk.agency, *accounts)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=100, promise_on=TODAY))
    whole = order(desk.actor)
    seen: list[int] = []
    behind: Place | None = None
    with reading(desk.actor) as session:
        while True:
            page = queue_page(session, desk.actor, NOON, TODAY, None, behind, size=2)
            seen += [row.account.id for row in page.rows]
            behind = Place.decode(page.older.encode()) if page.older else None
            if behind is None:
                break
    assert seen == whole and len(set(seen)) == 10


@pytest.mark.parametrize("text", ["", "x", "W10", "WzAsMSwyLDNd", "é" * 9, "a" * 10_000])
def test_a_place_that_no_page_gave_out_is_the_first_page(text: str) -> None:
    assert Place.decode(text) is None


def test_counts_stand_beside_every_part(desk: Desk, person: Person) -> None:
    another(desk)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=100, promise_on=TODAY))
    with reading(desk.actor) as session:
        counts = queue_counts(session, desk.actor, TODAY)
    assert counts == {"due": 1, "broken": 0, "callback": 0, "new": 1, "rest": 0, "later": 0, "untouched": 0}


def test_the_next_account_is_one_that_may_be_called(desk: Desk, person: Person) -> None:
    held, debtor = another(desk, total=9_000_000)
    free, _ = another(desk, total=1_000)
    with transaction(observer()) as work:
        add_hold(work, debtor.id, None, HoldFlag.DO_NOT_CONTACT, "test")
    with reading(desk.actor) as session:
        assert next_account(session, desk.actor, NOON, TODAY, None, desk.account_id) == free
        assert next_account(session, desk.actor, NOON, TODAY, None, free) == desk.account_id
    assert order(desk.actor)[0] == held


def test_who_is_to_be_called_at_a_later_hour_is_not_next_before_it(desk: Desk, person: Person) -> None:
    free, _ = another(desk, total=1_000)
    hour = NOON + timedelta(hours=2)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "callback_requested", callback_at=hour))
    assert order(desk.actor)[0] == desk.account_id
    with reading(desk.actor) as session:
        assert next_account(session, desk.actor, NOON, TODAY, None, 0) == free
        assert next_account(session, desk.actor, hour, TODAY, None, 0) == desk.account_id
        assert next_account(session, desk.actor, NOON, TODAY, None, free) == desk.account_id


def test_an_agency_has_only_its_own_queue(desk: Desk) -> None:
    assert order(actor_of(make_user(Role.AGENCY_STAFF))) == []


def test_a_batch_is_in_the_queue_once_it_is_accepted_and_gone_once_it_has_ended(
    desk: Desk, db_session: Session
) -> None:
    placement = db_session.get_one(Placement, desk.placement_id)
    with transaction(desk.actor) as work:
        hooks.batch_accepted(work, placement.batch)  # again: what is there stays as it is
    assert order(desk.actor) == [desk.account_id]
    with transaction(observer()) as work:
        row = work.session.get_one(Placement, desk.placement_id)
        row.ended_at, row.ended_on, row.end_reason = NOON, TODAY, EndReason.RECALLED
        work.session.flush()
        hooks.batch_ended(work, placement.batch)
    assert order(desk.actor) == []


def test_letters_are_no_work_for_the_queue(desk: Desk, person: Person, db_session: Session) -> None:
    place(make_agency(), make_account(person), kind="letter")
    assert len(db_session.scalars(sa.select(WorkItem)).all()) == 1


def credit(desk: Desk, amount: int, paid_on: date) -> None:
    """A payment of the account, credited to the agency."""
    with transaction(observer()) as work:
        run = ImportRun(
            kind=ImportKind.PAYMENTS, state=ImportState.APPLIED, file_name="p.csv", mapping="standard@1", options={},
            content_sha256=f"{amount}{paid_on}".ljust(64, "0"), requested_at=NOON,
        )  # fmt: skip
        work.session.add(run)
        work.session.flush()
        placement = work.session.get_one(Placement, desk.placement_id)
        payment = Payment(
            payment_ref=f"P{run.id}", account_id=desk.account_id, customer_id=placement.customer_id, amount_minor=amount,
            currency="CNY", paid_on=paid_on, received_by=Receiver.BANK, content_hash=b"0" * 16, import_run_id=run.id,
            created_at=NOON,
        )  # fmt: skip
        work.session.add(payment)
        work.session.flush()
        work.session.add(
            Attribution(
                payment_id=payment.id,
                organisation_id=desk.agency.id,
                placement_id=placement.id,
                batch_id=placement.batch_id,
                account_id=desk.account_id,
                decision=Decision.CREDITED,
                payment_ref=payment.payment_ref,
                paid_on=paid_on,
                currency="CNY",
                credit_minor=amount,
                amount_minor=amount,
                rule="test",
                trace={},
                decided_at=NOON,
            )
        )
        work.session.flush()
        hooks.payments_credited(work, run.id)


def test_a_promise_is_kept_once_what_was_paid_by_its_day_reaches_it(
    desk: Desk, person: Person, db_session: Session
) -> None:
    day = TODAY + timedelta(days=2)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=10_000, promise_on=day))
    credit(desk, 6_000, TODAY)
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.OPEN]
    credit(desk, 4_000, day)
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.KEPT]
    assert db_session.scalars(sa.select(WorkItem.next_kind)).all() == ["rest"]


def test_a_promise_that_is_paid_too_late_is_broken_and_one_whose_payment_was_posted_late_is_mended(
    desk: Desk, person: Person, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=10_000, promise_on=TODAY))
    at_time(NOON + timedelta(days=5))
    credit(desk, 10_000, TODAY + timedelta(days=4))
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.BROKEN]
    credit(desk, 10_000, TODAY)
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.KEPT]


def test_a_broken_promise_stays_in_the_rows_words_until_something_is_paid_or_promised_again(
    desk: Desk, person: Person
) -> None:
    def words(today: date) -> str:
        with reading(desk.actor) as session:
            page = queue_page(session, desk.actor, at_time(datetime.combine(today, NOON.timetz())), today)
            (row,) = page.rows
            return str(row_words(row, NOON.replace(day=today.day), "Asia/Shanghai"))

    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=10_000, promise_on=TODAY))
    late = TODAY + timedelta(days=4)
    assert words(TODAY + timedelta(days=2)) == "promised for 1 Jul, in the days of grace"
    assert words(late) == "promised for 1 Jul, not kept"
    at_time(NOON + timedelta(days=4))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer"))
    following = late + timedelta(days=1)
    assert words(following) == "promised for 1 Jul, not kept; again since 6 Jul"
    credit(desk, 500, following)
    assert words(following) == "again since 6 Jul"


def test_a_promise_is_kept_by_what_is_paid_in_the_days_of_grace_and_is_due_as_long_as_they_last(
    desk: Desk, person: Person, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=10_000, promise_on=TODAY))
    last = TODAY + timedelta(days=3)
    assert order(desk.actor, "due", last) == [desk.account_id] and order(desk.actor, "broken", last) == []
    following = last + timedelta(days=1)
    assert order(desk.actor, "due", following) == [] and order(desk.actor, "broken", following) == [desk.account_id]
    at_time(NOON + timedelta(days=3))
    credit(desk, 9_999, TODAY)
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.OPEN]
    credit(desk, 1, last)
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.KEPT]


@pytest.mark.settings(grace_days=0)
def test_a_bank_may_do_without_days_of_grace(desk: Desk, person: Person, db_session: Session) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=10_000, promise_on=TODAY))
    assert order(desk.actor, "broken", TODAY + timedelta(days=1)) == [desk.account_id]
    at_time(NOON + timedelta(days=1))
    credit(desk, 10_000, TODAY + timedelta(days=1))
    assert db_session.scalars(sa.select(Promise.state)).all() == [PromiseState.BROKEN]


def test_of_several_days_that_were_promised_what_is_paid_goes_to_the_first(
    desk: Desk, person: Person, db_session: Session
) -> None:
    first, second = TODAY + timedelta(days=2), TODAY + timedelta(days=12)
    entry = call(person.mobile, "promise", promise_minor=10_000, promise_on=first, promises=(Promised(20_000, second),))
    log_attempt(desk.actor, desk.account_id, entry)
    turns = sa.select(WorkItem.next_kind, WorkItem.next_on)
    states = sa.select(Promise.state).order_by(Promise.promised_on)
    assert db_session.execute(turns).all() == [("promise", first)]
    credit(desk, 10_000, TODAY)
    assert db_session.scalars(states).all() == [PromiseState.KEPT, PromiseState.OPEN]
    assert db_session.execute(turns).all() == [("promise", second)]
    credit(desk, 19_999, second)
    assert db_session.scalars(states).all() == [PromiseState.KEPT, PromiseState.OPEN]
    credit(desk, 1, second)
    assert db_session.scalars(states).all() == [PromiseState.KEPT, PromiseState.KEPT]
    assert db_session.execute(turns).all() == [("rest", TODAY)]


def test_a_day_that_was_missed_stays_broken_and_takes_what_comes_first(
    desk: Desk, person: Person, db_session: Session
) -> None:
    first, second = TODAY + timedelta(days=2), TODAY + timedelta(days=12)
    entry = call(person.mobile, "promise", promise_minor=10_000, promise_on=first, promises=(Promised(20_000, second),))
    log_attempt(desk.actor, desk.account_id, entry)
    at_time(NOON + timedelta(days=13))
    credit(desk, 20_000, second)
    states = sa.select(Promise.state).order_by(Promise.promised_on)
    assert db_session.scalars(states).all() == [PromiseState.BROKEN, PromiseState.OPEN]
    credit(desk, 10_000, second)
    assert db_session.scalars(states).all() == [PromiseState.BROKEN, PromiseState.KEPT]
