"""Real workers, killed in the middle of their work: the job is finished, once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import Job, JobState, request_job
from portal.foundation.jobs.runtime import Timing, runtime
from portal.foundation.jobs.sessions import system_session
from portal.foundation.sealing import AuditLink
from portal.foundation.work import transaction
from tests.foundation import job_kinds
from tests.identity.factories import actor_of, make_user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from portal.config import Settings

pytestmark = pytest.mark.kill

ROOT = Path(__file__).resolve().parents[2]
TIMING = Timing(lease=1.5, pause=0.1, sweep=0.4, overlooked=3.0, grace=2.0)
PATIENCE = 40


@pytest.fixture(params=["own queue", "redis"])
def settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    if request.param == "redis":
        return replace(settings, redis_url=request.getfixturevalue("redis_url"))
    return settings


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["JOB_TIMING"] = TIMING
    runtime().queue.forget_all()
    return app


@pytest.fixture
def asker(app: Flask) -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


@pytest.fixture
def start_worker(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `portal worker` as it is, in a session of its own, and leaves none behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(workers: int = 1) -> subprocess.Popen[bytes]:
        said = {
            "settings": {
                "env": "test",
                "home": str(settings.home),
                "database_url": settings.database_url,
                "redis_url": settings.redis_url,
                "secret_key": settings.secret_key,
            },
            "timing": asdict(TIMING),
            "workers": workers,
        }
        file = tmp_path / f"worker-{len(started)}.json"
        file.write_text(json.dumps(said))
        with (tmp_path / f"worker-{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.foundation.worker_process", str(file)],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        _kill_all(process)


def _kill_all(process: subprocess.Popen[bytes]) -> None:
    """As a machine that loses its power: the worker and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _ask(actor: Actor, kind: str, **payload: str) -> int:
    with transaction(actor) as work:
        return request_job(work, kind, "1", dict(payload)).id


def _job(number: int) -> Job:
    with system_session(writes=False) as session:
        return session.scalars(sa.select(Job).where(Job.id == number)).one()


def _deeds(number: int) -> list[AuditEvent]:
    with system_session(writes=False) as session:
        wanted = sa.select(AuditEvent).where(AuditEvent.action == job_kinds.DONE, AuditEvent.subject_id == number)
        return list(session.scalars(wanted))


def _until(condition: Callable[[], object], tmp_path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            pytest.fail("".join(file.read_text()[-3000:] for file in sorted(tmp_path.glob("worker-*.log"))))
        time.sleep(0.05)


def _working_child(process: subprocess.Popen[bytes], begun: Path) -> int:
    """The process that runs the job: among the worker's children, the one that wrote nothing of the housekeeper's."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    threads = {int(child): len(list(Path(f"/proc/{child}/task").iterdir())) for child in children}
    assert begun.exists()
    return max(threads, key=lambda child: threads[child])  # the one with a heartbeat's thread


def test_a_worker_does_what_is_asked_and_stops_when_told(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    number = _ask(asker, "test.fragile", begun=str(tmp_path / "begun"))
    with system_session(writes=True) as session:
        session.execute(sa.update(Job).values(attempts=1))  # so that it does not wait to be killed
    worker = start_worker(2)
    _until(lambda: _job(number).is_over, tmp_path)
    assert len(_deeds(number)) == 1
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_a_job_whose_process_is_killed_is_finished_once(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """kill -9 of the one process that runs it; its parent lives and starts another."""
    begun = tmp_path / "begun"
    number = _ask(asker, "test.fragile", begun=str(begun))
    worker = start_worker(1)
    _until(begun.exists, tmp_path)
    time.sleep(0.3)
    os.kill(_working_child(worker, begun), signal.SIGKILL)
    _until(lambda: _job(number).is_over, tmp_path)
    time.sleep(2 * TIMING.sweep)
    job = _job(number)
    assert (job.state, job.attempts, job.losses) == (JobState.DONE, 2, 1)
    assert [event.details["attempt"] for event in _deeds(number) if event.details] == [2]


def test_a_job_whose_whole_machine_dies_is_finished_once_by_another(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    number = _ask(asker, "test.fragile", begun=str(begun))
    first = start_worker(1)
    _until(begun.exists, tmp_path)
    _kill_all(first)
    assert _job(number).state is JobState.RUNNING
    start_worker(2)
    _until(lambda: _job(number).is_over, tmp_path)
    time.sleep(2 * TIMING.sweep)
    job = _job(number)
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert len(_deeds(number)) == 1


def test_children_do_not_outlive_a_worker_that_was_killed_alone(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    worker = start_worker(2)
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    _until(lambda: len(children.read_text().split()) == 3, tmp_path)
    pids = [int(child) for child in children.read_text().split()]
    worker.kill()
    worker.wait()
    _until(lambda: not any(_is_alive(pid) for pid in pids), tmp_path)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_frozen_worker_that_thaws_too_late_commits_nothing(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    paths = {name: tmp_path / name for name in ("begun", "go", "told")}
    number = _ask(asker, "test.late", **{name: str(path) for name, path in paths.items()})
    first = start_worker(1)
    _until(paths["begun"].exists, tmp_path)
    os.killpg(first.pid, signal.SIGSTOP)
    start_worker(1)
    _until(lambda: _job(number).is_over, tmp_path)
    paths["go"].touch()
    os.killpg(first.pid, signal.SIGCONT)
    _until(paths["told"].exists, tmp_path)
    time.sleep(0.5)
    assert paths["told"].read_text() == "Superseded"
    job = _job(number)
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert len(_deeds(number)) == 1


def test_a_worker_that_is_told_to_stop_releases_a_job_that_takes_too_long(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    number = _ask(asker, "test.fragile", begun=str(begun))
    worker = start_worker(1)
    _until(begun.exists, tmp_path)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    job = _job(number)
    assert (job.state, job.attempts, job.losses) == (JobState.QUEUED, 1, 0)
    start_worker(1)
    _until(lambda: _job(number).is_over, tmp_path)
    assert len(_deeds(number)) == 1


def test_the_worker_seals_the_audit_trail(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    with transaction(asker) as work:
        work.audit("test.deed", "nothing")
    start_worker(1)

    def links() -> int:
        with system_session(writes=False) as session:
            return len(session.scalars(sa.select(AuditLink)).all())

    _until(lambda: links() == 1, tmp_path)


def test_several_workers_do_every_job_once(
    app: Flask, asker: Actor, start_worker: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    for _ in range(2):
        start_worker(2)
    with transaction(asker) as work:
        numbers = [request_job(work, "test.count", str(n), {"to": 20}).id for n in range(40)]
    _until(lambda: all(_job(number).is_over for number in numbers), tmp_path)
    assert [len(_deeds(number)) for number in numbers] == [1] * 40
