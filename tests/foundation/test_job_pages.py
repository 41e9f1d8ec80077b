"""The pages of jobs: who sees which, how far one is, cancel and retry by button."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import Job, JobState, request_job, run_pending
from portal.foundation.jobs.runtime import runtime
from portal.foundation.jobs.sessions import system_session
from portal.foundation.work import transaction
from tests.foundation import job_kinds
from tests.identity.factories import actor_of, make_agency, make_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = pytest.mark.databases("sqlite")
assert job_kinds


def ask(user: User, kind: str = "test.count", key: str = "1", **payload: object) -> int:
    with transaction(actor_of(user)) as work:
        return request_job(work, kind, key, payload or {"to": 3}).id


@pytest.fixture
def manager(app: Flask) -> User:
    return make_user(Role.VENDOR_MANAGER)


def test_the_list_shows_the_jobs_of_ones_own_organisation(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    leader = make_user(Role.AGENCY_LEADER, make_agency())
    mine, theirs = ask(manager), ask(leader)
    for user, seen, unseen in ((manager, mine, theirs), (leader, theirs, mine)):
        page = client_for(user).get("/jobs")
        assert f"/jobs/{seen}" in page.html
        assert f"/jobs/{unseen}" not in page.html
        client_for(user).get(f"/jobs/{unseen}", status=404)


def test_an_administrator_of_the_bank_sees_all_jobs(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    numbers = ask(manager), ask(make_user(Role.AGENCY_LEADER, make_agency()))
    page = client_for(make_user(Role.ADMINISTRATOR)).get("/jobs")
    assert all(f"/jobs/{number}" in page.html for number in numbers)


def test_the_list_can_be_narrowed_to_a_state(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    failed = ask(manager, "test.refuse", name="x")
    run_pending(app)
    waiting = ask(manager)
    page = client_for(manager).get("/jobs?state=failed")
    assert f"/jobs/{failed}" in page.html and f"/jobs/{waiting}" not in page.html


def test_a_job_that_waits_says_so_and_is_followed(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    page = client_for(manager).get(f"/jobs/{number}")
    assert "Counting" in page and "in the queue" in page
    assert f'data-job="/jobs/{number}.json"' in page.html
    assert 'http-equiv="refresh"' in page.html


def test_a_running_job_says_how_far_it_is(
    app: Flask, manager: User, client_for: Callable[[User], PageClient], tmp_path: Path
) -> None:
    number = ask(manager, "test.hold", begun=str(tmp_path / "begun"), seconds=1.5)
    # Signed in before: to sign in is to write, and where the job has begun to write first it waits for the job's end.
    browser, seen = client_for(manager), set()
    thread = threading.Thread(target=run_pending, args=(app,))
    thread.start()
    while thread.is_alive():
        said = browser.client.get(f"/jobs/{number}.json").json
        seen.add((said["state"], said["done"]))
        thread.join(0.1)
    assert len([done for state, done in seen if state == "running"]) > 2
    assert browser.client.get(f"/jobs/{number}.json").json["is_over"] is True


def test_a_finished_job_leads_to_its_result(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    run_pending(app)
    browser = client_for(manager)
    page = browser.get(f"/jobs/{number}")
    assert "3 rows were counted" in page and page.links["Open the result"] == f"/jobs/{number}/result"
    assert "3 rows were counted" in browser.get(page.links["Open the result"], to="/jobs")
    said = browser.client.get(f"/jobs/{number}.json").json
    assert (said["state"], said["done"], said["total"], said["next_url"]) == (
        "done", 3, 3, f"/jobs/{number}/result",
    )  # fmt: skip
    assert (said["label"], said["tone"]) == ("finished", "good")


def test_the_page_of_a_result_says_once_what_came_of_the_job(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    browser = client_for(manager)
    browser.get(f"/jobs/{number}/result", to=f"/jobs/{number}")  # there is none yet
    run_pending(app)

    assert "3 rows were counted" in browser.get(f"/jobs/{number}/result", to="/jobs")
    assert "3 rows were counted" not in browser.get("/jobs")


def test_a_result_never_leads_away_from_the_portal(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    run_pending(app)
    with system_session(writes=True) as session:
        session.execute(sa.update(Job).values(result={"url": "//elsewhere.example/"}))
    browser = client_for(manager)
    assert browser.client.get(f"/jobs/{number}.json").json["next_url"] is None
    browser.get(f"/jobs/{number}/result", to=f"/jobs/{number}")


def test_a_file_as_a_result_is_led_to_at_once_since_it_cannot_say_what_came_of_it(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    run_pending(app)
    with system_session(writes=True) as session:
        result = {"url": "/statements/1.pdf?language=zh", "message": {"msgid": "It is made."}}
        session.execute(sa.update(Job).values(result=result))
    assert client_for(manager).client.get(f"/jobs/{number}.json").json["next_url"] == "/statements/1.pdf?language=zh"


def test_a_failed_job_says_why_and_is_tried_again_by_button(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager, "test.once", name="x")
    run_pending(app)
    browser = client_for(manager)
    page = browser.get(f"/jobs/{number}")
    assert "File x is empty." in page and "test.refused" in page
    page = page.submit(f"/jobs/{number}/retry", to=f"/jobs/{number}")
    assert "in the queue again" in page
    run_pending(app)
    assert "finished" in browser.get(f"/jobs/{number}")
    with system_session(writes=False) as session:
        deeds = session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert "job.tried_again" in deeds


def test_a_waiting_job_is_cancelled_by_button(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    page = client_for(manager).get(f"/jobs/{number}").submit(f"/jobs/{number}/cancel", to=f"/jobs/{number}")
    assert "cancelled" in page
    with system_session(writes=False) as session:
        assert session.scalars(sa.select(Job)).one().state is JobState.CANCELLED


def test_somebody_elses_job_has_no_buttons_and_its_addresses_refuse(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    number = ask(manager)
    browser = client_for(make_user(Role.FINANCE))
    assert f"/jobs/{number}/cancel" not in browser.get(f"/jobs/{number}").html
    browser.post(f"/jobs/{number}/cancel", status=403)
    outsider = client_for(make_user(Role.AGENCY_LEADER, make_agency()))
    for deed in ("cancel", "retry"):
        outsider.post(f"/jobs/{number}/{deed}", status=404)
    assert outsider.client.get(f"/jobs/{number}.json").status_code == 404


def test_cancelling_what_has_ended_says_so(app: Flask, manager: User, client_for: Callable[[User], PageClient]) -> None:
    number = ask(manager)
    run_pending(app)
    assert "has ended already" in client_for(manager).post(f"/jobs/{number}/cancel", status=409)


def test_the_pages_are_chinese_for_who_reads_chinese(app: Flask, client_for: Callable[[User], PageClient]) -> None:
    manager = make_user(Role.VENDOR_MANAGER, locale="zh_Hans")
    number = ask(manager)
    page = client_for(manager).get(f"/jobs/{number}")
    assert page.h1 == f"任务 {number}" and "排队中" in page
    assert "任务编号" in client_for(manager).get("/jobs")


def test_every_job_that_is_asked_for_is_in_the_queue(app: Flask, manager: User) -> None:
    numbers = [ask(manager, key=str(n)) for n in range(3)]
    assert runtime().queue.numbers == numbers


def test_home_tells_administrators_of_faults_of_the_portal_and_senders_of_their_own_files(
    app: Flask, manager: User, client_for: Callable[[User], PageClient]
) -> None:
    ask(manager, "test.refuse", name="june.csv")
    crashed = ask(manager, "test.crash")
    run_pending(app)

    sender, administrator = client_for(manager).get("/"), client_for(make_user(Role.ADMINISTRATOR)).get("/")

    assert sender.text.count("has failed") == 2
    assert administrator.text.count("has failed") == 1
    assert administrator.links["See why"] == f"/jobs/{crashed}"
