"""An import whose worker is killed -9 at any point: nothing of it stands, or all of it; the next worker ends it, once."""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import Job, JobState
from portal.foundation.jobs.runner import run_job
from portal.foundation.jobs.runtime import Timing
from portal.foundation.jobs.sweeper import sweep
from portal.foundation.sealing import seal
from portal.foundation.verifying import verify
from portal.portfolio.importing import Options
from portal.portfolio.models import Account, BalanceSnapshot, ContactPoint, Customer, ImportRun, ImportState
from portal.portfolio.operations import receive_accounts
from tests.portfolio.bringing import bring_accounts, sender
from tests.portfolio.intake.files import TODAY, accounts_file

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.config import Settings

pytestmark = [pytest.mark.kill, pytest.mark.settings(today=TODAY)]

ROOT = Path(__file__).resolve().parents[2]
TIMING = Timing(lease=1.0, pause=0.1, sweep=0.4, overlooked=3.0, grace=2.0)
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


def _kill(settings: Settings, folder: Path, job: int, point: str, chunk: int) -> int:
    """Run the job in a process that dies at the point; how it ended."""
    said = {
        "settings": {
            "env": "test", "home": str(settings.home), "database_url": settings.database_url,
            "secret_key": settings.secret_key, "today": TODAY.isoformat(),
        },
        "timing": asdict(TIMING), "job": job, "point": point, "chunk": chunk, "chunk_rows": CHUNK,
    }  # fmt: skip
    file = folder / "killed.json"
    file.write_text(json.dumps(said))
    return subprocess.run(
        [sys.executable, "-m", "tests.portfolio.killed_import", str(file)], cwd=ROOT, check=False, timeout=300
    ).returncode


def _counts(session: Session) -> list[int]:
    return [session.scalar(sa.select(sa.func.count()).select_from(model)) or 0 for model in FILLED]


def _take_up_again(job: int) -> None:
    """The sweeper, once the dead worker's lease has run out, and the next worker."""
    end = time.monotonic() + 60
    while job not in sweep():
        assert time.monotonic() < end
        time.sleep(0.2)
    run_job(job)


@pytest.mark.parametrize(("point", "chunk"), POINTS)
def test_an_import_that_is_killed_stands_whole_or_not_at_all_and_is_ended_once(
    app: Flask, settings: Settings, tmp_path: Path, db_session: Session, book: bytes, point: str, chunk: int
) -> None:
    actor = sender()
    run = receive_accounts(actor, io.BytesIO(book), "book.csv", Options())
    job = db_session.scalars(sa.select(Job.id).where(Job.kind == "import.accounts")).one()

    assert _kill(settings, tmp_path, job, point, chunk) == -signal.SIGKILL
    assert _counts(db_session) == ([ROWS] * 4 if point == "committed" else [0] * 4)

    _take_up_again(job)
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
