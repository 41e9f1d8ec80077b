"""What begins the limitation of a claim anew, and what does not: worked cases of China and Great Britain."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.contact.arrangements.operations import agree, draw_up, refuse, withdraw
from portal.contact.conduct import Ground, Happened, kept_until, restarts
from portal.contact.limits.models import LimitationRestart
from portal.contact.limits.operations import note_restart, take_back_restart
from portal.contact.messages.dispatch import ask_export, record_result
from portal.contact.messages.models import OutgoingMessage
from portal.contact.messages.operations import send_message
from portal.contact.models import Channel, ContactAttempt, Direction
from portal.contact.operations import log_attempt
from portal.contact.rules.packs import pack_named
from portal.contact.wording import Purpose
from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.portfolio.limitation import law_of, restarts_that_count
from portal.portfolio.models import Account, ContactKind, ContactPoint, ContactSource
from portal.vendors.proofs import Proof
from tests.contact.arranging import AUTHORITY, TODAY, kept, plan, settlement
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_account, make_desk, make_person, place
from tests.contact.limits import DUE, WITHOUT, clock, history, rows, until
from tests.contact.logs import a_log, bring, number_of, ref_of
from tests.contact.message_factories import MAIL, add_point, clerk, leader_of, make_approved, register_staff
from tests.identity.factories import actor_of, make_agency, make_bank, make_user, observer
from tests.portfolio.bringing import bring_accounts, bring_payments
from tests.portfolio.intake.files import accounts_file
from tests.recovery.factories import payments_file

if TYPE_CHECKING:
    from flask import Flask

    from portal.contact.entries import Entry
    from portal.foundation.access import Actor

SCAN = Proof(b"%PDF-1.4 statement of claim", "claim.pdf")
ANEW = date(2008, 7, 1)  # three years from the day of the tests
DEMAND, AGREED = Ground.DEMAND.value, Ground.DEBTOR_AGREES.value


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    make_bank()
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, clauses=dict(AUTHORITY), total=100_000, region="CN-SH", due_date=DUE)


@pytest.fixture
def manager(person: Person) -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


def sms(point: int | None, outcome: str = "delivered", **fields: object) -> Entry:
    return call(point, outcome, channel=Channel.SMS, **fields)


# --- the rules themselves -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", list(Ground))
def test_each_pack_says_what_restarts_and_nothing_else_does(ground: Ground) -> None:
    by = {name: restarts(pack_named(name), Happened(ground, reserved=True)) for name in ("cn-card", "uk", "us-ma")}
    assert by["cn-card"] is (ground is not Ground.ACKNOWLEDGEMENT)
    assert by["uk"] is (ground in (Ground.PART_PAYMENT, Ground.ACKNOWLEDGEMENT))
    assert by["us-ma"] is False  # the law of the state has not been looked up: nothing is guessed


def test_a_demand_restarts_only_where_it_went_to_what_was_reserved_and_should_have_arrived() -> None:
    china = pack_named("cn-card")
    assert restarts(china, Happened(Ground.DEMAND, reserved=True))
    assert not restarts(china, Happened(Ground.DEMAND))
    assert not restarts(china, Happened(Ground.DEMAND, reserved=True, arrived=False))


def test_what_happens_after_the_end_begins_nothing_anew_and_what_stands_in_a_chain_does() -> None:
    law = law_of("CN-SH")
    assert law is not None
    first, second, late = date(2005, 7, 1), date(2008, 6, 30), date(2011, 7, 1)
    assert restarts_that_count(law, DUE, None, [second, late, first]) == [first, second]
    assert restarts_that_count(law, DUE, None, [second]) == []  # the claim had ended in January 2006
    assert restarts_that_count(law, DUE, date(2006, 1, 1), [first, second]) == [second]
    assert (
        restarts_that_count(law, date(1986, 1, 1), date(2005, 1, 1), [date(2006, 1, 2)]) == []
    )  # twenty years are over


# --- demands --------------------------------------------------------------------------------------------------------------


def test_in_china_a_demand_sent_to_a_reserved_number_begins_it_anew_and_a_call_does_not(
    desk: Desk, person: Person
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses"))
    assert (until(desk.account_id), rows()) == (WITHOUT, 0)

    log_attempt(desk.actor, desk.account_id, sms(person.mobile))

    assert until(desk.account_id) == ANEW
    assert history(desk.account_id) == [(DEMAND, "2005-07-01", "runs")]


def test_a_demand_to_any_other_number_begins_nothing_anew(desk: Desk, person: Person) -> None:
    with transaction(observer()) as work:
        point = work.session.get_one(ContactPoint, person.office)
        point.source, point.lawful_ground = ContactSource.FOUND, "public"

    for point_id, outcome in (
        (person.office, "delivered"),  # found by the agency
        (person.friend, "delivered"),  # a friend's
        (person.mobile, "undelivered"),  # never arrived
    ):
        log_attempt(
            desk.actor, desk.account_id, sms(point_id, outcome, at=NOON - timedelta(hours=1), already_happened=True)
        )
    log_attempt(desk.actor, desk.account_id, sms(person.mobile, direction=Direction.INBOUND))

    assert (until(desk.account_id), rows()) == (WITHOUT, 0)


def test_in_great_britain_no_demand_and_no_promise_begins_it_anew(person: Person) -> None:
    at_time(NOON.astimezone(ZoneInfo("Europe/London")).replace(hour=12))
    british = make_person("Europe/London")
    desk = make_desk(british, region="GB-EAW", due_date=DUE)
    log_attempt(desk.actor, desk.account_id, sms(british.mobile))
    address = add_point(british.id, ContactKind.ADDRESS, "1 High Street")
    log_attempt(desk.actor, desk.account_id, call(address, "delivered", channel=Channel.LETTER))
    promise = call(british.mobile, "promise", promise_minor=10_000, promise_on=TODAY + timedelta(days=3))
    log_attempt(desk.actor, desk.account_id, promise)

    assert (until(desk.account_id), rows()) == (date(2009, 1, 10), 0)

    bring_payments(payments_file(account_of(desk.account_id), {"paid_on": "2005-06-15", "currency": "CNY"}))
    assert until(desk.account_id) == date(2011, 6, 15)
    signed = Proof(b"%PDF-1.4 I owe this", "letter.pdf")
    bank = actor_of(make_user(Role.VENDOR_MANAGER))
    note_restart(bank, desk.account_id, Ground.ACKNOWLEDGEMENT, date(2005, 6, 20), "letter of 20 June", signed)
    assert until(desk.account_id) == date(2011, 6, 20)
    with pytest.raises(DomainError) as refused:
        note_restart(bank, desk.account_id, Ground.DEMAND, date(2005, 6, 25), "a letter", signed)
    assert (refused.value.code, refused.value.field) == ("limits.no_restart", "ground")


def account_of(account_id: int) -> Account:
    with reading(observer()) as session:
        account = session.get_one(Account, account_id)
        session.expunge(account)
        return account


def test_a_promise_of_the_debtors_own_begins_it_anew_and_that_of_a_friend_does_not(desk: Desk, person: Person) -> None:
    promised = {"promise_minor": 10_000, "promise_on": TODAY + timedelta(days=3)}
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", party="guarantor", **promised))
    assert until(desk.account_id) == WITHOUT
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", **promised))
    assert (until(desk.account_id), history(desk.account_id)) == (ANEW, [(AGREED, "2005-07-01", "runs")])


def test_a_correction_takes_the_restart_back_and_may_bring_its_own(desk: Desk, person: Person) -> None:
    log_attempt(desk.actor, desk.account_id, sms(person.mobile, at=NOON - timedelta(hours=3)))
    wrong = log_attempt(desk.actor, desk.account_id, sms(person.mobile)).attempt_id
    log_attempt(desk.actor, desk.account_id, sms(person.mobile, "undelivered", corrects_id=wrong))
    assert history(desk.account_id) == [(DEMAND, "2005-07-01", "back"), (DEMAND, "2005-07-01", "runs")]
    assert until(desk.account_id) == ANEW

    with reading(observer()) as session:
        first = session.scalars(sa.select(ContactAttempt.id).order_by(ContactAttempt.id)).first()
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "refuses", corrects_id=first))

    assert (until(desk.account_id), clock(desk.account_id)) == (WITHOUT, (None, None))
    assert [state for *_, state in history(desk.account_id)] == ["back", "back"]


def test_a_log_that_comes_late_counts_by_the_day_of_each_attempt(desk: Desk, person: Person) -> None:
    at_time(NOON + timedelta(days=20))
    number, account = number_of(person.mobile), ref_of(desk.account_id)
    bring(
        desk.actor,
        a_log(
            f"S1,{account},2005-07-05 10:00,sms,{number},,delivered",
            f"S2,{account},2005-07-09 10:00,sms,{number},,undelivered",
            f"S3,{account},2005-07-07 10:00,sms,{number},,delivered",
        ),
    )
    assert until(desk.account_id) == date(2008, 7, 7)
    assert history(desk.account_id) == [(DEMAND, "2005-07-07", "runs"), (DEMAND, "2005-07-05", "counted")]

    header = "attempt_ref,account_ref,at,channel,contact_point,party,outcome,corrects"
    bring(desk.actor, a_log(f"S4,{account},2005-07-07 10:00,sms,{number},,undelivered,S3", header=header))
    assert until(desk.account_id) == date(2008, 7, 5)


def test_an_earlier_demand_that_comes_late_lets_a_later_one_count(desk: Desk, person: Person, manager: Actor) -> None:
    account = make_account(person, region="CN-SH", due_date=date(2002, 7, 10))
    place(desk.agency, account)
    at_time(NOON + timedelta(days=20))
    log_attempt(desk.actor, account, sms(person.mobile))  # the claim ended ten days before
    assert (until(account), history(account)) == (date(2005, 7, 10), [(DEMAND, "2005-07-21", "late")])

    note_restart(manager, account, Ground.DEMAND, date(2005, 7, 4), "letter 17", SCAN)

    assert until(account) == date(2008, 7, 21)
    assert [state for *_, state in history(account)] == ["runs", "counted"]


# --- messages -------------------------------------------------------------------------------------------------------------


def sent(app: Flask, bank: Actor) -> None:
    ask_export(bank)
    run_pending(app)


def test_a_message_begins_it_anew_when_it_goes_out_and_not_while_it_waits(
    app: Flask, desk: Desk, person: Person
) -> None:
    register_staff(desk)
    text = make_approved(leader_of(desk))
    bank = clerk()
    message = send_message(desk.actor, desk.account_id, text, 1, person.mobile)
    assert (until(desk.account_id), rows()) == (WITHOUT, 0)

    at_time(NOON + timedelta(days=2))
    sent(app, bank)
    assert (until(desk.account_id), history(desk.account_id)) == (date(2008, 7, 3), [(DEMAND, "2005-07-03", "runs")])

    record_result(bank, message, delivered=False)
    assert (until(desk.account_id), history(desk.account_id)) == (WITHOUT, [(DEMAND, "2005-07-03", "back")])


def test_a_message_that_arrives_keeps_what_it_began_and_one_that_asks_for_a_call_begins_nothing(
    app: Flask, desk: Desk, person: Person
) -> None:
    register_staff(desk)
    leader, bank = leader_of(desk), clerk()
    asks = make_approved(leader, MAIL, Purpose.CONTACT, Channel.EMAIL, subject="一封信")
    send_message(desk.actor, desk.account_id, asks, 1, add_point(person.id, ContactKind.EMAIL, "wang@example.com"))
    sent(app, bank)
    assert rows() == 0

    message = send_message(desk.actor, desk.account_id, make_approved(leader), 1, person.mobile)
    sent(app, bank)
    record_result(bank, message, delivered=True)
    assert (until(desk.account_id), rows()) == (ANEW, 1)


def test_correcting_the_entry_of_a_message_takes_its_restart_back(app: Flask, desk: Desk, person: Person) -> None:
    register_staff(desk)
    message = send_message(desk.actor, desk.account_id, make_approved(leader_of(desk)), 1, person.mobile)
    sent(app, clerk())
    with reading(observer()) as session:
        attempt = session.scalars(sa.select(OutgoingMessage.attempt_id).where(OutgoingMessage.id == message)).one()
    log_attempt(desk.actor, desk.account_id, sms(person.mobile, "undelivered", corrects_id=attempt))
    assert until(desk.account_id) == WITHOUT


# --- arrangements ---------------------------------------------------------------------------------------------------------


def test_what_the_debtor_agrees_to_begins_it_anew_and_what_was_only_offered_or_refused_does_not(
    desk: Desk, manager: Actor
) -> None:
    refused = draw_up(desk.actor, desk.account_id, settlement(70_000))
    refuse(manager, refused, "too little")
    offered = draw_up(desk.actor, desk.account_id, plan())
    assert (until(desk.account_id), rows()) == (WITHOUT, 0)

    agree(desk.actor, offered, None)
    assert (until(desk.account_id), history(desk.account_id)) == (ANEW, [(AGREED, "2005-07-01", "runs")])

    withdraw(manager, kept(offered).id, "the debtor has died")
    assert until(desk.account_id) == ANEW  # that it was agreed to stays true


# --- payments -------------------------------------------------------------------------------------------------------------


def test_a_part_payment_begins_it_anew_until_it_is_taken_back_whole(desk: Desk) -> None:
    account = account_of(desk.account_id)
    paid = {"currency": "CNY", "reverses": ""}
    bring_payments(
        payments_file(
            account,
            {"payment_ref": "P-1", "paid_on": "2005-06-01", **paid},
            {"payment_ref": "P-2", "paid_on": "2005-06-20", "amount": "50.00", **paid},
        )
    )
    assert until(desk.account_id) == date(2008, 6, 20)

    back = {"paid_on": "2005-06-25", "currency": "CNY", "reverses": "P-2"}
    bring_payments(payments_file(account, {"payment_ref": "R-1", "amount": "20.00", **back}))
    assert until(desk.account_id) == date(2008, 6, 20)  # a part of it was paid all the same
    bring_payments(payments_file(account, {"payment_ref": "R-2", "amount": "90.00", **back}))
    assert until(desk.account_id) == date(2008, 6, 20)  # more than is left: nothing is taken back
    bring_payments(payments_file(account, {"payment_ref": "R-3", "amount": "30.00", **back}))
    assert until(desk.account_id) == date(2008, 6, 1)
    bring_payments(payments_file(account, {"payment_ref": "R-4", **back, "reverses": "P-1"}))
    assert (until(desk.account_id), clock(desk.account_id)) == (WITHOUT, (None, None))


def test_when_a_payment_is_taken_back_an_earlier_demand_counts_again(desk: Desk, person: Person) -> None:
    log_attempt(desk.actor, desk.account_id, sms(person.mobile))
    at_time(NOON + timedelta(days=9))
    account = account_of(desk.account_id)
    paid = {"payment_ref": "P-1", "paid_on": "2005-07-08", "currency": "CNY", "reverses": ""}
    bring_payments(payments_file(account, paid))
    assert (until(desk.account_id), history(desk.account_id)) == (
        date(2008, 7, 8),
        [(DEMAND, "2005-07-01", "overtaken")],
    )

    bring_payments(payments_file(account, paid | {"payment_ref": "R-1", "paid_on": "2005-07-09", "reverses": "P-1"}))
    assert (until(desk.account_id), history(desk.account_id)) == (ANEW, [(DEMAND, "2005-07-01", "runs")])


def test_a_later_file_of_accounts_sets_the_clock_by_its_days(app: Flask) -> None:
    at_time(NOON)
    row = {"region": "CN-SH", "due_date": "2001-06-01", "as_of": "2005-06-30", "currency": "CNY"}
    bring_accounts(accounts_file(row))
    with reading(observer()) as session:
        account_id = session.scalars(sa.select(Account.id)).one()
    bank = actor_of(make_user(Role.VENDOR_MANAGER))
    note_restart(bank, account_id, Ground.LAWSUIT, date(2005, 6, 1), "(2005) 17", SCAN)
    assert (until(account_id), history(account_id)[0][2]) == (date(2004, 6, 1), "late")

    at_time(NOON + timedelta(days=31))
    bring_accounts(accounts_file(row | {"as_of": "2005-07-31", "last_paid_on": "2003-05-01"}))

    assert (until(account_id), history(account_id)[0][2]) == (date(2008, 6, 1), "runs")


# --- what people note -----------------------------------------------------------------------------------------------------


def test_a_suit_is_noted_with_its_file_and_taken_back_by_a_row_beside_it(desk: Desk, manager: Actor) -> None:
    number = note_restart(manager, desk.account_id, Ground.LAWSUIT, TODAY, "(2005) 沪0115民初17号", SCAN)
    assert (until(desk.account_id), history(desk.account_id)) == (ANEW, [("lawsuit", "2005-07-01", "runs")])

    assert take_back_restart(manager, number, "another debtor's") == desk.account_id

    assert (until(desk.account_id), history(desk.account_id)) == (WITHOUT, [("lawsuit", "2005-07-01", "back")])
    with pytest.raises(NotFound):
        take_back_restart(manager, number, "again")
    for statement in (sa.update(LimitationRestart).values(words="x"), sa.delete(LimitationRestart)):
        with pytest.raises(DBAPIError, match="append-only"), transaction(observer()) as work:
            work.session.execute(statement)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ground": Ground.PART_PAYMENT}, "ground"),
        ({"ground": Ground.ACKNOWLEDGEMENT}, "ground"),
        ({"happened_on": TODAY + timedelta(days=2)}, "happened_on"),
        ({"words": "  "}, "words"),
        ({"words": "x" * 201}, "words"),
        ({"words": "card 6222021234567890128"}, "words"),
        ({"proof": None}, "proof"),
    ],
)
def test_a_note_that_cannot_be_so_names_its_field(
    desk: Desk, manager: Actor, change: dict[str, object], field: str
) -> None:
    note: dict[str, object] = {"ground": Ground.LAWSUIT, "happened_on": TODAY, "words": "17", "proof": SCAN}
    with pytest.raises(DomainError) as refused:
        note_restart(manager, desk.account_id, **(note | change))  # type: ignore[arg-type]
    assert (refused.value.field, rows()) == (field, 0)


def test_a_law_firm_notes_what_it_holds_and_takes_back_only_its_own(desk: Desk, manager: Actor) -> None:
    stranger, firm = make_user(Role.LEGAL_PARTNER), make_user(Role.LEGAL_PARTNER)
    place(firm.organisation, desk.account_id, kind="letter")
    with pytest.raises(NotFound):
        note_restart(actor_of(stranger), desk.account_id, Ground.LAWSUIT, TODAY, "17", SCAN)
    with pytest.raises(Refused):
        note_restart(desk.actor, desk.account_id, Ground.LAWSUIT, TODAY, "17", SCAN)
    banks = note_restart(manager, desk.account_id, Ground.LAWSUIT, TODAY - timedelta(days=1), "17", SCAN)
    own = note_restart(actor_of(firm), desk.account_id, Ground.ARBITRATION, TODAY, "18", SCAN)

    with pytest.raises(NotFound):
        take_back_restart(actor_of(firm), banks, "not ours")
    take_back_restart(actor_of(firm), own, "refused by the court")

    assert until(desk.account_id) == date(2008, 6, 30)


def test_another_agency_is_told_the_day_and_never_the_attempt(desk: Desk, person: Person) -> None:
    log_attempt(desk.actor, desk.account_id, sms(person.mobile))
    other = make_agency()
    leader = actor_of(make_user(Role.AGENCY_LEADER, other))
    with pytest.raises(sa.exc.NoResultFound):
        history(desk.account_id, leader)
    place(other, desk.account_id, kind="letter")
    with reading(leader) as session:
        from portal.contact.limits.queries import restarts_of

        (step,) = restarts_of(session, leader, session.get_one(Account, desk.account_id))
        assert (step.state, step.attempt_id, step.who) == ("runs", None, None)


# --- how long records are kept --------------------------------------------------------------------------------------------


def test_records_are_kept_for_the_years_of_the_pack_from_the_day_of_the_latest() -> None:
    day = date(2004, 2, 29)
    china = {
        kept.keep.record: kept
        for kept in kept_until(
            pack_named("cn-card"), dict.fromkeys(("call_recording", "collection_record", "agency_copy"), day)
        )
    }
    assert (china["call_recording"].until, china["call_recording"].deleted_from) == (date(2006, 2, 28), None)
    assert china["collection_record"].until == date(2009, 2, 28)
    assert (china["agency_copy"].until, china["agency_copy"].deleted_from) == (None, day)
    assert (china["impact_assessment"].since, china["impact_assessment"].until) == (None, None)
    assert not china["call_recording"].sources[0].is_settled
    british = kept_until(pack_named("uk"), {"complaint_record": day})
    assert [(kept.keep.record, kept.until) for kept in british] == [("complaint_record", date(2007, 2, 28))]
    federal = kept_until(pack_named("us-federal"), {"call_recording": date(2005, 7, 1)})
    assert {kept.keep.record: kept.until for kept in federal} == {
        "call_recording": date(2008, 7, 1), "collection_record": None,
    }  # fmt: skip
