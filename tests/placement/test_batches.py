"""A batch after it was sent: accepted, refused, recalled; and who sees what of it when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation import hooks
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.placement import queries
from portal.placement.batches import (
    accept_batch,
    ask_recall,
    recall_batch,
    refuse_batch,
    withdraw_recall,
)
from portal.placement.ending import last_day
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.placement.why import why_here
from portal.portfolio.models import Account, Customer
from tests.identity.factories import make_agency, make_law_firm, observer
from tests.placement.factories import (
    answerer,
    batches,
    even_shares,
    make_desk,
    placed,
    placements,
    sent_run,
)
from tests.portfolio.factories import make_accounts, make_hold
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    return organisation


def the_batch(batch_id: int) -> PlacementBatch:
    with reading(observer()) as session:
        found = session.scalars(sa.select(PlacementBatch).where(PlacementBatch.id == batch_id)).one()
        session.expunge(found)
        return found


def sees(actor: Actor) -> tuple[int, int, int, int]:
    """How many batches, placements, accounts and people the person sees."""
    with reading(actor) as session:
        models = (PlacementBatch, Placement, Account, Customer)
        return tuple(len(session.scalars(sa.select(model)).all()) for model in models)  # type: ignore[return-value]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int]]]:
    """What lower rooms hear."""
    told: list[tuple[str, int]] = []
    for hook in (hooks.batch_accepted, hooks.batch_ended):

        def listen(work: object, batch: PlacementBatch, name: str = hook.name) -> None:
            told.append((name, batch.id))

        monkeypatch.setattr(hook, "_handlers", [listen])
    yield told


def test_before_acceptance_an_agency_sees_the_summary_and_nobodys_data(app: Flask) -> None:
    desk, mine, other = make_desk(), agency("HT"), agency("ZX")
    make_accounts(6)
    first, second = batches(sent_run(desk, even_shares(mine, other)))
    leader = answerer(mine)

    assert sees(leader) == (1, first.account_count, 0, 0)

    accept_batch(leader, first.id)

    assert sees(leader) == (1, first.account_count, first.account_count, first.account_count)
    assert sees(answerer(other)) == (1, second.account_count, 0, 0)


def test_another_organisations_batch_does_not_exist(app: Flask) -> None:
    desk, mine, other = make_desk(), agency("HT"), agency("ZX")
    make_accounts(2)
    batch_id = placed(desk, mine, accepted=False)

    for deed in (
        lambda: accept_batch(answerer(other), batch_id),
        lambda: refuse_batch(answerer(other), batch_id, "not mine"),
    ):
        with pytest.raises(NotFound):
            deed()
    with reading(answerer(other)) as session, pytest.raises(NotFound):
        queries.batch_for(session, answerer(other), batch_id)
    assert the_batch(batch_id).state is BatchState.SENT


def test_accepting_opens_every_placement_and_tells_the_lower_rooms(app: Flask, heard: list[tuple[str, int]]) -> None:
    receiver = agency("HT")
    make_accounts(3)
    batch_id = placed(make_desk(), receiver, accepted=False)
    leader = answerer(receiver)

    accept_batch(leader, batch_id)

    batch = the_batch(batch_id)
    assert (batch.state, batch.answered_by) == (BatchState.ACCEPTED, leader.user_id)
    assert {p.accepted_at for p in placements(batch_id)} == {batch.answered_at}
    assert heard == [("batch_accepted", batch_id)]


def test_a_batch_is_answered_once(app: Flask) -> None:
    receiver = agency("HT")
    make_accounts(2)
    batch_id = placed(make_desk(), receiver)

    for deed in (
        lambda: accept_batch(answerer(receiver), batch_id),
        lambda: refuse_batch(answerer(receiver), batch_id, "late"),
    ):
        with pytest.raises(Refused):
            deed()


def test_a_refused_batch_ends_without_a_day_that_earns(app: Flask, heard: list[tuple[str, int]]) -> None:
    desk, receiver = make_desk(), agency("HT")
    accounts = make_accounts(3)
    batch_id = placed(desk, receiver, accepted=False)

    with pytest.raises(DomainError):
        refuse_batch(answerer(receiver), batch_id, "")
    refuse_batch(answerer(receiver), batch_id, "no staff for M6")

    batch = the_batch(batch_id)
    assert (batch.state, batch.refusal) == (BatchState.REFUSED, "no staff for M6")
    for placement in placements(batch_id):
        assert placement.ended_on == placement.placed_on - timedelta(days=1)
        assert placement.ended_at == placement.starts_at
        assert placement.end_reason is EndReason.BATCH_REFUSED
    assert heard == [("batch_ended", batch_id)]
    again = placed(desk, agency("ZX"))
    assert {p.account_id for p in placements(again)} == {a.id for a in accounts}
    assert {p.round for p in placements(again)} == {1}


def test_a_recall_needs_a_second_person(app: Flask, heard: list[tuple[str, int]]) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(3)
    batch_id = placed(desk, receiver)
    heard.clear()

    with pytest.raises(Refused):
        recall_batch(desk.checker, batch_id)
    ask_recall(desk.maker, batch_id, "complaints")
    with pytest.raises(Refused) as own:
        recall_batch(desk.maker, batch_id)
    with pytest.raises(Refused):
        ask_recall(desk.checker, batch_id, "again")
    assert own.value.code == "batch.own_recall"
    assert heard == []

    recall_batch(desk.checker, batch_id)

    batch = the_batch(batch_id)
    assert (batch.state, batch.recall_reason) == (BatchState.ENDED, "complaints")
    for placement in placements(batch_id):
        assert (placement.ended_on, placement.end_reason) == (date(2005, 7, 1), EndReason.RECALLED)
    assert heard == [("batch_ended", batch_id)]
    assert sees(answerer(receiver))[2:] == (0, 0)


def test_the_database_refuses_a_recall_by_who_asked_for_it(app: Flask) -> None:
    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency("HT"))
    ask_recall(desk.maker, batch_id, "complaints")

    with pytest.raises(IntegrityError), transaction(observer()) as work:
        by_asker = sa.update(PlacementBatch).where(PlacementBatch.id == batch_id)
        work.session.execute(by_asker.values(recalled_by=desk.maker.user_id))


def test_a_recall_that_is_withdrawn_changes_nothing(app: Flask) -> None:
    desk = make_desk()
    make_accounts(1)
    batch_id = placed(desk, agency("HT"))
    ask_recall(desk.maker, batch_id, "by mistake")
    withdraw_recall(desk.maker, batch_id)

    with pytest.raises(Refused):
        recall_batch(desk.checker, batch_id)
    assert the_batch(batch_id).state is BatchState.ACCEPTED
    assert {p.ended_at for p in placements(batch_id)} == {None}


def test_what_was_recalled_before_its_acceptance_never_earned(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    batch_id = placed(desk, agency("HT"), accepted=False)
    ask_recall(desk.maker, batch_id, "sent in error")
    recall_batch(desk.checker, batch_id)

    for placement in placements(batch_id):
        assert placement.ended_on == placement.placed_on - timedelta(days=1)
        assert placement.ended_at == placement.starts_at


def test_the_next_placement_of_an_account_is_its_next_round(app: Flask) -> None:
    desk = make_desk()
    make_accounts(2)
    first = placed(desk, agency("HT"))
    ask_recall(desk.maker, first, "rotation")
    recall_batch(desk.checker, first)

    second = placed(desk, agency("ZX"))

    assert {p.round for p in placements(second)} == {2}


@pytest.mark.parametrize(
    ("ended_at", "day"),
    [
        (datetime(2005, 8, 31, 16, 0, tzinfo=UTC), date(2005, 8, 31)),  # midnight in Shanghai: the day before
        (datetime(2005, 8, 31, 16, 0, 1, tzinfo=UTC), date(2005, 9, 1)),
        (datetime(2005, 8, 31, 15, 59, tzinfo=UTC), date(2005, 8, 31)),
    ],
)
def test_an_end_at_midnight_gives_the_day_before_as_the_last_that_earns(ended_at: datetime, day: date) -> None:
    assert last_day(ended_at, "Asia/Shanghai") == day


def test_the_live_placement_is_the_accepted_one_of_that_organisation(app: Flask) -> None:
    desk, receiver, firm = make_desk(), agency("HT"), make_law_firm("JL")
    make_contract(firm)
    (account,) = make_accounts(1)
    batch_id = placed(desk, receiver, accepted=False)

    def live(organisation: Organisation) -> int | None:
        with reading(observer()) as session:
            found = queries.live_placement(session, account.id, organisation.id)
            return found.batch_id if found else None

    assert live(receiver) is None
    accept_batch(answerer(receiver), batch_id)
    assert live(receiver) == batch_id
    assert live(firm) is None


def test_why_an_account_is_where_it_is_can_be_asked_by_both_sides(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    placed_one, held = make_accounts(2)
    make_hold(held)
    placed(desk, receiver)

    def why(actor: Actor, account_id: int) -> str:
        with reading(actor) as session:
            return " ".join(str(sentence) for entry in why_here(session, account_id) for sentence in entry.sentences)

    assert "R2005-07-01-01" in why(desk.maker, placed_one.id)
    assert "hold: dispute" in why(desk.maker, held.id)
    assert "W2005-07-01-HT-01" in why(answerer(receiver), placed_one.id)
    assert "R2005-07-01-01" not in why(answerer(receiver), placed_one.id)
    assert why(answerer(agency("ZX")), placed_one.id) == ""
