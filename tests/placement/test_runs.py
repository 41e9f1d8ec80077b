"""A run from the draft to its batches."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import Job, run_pending
from portal.foundation.work import transaction
from portal.placement.allocation import Order
from portal.placement.criteria import Share
from portal.placement.fairness import Outcome
from portal.placement.models import AllocationLine, AllocationRun, Placement, RunState
from portal.placement.operations import approve_run, make_run, refuse_run, submit_run, withdraw_run
from portal.placement.sending import send_run
from portal.portfolio.models import Account, AccountStatus, HoldFlag
from portal.vendors.models import CredentialKind, PlacementKind
from tests.identity.factories import actor_of, make_agency, make_law_firm, make_user, observer
from tests.placement.factories import (
    batches,
    criteria,
    even_shares,
    make_desk,
    placed,
    placements,
    sent_run,
)
from tests.portfolio.factories import make_accounts, make_hold
from tests.vendors.factories import end_paper, make_contract

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str, capacity: int | None = None) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation, capacity=capacity)
    return organisation


def run_of(session: Session, run_id: int) -> AllocationRun:
    return session.scalars(sa.select(AllocationRun).where(AllocationRun.id == run_id)).one()


def reasons(session: Session, run_id: int) -> Counter[str]:
    lines = session.scalars(sa.select(AllocationLine.reason).where(AllocationLine.run_id == run_id))
    return Counter(lines.all())


def test_every_account_of_the_segment_has_a_line_with_its_reason(app: Flask, db_session: Session) -> None:
    accounts = make_accounts(12)
    make_hold(accounts[0], HoldFlag.DISPUTE)
    make_hold(accounts[1], HoldFlag.DECEASED, of_person=True)
    make_accounts(3, currency="CNY")
    make_accounts(2, status=AccountStatus.CLOSED)

    run_id = make_run(make_desk().maker, criteria(), even_shares(agency("HT"), agency("ZX")))

    run = run_of(db_session, run_id)
    assert reasons(db_session, run_id) == {"share": 10, "hold:dispute": 1, "hold:deceased": 1}
    assert (run.account_count, run.total_minor) == (10, sum(a.total_minor for a in accounts[2:]))
    assert (run.number, run.state, run.placed_on) == ("R2005-07-01-01", RunState.DRAFT, date(2005, 7, 1))


def test_a_released_hold_stands_in_nobodys_way(app: Flask, db_session: Session) -> None:
    (account,) = make_accounts(1)
    hold = make_hold(account)
    with transaction(observer()) as work:
        work.session.merge(hold).released_at = work.now

    run_id = make_run(make_desk().maker, criteria(), even_shares(agency("HT")))

    assert reasons(db_session, run_id) == {"share": 1}


def test_buckets_balances_and_the_most_narrow_the_run(app: Flask, db_session: Session) -> None:
    make_accounts(5, days=10)
    m2 = [make_accounts(1, days=45, total_minor=amount)[0] for amount in (10_000, 20_000, 30_000, 40_000)]
    wanted = criteria(buckets=("M2",), from_minor=20_000, to_minor=40_000, most=2, order=Order.LARGEST)

    run_id = make_run(make_desk().maker, wanted, even_shares(agency("HT")))

    taken = set(db_session.scalars(sa.select(AllocationLine.account_id).where(AllocationLine.run_id == run_id)))
    assert taken == {m2[2].id, m2[3].id}
    assert (run_of(db_session, run_id).outcome or {})["beyond"] == 1


def test_nobody_gets_more_than_the_contracts_capacity_leaves(app: Flask, db_session: Session) -> None:
    desk, small, large = make_desk(), agency("HT", capacity=4), agency("ZX")
    make_accounts(3)
    placed(desk, small)
    make_accounts(10)

    run_id = make_run(desk.maker, criteria(), even_shares(small, large))

    assert reasons(db_session, run_id) == {"share": 6, "no_room": 4, "placed": 3}


def test_an_account_that_somebody_holds_may_still_get_a_letter_and_only_one(app: Flask, db_session: Session) -> None:
    desk, firm = make_desk(), make_law_firm("JL")
    make_contract(firm)
    make_accounts(4)
    placed(desk, agency("HT"))
    letters = criteria(PlacementKind.LETTER, most=3)

    first = sent_run(desk, even_shares(firm), letters)
    second = make_run(desk.maker, letters, even_shares(firm))

    assert reasons(db_session, first) == {"share": 3}
    assert reasons(db_session, second) == {"letter_placed": 3, "share": 1}


@pytest.mark.parametrize("sum_of_shares", ["0.5", "1.1"])
def test_shares_make_the_whole(app: Flask, sum_of_shares: str) -> None:
    make_accounts(2)

    with pytest.raises(DomainError) as refused:
        make_run(make_desk().maker, criteria(), [Share(agency("HT").id, Decimal(sum_of_shares))])

    assert (refused.value.code, refused.value.field) == ("run.shares_sum", "shares")


def test_only_who_has_a_valid_contract_and_licence_receives(app: Flask) -> None:
    desk, without, expired = make_desk(), make_agency("NO"), make_agency("EX", licence_until=date(2005, 6, 30))
    make_contract(expired)
    other_currency = make_agency("CN")
    make_contract(other_currency, currency="CNY")
    make_accounts(2)

    for organisation in (without, expired, other_currency):
        with pytest.raises(DomainError) as refused:
            make_run(desk.maker, criteria(), even_shares(organisation))
        assert refused.value.code == "run.receiver"


def test_a_run_without_an_eligible_account_is_not_made(app: Flask) -> None:
    (account,) = make_accounts(1)
    make_hold(account)

    with pytest.raises(Refused):
        make_run(make_desk().maker, criteria(), even_shares(agency("HT")))


def test_the_maker_does_not_approve_or_refuse_the_own_run(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)

    with pytest.raises(Refused) as refused:
        approve_run(desk.maker, run_id)
    assert refused.value.code == "run.own"
    with pytest.raises(Refused):
        refuse_run(desk.maker, run_id, "no")
    assert run_of(db_session, run_id).state is RunState.SUBMITTED


def test_the_database_refuses_a_maker_who_checks(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))

    with pytest.raises(IntegrityError), transaction(observer()) as work:
        run_of(work.session, run_id).decided_by = desk.maker.user_id
        work.session.flush()


def test_states_are_taken_in_order_and_once(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))

    for too_early in (lambda: approve_run(desk.checker, run_id), lambda: send_run(desk.checker, run_id)):
        with pytest.raises(Refused):
            too_early()
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    for too_late in (
        lambda: submit_run(desk.maker, run_id),
        lambda: approve_run(desk.checker, run_id),
        lambda: refuse_run(desk.checker, run_id, "late"),
    ):
        with pytest.raises(Refused):
            too_late()
    assert run_of(db_session, run_id).state is RunState.APPROVED


def test_a_refused_run_keeps_who_refused_it_and_why(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)

    with pytest.raises(DomainError) as empty:
        refuse_run(desk.checker, run_id, "  ")
    refuse_run(desk.checker, run_id, " too many for one ")

    run = run_of(db_session, run_id)
    assert empty.value.field == "reason"
    assert (run.state, run.decided_by, run.refusal) == (
        RunState.REFUSED,
        desk.checker.user_id,
        "too many for one",
    )


def test_a_run_is_withdrawn_by_its_maker_until_somebody_has_decided(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)

    with pytest.raises(Refused) as refused:
        withdraw_run(desk.checker, run_id)
    assert refused.value.code == "run.not_own"
    withdraw_run(desk.maker, run_id)

    run = run_of(db_session, run_id)
    assert (run.state, run.decided_by, run.withdrawn_at is not None) == (RunState.WITHDRAWN, None, True)
    for too_late in (
        lambda: withdraw_run(desk.maker, run_id),
        lambda: submit_run(desk.maker, run_id),
        lambda: approve_run(desk.checker, run_id),
        lambda: refuse_run(desk.checker, run_id, "no"),
    ):
        with pytest.raises(Refused) as late:
            too_late()
        assert late.value.code == "run.state"


def test_a_draft_is_withdrawn_by_any_maker_of_runs_and_an_approved_run_by_nobody(
    app: Flask, db_session: Session
) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(2)
    left_behind = make_run(desk.maker, criteria(), even_shares(receiver))
    withdraw_run(desk.checker, left_behind)
    assert run_of(db_session, left_behind).state is RunState.WITHDRAWN

    approved = make_run(desk.maker, criteria(), even_shares(receiver))
    submit_run(desk.maker, approved)
    approve_run(desk.checker, approved)
    with pytest.raises(Refused):
        withdraw_run(desk.maker, approved)


def test_approving_sends_by_a_job_one_batch_for_each_organisation(app: Flask, db_session: Session) -> None:
    desk, one, two = make_desk(), agency("HT"), agency("ZX")
    accounts = make_accounts(9)
    run_id = make_run(desk.maker, criteria(), even_shares(one, two))
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    assert batches(run_id) == []

    assert run_pending(app) == 1

    first, second = batches(run_id)
    assert [b.number for b in (first, second)] == ["W2005-07-01-HT-01", "W2005-07-01-ZX-01"]
    assert first.account_count + second.account_count == 9
    assert first.total_minor + second.total_minor == sum(a.total_minor for a in accounts)
    assert first.accept_by - first.sent_at == timedelta(hours=48)
    assert (first.placed_on, first.term_ends_on) == (date(2005, 7, 1), date(2005, 9, 28))
    assert len(placements(first.id)) == first.account_count
    assert {p.accepted_at for p in placements(first.id)} == {None}
    assert run_of(db_session, run_id).state is RunState.SENT


def test_a_placement_holds_the_accounts_figures_of_its_day(app: Flask) -> None:
    (account,) = make_accounts(1, days=75, total_minor=5_283_895)

    (placement,) = placements(placed(make_desk(), agency("HT")))

    assert (placement.placed_total_minor, placement.placed_bucket, placement.placed_days_past_due) == (
        5_283_895,
        "M3",
        75,
    )
    assert (placement.account_id, placement.customer_id) == (account.id, account.customer_id)
    assert (placement.round, placement.kind, placement.currency) == (1, PlacementKind.COLLECTION, "TWD")


def test_sending_twice_sends_nothing_twice(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(5)
    run_id = sent_run(desk, even_shares(agency("HT")))

    again = send_run(desk.checker, run_id)

    assert again["again"]
    assert len(batches(run_id)) == 1
    assert len(placements(batches(run_id)[0].id)) == 5
    sent = sa.select(AuditEvent).where(AuditEvent.action == "placement.run_sent")
    assert len(db_session.scalars(sent).all()) == 1


def test_asking_for_the_sending_twice_is_one_job(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    with pytest.raises(Refused):
        approve_run(desk.checker, run_id)

    assert len(db_session.scalars(sa.select(Job)).all()) == 1


def test_what_has_changed_since_is_left_out_with_its_reason(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    held, paid, taken, *rest = make_accounts(6)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)
    make_hold(held, HoldFlag.COMPLAINT)
    with transaction(observer()) as work:
        closed = sa.update(Account).where(Account.id == paid.id).values(status=AccountStatus.CLOSED)
        work.session.execute(closed)
    sent_run(desk, even_shares(agency("ZX")), criteria(from_minor=taken.total_minor, to_minor=taken.total_minor))
    approve_run(desk.checker, run_id)

    done = send_run(desk.checker, run_id)

    assert (done["placed"], done["left_out"]) == (3, 3)
    assert reasons(db_session, run_id) == {
        "share": 3,
        "since:hold:complaint": 1,
        "since:closed": 1,
        "since:placed": 1,
    }
    (batch,) = batches(run_id)
    assert (batch.account_count, batch.total_minor) == (3, sum(a.total_minor for a in rest))
    outcome = Outcome.from_data(run_of(db_session, run_id).outcome or {})
    assert {t.reason for t in outcome.since} == {"since:hold:complaint", "since:closed", "since:placed"}
    assert sum(accounts for _, _, accounts, _, _ in outcome.groups) == 6


def test_who_has_lost_the_licence_since_gets_nothing(app: Flask, db_session: Session) -> None:
    desk, lost, fine = make_desk(), agency("HT"), agency("ZX")
    make_accounts(4)
    run_id = make_run(desk.maker, criteria(), even_shares(lost, fine))
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    end_paper(lost, CredentialKind.LICENCE, date(2005, 6, 30))

    done = send_run(desk.checker, run_id)

    assert (done["batches"], done["placed"], done["left_out"]) == (1, 2, 2)
    assert reasons(db_session, run_id) == {"share": 2, "since:no_contract": 2}


def test_an_overlapping_placement_is_refused_by_the_database(app: Flask) -> None:
    make_accounts(1)
    (placement,) = placements(placed(make_desk(), agency("HT")))
    values = {c.name: getattr(placement, c.name) for c in Placement.__table__.columns if c.name != "id"}

    for kind in (PlacementKind.COLLECTION, PlacementKind.LITIGATION):
        with pytest.raises(IntegrityError), transaction(observer()) as work:
            work.session.add(Placement(**(values | {"kind": kind})))
            work.session.flush()
    with pytest.raises(IntegrityError), transaction(observer()) as work:
        ended = {"ended_at": placement.starts_at + timedelta(days=3), "ended_on": date(2005, 7, 3)}
        earlier = {"starts_at": placement.starts_at - timedelta(days=1), "end_reason": "recalled"}
        work.session.add(Placement(**(values | ended | earlier)))
        work.session.flush()


def test_agencies_know_nothing_of_runs(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(2)
    run_id = make_run(desk.maker, criteria(), even_shares(receiver))
    outsider = replace(desk.checker, organisation_id=receiver.id, organisation_kind=receiver.kind)

    with pytest.raises(NotFound):
        submit_run(outsider, run_id)


def test_runs_refuse_whoever_may_not_by_themselves(app: Flask) -> None:
    """The page asks first; a job or a command that did not is refused here."""
    desk = make_desk()
    make_accounts(1)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    finance = actor_of(make_user(Role.FINANCE))

    for deed in (
        lambda: make_run(finance, criteria(), even_shares(agency("ZX"))),
        lambda: submit_run(finance, run_id),
        lambda: approve_run(finance, run_id),
        lambda: refuse_run(finance, run_id, "no"),
        lambda: withdraw_run(finance, run_id),
    ):
        with pytest.raises(Refused) as refused:
            deed()
        assert refused.value.code == "access.forbidden"
