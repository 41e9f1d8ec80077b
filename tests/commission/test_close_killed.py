"""A close whose worker is killed -9 between or within its organisations: each stands whole or not at all, the next worker ends
it, and nothing is paid twice."""

from __future__ import annotations

import signal
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.commission.closing import ask_for_period, close_period
from portal.commission.models import CommissionLine, LineClaim, Statement, StatementState
from portal.foundation.jobs import Job, JobState
from tests.commission.factories import JULY, make_finance, state
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, payments_file
from tests.recovery.test_payments import paid
from tests.support.dying import TIMING, run_to_death, take_up_again

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.config import Settings

pytestmark = [pytest.mark.kill, pytest.mark.settings(today=date(2005, 10, 1))]
AGENCIES, EACH = 3, 4
STANDING = {"begun": 1, "claimed": 1, "written": 1, "commit": 1, "committed": 2}  # statements after the death


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["JOB_TIMING"] = TIMING
    return app


@pytest.mark.parametrize("point", STANDING)
def test_a_close_that_is_killed_goes_on_where_it_stopped_and_pays_nothing_twice(
    app: Flask, settings: Settings, tmp_path: Path, db_session: Session, point: str
) -> None:
    for agency in range(AGENCIES):
        held = held_account("0.10")
        bring_payments(payments_file(held.account, *(paid(f"P-{agency}-{n}", "100.00") for n in range(EACH))))
    finance = make_finance()
    job = ask_for_period(finance.issuer, JULY).id

    killed = run_to_death("tests.commission.killed_close", settings, tmp_path, job, name=point)
    assert killed == -signal.SIGKILL
    assert lines_by_statement(db_session) == [EACH] * STANDING[point]

    take_up_again(job)
    assert db_session.scalar(sa.select(Job.state).where(Job.id == job)) is JobState.DONE
    assert lines_by_statement(db_session) == [EACH] * AGENCIES
    claims = db_session.scalars(sa.select(LineClaim.attribution_id)).all()
    assert len(claims) == AGENCIES * EACH
    paid_for = db_session.scalars(sa.select(CommissionLine.attribution_id)).all()
    assert sorted(paid_for) == sorted(claims)
    totals = db_session.scalars(sa.select(Statement.total_minor)).all()
    assert totals == [EACH * 10_00] * AGENCIES
    assert close_period(finance.issuer, JULY).drawn == []


def lines_by_statement(session: Session) -> list[int]:
    """Lines of each statement that stands; a half-written one would show here."""
    session.rollback()
    counts = sa.select(Statement.id, sa.func.count(CommissionLine.id)).outerjoin(CommissionLine).group_by(Statement.id)
    rows = session.execute(counts.order_by(Statement.id)).all()
    assert all(state(number) is StatementState.DRAWN for number, _ in rows)
    return [count for _, count in rows]
