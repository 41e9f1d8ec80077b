"""Several people, or workers, at the same moment; and runs that are too large to be split while a page waits."""

from __future__ import annotations

import contextvars
import threading
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.errors import Refused
from portal.foundation.jobs import run_pending
from portal.placement import operations, proposal
from portal.placement.batches import accept_batch, refuse_batch
from portal.placement.models import AllocationLine, AllocationRun, BatchState, Placement, PlacementBatch, RunState
from portal.placement.operations import approve_run, make_run, submit_run
from portal.placement.sending import send_run
from tests.identity.factories import actor_of, make_agency, make_user
from tests.placement.factories import answerer, batches, criteria, even_shares, make_desk, placed, placements
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.foundation.language import Message
    from portal.identity.models import Organisation

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    return organisation


def together(app: Flask, *deeds: Callable[[], object]) -> list[object]:
    """Do all deeds at the same moment, each in a context of its own; what each answered, or the refusal it met."""
    gate = threading.Barrier(len(deeds))
    answers: list[object] = [None] * len(deeds)

    def run(place: int, deed: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            try:
                answers[place] = deed()
            except Refused as refused:
                answers[place] = refused

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(run, place, deed)) for place, deed in enumerate(deeds)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_two_runs_that_are_sent_at_once_place_no_account_twice(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    accounts = make_accounts(40)
    runs = []
    for code in ("HT", "ZX"):
        runs.append(make_run(desk.maker, criteria(), even_shares(agency(code))))
        submit_run(desk.maker, runs[-1])
        approve_run(desk.checker, runs[-1])

    first, second = together(app, *(lambda run=run: send_run(desk.checker, run) for run in runs))

    assert isinstance(first, dict) and isinstance(second, dict)
    assert sorted((first["placed"], second["placed"])) == [0, 40]
    held = Counter(db_session.scalars(sa.select(Placement.account_id)))
    assert held == Counter(a.id for a in accounts)


def test_one_run_that_two_workers_send_at_once_is_sent_once(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(10)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)

    answers = together(app, *[lambda: send_run(desk.checker, run_id)] * 3)

    assert sorted(answer["placed"] for answer in answers if isinstance(answer, dict)) == [0, 0, 10]
    assert len(batches(run_id)) == 1


def test_two_who_approve_at_once_are_one_approval(app: Flask, db_session: Session) -> None:
    desk = make_desk()
    make_accounts(3)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))
    submit_run(desk.maker, run_id)
    third = actor_of(make_user())

    answers = together(app, lambda: approve_run(desk.checker, run_id), lambda: approve_run(third, run_id))

    assert sum(isinstance(answer, Refused) for answer in answers) == 1


def test_a_batch_is_either_accepted_or_refused(app: Flask, db_session: Session) -> None:
    receiver = agency("HT")
    make_accounts(6)
    batch_id = placed(make_desk(), receiver, accepted=False)
    one, other = answerer(receiver), answerer(receiver)

    answers = together(app, lambda: accept_batch(one, batch_id), lambda: refuse_batch(other, batch_id, "no staff"))

    assert sum(isinstance(answer, Refused) for answer in answers) == 1
    state = db_session.scalar(sa.select(PlacementBatch.state).where(PlacementBatch.id == batch_id))
    ended = {p.ended_at is not None for p in placements(batch_id)}
    assert ended == {state is BatchState.REFUSED}


def test_a_large_run_is_split_by_a_job(app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (operations, proposal):
        monkeypatch.setattr(module, "LARGEST_AT_ONCE", 5)
    desk = make_desk()
    make_accounts(12)

    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT"), agency("ZX")))

    with pytest.raises(Refused):
        submit_run(desk.maker, run_id)
    assert run_pending(app) == 1
    run = db_session.scalars(sa.select(AllocationRun).where(AllocationRun.id == run_id)).one()
    lines = db_session.scalars(sa.select(AllocationLine).where(AllocationLine.run_id == run_id)).all()
    assert (run.account_count, len(lines), run.state) == (12, 12, RunState.DRAFT)
    operations.allocate_run(desk.maker, run_id)
    again = db_session.scalars(sa.select(AllocationLine.id).where(AllocationLine.run_id == run_id)).all()
    assert len(again) == 12
    submit_run(desk.maker, run_id)


def test_a_large_run_says_which_of_its_stages_it_is_at(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (operations, proposal):
        monkeypatch.setattr(module, "LARGEST_AT_ONCE", 5)
    desk = make_desk()
    heard: list[tuple[int, int, str]] = []
    make_accounts(12)
    run_id = make_run(desk.maker, criteria(), even_shares(agency("HT")))

    def hear(done: int, total: int, note: Message) -> None:
        heard.append((done, total, str(note)))

    operations.allocate_run(desk.maker, run_id, hear)
    submit_run(desk.maker, run_id)
    approve_run(desk.checker, run_id)
    send_run(desk.checker, run_id, hear)

    assert [(done, total) for done, total, _ in heard] == [(0, 4), (1, 4), (2, 4), (3, 4), (0, 3), (1, 3), (2, 3)]
    assert heard[1][2] == "Deciding who gets what"
