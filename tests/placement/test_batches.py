"""A batch after it was sent: accepted, refused, recalled; and who sees what of it when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.money import Money
from portal.foundation.work import reading
from portal.placement import queries
from portal.placement.batches import Received, accept_batch, expire_batch, refuse_batch
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
    on,
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


def test_what_was_received_is_said_and_a_difference_is_refused_with_both_figures(app: Flask) -> None:
    receiver = agency("HT")
    make_accounts(3)
    batch_id = placed(make_desk(), receiver, accepted=False)
    leader, batch = answerer(receiver), the_batch(batch_id)

    for received, words in (
        (Received(2, batch.total_minor), ("2", "3")),
        (Received(3, batch.total_minor - 100), (str(Money(batch.total_minor - 100, "TWD")),)),
    ):
        with pytest.raises(DomainError) as different:
            accept_batch(leader, batch_id, received)
        assert all(word in str(different.value.message) for word in words)
    assert the_batch(batch_id).state is BatchState.SENT

    accept_batch(leader, batch_id, Received(3, batch.total_minor))

    batch = the_batch(batch_id)
    assert (batch.state, batch.acknowledged_count, batch.acknowledged_minor) == (
        BatchState.ACCEPTED, 3, batch.total_minor,
    )  # fmt: skip


def test_a_batch_that_nobody_answers_comes_back_as_if_it_had_never_begun(app: Flask) -> None:
    desk, receiver = make_desk(), agency("HT")
    make_accounts(3)
    batch_id = placed(desk, receiver, accepted=False)
    assert expire_batch(observer(), batch_id) == 0  # there is still time

    on(app, date(2005, 7, 4))
    assert expire_batch(observer(), batch_id) == 3

    assert the_batch(batch_id).state is BatchState.EXPIRED
    for placement in placements(batch_id):
        assert placement.ended_on == placement.placed_on - timedelta(days=1)
        assert (placement.ended_at, placement.end_reason) == (placement.starts_at, EndReason.NOT_ANSWERED)
    assert expire_batch(observer(), batch_id) == 0
    with pytest.raises(Refused):
        accept_batch(answerer(receiver), batch_id)
    assert {p.round for p in placements(placed(desk, agency("ZX")))} == {1}


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
