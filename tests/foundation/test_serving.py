"""`portal serve` and its own worker: what an operator sees and what is left behind."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import request

from portal import create_app
from portal.config import Settings
from tests.support.running import RunningPortal

SOON = 30  # seconds


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def _workers_of(server: int) -> set[int]:
    """Process numbers of the workers that a server brought."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"--ends-with" in words and parent == server:
            found.add(int(folder.name))
    return found


def _is_gone(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[RunningPortal]:
    running = RunningPortal(tmp_path)
    running.command("init")
    yield running
    running.stop()


def test_an_address_in_use_is_told_in_one_sentence(portal: RunningPortal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = portal.command("serve", "--port", port, check=False)

    assert done.returncode == 1
    assert f"port {port}: Address already in use" in done.stderr
    assert "--port or PORTAL_PORT" in done.stderr


def test_a_database_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    portal = RunningPortal(tmp_path, {"PORTAL_DATABASE_URL": "postgresql://someone:hidden@127.0.0.1:1/portal"})

    done = portal.command("serve", check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database cannot be reached (PORTAL_DATABASE_URL")
    assert "Traceback" not in done.stderr and "hidden" not in done.stderr


@pytest.mark.kill
def test_a_killed_worker_is_replaced_and_none_outlives_its_server(portal: RunningPortal) -> None:
    portal.start("2026-07-01")
    server = portal.processes[0].pid
    (first,) = _workers_of(server)

    os.kill(first, signal.SIGKILL)
    _until(lambda: bool(_workers_of(server) - {first}))
    (second,) = _workers_of(server)
    os.kill(server, signal.SIGKILL)

    _until(lambda: _is_gone(second))


def test_people_can_sign_in_while_redis_is_away(tmp_path: Path) -> None:
    app = create_app(Settings(env="test", home=tmp_path, redis_url="redis://127.0.0.1:1"))
    app.config["WTF_CSRF_ENABLED"] = False

    answer = app.test_client().post("/sign-in", data={})

    assert answer.status_code == 422


@pytest.mark.parametrize(("proxies", "seen"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_an_address_is_taken_from_as_many_proxies_as_are_named(tmp_path: Path, proxies: int, seen: str) -> None:
    app = create_app(Settings(env="test", home=tmp_path, proxies=proxies))
    addresses = []
    app.before_request(lambda: addresses.append(request.remote_addr))

    app.test_client().get("/sign-in", headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})

    assert addresses == [seen]


def test_a_data_key_left_out_is_told_as_such_and_not_as_a_change_to_the_trail(portal: RunningPortal) -> None:
    other = "other:" + base64.b64encode(hashlib.sha256(b"another data key").digest()).decode()
    portal.environment["PORTAL_DATA_KEY"] = other

    done = portal.command("audit", "verify", check=False)

    assert done.returncode == 1
    assert "PORTAL_DATA_KEY does not hold key 'demo'" in done.stderr
    assert "breaks" not in done.stdout
