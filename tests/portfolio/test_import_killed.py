"""An import whose worker is killed -9 at any point: nothing of it stands, or all of it; the next worker ends it, once."""

from __future__ import annotations

import io
import random
import signal
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import Job, JobState
from portal.foundation.sealing import seal
from portal.foundation.verifying import verify
from portal.portfolio.importing import Options
from portal.portfolio.models import Account, BalanceSnapshot, ContactPoint, Customer, ImportRun, ImportState
from portal.portfolio.operations import receive_accounts
from tests.portfolio.bringing import bring_accounts, sender
from tests.portfolio.intake.files import TODAY, accounts_file
from tests.support.dying import TIMING, run_to_death, take_up_again

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.config import Settings

pytestmark = [pytest.mark.kill, pytest.mark.settings(today=TODAY)]

KILLED = "tests.portfolio.killed_import"
ROWS, CHUNK = 500, 200  # three chunks in the process that dies
POINTS = [("begun", 0), ("rows", 0), ("rows", random.randint(1, 2)), ("written", 0), ("commit", 0), ("committed", 0)]
FILLED = (Account, Customer, ContactPoint, BalanceSnapshot)


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["JOB_TIMING"] = TIMING
    return app


@pytest.fixture
def book() -> bytes:
    return accounts_file(*({} for _ in range(ROWS)), {"days_past_due": "x"})


def _counts(session: Session) -> list[int]:
    return [session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in FILLED]


@pytest.mark.parametrize(("point", "chunk"), POINTS)
def test_an_import_that_is_killed_stands_whole_or_not_at_all_and_is_ended_once(
    app: Flask, settings: Settings, tmp_path: Path, db_session: Session, book: bytes, point: str, chunk: int
) -> None:
    actor = sender()
    run = receive_accounts(actor, io.BytesIO(book), "book.csv", Options())
    job = db_session.scalars(sa.select(Job.id).where(Job.kind == "import.accounts")).one()

    assert run_to_death(KILLED, settings, tmp_path, job, name=point, chunk=chunk, chunk_rows=CHUNK) == -signal.SIGKILL
    assert _counts(db_session) == ([ROWS] * 4 if point == "committed" else [0] * 4)

    take_up_again(job)
    assert _counts(db_session) == [ROWS] * 4
    ended = db_session.scalars(sa.select(ImportRun).where(ImportRun.id == run.id)).one()
    assert ended.state is ImportState.APPLIED
    assert ended.summary is not None
    assert (ended.summary["created"], ended.summary["rejected"]) == (ROWS, 1)
    applied = sa.select(sa.func.count()).where(AuditEvent.action == "import.applied")
    assert db_session.scalar(applied) == 1
    assert db_session.scalar(sa.select(Job.state).where(Job.id == job)) is JobState.DONE

    seal(app)
    assert verify(app).is_whole
    again = bring_accounts(book, actor)
    assert (again["status"], again["unchanged"]) == ("already_imported", ROWS + 1)
    assert _counts(db_session) == [ROWS] * 4
