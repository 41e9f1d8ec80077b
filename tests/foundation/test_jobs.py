"""Jobs: asked for once, done as the person who asked, in the end with a word about how it went."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Actor, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import (
    Job,
    JobState,
    Superseded,
    cancel_job,
    request_job,
    retry_job,
    run_job,
    run_pending,
    run_to_end,
    sweep,
)
from portal.foundation.jobs.runtime import Timing, runtime
from portal.foundation.jobs.sessions import system_session
from portal.foundation.language import from_data
from portal.foundation.work import transaction
from tests.foundation import job_kinds
from tests.identity.factories import actor_of, make_agency, make_user

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

SHORT = Timing(lease=1.2, pause=0.03, sweep=0.2, overlooked=0.5, grace=2.0)


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["JOB_TIMING"] = SHORT
    runtime().queue.forget_all()  # on PostgreSQL the queue outlives the test
    return app


@pytest.fixture
def manager(app: Flask) -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


def ask(actor: Actor, kind: str = "test.count", key: str = "1", **payload: object) -> int:
    with transaction(actor) as work:
        return request_job(work, kind, key, payload or {"to": 3}).id


def job_now(job_id: int) -> Job:
    with system_session(writes=False) as session:
        return session.scalars(sa.select(Job).where(Job.id == job_id)).one()


def times_done(job_id: int) -> int:
    with system_session(writes=False) as session:
        events = sa.select(AuditEvent).where(AuditEvent.action == job_kinds.DONE, AuditEvent.subject_id == job_id)
        return len(session.scalars(events).all())


def until(condition: object, patience: float = 10) -> None:
    end = time.monotonic() + patience
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def in_background(app: Flask) -> threading.Thread:
    thread = threading.Thread(target=run_pending, args=(app,))
    thread.start()
    return thread


# --- asking and doing -------------------------------------------------------------------------------------------------


def test_a_job_runs_as_the_person_who_asked_and_says_how_it_went(app: Flask, manager: Actor) -> None:
    number = ask(manager, to=5)
    assert run_pending(app) == 1
    job = job_now(number)
    assert (job.state, job.progress_done, job.progress_total, job.attempts) == (JobState.DONE, 5, 5, 1)
    assert job.result and str(from_data(job.result["message"])) == "5 rows were counted"
    assert job.finished_at and job.started_at and job.lease_until is None
    with system_session(writes=False) as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == job_kinds.DONE)).one()
    assert (event.actor_user_id, event.organisation_id, event.origin) == (
        manager.user_id,
        manager.organisation_id,
        "job",
    )


def test_asking_twice_is_one_job(app: Flask, manager: Actor) -> None:
    first = ask(manager)
    assert ask(manager) == first
    run_pending(app)
    assert ask(manager) == first
    assert run_pending(app) == 0
    assert times_done(first) == 1


def test_the_same_key_of_another_organisation_is_another_job(app: Flask, manager: Actor) -> None:
    other = actor_of(make_user(Role.AGENCY_LEADER, make_agency()))
    assert ask(manager) != ask(other)
    assert run_pending(app) == 2


def test_two_who_ask_at_the_same_moment_get_one_job(app: Flask, manager: Actor) -> None:
    numbers: list[int] = []
    start = threading.Barrier(4)

    def ask_now() -> None:
        with app.app_context():
            start.wait()
            numbers.append(ask(manager))

    threads = [threading.Thread(target=ask_now) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 4 and len(set(numbers)) == 1


def test_a_job_whose_transaction_is_rolled_back_was_never_asked_for(app: Flask, manager: Actor) -> None:
    with pytest.raises(ZeroDivisionError), transaction(manager) as work:
        request_job(work, "test.count", "1", {"to": 1})
        raise ZeroDivisionError
    assert runtime().queue.numbers == []
    assert run_pending(app) == 0


def test_the_queue_carries_the_number_and_nothing_else(app: Flask, manager: Actor) -> None:
    number = ask(manager, name="secret")
    storage = runtime().queue.huey.storage
    assert [bytes(item) for item in storage.enqueued_items()] == [str(number).encode()]
    storage.close()
    runtime().queue.forget_all()


def test_a_job_is_done_only_once_however_often_its_number_comes(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    for _ in range(3):
        with app.app_context():
            run_job(number)
    assert times_done(number) == 1


def test_a_job_can_be_waited_for_to_its_end(app: Flask, manager: Actor) -> None:
    assert run_to_end(app, ask(manager)).state is JobState.DONE


# --- going wrong ------------------------------------------------------------------------------------------------------


def test_a_refusal_is_kept_with_its_code_and_words(app: Flask, manager: Actor) -> None:
    number = ask(manager, "test.refuse", name="空.csv")
    run_pending(app)
    job = job_now(number)
    assert job.state is JobState.FAILED and job.error
    assert job.error["code"] == "test.refused"
    assert str(from_data(job.error["message"])) == "File 空.csv is empty."


def test_a_crash_is_kept_without_the_exceptions_text(
    app: Flask, manager: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    number = ask(manager, "test.crash", name="x")
    run_pending(app)
    job, said = job_now(number), "".join(capsys.readouterr())
    assert job.state is JobState.FAILED and job.error and job.error["code"] == "job.crashed"
    assert job.progress_done == 3
    assert "陈大文" not in str(job.error) and "陈大文" not in said
    assert "ValueError" in said and "job_kinds.py" in said and job.error["request"] in said


def test_a_kind_that_nobody_knows_fails_with_words(app: Flask, manager: Actor) -> None:
    number = ask(manager, "test.nobody", name="x")
    run_pending(app)
    job = job_now(number)
    assert job.state is JobState.FAILED and job.error and job.error["code"] == "job.unknown_kind"


def test_a_job_of_somebody_who_has_no_access_any_more_fails(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    with system_session(writes=True) as session:
        session.execute(sa.update(Job).where(Job.id == number).values(requested_by=999_999))
    run_pending(app)
    job = job_now(number)
    assert job.state is JobState.FAILED and job.error and job.error["code"] == "job.requester_gone"
    assert times_done(number) == 0


def test_a_failed_job_can_be_tried_again(app: Flask, manager: Actor) -> None:
    number = ask(manager, "test.once", name="x")
    run_pending(app)
    retry_job(manager, number)
    run_pending(app)
    job = job_now(number)
    assert (job.state, job.error, job.attempts) == (JobState.DONE, None, 2)


def test_a_job_that_went_well_cannot_be_tried_again(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    run_pending(app)
    with pytest.raises(Refused):
        retry_job(manager, number)


# --- cancelling -------------------------------------------------------------------------------------------------------


def test_a_waiting_job_is_cancelled_at_once(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    cancel_job(manager, number)
    assert job_now(number).state is JobState.CANCELLED
    assert run_pending(app) == 0


def test_a_running_job_stops_at_its_next_step(app: Flask, manager: Actor, tmp_path: Path) -> None:
    number = ask(manager, "test.wait", begun=str(tmp_path / "begun"))
    thread = in_background(app)
    until((tmp_path / "begun").exists)
    cancel_job(manager, number)
    thread.join(10)
    assert job_now(number).state is JobState.CANCELLED
    assert not list((tmp_path / "jobs").glob("*")) if (tmp_path / "jobs").exists() else True


def test_a_cancelled_job_can_be_tried_again(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    cancel_job(manager, number)
    retry_job(manager, number)
    run_pending(app)
    assert job_now(number).state is JobState.DONE


def test_a_job_that_is_over_cannot_be_cancelled(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    run_pending(app)
    with pytest.raises(Refused):
        cancel_job(manager, number)


def test_only_who_asked_or_an_administrator_cancels(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    with pytest.raises(DomainError) as refused:
        cancel_job(actor_of(make_user(Role.FINANCE)), number)
    assert refused.value.status == 403
    with pytest.raises(NotFound):
        cancel_job(actor_of(make_user(Role.AGENCY_LEADER, make_agency())), number)
    cancel_job(actor_of(make_user(Role.ADMINISTRATOR)), number)
    assert job_now(number).state is JobState.CANCELLED


# --- inside a long transaction ----------------------------------------------------------------------------------------


def test_a_handler_in_a_long_transaction_stays_alive_and_shows_its_progress(
    app: Flask, manager: Actor, tmp_path: Path
) -> None:
    """It holds SQLite's only write lock for two leases."""
    number = ask(manager, "test.hold", begun=str(tmp_path / "begun"), seconds=2 * SHORT.lease)
    thread = in_background(app)
    until((tmp_path / "begun").exists)
    seen: set[int] = set()
    while thread.is_alive():
        seen.add(runtime().pulse.latest(job_now(number)).report.done)
        assert sweep() == []
        time.sleep(0.05)
    job = job_now(number)
    assert (job.state, job.attempts) == (JobState.DONE, 1)
    assert len(seen) > 3
    assert times_done(number) == 1


def test_a_handler_in_a_long_transaction_can_be_cancelled_and_leaves_nothing(
    app: Flask, manager: Actor, tmp_path: Path
) -> None:
    number = ask(manager, "test.hold", begun=str(tmp_path / "begun"), seconds=20)
    thread = in_background(app)
    until((tmp_path / "begun").exists)
    before = time.monotonic()
    cancel_job(manager, number)
    thread.join(15)
    assert time.monotonic() - before < 10
    assert job_now(number).state is JobState.CANCELLED
    assert times_done(number) == 0


# --- losing workers and numbers ---------------------------------------------------------------------------------------


def _seem_dead(number: int) -> None:
    """As if a worker had taken the job and had never been heard of again."""
    with system_session(writes=True) as session:
        job = session.scalars(sa.select(Job).where(Job.id == number)).one()
        job.state, job.attempts = JobState.RUNNING, job.attempts + 1
        job.lease_until = job.created_at - timedelta(seconds=1)
    runtime().pulse.forget(number)


def test_a_job_whose_worker_died_is_put_into_the_queue_again(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    runtime().queue.forget_all()
    _seem_dead(number)
    assert sweep() == [number]
    assert sweep() == []
    assert runtime().queue.numbers == [number]
    run_pending(app)
    job = job_now(number)
    assert (job.state, job.attempts, job.losses) == (JobState.DONE, 2, 1)


def test_a_job_that_kills_its_workers_is_given_up(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    for _ in range(3):
        _seem_dead(number)
        sweep()
    job = job_now(number)
    assert job.state is JobState.FAILED and job.error and job.error["code"] == "job.lost"
    retry_job(manager, number)
    assert job_now(number).losses == 0


def test_a_job_that_was_to_be_cancelled_when_its_worker_died_is_cancelled(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    _seem_dead(number)
    cancel_job(manager, number)
    assert sweep() == []
    assert job_now(number).state is JobState.CANCELLED


def test_a_number_that_the_queue_lost_is_put_in_again(app: Flask, manager: Actor) -> None:
    number = ask(manager)
    runtime().queue.forget_all()
    assert sweep() == []
    with system_session(writes=True) as session:
        job = session.scalars(sa.select(Job).where(Job.id == number)).one()
        job.queued_at -= timedelta(seconds=SHORT.overlooked + 1)
    assert sweep() == [number]
    assert sweep() == []


def test_what_a_late_worker_commits_does_not_stand(app: Flask, manager: Actor, tmp_path: Path) -> None:
    """It was taken for dead, another one did the job, and then it goes on as if nothing had happened."""
    paths = {name: str(tmp_path / name) for name in ("begun", "go", "told")}
    number = ask(manager, "test.late", **paths)
    thread = in_background(app)
    until((tmp_path / "begun").exists)
    with system_session(writes=True) as session:
        session.execute(sa.update(Job).where(Job.id == number).values(state=JobState.QUEUED))
    with app.app_context():
        run_job(number)
    assert job_now(number).state is JobState.DONE
    (tmp_path / "go").touch()
    thread.join(10)
    assert (tmp_path / "told").read_text() == Superseded.__name__
    job = job_now(number)
    assert (job.state, job.attempts) == (JobState.DONE, 2)
    assert times_done(number) == 1
