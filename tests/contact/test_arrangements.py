"""Plans, settlements and waivers: who may agree to them, and what payments, days and ends of placements make of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.contact.arrangements.follow import do_day
from portal.contact.arrangements.income import Figures, take_down
from portal.contact.arrangements.models import Arrangement, ArrangementState
from portal.contact.arrangements.operations import agree, approve, draw_up, refuse, withdraw
from portal.contact.holds.operations import release_with_proof
from portal.contact.models import Direction, Promise, PromiseState, WorkItem
from portal.contact.operations import log_attempt
from portal.contact.queue import queue_page
from portal.foundation import hooks
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.daily import ask_for_due
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.placement.ending import Ending, end_placements
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Account, Hold, HoldFlag
from portal.portfolio.operations import add_hold
from tests.contact.arranging import AUTHORITY, TODAY, kept, plan, plan_holds, settlement, waiver
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person, place
from tests.contact.test_queue import credit
from tests.identity.factories import actor_of, make_agency, make_bank, make_user, observer

if TYPE_CHECKING:
    from flask import Flask

    from portal.contact.arrangements.terms import Wish
    from portal.foundation.access import Actor

State = ArrangementState
TOTAL = 100_000  # of which interest 10,000 and fees 5,000
FIRST = TODAY + timedelta(days=9)


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, clauses=dict(AUTHORITY), total=TOTAL)


@pytest.fixture
def manager(person: Person) -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER, make_bank()))


def in_force(desk: Desk, wish: Wish) -> int:
    return draw_up(desk.actor, desk.account_id, wish, agreed=True)


def on_day(days: int) -> None:
    at_time(NOON + timedelta(days=days))


def turn() -> tuple[str, date]:
    with reading(observer()) as session:
        item = session.scalars(sa.select(WorkItem).where(WorkItem.open)).one()
        return item.next_kind, item.next_on


def deeds() -> list[str]:
    with reading(observer()) as session:
        wanted = sa.select(AuditEvent.action).where(AuditEvent.action.startswith("arrangement."))
        return list(session.scalars(wanted.order_by(AuditEvent.id)))


# --- drawing up and agreeing ----------------------------------------------------------------------------------------------


def test_a_plan_within_the_agencys_authority_is_in_force_at_once_and_stops_collection(
    desk: Desk, person: Person
) -> None:
    number = in_force(desk, plan())
    row = kept(number)
    assert (row.state, row.agreed_minor, row.waived_minor, row.beyond) == (State.AGREED, TOTAL, 0, [])
    assert [(p.due_on, p.kept_until, p.amount_minor) for p in row.instalments][:2] == [
        (FIRST, FIRST + timedelta(days=3), 25_000), (date(2005, 8, 10), date(2005, 8, 13), 25_000),
    ]  # fmt: skip
    assert plan_holds() == [("arrangement:agreed", "")]
    assert turn() == ("plan", FIRST + timedelta(days=4))
    with pytest.raises(Refused) as refused:
        log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert refused.value.code == "conduct.blocked"
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", direction=Direction.INBOUND, promise_minor=5,
                                                  promise_on=TODAY))  # fmt: skip
    assert turn() == ("plan", FIRST + timedelta(days=4))
    assert deeds() == ["arrangement.drawn_up", "arrangement.agreed"]


def test_an_offer_is_agreed_to_by_the_debtor_until_its_last_day_and_takes_the_place_of_promises(
    desk: Desk, person: Person
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", promise_minor=5, promise_on=TODAY))
    number = draw_up(desk.actor, desk.account_id, settlement(80_000))
    assert (kept().state, kept().valid_until, plan_holds()) == (State.OFFERED, FIRST, [])
    with pytest.raises(DomainError):
        agree(desk.actor, number, TODAY + timedelta(days=1))
    agree(desk.actor, number, TODAY)
    assert (kept().state, kept().waived_minor) == (State.AGREED, 20_000)
    with reading(observer()) as session:
        assert session.scalars(sa.select(Promise.state)).all() == [PromiseState.REPLACED]
    with pytest.raises(Refused):
        agree(desk.actor, number, TODAY)


def test_what_nobody_agreed_to_lapses_behind_its_last_day(desk: Desk) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(80_000))
    on_day(9)
    assert do_day(observer()) == 0
    on_day(10)
    with pytest.raises(Refused):
        agree(desk.actor, number, None)
    assert do_day(observer()) == 1 and do_day(observer()) == 0
    assert (kept().state, kept().ended_on) == (State.LAPSED, FIRST)


def test_a_later_one_takes_the_place_of_what_waits_and_not_of_what_is_in_force(desk: Desk) -> None:
    first = draw_up(desk.actor, desk.account_id, settlement(80_000))
    in_force(desk, plan())
    assert (kept(first).state, kept(first).end_reason) == (State.WITHDRAWN, "replaced")
    with pytest.raises(Refused) as refused:
        draw_up(desk.actor, desk.account_id, settlement(80_000))
    assert refused.value.code == "arrangement.in_force"


def test_the_database_knows_one_live_arrangement_an_account_and_no_maker_who_checks(desk: Desk) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(80_000))
    for change in ({"decided_by": desk.user.id}, {"waived_minor": 1}, {"state": State.AGREED}, {"parts": 61}):
        with pytest.raises(IntegrityError), transaction(observer()) as work:
            work.session.execute(sa.update(Arrangement).where(Arrangement.id == number).values(**change))
    row = kept(number)
    copy = {c.key: getattr(row, c.key) for c in sa.inspect(Arrangement).column_attrs if c.key != "id"}
    with pytest.raises(IntegrityError), transaction(observer()) as work:
        work.session.add(Arrangement(**copy))
        work.session.flush()


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (plan(1), "parts"), (plan(61), "parts"), (plan(parts=None), "parts"),  # type: ignore[arg-type]
        (plan(first_on=TODAY - timedelta(days=1)), "first_on"), (plan(first_on=TODAY + timedelta(days=93)), "first_on"),
        (plan(own_amounts=(1, 2, 3)), "own_amounts"), (plan(own_amounts=(1, 2, 3, 4)), "own_amounts"),
        (settlement(0), "agreed"), (settlement(TOTAL), "agreed"), (settlement(80_000, parts=0), "parts"),
        (waiver(), "waive_interest"), (waiver(10_001), "waive_interest"), (waiver(0, 5_001), "waive_fees"),
        (plan(reason=" "), "reason"), (plan(reason="4111 1111 1111 1111"), "reason"),
        (plan(reason_behind="weather"), "reason_behind"), (plan(valid_until=FIRST + timedelta(days=1)), "valid_until"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_told_with_its_field(desk: Desk, wish: Wish, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        draw_up(desk.actor, desk.account_id, wish)
    assert refused.value.field == field


@pytest.mark.parametrize("flag", [HoldFlag.DECEASED, HoldFlag.BANKRUPT, HoldFlag.FRAUD_CLAIMED])
def test_with_some_people_nothing_can_be_arranged(desk: Desk, person: Person, flag: HoldFlag) -> None:
    with transaction(observer()) as work:
        add_hold(work, person.id, None, flag, "test")
    with pytest.raises(Refused):
        draw_up(desk.actor, desk.account_id, plan())


def test_only_who_holds_the_account_draws_up_and_another_agency_finds_nothing(desk: Desk) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(80_000))
    stranger = actor_of(make_user(Role.AGENCY_LEADER))
    for deed in (
        lambda: draw_up(stranger, desk.account_id, plan()),
        lambda: agree(stranger, number, None),
        lambda: withdraw(stranger, number, "mine"),
    ):
        with pytest.raises(NotFound):
            deed()


# --- the bank -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (settlement(79_999), ["below_floor"]), (waiver(0, 5_000), ["fees"]),
        (waiver(10_000, 5_000), ["fees"]), (waiver(10_000), []), (plan(12), []),
    ],
)  # fmt: skip
def test_what_goes_beyond_the_contract_waits_for_the_bank(desk: Desk, wish: Wish, why: list[str]) -> None:
    number = draw_up(desk.actor, desk.account_id, wish, agreed=True)
    assert (kept(number).beyond, kept(number).state) == (why, State.PROPOSED if why else State.AGREED)


def test_where_the_contract_says_nothing_the_bank_decides_whatever_is_given_up(person: Person) -> None:
    desk = make_desk(person, total=TOTAL)
    draw_up(desk.actor, desk.account_id, settlement(99_999))
    assert kept().beyond == ["no_authority"] and kept().floor_minor is None


def test_the_bank_consents_and_the_agency_agrees_it_with_the_debtor(desk: Desk, manager: Actor) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    with pytest.raises(Refused):
        agree(desk.actor, number, None)
    approve(manager, number, None, FIRST - timedelta(days=2), "this once")
    row = kept()
    assert (row.state, row.agreed_minor, row.floor_minor, row.answer) == (State.OFFERED, 60_000, 60_000, "this once")
    agree(desk.actor, number, None)
    assert kept().state is State.AGREED
    assert deeds() == ["arrangement.drawn_up", "arrangement.approved", "arrangement.agreed"]


def test_a_higher_floor_raises_the_amount_and_draws_the_schedule_anew(desk: Desk, manager: Actor) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000, parts=2, own_amounts=(10_000, 50_000)))
    approve(manager, number, 70_001, None)
    row = kept()
    assert (row.agreed_minor, row.waived_minor, row.own_amounts) == (70_001, 29_999, False)
    assert [part.amount_minor for part in row.instalments] == [35_000, 35_001]


def test_a_lower_floor_leaves_the_agency_room_to_agree_to_less(desk: Desk, manager: Actor) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    approve(manager, number, 50_000, None)
    again = in_force(desk, settlement(50_000))
    assert (kept(number).state, kept(again).state) == (State.WITHDRAWN, State.AGREED)


def test_to_less_than_the_bank_consented_to_it_has_to_be_asked_again(desk: Desk, manager: Actor) -> None:
    approve(manager, draw_up(desk.actor, desk.account_id, settlement(60_000)), None, None)
    again = in_force(desk, settlement(59_999))
    assert kept(again).state is State.PROPOSED


def test_the_bank_refuses_with_its_reason_and_decides_once(desk: Desk, manager: Actor) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    with pytest.raises(DomainError):
        refuse(manager, number, " ")
    refuse(manager, number, "too little")
    assert (kept().state, kept().answer) == (State.REFUSED, "too little")
    with pytest.raises(Refused):
        approve(manager, number, None, None)


def test_an_agency_does_not_decide_and_only_the_bank_ends_what_is_in_force_and_its_hold_with_it(
    desk: Desk, manager: Actor
) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    with pytest.raises(Refused):
        approve(desk.actor, number, None, None)
    withdraw(desk.actor, number, "the debtor thinks again")
    number = in_force(desk, plan())
    with pytest.raises(Refused):
        withdraw(desk.actor, number, "no")
    with reading(manager) as session:
        hold_id = session.scalars(sa.select(Hold.id)).one()
    with pytest.raises(Refused, match="arrangement is in force"):
        release_with_proof(manager, hold_id, "collect all the same")
    withdraw(manager, number, "drawn up for the wrong account")
    assert kept(number).state is State.WITHDRAWN
    assert plan_holds() == [("arrangement:agreed", "arrangement:withdrawn")] and turn() == ("rest", TODAY)


# --- income ---------------------------------------------------------------------------------------------------------------


def test_a_long_plan_needs_a_statement_of_income_that_is_not_too_old(desk: Desk, manager: Actor) -> None:
    with pytest.raises(DomainError) as refused:
        draw_up(desk.actor, desk.account_id, plan(24))
    assert refused.value.code == "arrangement.income"
    statement = take_down(desk.actor, desk.account_id, Figures(3, {"wages": 600_000, "housing": 250_000, "food": 0}))
    number = draw_up(desk.actor, desk.account_id, plan(24))
    row = kept(number)
    assert (row.state, row.beyond, row.income_statement_id) == (State.PROPOSED, ["long"], statement)
    withdraw(desk.actor, number, "again")
    on_day(91)
    with pytest.raises(DomainError):
        draw_up(desk.actor, desk.account_id, plan(24, first_on=TODAY + timedelta(days=95)))


@pytest.mark.parametrize(
    ("figures", "field"),
    [
        (Figures(0, {"wages": 1}), "household"), (Figures(None, {"wages": 1}), "household"), (Figures(1, {}), "wages"),
        (Figures(1, {"wages": -1}), "wages"), (Figures(1, {"gold": 1}), "gold"),
    ],
)  # fmt: skip
def test_a_statement_that_says_nothing_is_none(desk: Desk, figures: Figures, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        take_down(desk.actor, desk.account_id, figures)
    assert refused.value.field == field


# --- payments and days ----------------------------------------------------------------------------------------------------


def test_payments_keep_a_plan_and_the_account_waits_for_the_next_part(desk: Desk) -> None:
    number = in_force(desk, plan())
    on_day(12)
    credit(desk, 30_000, FIRST)
    row = kept(number)
    assert (row.state, row.paid_minor, row.next_due_on) == (State.AGREED, 30_000, date(2005, 8, 10))
    assert [(part.paid_minor, part.paid_on) for part in row.instalments] == [
        (25_000, FIRST), (5_000, None), (0, None), (0, None),
    ]  # fmt: skip
    assert turn() == ("plan", date(2005, 8, 14))


def test_a_missing_part_breaks_it_by_itself_opens_contact_and_brings_the_account_into_the_queue(
    desk: Desk, person: Person
) -> None:
    number = in_force(desk, plan())
    on_day(12)
    assert do_day(observer()) == 0
    on_day(13)
    assert do_day(observer()) == 1 and do_day(observer()) == 0
    row = kept(number)
    assert (row.state, row.ended_on) == (State.BREACHED, FIRST + timedelta(days=4))
    assert plan_holds() == [("arrangement:agreed", "arrangement:breached")]
    assert turn() == ("plan", TODAY + timedelta(days=13))
    with reading(desk.actor) as session:
        now, today = NOON + timedelta(days=13), TODAY + timedelta(days=13)
        assert [r.account.id for r in queue_page(session, desk.actor, now, today, "broken").rows] == [desk.account_id]
    log_attempt(desk.actor, desk.account_id, call(person.mobile))
    assert turn() == ("rest", TODAY + timedelta(days=14))


def test_a_payment_that_is_posted_late_mends_what_it_had_kept(desk: Desk) -> None:
    number = in_force(desk, plan())
    on_day(20)
    do_day(observer())
    credit(desk, 25_000, FIRST + timedelta(days=3))
    assert kept(number).state is State.AGREED and kept(number).ended_on is None
    assert plan_holds() == [("arrangement:agreed", "arrangement:breached"), ("arrangement:agreed", "")]
    assert deeds()[-2:] == ["arrangement.breached", "arrangement.mended"]


def test_what_was_paid_before_the_agreement_is_no_part_of_it(desk: Desk) -> None:
    on_day(1)
    in_force(desk, plan(first_on=TODAY + timedelta(days=9)))
    credit(desk, 25_000, TODAY)
    assert kept().paid_minor == 0


def test_a_settlement_that_is_kept_closes_contact_until_the_books_show_nothing_any_more(desk: Desk) -> None:
    in_force(desk, settlement(80_000))
    credit(desk, 80_000, TODAY)
    assert (kept().state, kept().ended_on, kept().paid_minor) == (State.KEPT, TODAY, 80_000)
    assert plan_holds() == [("arrangement:agreed", "")] and turn()[0] == "rest"
    assert do_day(observer()) == 0
    with transaction(observer()) as work:
        account = work.session.get_one(Account, desk.account_id)
        account.principal_minor = account.interest_minor = account.fees_minor = account.total_minor = 0
    assert do_day(observer()) == 1 and do_day(observer()) == 0
    assert plan_holds() == [("arrangement:agreed", "arrangement:booked")]


def test_a_plan_over_all_that_is_owed_opens_contact_once_it_is_paid(desk: Desk) -> None:
    in_force(desk, plan(2))
    credit(desk, TOTAL, TODAY)
    assert kept().state is State.KEPT and plan_holds() == [("arrangement:agreed", "arrangement:kept")]


def test_a_hold_that_the_bank_raised_itself_stays(desk: Desk, person: Person) -> None:
    with transaction(observer()) as work:
        add_hold(work, person.id, desk.account_id, HoldFlag.PLAN, "file")
    in_force(desk, plan(2))
    credit(desk, TOTAL, TODAY)
    assert plan_holds() == [("file", "")]


def test_the_days_work_asks_for_itself_once(app: Flask, desk: Desk, manager: Actor) -> None:
    in_force(desk, plan())
    assert ask_for_due() == []
    on_day(13)
    assert ask_for_due() == ask_for_due() != []
    run_pending(app)
    assert kept().state is State.BREACHED and ask_for_due() == []


# --- the end of a placement -----------------------------------------------------------------------------------------------


def end(desk: Desk, actor: Actor | None = None) -> None:
    with transaction(actor or observer()) as work:
        mine = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, mine, Ending(EndReason.RETURNED if actor else EndReason.RECALLED))


@pytest.mark.parametrize("by_agency", [False, True], ids=["recalled", "given back"])
def test_what_waits_ends_with_the_placement(desk: Desk, by_agency: bool) -> None:
    draw_up(desk.actor, desk.account_id, settlement(60_000))
    end(desk, desk.actor if by_agency else None)
    assert (kept().state, kept().end_reason) == (State.WITHDRAWN, "placement_ended")


def test_what_is_in_force_stays_with_the_account_and_goes_on_to_the_next_holder(desk: Desk, person: Person) -> None:
    in_force(desk, plan())
    assert ("plan", [desk.placement_id]) in [
        (code, _ids(found)) for code, found in hooks.stands_against_end(observer())
    ]
    end(desk)
    following = make_agency()
    place(following, desk.account_id, starts_at=NOON, accepted_at=NOON)
    staff = actor_of(make_user(Role.AGENCY_STAFF, following))
    assert _seen(desk.actor) == 0 and _seen(staff) == 1
    on_day(13)
    do_day(observer())
    assert kept().state is State.BREACHED and turn() == ("plan", TODAY + timedelta(days=13))


def _ids(found: Any) -> list[int]:
    with reading(observer()) as session:
        return list(session.scalars(found))


def _seen(actor: Actor) -> int:
    with reading(actor) as session:
        return len(session.scalars(sa.select(Arrangement)).all())
