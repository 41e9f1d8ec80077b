"""Recalls: asked for by one, carried out by another; at once, on a day, at the term; stopped work; what takes their place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.contact.entries import Entry
from portal.contact.models import Channel
from portal.contact.operations import log_attempt
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.placement import recall_queries
from portal.placement.codes import ClosureCode, ObjectionReason, RecallCategory, RecallReason
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.placement.objections import answer_objections, object_to_recall
from portal.placement.recall_models import (
    Objection,
    ObjectionState,
    Recall,
    RecallLine,
    RecallLineState,
    RecallState,
)
from portal.placement.recalls import Wish, ask_batch_recall, ask_recall, carry_out, withdraw
from portal.placement.returns import return_placements
from portal.portfolio.models import Account, Customer, Hold, HoldFlag
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.placement.factories import Desk, answerer, make_desk, on, placed, placements, recall_terms, recalled
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
STRATEGIC = Wish(RecallReason.CLIENT, note="weak results")


def agency(code: str, **terms: int) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    if terms:
        recall_terms(organisation, **terms)
    return organisation


def the_recall(recall_id: int) -> Recall:
    with reading(observer()) as session:
        found = session.scalars(sa.select(Recall).where(Recall.id == recall_id)).one()
        session.expunge_all()
        return found


def lines(recall_id: int) -> list[RecallLine]:
    with reading(observer()) as session:
        found = session.scalars(sa.select(RecallLine).where(RecallLine.recall_id == recall_id).order_by(RecallLine.id))
        rows = list(found)
        session.expunge_all()
        return rows


def known(actor: Actor) -> list[str]:
    """The numbers of the recalls that the person knows of."""
    with reading(actor) as session:
        return [row.Recall.number for row in session.execute(recall_queries.recall_rows(actor))]


def test_a_recall_needs_a_second_person(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(3)
    batch_id = placed(desk, receiver)
    recall_id = ask_batch_recall(desk.maker, batch_id, STRATEGIC)

    with pytest.raises(Refused) as own:
        carry_out(desk.maker, recall_id)
    with pytest.raises(Refused) as again:
        ask_batch_recall(desk.checker, batch_id, STRATEGIC)
    assert (own.value.code, again.value.code) == ("recall.own", "recall.asked")
    assert known(answerer(receiver)) == []

    carry_out(desk.checker, recall_id)

    assert (the_recall(recall_id).state, the_recall(recall_id).number) == (RecallState.DONE, "RC2005-07-01-HT-01")
    for placement in placements(batch_id):
        assert (placement.ended_on, placement.end_reason) == (date(2005, 7, 1), EndReason.RECALLED)
        assert placement.closure_code == "client"
    with reading(answerer(receiver)) as session:
        assert session.scalars(sa.select(Account.id)).all() == session.scalars(sa.select(Customer.id)).all() == []
    assert known(answerer(receiver)) == ["RC2005-07-01-HT-01"]
    with pytest.raises(Refused):
        carry_out(desk.checker, recall_id)


def test_a_batch_of_which_nothing_lives_is_over(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    batch_id = placed(desk, agency("HT"))
    recalled(desk, batch_id)

    with reading(observer()) as session:
        assert session.scalar(sa.select(PlacementBatch.state).where(PlacementBatch.id == batch_id)) is BatchState.ENDED
    with pytest.raises(Refused) as nothing:
        ask_batch_recall(desk.maker, batch_id, STRATEGIC)
    assert nothing.value.code == "recall.nothing"


def test_the_database_refuses_a_recall_by_who_asked_for_it(app: Flask) -> None:
    desk = make_desk()
    make_accounts(1)
    recall_id = ask_batch_recall(desk.maker, placed(desk, agency("HT")), STRATEGIC)

    with pytest.raises(IntegrityError), transaction(observer()) as work:
        by_asker = sa.update(Recall).where(Recall.id == recall_id)
        work.session.execute(by_asker.values(decided_by=desk.maker.user_id))


def test_who_may_not_propose_or_approve_recalls_nothing(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(1)
    batch_id = placed(desk, receiver)
    recall_id = ask_batch_recall(desk.maker, batch_id, STRATEGIC)
    leader = answerer(receiver)

    for deed in (
        lambda: ask_batch_recall(leader, batch_id, STRATEGIC),
        lambda: carry_out(leader, recall_id),
        lambda: withdraw(leader, recall_id),
    ):
        with pytest.raises(Refused) as forbidden:
            deed()
        assert forbidden.value.status == 403


def test_a_recall_that_is_withdrawn_changes_nothing_and_can_be_asked_for_again(app: Flask) -> None:
    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency("HT"))
    recall_id = ask_batch_recall(desk.maker, batch_id, STRATEGIC)
    withdraw(desk.maker, recall_id)

    with pytest.raises(Refused):
        carry_out(desk.checker, recall_id)
    assert {p.ended_at for p in placements(batch_id)} == {None}
    assert {line.state for line in lines(recall_id)} == {RecallLineState.RELEASED}
    assert ask_batch_recall(desk.checker, batch_id, STRATEGIC) != recall_id


def test_what_was_recalled_before_its_acceptance_never_earned(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    batch_id = placed(desk, agency("HT"), accepted=False)
    recalled(desk, batch_id, RecallReason.ERROR, reverse=True)

    for placement in placements(batch_id):
        assert placement.ended_on == placement.placed_on - timedelta(days=1)
        assert placement.ended_at == placement.starts_at
        assert placement.reverse


def test_the_next_placement_of_an_account_is_its_next_round(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    recalled(desk, placed(desk, agency("HT")), RecallReason.ROTATION)

    second = placed(desk, agency("ZX"))

    assert {p.round for p in placements(second)} == {2}


def test_a_selection_is_one_recall_for_each_organisation(app: Flask) -> None:
    desk, one, two = make_desk(), agency("HT"), agency("ZX")
    first = make_accounts(2)
    placed(desk, one)
    second = make_accounts(2)
    placed(desk, two)
    chosen = [first[0].id, second[0].id, second[1].id]

    ids = ask_recall(desk.maker, STRATEGIC, account_ids=chosen)

    assert [the_recall(n).account_count for n in ids] == [1, 2]
    assert {line.account_id for n in ids for line in lines(n)} == set(chosen)
    # what is asked for already stays where it is; of the rest a new recall is made
    (more,) = ask_recall(desk.checker, STRATEGIC, account_ids=[a.id for a in first])
    assert [line.account_id for line in lines(more)] == [first[1].id]
    for n in ids:
        carry_out(desk.checker, n)
    with reading(observer()) as session:
        live = session.scalars(sa.select(Placement.account_id).where(Placement.ended_at.is_(None))).all()
    assert live == [first[1].id]
    assert known(answerer(one)) == [the_recall(ids[0]).number]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(RecallReason.TERM), "reason"),
        (Wish(RecallReason.CLIENT, final_on=date(2005, 6, 30)), "final_on"),
        (Wish(RecallReason.CLIENT, final_on=date(2007, 1, 1)), "final_on"),
        (Wish(RecallReason.CLIENT, final_on=date(2005, 8, 1), at_term=True), "final_on"),
        (Wish(RecallReason.CLIENT, note="x" * 401), "note"),
    ],
)
def test_a_wish_that_cannot_be_meant_names_its_field(app: Flask, wish: Wish, field: str) -> None:
    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency("HT"))

    with pytest.raises(DomainError) as wrong:
        ask_batch_recall(desk.maker, batch_id, wish)
    assert wrong.value.field == field


def test_a_recall_on_a_day_lets_the_work_go_on_until_then(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(2)
    batch_id = placed(desk, receiver)
    recall_id = recalled(desk, batch_id, final_on=date(2005, 7, 20))

    assert the_recall(recall_id).state is RecallState.PENDING
    assert {(p.ended_at, p.final_recall_on, p.stopped_at) for p in placements(batch_id)} == {
        (None, date(2005, 7, 20), None)
    }
    assert known(answerer(receiver)) == [the_recall(recall_id).number]
    withdraw(desk.checker, recall_id)
    assert {p.final_recall_on for p in placements(batch_id)} == {None}


def test_what_is_rotated_goes_at_its_own_term(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    batch_id = placed(desk, agency("HT", term_days=30))
    recall_id = recalled(desk, batch_id, RecallReason.ROTATION, at_term=True)

    assert {line.final_on for line in lines(recall_id)} == {date(2005, 7, 30)}


# --- compliance ---------------------------------------------------------------------------------------------------------


def test_a_compliance_recall_stops_the_work_when_it_is_asked_for_and_says_so(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    (account,) = make_accounts(1)
    batch_id = placed(desk, receiver)
    at = on(app, date(2005, 7, 5))

    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))

    (placement,) = placements(batch_id)
    leader = answerer(receiver)
    assert (placement.stopped_at, placement.ended_at) == (at, None)
    with reading(leader) as session:
        assert recall_queries.stops_of(session, leader, receiver.id, [account.id]) == {account.id: [(at, None)]}
        stopped = recall_queries.stopped_by(session, leader, placement)
    assert stopped is not None
    assert (stopped.since, stopped.recall.id) == (at, recall_id)

    withdraw(desk.maker, recall_id)

    (placement,) = placements(batch_id)
    assert placement.stopped_at is None
    with reading(leader) as session:
        assert recall_queries.stops_of(session, leader, receiver.id, [account.id]) == {}


def test_no_contact_is_taken_down_for_a_stopped_account_until_the_recall_is_withdrawn(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    (account,) = make_accounts(1)
    batch_id = placed(desk, receiver)
    on(app, date(2005, 7, 5))
    leader = answerer(receiver)
    mail = Entry(channel=Channel.EMAIL, outcome="sent")
    assert log_attempt(leader, account.id, mail).verdict == "allow"

    recall_id = ask_batch_recall(desk.maker, batch_id, Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE))
    with pytest.raises(Refused) as stopped:
        log_attempt(leader, account.id, mail)
    assert "stopped all work" in str(stopped.value.message)
    withdraw(desk.maker, recall_id)

    assert log_attempt(leader, account.id, mail).is_new


def test_work_stays_stopped_while_another_compliance_recall_stands(app: Flask) -> None:
    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency("HT"))
    wish = Wish(RecallReason.CONDUCT, RecallCategory.COMPLIANCE, final_on=date(2005, 8, 1))
    recalled(desk, batch_id, RecallReason.CONDUCT, category=wish.category, final_on=wish.final_on)
    second = ask_batch_recall(desk.maker, batch_id, wish)

    withdraw(desk.maker, second)

    assert placements(batch_id)[0].stopped_at is not None


# --- objections ---------------------------------------------------------------------------------------------------------


def pending(desk: Desk, receiver: Organisation, final_on: date = date(2005, 7, 20)) -> tuple[int, int, RecallLine]:
    """Batch, recall and line of one account that goes on a day."""
    make_accounts(1)
    batch_id = placed(desk, receiver)
    recall_id = recalled(desk, batch_id, final_on=final_on)
    return batch_id, recall_id, lines(recall_id)[0]


def test_a_granted_objection_moves_the_last_day_for_both_sides(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT", objection_days=15)
    batch_id, recall_id, line = pending(desk, receiver)
    leader = answerer(receiver)

    with pytest.raises(DomainError) as many:
        object_to_recall(leader, [line.id], ObjectionReason.PROMISE, 16)
    assert many.value.field == "days"
    assert object_to_recall(leader, [line.id], ObjectionReason.PROMISE, 15, "due on 25 July") == 1
    with pytest.raises(Refused) as again:
        object_to_recall(leader, [line.id], ObjectionReason.PLAN, 5)
    assert again.value.code == "objection.again"
    objection = the_objection(line)
    with pytest.raises(DomainError):
        answer_objections(desk.checker, [objection.id], 16, "")
    assert answer_objections(desk.checker, [objection.id], 10, "until the promise") == 1

    assert (the_objection(line).state, the_objection(line).granted_days) == (ObjectionState.GRANTED, 10)
    assert placements(batch_id)[0].final_recall_on == lines(recall_id)[0].final_on == date(2005, 7, 30)
    assert lines(recall_id)[0].first_final_on == date(2005, 7, 20)
    with pytest.raises(Refused):
        answer_objections(desk.checker, [objection.id], 10, "")


def the_objection(line: RecallLine) -> Objection:
    with reading(observer()) as session:
        found = session.scalars(sa.select(Objection).where(Objection.recall_line_id == line.id)).one()
        session.expunge_all()
        return found


def test_a_refused_objection_needs_its_reason_and_moves_nothing(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    batch_id, _, line = pending(desk, receiver)
    object_to_recall(answerer(receiver), [line.id], ObjectionReason.CONTACT, 5)
    objection = the_objection(line)

    with pytest.raises(DomainError):
        answer_objections(desk.checker, [objection.id], None, " ")
    answer_objections(desk.checker, [objection.id], None, "no payment in three months")

    assert the_objection(line).state is ObjectionState.REFUSED
    assert placements(batch_id)[0].final_recall_on == date(2005, 7, 20)


def test_there_is_no_objection_after_the_last_day_nor_against_compliance_nor_by_another(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    _, _, line = pending(desk, receiver)
    with pytest.raises(NotFound):
        object_to_recall(answerer(agency("ZX")), [line.id], ObjectionReason.SUIT, 5)
    on(app, date(2005, 7, 21))
    with pytest.raises(Refused) as late:
        object_to_recall(answerer(receiver), [line.id], ObjectionReason.SUIT, 5)
    assert late.value.code == "objection.late"

    make_accounts(1)
    other = placed(desk, receiver)
    strict = recalled(
        desk, other, RecallReason.CONDUCT, category=RecallCategory.COMPLIANCE, final_on=date(2005, 8, 1)
    )  # fmt: skip
    with pytest.raises(Refused) as compliance:
        object_to_recall(answerer(receiver), [lines(strict)[0].id], ObjectionReason.SUIT, 5)
    assert compliance.value.code == "objection.compliance"


def test_a_recall_that_is_sent_again_voids_the_objection_and_opens_the_way_for_another(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    batch_id, first, line = pending(desk, receiver)
    leader = answerer(receiver)
    object_to_recall(leader, [line.id], ObjectionReason.PLAN, 20)

    again = recalled(desk, batch_id, final_on=date(2005, 7, 10))

    assert the_objection(line).state is ObjectionState.VOID
    assert lines(first)[0].state is RecallLineState.SUPERSEDED
    assert the_recall(first).state is RecallState.DONE
    assert placements(batch_id)[0].final_recall_on == date(2005, 7, 10)
    assert object_to_recall(leader, [lines(again)[0].id], ObjectionReason.PLAN, 5) == 1


# --- returns ------------------------------------------------------------------------------------------------------------


def test_an_agency_gives_accounts_back_with_a_code_and_the_hold_that_it_means(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(3)
    batch_id = placed(desk, receiver)
    first, second, third = placements(batch_id)
    recall_id = ask_batch_recall(desk.maker, batch_id, STRATEGIC)

    assert return_placements(answerer(receiver), [first.id, second.id], ClosureCode.DECEASED, "told by the son") == 2

    gone, _, kept = placements(batch_id)
    assert (gone.end_reason, gone.closure_code, gone.closure_note) == (
        EndReason.RETURNED, "deceased", "told by the son",
    )  # fmt: skip
    assert kept.ended_at is None
    with reading(observer()) as session:
        holds = session.execute(sa.select(Hold.flag, Hold.customer_id, Hold.account_id)).all()
    assert sorted(tuple(row) for row in holds) == sorted(
        (HoldFlag.DECEASED, p.customer_id, None) for p in (first, second)
    )
    assert [line.state.value for line in lines(recall_id)] == ["ended", "ended", "asked"]
    with pytest.raises(Refused):
        return_placements(answerer(receiver), [third.id, first.id], ClosureCode.SKIP)
    with pytest.raises(NotFound):
        return_placements(answerer(agency("ZX")), [third.id], ClosureCode.SKIP)
    return_placements(answerer(receiver), [third.id], ClosureCode.SKIP)
    assert the_recall(recall_id).state is RecallState.DONE  # nothing of it is held any more


def test_staff_give_nothing_back(app: Flask) -> None:
    from portal.foundation.access import Role

    desk, receiver = make_desk(), agency("HT")
    make_accounts(1)
    (placement,) = placements(placed(desk, receiver))
    staff = actor_of(make_user(Role.AGENCY_STAFF, organisation=receiver))

    with pytest.raises(Refused) as forbidden:
        return_placements(staff, [placement.id], ClosureCode.SKIP)
    assert forbidden.value.status == 403
