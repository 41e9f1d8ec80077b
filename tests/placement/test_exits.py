"""An organisation leaves: planned, approved by another, carried out batch by batch; what may stay; what is left behind."""

from __future__ import annotations

import os
import signal
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation import hooks
from portal.foundation.daily import ask_for_due, portal_itself
from portal.foundation.database import db
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from portal.placement import leaving_queries as queries
from portal.placement.certificates import confirm
from portal.placement.codes import ObjectionReason, RecallReason
from portal.placement.exits import (
    approve_exit,
    choose_exceptions,
    close_sign_in,
    count_again,
    plan_exit,
    refuse_exit,
    submit_exit,
    withdraw_exit,
)
from portal.placement.leaving import carry_out_exit
from portal.placement.leaving_models import CertificateDuty, ExceptionKind, ExitState, OrganisationExit
from portal.placement.models import EndReason, Placement
from portal.placement.objections import object_to_recall
from portal.placement.recall_models import RecallLine
from portal.placement.recalls import Wish, ask_batch_recall, carry_out
from portal.placement.receivers import possible_receivers
from portal.portfolio.models import HoldFlag
from portal.vendors.models import PlacementKind, Vendor
from tests.identity.factories import observer
from tests.placement.factories import answerer, make_desk, on, placed, placements, recall_terms
from tests.placement.leaving_factories import approved_exit, confirmation, make_leaver
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from flask import Flask

    from tests.placement.factories import Desk

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
TODAY, LAST = date(2005, 7, 1), date(2005, 7, 20)


def the_exit(exit_id: int) -> OrganisationExit:
    with reading(observer()) as session:
        found = session.scalars(sa.select(OrganisationExit).where(OrganisationExit.id == exit_id)).one()
        session.expunge_all()
        return found


def ends(batch_id: int) -> set[tuple[EndReason | None, date | None]]:
    return {(p.end_reason, p.ended_on) for p in placements(batch_id)}


def goes_by_itself(app: Flask) -> None:
    """What the day brings, and the jobs that it asks for."""
    ask_for_due()
    run_pending(app)


def duty_of(exit_id: int) -> CertificateDuty | None:
    with reading(observer()) as session:
        found = session.scalar(sa.select(CertificateDuty).where(CertificateDuty.exit_id == exit_id))
        session.expunge_all()
        return found


@pytest.fixture
def desk(app: Flask) -> Desk:
    return make_desk()


@pytest.fixture
def leaver(desk: Desk) -> Organisation:
    return make_leaver("HT")


def batch_of(desk: Desk, leaver: Organisation, n: int = 2) -> int:
    make_accounts(n)
    return placed(desk, leaver)


# --- planned and approved -----------------------------------------------------------------------------------------------


def test_what_stands_against_ending_is_counted_once_each_under_the_first_that_fits(
    desk: Desk, leaver: Organisation
) -> None:
    accounts = make_accounts(4)
    batch_id = placed(desk, leaver)
    make_hold(accounts[0], HoldFlag.PLAN)
    make_hold(accounts[1], HoldFlag.DISPUTE)

    row = the_exit(plan_exit(desk.maker, leaver.id, LAST, "contract ends"))

    total = sum(p.placed_total_minor for p in placements(batch_id))
    plan = sum(p.placed_total_minor for p in placements(batch_id) if p.account_id == accounts[0].id)
    assert row.found == {"plan": [["TWD", 1, plan]], "rest": [["TWD", 3, total - plan]]}


def test_an_objection_that_waits_stands_against_it(app: Flask, desk: Desk, leaver: Organisation) -> None:
    recall_terms(leaver, recall_notice_days=10, objection_days=30)
    batch_id = batch_of(desk, leaver)
    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CLIENT, final_on=date(2005, 7, 15)))
    carry_out(desk.checker, recall_id)
    with reading(observer()) as session:
        first = session.scalars(sa.select(RecallLine.id).where(RecallLine.recall_id == recall_id)).first()
    assert first is not None
    object_to_recall(answerer(leaver), [first], ObjectionReason.CONTACT, 5)

    row = the_exit(plan_exit(desk.maker, leaver.id, LAST, "contract ends"))

    assert [line[1] for line in row.found["objection"]] == [1]


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), TODAY + timedelta(days=732)])
def test_a_last_day_lies_ahead_and_not_beyond_two_years(desk: Desk, leaver: Organisation, day: date) -> None:
    with pytest.raises(DomainError) as said:
        plan_exit(desk.maker, leaver.id, day, "contract ends")
    assert said.value.field == "last_on"


def test_of_an_organisation_one_exit_is_under_way_at_a_time(desk: Desk, leaver: Organisation) -> None:
    first = plan_exit(desk.maker, leaver.id, LAST, "contract ends")
    with pytest.raises(Refused):
        plan_exit(desk.checker, leaver.id, LAST, "again")
    withdraw_exit(desk.checker, first)
    assert plan_exit(desk.checker, leaver.id, LAST, "again") != first


def test_who_planned_it_neither_approves_nor_refuses_it(desk: Desk, leaver: Organisation) -> None:
    exit_id = plan_exit(desk.maker, leaver.id, LAST, "contract ends")
    submit_exit(desk.maker, exit_id)
    for deed in (lambda: approve_exit(desk.maker, exit_id), lambda: refuse_exit(desk.maker, exit_id, "no")):
        with pytest.raises(Refused) as own:
            deed()
        assert own.value.code == "exit.own"
    with pytest.raises(IntegrityError), transaction(observer()) as work:
        row = sa.update(OrganisationExit).where(OrganisationExit.id == exit_id)
        work.session.execute(row.values(decided_by=desk.maker.user_id))
    refuse_exit(desk.checker, exit_id, "it stays")
    assert (the_exit(exit_id).state, the_exit(exit_id).refusal) == (ExitState.REFUSED, "it stays")


def test_what_was_submitted_is_frozen(desk: Desk, leaver: Organisation) -> None:
    exit_id = plan_exit(desk.maker, leaver.id, LAST, "contract ends")
    submit_exit(desk.maker, exit_id)
    for deed in (
        lambda: count_again(desk.maker, exit_id),
        lambda: choose_exceptions(desk.maker, exit_id, {}),
        lambda: submit_exit(desk.maker, exit_id),
    ):
        with pytest.raises(Refused):
            deed()


def test_from_the_approval_on_nothing_is_placed_with_it_and_the_vendor_master_has_its_last_day(
    desk: Desk, leaver: Organisation
) -> None:
    stays = make_leaver("ZX")
    approved_exit(desk, leaver, LAST)

    with reading(desk.maker) as session:
        found = possible_receivers(session, desk.maker, PlacementKind.COLLECTION, "TWD", TODAY)
        vendor = session.scalars(sa.select(Vendor).where(Vendor.organisation_id == leaver.id)).one()
        assert ([receiver.id for receiver in found], vendor.exits_on) == ([stays.id], LAST)


# --- carried out --------------------------------------------------------------------------------------------------------


def test_everything_goes_back_once_the_last_day_has_passed_and_earns_to_that_day(
    app: Flask, desk: Desk, leaver: Organisation
) -> None:
    accepted, unopened = batch_of(desk, leaver), None
    make_accounts(1)
    unopened = placed(desk, leaver, accepted=False)
    exit_id = approved_exit(desk, leaver, LAST)
    on(app, LAST)
    goes_by_itself(app)
    assert ends(accepted) == {(None, None)}

    on(app, LAST + timedelta(days=3))
    goes_by_itself(app)

    assert ends(accepted) == {(EndReason.EXITED, LAST)}
    assert ends(unopened) <= {
        (EndReason.EXITED, TODAY - timedelta(days=1)),
        (EndReason.NOT_ANSWERED, TODAY - timedelta(days=1)),
    }
    assert the_exit(exit_id).state is ExitState.DONE
    duty = duty_of(exit_id)
    assert duty is not None
    assert (duty.account_count, duty.due_on) == (2, LAST + timedelta(days=23))


def test_on_its_last_day_it_goes_at_once(app: Flask, desk: Desk, leaver: Organisation) -> None:
    batch_id = batch_of(desk, leaver)
    exit_id = approved_exit(desk, leaver, TODAY)
    run_pending(app)
    assert ends(batch_id) == {(EndReason.EXITED, TODAY)}
    assert the_exit(exit_id).state is ExitState.DONE


def test_what_may_stay_stays_to_the_end_of_its_own_day(app: Flask, desk: Desk, leaver: Organisation) -> None:
    accounts = make_accounts(3)
    batch_id = placed(desk, leaver)
    make_hold(accounts[0], HoldFlag.PLAN)
    exit_id = plan_exit(desk.maker, leaver.id, LAST, "contract ends")
    with pytest.raises(DomainError) as said:
        choose_exceptions(desk.maker, exit_id, {ExceptionKind.PLAN: LAST})
    assert said.value.field == "until_plan"
    until = LAST + timedelta(days=10)
    choose_exceptions(desk.maker, exit_id, {ExceptionKind.PLAN: until, ExceptionKind.PROMISE: None})
    submit_exit(desk.maker, exit_id)
    approve_exit(desk.checker, exit_id)
    on(app, LAST + timedelta(days=1))
    goes_by_itself(app)
    assert ends(batch_id) == {(EndReason.EXITED, LAST), (None, None)}
    assert (the_exit(exit_id).state, duty_of(exit_id)) == (ExitState.RUNNING, None)
    on(app, until)
    goes_by_itself(app)
    assert (None, None) in ends(batch_id)

    on(app, until + timedelta(days=1))
    goes_by_itself(app)

    assert ends(batch_id) == {(EndReason.EXITED, LAST), (EndReason.EXITED, until)}
    assert the_exit(exit_id).state is ExitState.DONE


def test_done_again_it_does_nothing_twice(app: Flask, desk: Desk, leaver: Organisation) -> None:
    batch_of(desk, leaver)
    exit_id = approved_exit(desk, leaver, TODAY)
    actor = portal_itself()
    assert actor is not None
    assert [carry_out_exit(actor, exit_id) for _ in range(3)] == [2, 0, 0]
    with reading(observer()) as session:
        assert len(session.scalars(sa.select(CertificateDuty).where(CertificateDuty.exit_id == exit_id)).all()) == 1


def test_nobody_carries_out_what_nobody_approved(desk: Desk, leaver: Organisation) -> None:
    batch_id = batch_of(desk, leaver)
    exit_id = plan_exit(desk.maker, leaver.id, TODAY, "contract ends")
    with pytest.raises(Refused):
        carry_out_exit(desk.maker, exit_id)
    assert ends(batch_id) == {(None, None)}


@pytest.mark.kill
def test_killed_between_two_batches_it_is_finished_by_the_next(app: Flask, desk: Desk, leaver: Organisation) -> None:
    batches = [batch_of(desk, leaver) for _ in range(3)]
    exit_id = approved_exit(desk, leaver, TODAY)
    actor = portal_itself()
    assert actor is not None
    db.session.remove()
    child = os.fork()
    if child == 0:
        db.engine.dispose(close=False)
        carry_out_exit(actor, exit_id, lambda _done, _total: os.kill(os.getpid(), signal.SIGKILL))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert [ends(batch) == {(EndReason.EXITED, TODAY)} for batch in batches] == [True, False, False]
    assert the_exit(exit_id).state is ExitState.RUNNING

    run_pending(app)

    assert [ends(batch) for batch in batches] == [{(EndReason.EXITED, TODAY)}] * 3
    assert the_exit(exit_id).state is ExitState.DONE
    assert duty_of(exit_id) is not None


# --- what is left -------------------------------------------------------------------------------------------------------


def test_the_sign_in_stays_until_the_certificate_is_confirmed(app: Flask, desk: Desk, leaver: Organisation) -> None:
    batch_of(desk, leaver)
    leader = answerer(leaver)
    exit_id = approved_exit(desk, leaver, TODAY)
    run_pending(app)
    with pytest.raises(Refused) as early:
        close_sign_in(desk.maker, exit_id)
    assert early.value.code == "exit.no_certificate"
    with reading(leader) as session:
        assert len(session.scalars(sa.select(Placement)).all()) == 2
    duty = duty_of(exit_id)
    assert duty is not None
    confirm(leader, duty.id, confirmation())
    with pytest.raises(Refused, match="batches"):
        close_sign_in(desk.maker, exit_id)
    with reading(leader) as session:
        others = session.scalars(sa.select(CertificateDuty.id).where(CertificateDuty.id != duty.id)).all()
    for other in others:
        confirm(leader, other, confirmation())

    close_sign_in(desk.maker, exit_id)

    with reading(observer()) as session:
        assert session.scalars(sa.select(Organisation.active).where(Organisation.id == leaver.id)).one() is False
    with pytest.raises(Refused):
        close_sign_in(desk.maker, exit_id)


def test_the_tail_register_has_every_ended_placement_with_a_tail_by_whether_it_still_earns(
    app: Flask, desk: Desk, leaver: Organisation
) -> None:
    batch_of(desk, leaver)
    approved_exit(desk, leaver, TODAY)
    run_pending(app)
    without = make_leaver("ZX", tail=None)
    batch_of(desk, without)
    bank = observer()

    def listed(day: date, *, over: bool) -> int:
        with reading(bank) as session:
            versions = queries.tail_versions(session, bank, leaver.id)
            rows = queries.tail_ends(queries.tail_rows(bank, leaver.id, versions), versions, day, over=over)
            return len(session.execute(rows).all())

    assert [listed(date(2005, 8, 1), over=False), listed(date(2005, 8, 1), over=True)] == [2, 0]
    assert [listed(date(2005, 8, 2), over=False), listed(date(2005, 8, 2), over=True)] == [0, 2]
    with reading(bank) as session:
        assert queries.tail_versions(session, bank, without.id) == {}


def test_rooms_below_say_what_stands_against_an_end() -> None:
    assert {code for code, _ in hooks.stands_against_end(observer())} == {"plan", "promise", "suit"}
