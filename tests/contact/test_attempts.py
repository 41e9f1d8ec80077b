"""Logging an attempt and all that follows from it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.models import Channel, ContactAttempt, ContactTally, Direction, Promise, PromiseState, WorkItem
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.portfolio.models import ContactPoint, ContactStatus, Hold, HoldFlag
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.identity.factories import actor_of, make_user, observer

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person)


def counted(session: Session, measure: str, point: int | None = None) -> int:
    tallies = sa.select(sa.func.count()).select_from(ContactTally).where(ContactTally.measure == measure)
    return session.scalar(tallies if point is None else tallies.where(ContactTally.contact_point_id == point)) or 0


def test_an_attempt_keeps_the_verdict_with_pack_version_and_facts(
    desk: Desk, person: Person, db_session: Session
) -> None:
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile, note="打到前台"))
    attempt = db_session.get_one(ContactAttempt, logged.attempt_id)
    assert attempt.verdict == "allow"
    assert attempt.decision["pack"] == "cn-card" and attempt.decision["version"]
    assert attempt.decision["facts"]["zone"] == "Asia/Shanghai"
    assert attempt.note_sealed and "前台".encode() not in attempt.note_sealed
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "attempt.logged")).one()
    assert event.after and event.after["outcome"] == "no_answer"
    assert "前台" not in str(event.after) + str(event.details)


def test_three_conversations_through_three_agencies_and_a_fourth_is_blocked_anywhere_without_naming_anybody(
    person: Person, db_session: Session
) -> None:
    desks = [make_desk(person) for _ in range(4)]
    for desk in desks[:3]:
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    for desk in (desks[3], desks[0]):
        with pytest.raises(Refused) as refused:
            log_attempt(desk.actor, desk.account_id, call(person.office, "no_answer"))
        assert refused.value.code == "conduct.blocked"
        assert "bank and all agencies" in str(refused.value.message)
        assert not any(other.agency.name in str(refused.value.message) for other in desks)
    assert counted(db_session, "conversation") == 3


def test_the_sixth_unanswered_dial_is_taken_and_the_seventh_is_not_but_another_number_is(
    desk: Desk, person: Person, db_session: Session
) -> None:
    for outcome in ("no_answer", "busy", "rejected", "voicemail", "no_answer", "no_answer"):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, outcome))
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    log_attempt(desk.actor, desk.account_id, call(person.office))
    assert (counted(db_session, "unanswered", person.mobile), counted(db_session, "unanswered")) == (6, 7)


def test_a_line_that_is_switched_off_counts_for_nothing(desk: Desk, person: Person, db_session: Session) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "switched_off"))
    assert counted(db_session, "unanswered") == 0


def test_a_call_at_ten_in_the_evening_is_refused_and_one_second_before_is_not(desk: Desk, person: Person) -> None:
    at_time(NOON.replace(hour=21, minute=59, second=59))
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    at_time(NOON.replace(hour=22))
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile))


def test_a_forbidden_call_that_took_place_is_kept_as_a_breach(desk: Desk, person: Person, db_session: Session) -> None:
    at_time(NOON.replace(hour=23))
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile, already_happened=True))
    attempt = db_session.get_one(ContactAttempt, logged.attempt_id)
    assert (logged.verdict, attempt.decision["rules"][0]["rule"]) == ("block", "cn.hours")


def test_a_late_entry_is_checked_as_of_its_own_time(desk: Desk, person: Person) -> None:
    at_time(NOON.replace(hour=23))
    assert log_attempt(desk.actor, desk.account_id, call(person.mobile, at=NOON)).verdict == "allow"


def test_somebody_who_calls_in_at_night_may_be_logged(desk: Desk, person: Person) -> None:
    at_time(NOON.replace(hour=23))
    entry = call(person.mobile, "says_paid", direction=Direction.INBOUND)
    assert log_attempt(desk.actor, desk.account_id, entry).verdict == "allow"


def test_the_database_keeps_attempts_as_they_are(desk: Desk, person: Person, app: Flask) -> None:
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile))
    for change in (
        sa.update(ContactAttempt).where(ContactAttempt.id == logged.attempt_id).values(outcome="promise"),
        sa.delete(ContactAttempt).where(ContactAttempt.id == logged.attempt_id),
    ):
        with pytest.raises(DBAPIError, match="append-only"), transaction(desk.actor) as work:
            work.session.execute(change)


def test_an_agency_sees_nothing_of_anothers_log(desk: Desk, person: Person) -> None:
    other = make_desk(person)
    log_attempt(
        desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=100, promise_on=date(2005, 7, 5))
    )
    with reading(other.actor) as session:
        assert session.scalars(visible(ContactAttempt, other.actor)).all() == []
        assert session.scalars(sa.select(ContactAttempt)).all() == []
        assert session.scalars(sa.select(Promise)).all() == []
    with pytest.raises(NotFound):
        log_attempt(other.actor, desk.account_id, call(person.mobile))


def test_a_correction_takes_the_old_entry_out_of_the_count_and_names_it(
    desk: Desk, person: Person, db_session: Session
) -> None:
    old = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    new = log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer", corrects_id=old.attempt_id))
    assert (counted(db_session, "conversation"), counted(db_session, "unanswered", person.mobile)) == (0, 1)
    assert db_session.get_one(ContactAttempt, new.attempt_id).corrects_id == old.attempt_id
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "busy", corrects_id=old.attempt_id))


def test_a_correction_of_the_third_conversation_is_no_fourth(desk: Desk, person: Person) -> None:
    logged = [log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses")) for _ in range(3)]
    again = log_attempt(desk.actor, desk.account_id, call(person.mobile, "hardship", corrects_id=logged[2].attempt_id))
    assert again.verdict == "allow"


def test_a_correction_is_not_judged_by_the_mark_of_the_entry_it_replaces_and_names_it(
    desk: Desk, person: Person, db_session: Session
) -> None:
    old = log_attempt(desk.actor, desk.account_id, call(person.mobile, "cease_requested"))
    new = log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer", corrects_id=old.attempt_id))
    hold = db_session.scalars(sa.select(Hold)).one()
    assert new.verdict == "allow" and hold.released_at is None
    assert new.kept is not None and new.kept.left is not None
    assert (new.kept.left.id, new.kept.left.flag) == (hold.id, HoldFlag.DO_NOT_CONTACT)


def test_a_correction_that_says_the_same_again_leaves_no_mark_behind(desk: Desk, person: Person) -> None:
    old = log_attempt(desk.actor, desk.account_id, call(person.mobile, "cease_requested"))
    again = call(person.office, "cease_requested", corrects_id=old.attempt_id)
    new = log_attempt(desk.actor, desk.account_id, again)
    assert new.verdict == "allow" and new.kept is not None and new.kept.left is None


def test_the_same_reference_twice_is_one_attempt_and_with_other_content_a_conflict(
    desk: Desk, person: Person, db_session: Session
) -> None:
    first = log_attempt(desk.actor, desk.account_id, call(person.mobile, attempt_ref="D-1"))
    second = log_attempt(desk.actor, desk.account_id, call(person.mobile, attempt_ref="D-1"))
    assert (second.attempt_id, second.is_new) == (first.attempt_id, False)
    assert db_session.scalar(sa.select(sa.func.count()).select_from(ContactAttempt)) == 1
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "busy", attempt_ref="D-1"))


def test_a_promise_goes_into_the_queue_on_its_day_and_replaces_the_one_before(
    desk: Desk, person: Person, db_session: Session
) -> None:
    for amount, day in ((10_000, date(2005, 7, 4)), (20_000, date(2005, 7, 8))):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=amount, promise_on=day))
    states = db_session.scalars(sa.select(Promise.state).order_by(Promise.id)).all()
    assert states == [PromiseState.REPLACED, PromiseState.OPEN]
    item = db_session.scalars(sa.select(WorkItem)).one()
    assert (item.next_kind, item.next_on, item.attempts) == ("promise", date(2005, 7, 8), 2)


@pytest.mark.parametrize(
    ("amount", "days", "code"),
    [
        (None, 3, "promise.amount"), (0, 3, "promise.amount"), (5_283_896, 3, "promise.too_much"),
        (100, None, "promise.day"), (100, -1, "promise.past"), (100, 61, "promise.too_late"),
    ],
)  # fmt: skip
def test_a_promise_that_cannot_be_so_is_refused_with_its_reason(
    desk: Desk, person: Person, db_session: Session, amount: int | None, days: int | None, code: str
) -> None:
    day = None if days is None else NOON.date() + timedelta(days=days)
    with pytest.raises(DomainError) as refused:
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=amount, promise_on=day))
    assert refused.value.code == code
    assert db_session.scalars(sa.select(ContactAttempt)).all() == []


@pytest.mark.parametrize(("days", "amount"), [(0, 5_283_895), (60, 1)])
def test_a_promise_of_all_that_is_owed_for_today_or_of_a_cent_in_sixty_days_is_taken(
    desk: Desk, person: Person, days: int, amount: int
) -> None:
    day = NOON.date() + timedelta(days=days)
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=amount, promise_on=day))


@pytest.mark.parametrize(
    ("outcome", "flag", "on_person"),
    [
        ("deceased", HoldFlag.DECEASED, True), ("represented", HoldFlag.REPRESENTED, True),
        ("bankrupt", HoldFlag.BANKRUPT, True), ("imprisoned", HoldFlag.IMPRISONED, True),
        ("cease_requested", HoldFlag.DO_NOT_CONTACT, True), ("disputes", HoldFlag.DISPUTE, False),
        ("fraud_claimed", HoldFlag.FRAUD_CLAIMED, False),
    ],
)  # fmt: skip
def test_what_is_said_on_the_telephone_raises_the_hold_at_once(
    desk: Desk, person: Person, db_session: Session, outcome: str, flag: HoldFlag, on_person: bool
) -> None:
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile, outcome))
    assert logged.hold is flag
    hold = db_session.scalars(sa.select(Hold)).one()
    assert (hold.flag, hold.account_id is None) == (flag, on_person)
    if flag is not HoldFlag.DISPUTE:
        with pytest.raises(Refused):
            log_attempt(desk.actor, desk.account_id, call(person.mobile))


def test_only_the_debtor_can_promise_and_only_a_third_person_can_pass_on(desk: Desk, person: Person) -> None:
    day = date(2005, 7, 5)
    for outcome, party in (("promise", "spouse"), ("third_party_message", "self"), ("cease_requested", "colleague")):
        extra = {"promise_minor": 100, "promise_on": day} if outcome == "promise" else {}
        with pytest.raises(DomainError) as refused:
            log_attempt(desk.actor, desk.account_id, call(person.mobile, outcome, party=party, **extra))
        assert refused.value.code == "attempt.party"
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "third_party_message", party="spouse"))


def test_a_friend_is_called_only_once_the_debtors_own_numbers_are_dead(
    desk: Desk, person: Person, db_session: Session
) -> None:
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.friend))
    for own in (person.mobile, person.office):
        log_attempt(desk.actor, desk.account_id, call(own, "dead_number"))
    assert db_session.get_one(ContactPoint, person.mobile).status is ContactStatus.INVALID
    log_attempt(desk.actor, desk.account_id, call(person.friend, "third_party_message"))


def test_three_dials_in_a_row_open_the_way_to_a_friend_from_the_next_day_on(desk: Desk, person: Person) -> None:
    for hour in (9, 12, 15):
        at_time(NOON.replace(hour=hour))
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "no_answer"))
    at_time(NOON.replace(hour=16))
    with pytest.raises(Refused, match="three dials"):
        log_attempt(desk.actor, desk.account_id, call(person.friend, "no_answer"))

    at_time(NOON + timedelta(days=1))
    logged = log_attempt(desk.actor, desk.account_id, call(person.friend, "no_answer"))
    with reading(desk.actor) as session:
        kept = session.get_one(ContactAttempt, logged.attempt_id).decision["facts"]["log"]
    assert [(each["is"], each["to"], each["outcome"]) for each in kept] == [("Call", "self", "no_answer")] * 3

    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))  # the debtor is reached: the way is closed
    at_time(NOON + timedelta(days=2))
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.friend, "no_answer"))


def test_an_entry_whose_parts_contradict_each_other_is_refused(desk: Desk, person: Person) -> None:
    for entry, code in (
        (call(None), "attempt.number"),
        (call(person.mobile, "delivered"), "attempt.outcome"),
        (call(person.mobile, "invented"), "attempt.outcome"),
        (call(person.mobile, channel=Channel.EMAIL, outcome="sent"), "attempt.number"),
        (call(person.mobile, at=NOON + timedelta(minutes=1)), "attempt.future"),
        (call(person.mobile, at=NOON - timedelta(days=9)), "attempt.before_placement"),
        (call(person.mobile, "callback_requested"), "attempt.callback"),
        (call(person.mobile, promise_minor=5), "promise.outcome"),
        (call(10_000), "attempt.number"),
    ):
        with pytest.raises(DomainError) as refused:
            log_attempt(desk.actor, desk.account_id, entry)
        assert refused.value.code == code


def test_the_bank_logs_no_attempts(desk: Desk, person: Person) -> None:
    with pytest.raises(DomainError) as refused:
        log_attempt(observer(), desk.account_id, call(person.mobile))
    assert refused.value.code == "access.forbidden"


def test_a_call_that_is_logged_late_is_judged_by_the_calls_before_it_and_not_by_those_after(
    desk: Desk, person: Person, db_session: Session
) -> None:
    for hours in (3, 2, 1):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses", at=NOON - timedelta(hours=hours)))

    first = log_attempt(
        desk.actor, desk.account_id, call(person.mobile, "refuses", at=NOON - timedelta(hours=3, minutes=1))
    )
    assert first.verdict == "allow"
    with pytest.raises(Refused):
        log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses", at=NOON - timedelta(minutes=59)))


def test_a_call_back_is_not_agreed_for_an_hour_at_which_nobody_may_call(desk: Desk, person: Person) -> None:
    late = call(person.mobile, "callback_requested", callback_at=NOON.replace(hour=22, minute=30))
    with pytest.raises(DomainError) as refused:
        log_attempt(desk.actor, desk.account_id, late)
    assert (refused.value.code, refused.value.field) == ("attempt.callback_hours", "callback_at")

    log_attempt(
        desk.actor, desk.account_id, call(person.mobile, "callback_requested", callback_at=NOON.replace(hour=21))
    )


def test_an_entry_is_corrected_by_who_made_it_or_by_the_leader_and_by_no_colleague(desk: Desk, person: Person) -> None:
    logged = log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    colleague, leader = (actor_of(make_user(role, desk.agency)) for role in (Role.AGENCY_STAFF, Role.AGENCY_LEADER))
    mended = call(person.mobile, "no_answer", corrects_id=logged.attempt_id)

    with pytest.raises(Refused) as refused:
        log_attempt(colleague, desk.account_id, mended)
    assert refused.value.code == "attempt.not_yours"
    assert log_attempt(leader, desk.account_id, mended).is_new
