"""Dealing accounts out, taking them back, handing them over: what moves, who may, and what is kept of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.models import DeskTotal, TeamRule, WorkItem
from portal.contact.operations import log_attempt
from portal.contact.queue import Place, next_account, queue_counts, queue_page
from portal.contact.team import operations as team
from portal.contact.team.dealing import By
from portal.contact.team.desks import POOL, Scope, colleagues, scope_of, whose_of
from portal.contact.team.operations import Dealt, Evenly, ask_to_deal, ask_to_hand_over, deal_chosen, settle_rule
from portal.foundation import hooks
from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound
from portal.foundation.jobs import Job, run_pending
from portal.foundation.work import reading, transaction
from portal.identity.models import User
from portal.identity.operations import deactivate_user
from portal.placement.models import EndReason, Placement
from tests.contact.factories import NOON, at_time, call, make_account, make_person, place
from tests.identity.factories import actor_of, make_agency, make_user, observer

TODAY = NOON.date()


@dataclass
class Team:
    """An agency with a leader, two collectors and six accounts of five people; the first two are one person's."""

    leader: Actor
    anna: Actor
    bo: Actor
    accounts: list[int]
    phones: list[int]

    @property
    def both(self) -> tuple[int, int]:
        return (self.anna.user_id or 0, self.bo.user_id or 0)


@pytest.fixture
def house(app: Flask) -> Team:
    at_time(NOON)
    agency = make_agency()
    leader, anna, bo = (
        actor_of(make_user(role, agency)) for role in (Role.AGENCY_LEADER, Role.AGENCY_STAFF, Role.AGENCY_STAFF)
    )
    people = [make_person() for _ in range(5)]
    owners = [people[0], *people]
    accounts = [
        make_account(owner, total=total * 1_000) for owner, total in zip(owners, (9, 8, 7, 6, 5, 4), strict=True)
    ]
    place(agency, *accounts)
    return Team(leader, anna, bo, accounts, [owner.mobile for owner in owners])


def desks(session: Session) -> dict[int, int | None]:
    """By account, on whose desk it lies."""
    session.rollback()
    return dict(session.execute(sa.select(WorkItem.account_id, WorkItem.assigned_to)).tuples().all())


def items(session: Session, *accounts: int) -> list[int]:
    return list(session.scalars(sa.select(WorkItem.id).where(WorkItem.account_id.in_(accounts))))


def totals(session: Session) -> dict[int, tuple[int, int]]:
    session.rollback()
    rows = session.execute(sa.select(DeskTotal.user_id, DeskTotal.accounts, DeskTotal.value_minor))
    return {user_id: (accounts, int(minor)) for user_id, accounts, minor in rows if accounts}


def order(actor: Actor, tab: str | None = None, scope: Scope | None = None) -> list[int]:
    with reading(actor) as session:
        return [row.account.id for row in queue_page(session, actor, NOON, TODAY, tab, scope=scope).rows]


# --- dealing ------------------------------------------------------------------------------------------------------------


def test_the_pool_is_dealt_evenly_and_a_customer_to_one_collector(house: Team, db_session: Session) -> None:
    dealt = ask_to_deal(house.leader, Evenly(house.both, By.VALUE))
    assert isinstance(dealt, Dealt) and dealt.accounts == 6
    lies = desks(db_session)
    assert lies[house.accounts[0]] == lies[house.accounts[1]]
    assert {minor for _, minor in totals(db_session).values()} == {21_000, 18_000}
    assert Counter(lies.values()) == Counter(dealt.by_person)


def test_only_what_nobody_has_tried_is_dealt_unless_the_whole_pool_is_meant(house: Team, db_session: Session) -> None:
    log_attempt(house.anna, house.accounts[5], call(house.phones[5]))
    ask_to_deal(house.leader, Evenly(house.both, By.COUNT))
    assert desks(db_session)[house.accounts[5]] is None
    ask_to_deal(house.leader, Evenly(house.both, By.COUNT, new_only=False))
    assert None not in desks(db_session).values()


def test_chosen_accounts_go_to_one_collector_and_back_into_the_pool(house: Team, db_session: Session) -> None:
    anna = house.anna.user_id or 0
    chosen = items(db_session, *house.accounts[:2])
    assert deal_chosen(house.leader, chosen, anna) == Dealt(2, {anna: 2})
    assert deal_chosen(house.leader, chosen, anna).accounts == 0
    assert totals(db_session) == {0: (4, 22_000), anna: (2, 17_000)}
    assert deal_chosen(house.leader, chosen, None).accounts == 2
    assert totals(db_session) == {0: (6, 39_000)}


def test_all_of_a_person_goes_to_another(house: Team, db_session: Session) -> None:
    anna, bo = house.both
    deal_chosen(house.leader, items(db_session, *house.accounts[:3]), anna)
    assert ask_to_hand_over(house.leader, anna, bo) == Dealt(3, {bo: 3})
    assert Counter(desks(db_session).values()) == {bo: 3, None: 3}
    with pytest.raises(DomainError):
        ask_to_hand_over(house.leader, bo, bo)


def test_what_is_large_is_a_job_that_can_be_run_again(
    house: Team, app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "MOST_AT_ONCE", 3)
    asked = ask_to_deal(house.leader, Evenly(house.both, By.VALUE))
    assert isinstance(asked, Job)
    run_pending(app)
    before = desks(db_session)
    assert None not in before.values()
    assert team.deal(house.leader, Evenly(house.both, By.VALUE)).accounts == 0
    assert isinstance(ask_to_hand_over(house.leader, house.both[0], None), Dealt | Job)
    run_pending(app)
    assert house.both[0] not in desks(db_session).values()


def test_each_deed_is_one_event_with_its_counts_and_a_deed_that_moves_nothing_is_none(
    house: Team, db_session: Session
) -> None:
    ask_to_deal(house.leader, Evenly(house.both, By.VALUE))
    ask_to_deal(house.leader, Evenly(house.both, By.VALUE))
    ask_to_hand_over(house.leader, house.both[0], None)
    db_session.rollback()
    events = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action.like("work.%")).order_by(AuditEvent.id))
    dealt, back = events.all()
    assert (dealt.action, back.action) == ("work.dealt", "work.taken_back")
    assert dealt.after is not None and (dealt.after["accounts"], dealt.after["amounts"]) == (6, {"CNY": 39_000})
    assert sum(dealt.after["to"].values()) == 6
    assert back.details == {"giver": house.both[0]}


def test_only_who_leads_deals_and_only_within_the_own_agency(house: Team, db_session: Session) -> None:
    wish = Evenly(house.both, By.VALUE)
    chosen = items(db_session, *house.accounts)
    for deed in (
        lambda: ask_to_deal(house.anna, wish),
        lambda: deal_chosen(house.anna, chosen, None),
        lambda: ask_to_hand_over(house.anna, house.both[0], None),
        lambda: settle_rule(house.anna, own_only=True),
    ):
        with pytest.raises(DomainError) as refused:
            deed()
        assert refused.value.status == 403
    rival = actor_of(make_user(Role.AGENCY_LEADER))
    assert deal_chosen(rival, chosen, rival.user_id).accounts == 0
    with pytest.raises(DomainError):
        deal_chosen(house.leader, chosen, rival.user_id)
    with pytest.raises(NotFound):
        ask_to_hand_over(rival, house.both[0], None)
    assert set(desks(db_session).values()) == {None}


def test_nothing_chosen_and_nobody_named_say_what_is_missing(house: Team) -> None:
    with pytest.raises(DomainError, match=r"team\.nothing"):
        deal_chosen(house.leader, [], house.both[0])
    with pytest.raises(DomainError, match=r"team\.people"):
        ask_to_deal(house.leader, Evenly((), By.VALUE))


# --- who leaves, what ends ------------------------------------------------------------------------------------------------


def test_what_a_person_had_who_is_deactivated_is_back_in_the_pool_and_nothing_more_is_dealt_to_them(
    house: Team, db_session: Session
) -> None:
    anna = house.both[0]
    deal_chosen(house.leader, items(db_session, *house.accounts), anna)
    deactivate_user(actor_of(make_user(Role.ADMINISTRATOR)), anna)
    assert set(desks(db_session).values()) == {None}
    assert totals(db_session) == {0: (6, 39_000)}
    with reading(house.leader) as session:
        assert [each.may_work for each in colleagues(session, house.leader) if each.user_id == anna] == [False]
    with pytest.raises(DomainError, match=r"team\.person"):
        deal_chosen(house.leader, items(db_session, *house.accounts), anna)


def test_a_placement_that_ends_leaves_its_desk(house: Team, db_session: Session) -> None:
    anna = house.both[0]
    deal_chosen(house.leader, items(db_session, *house.accounts[:2]), anna)
    with transaction(observer()) as work:
        row = work.session.scalars(sa.select(Placement).where(Placement.account_id == house.accounts[0])).one()
        row.ended_at, row.ended_on, row.end_reason = NOON, TODAY, EndReason.RECALLED
        work.session.flush()
        hooks.placements_ended(work, sa.select(Placement.id).where(Placement.id == row.id))
    assert totals(db_session) == {0: (4, 22_000), anna: (1, 8_000)}


# --- whose queue ----------------------------------------------------------------------------------------------------------


def test_a_collector_works_the_own_desk_and_the_pool_in_one_order(house: Team, db_session: Session) -> None:
    anna, bo = house.both
    deal_chosen(house.leader, items(db_session, house.accounts[1]), anna)
    deal_chosen(house.leader, items(db_session, *house.accounts[2:4]), bo)
    first, second, _third, _fourth, fifth, sixth = house.accounts
    assert order(house.anna) == [first, second, fifth, sixth]
    assert order(house.leader) == house.accounts
    with reading(house.anna) as session:
        assert queue_counts(session, house.anna, TODAY)["new"] == 4
        assert next_account(session, house.anna, NOON, TODAY, None, first) == second


def test_where_the_leader_settles_it_a_collector_works_the_own_desk_alone(house: Team, db_session: Session) -> None:
    deal_chosen(house.leader, items(db_session, house.accounts[3]), house.both[0])
    settle_rule(house.leader, own_only=True)
    settle_rule(house.leader, own_only=True)
    assert order(house.anna) == [house.accounts[3]]
    assert order(house.bo) == []
    with reading(house.anna) as session:
        assert whose_of(session, house.anna, POOL) == ""
    settle_rule(house.leader, own_only=False)
    assert len(order(house.bo)) == 5
    db_session.rollback()
    assert len(db_session.scalars(sa.select(TeamRule)).all()) == 1
    changes = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "team.rule_changed")).all()
    assert len(changes) == 2


def test_a_leader_looks_at_one_desk_or_the_pool_and_a_collector_at_no_colleagues(
    house: Team, db_session: Session
) -> None:
    _anna, bo = house.both
    deal_chosen(house.leader, items(db_session, house.accounts[0]), bo)
    with reading(house.leader) as session:
        of_bo = scope_of(session, house.leader, whose_of(session, house.leader, str(bo)))
        of_pool = scope_of(session, house.leader, whose_of(session, house.leader, POOL))
        assert whose_of(session, house.leader, "999999") == ""
    assert order(house.leader, scope=of_bo) == [house.accounts[0]]
    assert order(house.leader, scope=of_pool) == house.accounts[1:]
    with reading(house.anna) as session:
        assert whose_of(session, house.anna, str(bo)) == ""


def test_pages_over_two_desks_follow_each_other_without_a_gap_or_a_repetition(house: Team, db_session: Session) -> None:
    deal_chosen(house.leader, items(db_session, *house.accounts[::2]), house.both[0])
    seen: list[int] = []
    behind: Place | None = None
    with reading(house.anna) as session:
        while True:
            page = queue_page(session, house.anna, NOON, TODAY, "new", behind, size=1)
            seen += [row.account.id for row in page.rows]
            behind = Place.decode(page.older.encode()) if page.older else None
            if behind is None:
                break
    assert seen == house.accounts


# --- untouched ------------------------------------------------------------------------------------------------------------


def untouched(actor: Actor, days: int) -> list[int]:
    day = TODAY + timedelta(days=days)
    with reading(actor) as session:
        return [row.account.id for row in queue_page(session, actor, NOON, day, "untouched").rows]


def test_an_account_is_untouched_once_the_work_standard_has_passed_since_it_came_or_was_tried(house: Team) -> None:
    # They came on June 30; seven days are the standard where the contract says nothing.
    log_attempt(house.anna, house.accounts[2], call(house.phones[2]))
    assert untouched(house.leader, 6) == []
    assert sorted(untouched(house.leader, 7)) == [a for a in house.accounts if a != house.accounts[2]]
    assert untouched(house.leader, 8)[-1] == house.accounts[2]


def test_an_account_is_not_untouched_before_the_day_that_was_promised(house: Team) -> None:
    day = TODAY + timedelta(days=20)
    entry = call(house.phones[2], "promise", promise_minor=100, promise_on=day)
    log_attempt(house.anna, house.accounts[2], entry)
    assert house.accounts[2] not in untouched(house.leader, 20)
    assert house.accounts[2] in untouched(house.leader, 21)


def test_pages_of_what_is_untouched_follow_each_other(house: Team) -> None:
    log_attempt(house.anna, house.accounts[0], call(house.phones[0]))
    seen: list[int] = []
    behind: Place | None = None
    with reading(house.leader) as session:
        while True:
            day = TODAY + timedelta(days=30)
            page = queue_page(session, house.leader, NOON, day, "untouched", behind, size=2)
            seen += [row.account.id for row in page.rows]
            assert all(row.is_untouched for row in page.rows)
            behind = Place.decode(page.older.encode()) if page.older else None
            if behind is None:
                break
    assert sorted(seen[:-1]) == house.accounts[1:] and seen[-1] == house.accounts[0]


def test_who_is_not_permitted_by_the_bank_is_dealt_nothing(house: Team, db_session: Session) -> None:
    from portal.vendors.models import StaffMember

    anna = house.both[0]
    with transaction(observer()) as work:
        member = work.session.scalar(sa.select(StaffMember).where(StaffMember.user_id == anna))
        if member is None:
            user = work.session.get_one(User, anna)
            member = StaffMember(
                organisation_id=user.organisation_id, user_id=anna, name=user.name, started_on=TODAY, created_at=NOON
            )
            work.session.add(member)
        member.barred_at = NOON
    with pytest.raises(DomainError, match=r"team\.person"):
        deal_chosen(house.leader, items(db_session, house.accounts[0]), anna)
