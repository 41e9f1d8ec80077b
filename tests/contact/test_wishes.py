"""What debtors ask for and agree to, from the note of it to the contact that it allows or forbids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.holds.operations import put_on_hold, release_with_proof
from portal.contact.models import Channel, ContactAttempt, Direction
from portal.contact.operations import log_attempt
from portal.contact.rules.replaying import replay
from portal.contact.rules.shelf import shelf_of
from portal.contact.wishes.kinds import DAY, End, Kind
from portal.contact.wishes.models import Wish, WishSource
from portal.contact.wishes.operations import Ending, end_wish
from portal.contact.wishes.queries import wish_for
from portal.foundation.access import Actor, Role
from portal.foundation.errors import DomainError, NotFound, Refused, SeveralErrors
from portal.foundation.work import reading, transaction
from portal.portfolio.models import Hold, HoldFlag
from portal.vendors.proofs import Proof
from tests.contact.factories import NOON, SHANGHAI, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.logs import a_log, bring, kept, number_of, ref_of
from tests.contact.wishing import BREAKFAST, NEW_YORK, checked, codes, tell
from tests.identity.factories import actor_of, make_bank, make_user, observer

LONDON = ZoneInfo("Europe/London")
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
WORKDAYS = 0b0011111


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(BREAKFAST)
    make_bank()
    return make_person("America/New_York")


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, region="US-NY")


@pytest.fixture
def rival(person: Person) -> Desk:
    return make_desk(person, region="US-NY")


def officer() -> Actor:
    return actor_of(make_user(Role.COMPLIANCE))


def briton() -> tuple[Person, Desk]:
    person = make_person("Europe/London")
    return person, make_desk(person, region="GB-EAW")


# --- what restricts binds everybody --------------------------------------------------------------------------------------


def test_a_number_that_is_not_to_be_called_is_not_called_by_another_agency_which_is_not_told_who_noted_it(
    desk: Desk, rival: Desk, person: Person
) -> None:
    wish_id = tell(desk, Kind.MEDIA_STOP, channel="call", contact_point_id=person.mobile, note="told Ann")

    later = at_time(BREAKFAST + HOUR)
    assert codes(checked(rival, later, point=person.mobile)) == {"UNWANTED_MEDIUM"}
    assert not checked(rival, later, point=person.office).is_blocked
    assert not checked(rival, later, "sms", person.mobile).is_blocked
    with pytest.raises(Refused, match="not to be contacted in this way"):
        log_attempt(rival.actor, rival.account_id, call(person.mobile))
    with reading(rival.actor) as session:
        row = wish_for(session, rival.actor, wish_id)
        assert (row.source, row.Organisation, row.who, row.Wish.by_bank) == (None, None, None, False)
        assert session.scalar(sa.select(WishSource.id)) is None


def test_a_number_may_be_closed_to_every_way_of_contact(desk: Desk, rival: Desk, person: Person) -> None:
    tell(desk, Kind.MEDIA_STOP, contact_point_id=person.mobile)
    for channel in ("call", "sms", "wecom"):
        assert codes(checked(rival, BREAKFAST + HOUR, channel, person.mobile)) == {"UNWANTED_MEDIUM"}


def test_hours_that_do_not_suit_are_those_of_their_days_where_the_debtor_is(desk: Desk, rival: Desk) -> None:
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=WORKDAYS, opens=9 * 60, closes=12 * 60, until=date(2005, 7, 20))

    def at(day: int, hour: int, minute: int = 0) -> set[str]:
        return codes(checked(rival, datetime(2005, 7, day, hour, minute, tzinfo=NEW_YORK)))

    assert at(6, 8, 59) == set() and at(6, 9) == {"INCONVENIENT_TIME"}
    assert at(6, 11, 59) == {"INCONVENIENT_TIME"} and at(6, 12) == set()
    assert at(9, 10) == set(), "a Saturday"
    assert at(20, 10) == {"INCONVENIENT_TIME"} and at(21, 10) == set()


def test_hours_over_midnight_end_on_the_next_day(desk: Desk) -> None:
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=0b0000100, opens=19 * 60, closes=9 * 60)  # Wednesdays
    answers = [
        codes(checked(desk, datetime(2005, 7, day, hour, tzinfo=NEW_YORK)))
        for day, hour in ((6, 8), (6, 19), (7, 8), (7, 9), (7, 19))
    ]
    assert answers == [set(), {"INCONVENIENT_TIME"}, {"INCONVENIENT_TIME"}, set(), set()]


def test_the_whole_day_has_no_minute_that_suits(desk: Desk) -> None:
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=0b0000100)
    assert codes(checked(desk, datetime(2005, 7, 6, 20, 59, tzinfo=NEW_YORK))) == {"INCONVENIENT_TIME"}


def test_a_number_at_work_is_not_used_once_calls_there_do_not_suit(desk: Desk, rival: Desk, person: Person) -> None:
    tell(desk, Kind.INCONVENIENT_PLACE, place="work", contact_point_id=person.office)
    assert codes(checked(rival, BREAKFAST + HOUR, point=person.office)) == {"INCONVENIENT_PLACE"}
    assert not checked(rival, BREAKFAST + HOUR, point=person.mobile).is_blocked


def test_a_cease_letter_forbids_contact_from_its_receipt_on_but_for_the_notices_that_stay_allowed(
    desk: Desk, person: Person, db_session: Session
) -> None:
    later = at_time(BREAKFAST + 4 * HOUR)
    tell(desk, Kind.CEASE, said_at=BREAKFAST + 2 * HOUR, proof=Proof(b"%PDF-1.4 letter", "letter.pdf"))

    assert codes(checked(desk, BREAKFAST + HOUR)) == set()
    assert codes(checked(desk, BREAKFAST + 2 * HOUR)) == {"CEASE"}
    hold = db_session.scalars(sa.select(Hold)).one()
    assert (hold.flag, hold.account_id) == (HoldFlag.DO_NOT_CONTACT, desk.account_id)
    assert codes(checked(desk, later)) == {"CEASE", "HOLD"}
    assert codes(checked(desk, later, purpose="terminating_efforts")) == {"HOLD"}


def test_who_could_not_know_of_a_letter_is_not_judged_by_it(desk: Desk, rival: Desk) -> None:
    noted = at_time(BREAKFAST + 4 * HOUR)
    tell(desk, Kind.CEASE, said_at=BREAKFAST + 2 * HOUR, whole_person=True)
    assert codes(checked(rival, BREAKFAST + 3 * HOUR)) == set()
    assert "CEASE" in codes(checked(rival, noted))


def test_a_letter_about_one_debt_leaves_the_others(desk: Desk, rival: Desk) -> None:
    tell(desk, Kind.CEASE)
    assert "CEASE" in codes(checked(desk, BREAKFAST))
    assert codes(checked(rival, BREAKFAST)) == set()


def test_a_hold_that_stands_is_not_doubled_and_outlives_the_letter(
    desk: Desk, person: Person, db_session: Session
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "cease_requested"))
    wish_id = tell(desk, Kind.CEASE, whole_person=True)
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 1
    end_wish(officer(), wish_id, Ending(reason=End.WITHDRAWN))
    assert db_session.scalars(sa.select(Hold.released_at)).one() is None


def test_the_hold_of_a_letter_stands_as_long_as_the_letter_does(desk: Desk, db_session: Session) -> None:
    """Whoever writes the name of a letter into a hold of their own has not raised it by one."""
    wish_id = tell(desk, Kind.CEASE)
    hold_id = db_session.scalars(sa.select(Hold.id)).one()
    for reason in ("wish: to be let alone", f"wish:{wish_id + 1}"):
        by_hand = put_on_hold(officer(), make_desk(make_person()).account_id, HoldFlag.DO_NOT_CONTACT, reason)
        release_with_proof(officer(), by_hand, "asked by mistake")
    with pytest.raises(Refused, match="letter stands"):
        release_with_proof(officer(), hold_id, "nobody will mind")
    end_wish(officer(), wish_id, Ending(reason=End.WITHDRAWN))
    assert all(db_session.scalars(sa.select(Hold.released_at)))


def test_breathing_space_begins_on_the_day_after_its_entry_and_lasts_sixty_days(app: Flask) -> None:
    at_time(datetime(2005, 7, 4, 15, 0, tzinfo=LONDON))
    person, desk = briton()
    other = make_desk(person, region="GB-EAW")
    tell(desk, Kind.BREATHING_SPACE, said_at=datetime(2005, 7, 4, 9, 0, tzinfo=LONDON), whole_person=True)

    def on(day: date) -> set[str]:
        return codes(checked(other, datetime(day.year, day.month, day.day, 15, 0, tzinfo=LONDON)))

    assert on(date(2005, 7, 4)) == set()
    assert on(date(2005, 7, 5)) == on(date(2005, 9, 2)) == {"MORATORIUM"}
    assert on(date(2005, 9, 5)) == set()


def test_a_crisis_has_no_last_day_before_the_treatment_ends_and_then_thirty_more(app: Flask) -> None:
    at_time(datetime(2005, 7, 4, 15, 0, tzinfo=LONDON))
    _person, desk = briton()
    wish_id = tell(desk, Kind.BREATHING_SPACE, is_crisis=True, whole_person=True)
    ended = at_time(datetime(2005, 11, 1, 12, 0, tzinfo=LONDON))
    assert codes(checked(desk, ended)) == {"MORATORIUM"}
    end_wish(officer(), wish_id, Ending(reason=End.TREATMENT_ENDED))
    assert codes(checked(desk, datetime(2005, 12, 1, 12, 0, tzinfo=LONDON))) == {"MORATORIUM"}
    assert codes(checked(desk, datetime(2005, 12, 2, 12, 0, tzinfo=LONDON))) == set()


# --- what is agreed -------------------------------------------------------------------------------------------------------


def test_an_eighth_dial_goes_out_in_china_where_eight_were_agreed(app: Flask) -> None:
    at_time(NOON)
    make_bank()
    person = make_person()
    desk, rival = make_desk(person), make_desk(person)
    tell(officer(), Kind.AGREED_FREQUENCY, desk.account_id, dials=8, until=NOON.date(), note="in the agreement of May")
    for n in range(8):
        at_time(NOON + timedelta(minutes=n))
        log_attempt(rival.actor, rival.account_id, call(person.mobile))
    at_time(NOON + timedelta(minutes=8))
    with pytest.raises(Refused, match="dialled 8 times"):
        log_attempt(rival.actor, rival.account_id, call(person.mobile))
    tomorrow = at_time(NOON + A_DAY)
    assert not checked(rival, tomorrow, point=person.mobile).is_blocked


def test_a_consent_to_other_hours_helps_the_agency_to_which_it_was_given_and_no_other(app: Flask) -> None:
    at_time(NOON)
    person = make_person()
    desk, rival = make_desk(person), make_desk(person)
    wish_id = tell(desk, Kind.CONTACT_TIME, opens=20 * 60, closes=DAY, note="asked for it on the telephone")
    night = datetime(2005, 7, 1, 23, 59, tzinfo=SHANGHAI)
    assert codes(checked(desk, night)) == set()
    assert codes(checked(rival, night)) == {"HOURS"}
    assert codes(checked(desk, night + timedelta(minutes=1))) == {"HOURS"}
    with reading(rival.actor) as session, pytest.raises(NotFound):
        wish_for(session, rival.actor, wish_id)


def test_a_consent_to_more_calls_takes_them_out_of_the_weeks_count_until_it_is_taken_back(
    desk: Desk, person: Person
) -> None:
    for n in range(7):
        at_time(BREAKFAST + n * HOUR / 2)
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert "CALLS" in codes(checked(desk, BREAKFAST + 5 * HOUR))
    at_time(BREAKFAST + 5 * HOUR)
    wish_id = tell(desk, Kind.MORE_CALLS, note="call me again at four")
    hours_too = tell(desk, Kind.CONTACT_TIME, said_at=BREAKFAST + HOUR, note="at night as well")
    assert "CALLS" not in codes(checked(desk, BREAKFAST + 6 * HOUR))
    at_time(BREAKFAST + 7 * HOUR)
    end_wish(desk.actor, wish_id, Ending(reason=End.WITHDRAWN))
    assert "CALLS" in codes(checked(desk, BREAKFAST + 8 * HOUR))
    assert "HOURS" not in codes(checked(desk, BREAKFAST + 12 * HOUR)), "the other consent stands"
    end_wish(desk.actor, hours_too, Ending(reason=End.WITHDRAWN))
    assert "HOURS" in codes(checked(desk, BREAKFAST + 12 * HOUR))


def test_who_writes_at_an_hour_that_does_not_suit_is_answered_once(desk: Desk, person: Person) -> None:
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=127, opens=9 * 60, closes=21 * 60)
    ten = at_time(BREAKFAST + HOUR)
    assert codes(checked(desk, ten, "sms", person.mobile)) == {"INCONVENIENT_TIME"}
    wrote = call(person.mobile, "negotiating", channel=Channel.SMS, direction=Direction.INBOUND)
    log_attempt(desk.actor, desk.account_id, wrote)
    at_time(ten + timedelta(minutes=5))
    answer = call(person.mobile, "sent", channel=Channel.SMS)
    assert log_attempt(desk.actor, desk.account_id, answer).verdict == "allow"
    at_time(ten + timedelta(minutes=10))
    with pytest.raises(Refused, match="inconvenient"):
        log_attempt(desk.actor, desk.account_id, answer)


# --- its end ------------------------------------------------------------------------------------------------------------


def test_what_has_ended_forbids_nothing_more_and_what_was_a_mistake_never_did(desk: Desk, person: Person) -> None:
    stop = tell(desk, Kind.MEDIA_STOP, channel="call")
    slip = tell(desk, Kind.MEDIA_STOP, channel="sms")
    at_time(BREAKFAST + 2 * HOUR)
    bank = officer()
    end_wish(bank, stop, Ending(reason=End.WITHDRAWN, at=BREAKFAST + HOUR))
    end_wish(bank, slip, Ending(reason=End.MISTAKE))
    before, after = BREAKFAST + HOUR / 2, BREAKFAST + 2 * HOUR
    assert codes(checked(desk, before)) == {"UNWANTED_MEDIUM"} and codes(checked(desk, after)) == set()
    assert codes(checked(desk, before, "sms")) == set()


def test_a_restriction_is_let_go_by_the_bank_alone_and_once(desk: Desk) -> None:
    wish_id = tell(desk, Kind.MEDIA_STOP, channel="call")
    with pytest.raises(Refused, match="only the bank"):
        end_wish(desk.actor, wish_id, Ending(reason=End.WITHDRAWN))
    bank = officer()
    with pytest.raises(DomainError, match="why it ends"):
        end_wish(bank, wish_id, Ending(reason=End.RETURNED))
    with pytest.raises(DomainError, match="before it was said"):
        end_wish(bank, wish_id, Ending(reason=End.WITHDRAWN, at=BREAKFAST - HOUR))
    end_wish(bank, wish_id, Ending(reason=End.WITHDRAWN))
    with pytest.raises(Refused, match="ended already"):
        end_wish(bank, wish_id, Ending(reason=End.MISTAKE))


def test_the_letter_that_is_taken_back_takes_its_hold_along(desk: Desk, db_session: Session) -> None:
    wish_id = tell(desk, Kind.CEASE)
    end_wish(officer(), wish_id, Ending(reason=End.WITHDRAWN))
    hold = db_session.scalars(sa.select(Hold)).one()
    assert hold.released_at is not None and hold.release_reason == f"unwished:{wish_id}"


# --- a log that comes late, and decisions that are asked again -------------------------------------------------------------


def test_a_late_log_is_judged_by_what_stood_at_each_attempt_and_every_decision_says_the_same_again(
    desk: Desk, person: Person
) -> None:
    tell(desk, Kind.MEDIA_STOP, channel="call", said_at=BREAKFAST - HOUR)
    at_time(BREAKFAST + A_DAY)
    tell(desk, Kind.INCONVENIENT_PLACE, place="work", contact_point_id=person.office)
    tell(desk, Kind.CONTACT_TIME, opens=21 * 60, closes=DAY, note="at night")
    tell(desk, Kind.INCONVENIENT_TIME, weekdays=1)
    tell(desk, Kind.MORE_CALLS, note="call again", until=(BREAKFAST + A_DAY).date())
    tell(desk, Kind.NOTICE_SENT)
    ref, number = ref_of(desk.account_id), number_of(person.mobile)
    rows = [
        f"L{n},{ref},{(BREAKFAST + away).astimezone(SHANGHAI):%Y-%m-%d %H:%M},{channel},{number},,{outcome}"
        for n, (away, channel, outcome) in enumerate(
            ((-2 * HOUR, "call", "no_answer"), (HOUR, "call", "no_answer"), (A_DAY, "sms", "sent"))
        )
    ]
    at_time(BREAKFAST + 2 * A_DAY)
    bring(desk.actor, a_log(*rows))
    attempts = kept()
    assert [attempt.verdict for attempt in attempts] == ["allow", "block", "allow"]
    told = {event["is"] for event in attempts[2].decision["facts"]["log"]}
    assert {"MediaStop", "InconvenientPlace", "ConsentToTime", "Consent", "InconvenientTime", "NoticeSent"} <= told
    with reading(observer()) as session:
        again = list(replay(session, observer(), shelf_of(session, observer()), None))
        assert [one.differs for one in again] == [()] * 3


# --- what cannot be so ----------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_with_a_note_is_said_at_once(desk: Desk) -> None:
    with pytest.raises(SeveralErrors) as caught:
        tell(desk, Kind.AGREED_FREQUENCY, said_at=BREAKFAST + A_DAY, until=date(2004, 1, 1), place="work")
    fields = {error.field for error in caught.value.errors}
    assert fields == {"dials", "place", "note", "said_at", "until"}


def test_what_lets_more_be_done_has_to_be_shown(desk: Desk) -> None:
    with pytest.raises(DomainError, match="has to be shown"):
        tell(desk, Kind.MORE_CALLS)
    tell(desk, Kind.MORE_CALLS, proof=Proof(b"%PDF-1.4 form", "form.pdf"))


def test_another_persons_number_and_another_agencys_account_are_not_there(desk: Desk) -> None:
    stranger = make_person("America/New_York")
    elsewhere = make_desk(stranger, region="US-NY")
    with pytest.raises(DomainError, match="Choose the number"):
        tell(desk, Kind.MEDIA_STOP, contact_point_id=stranger.mobile)
    with pytest.raises(NotFound):
        tell(desk, Kind.CEASE, elsewhere.account_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"said_at": BREAKFAST + A_DAY}, {"channel": None}, {"kind": Kind.CEASE}, {"dials": 3}, {"told_to_id": 1},
        {"kind": Kind.NOTICE_SENT, "channel": None}, {"kind": Kind.INCONVENIENT_TIME, "channel": None, "weekdays": 128},
        {"kind": Kind.ENDED, "channel": None}, {"end_reason": End.MISTAKE},
    ],
    ids=str,
)  # fmt: skip
def test_the_database_keeps_no_wish_that_cannot_be_so(desk: Desk, person: Person, wrong: dict[str, object]) -> None:
    right = {
        "customer_id": person.id, "kind": Kind.MEDIA_STOP, "channel": Channel.CALL, "said_at": BREAKFAST,
        "noted_at": BREAKFAST, "by_bank": True,
    }  # fmt: skip
    with pytest.raises(DBAPIError), transaction(observer()) as work:
        work.session.add(Wish(**(right | wrong)))


def test_the_database_ends_a_wish_once_and_for_a_reason_that_fits(desk: Desk, person: Person) -> None:
    wish_id = tell(desk, Kind.MEDIA_STOP, channel="call")
    end = {
        "customer_id": person.id, "kind": Kind.ENDED, "said_at": BREAKFAST, "noted_at": BREAKFAST, "by_bank": True,
        "ends_id": wish_id, "ends_kind": Kind.MEDIA_STOP.value, "end_reason": End.WITHDRAWN,
    }  # fmt: skip
    for wrong in ({"end_reason": End.RETURNED}, {"ends_kind": Kind.CEASE.value}, {"ends_id": wish_id + 1}):
        with pytest.raises(DBAPIError), transaction(observer()) as work:
            work.session.add(Wish(**(end | wrong)))
    with transaction(observer()) as work:
        work.session.add(Wish(**end))
    with pytest.raises(DBAPIError), transaction(observer()) as work:
        work.session.add(Wish(**end))


def test_the_words_of_a_note_are_sealed(desk: Desk, db_session: Session) -> None:
    tell(desk, Kind.MEDIA_STOP, channel="call", note="my mother answers this telephone")
    sealed = db_session.scalars(sa.select(WishSource.note_sealed)).one()
    assert sealed is not None and b"mother" not in sealed


def test_nothing_is_kept_of_wishes_where_nothing_was_wished(desk: Desk, person: Person, db_session: Session) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    kept_log = db_session.scalars(sa.select(ContactAttempt.decision)).one()["facts"]["log"]
    assert kept_log == []
    assert db_session.scalars(sa.select(ContactAttempt.at)).one() == BREAKFAST.astimezone(UTC)
