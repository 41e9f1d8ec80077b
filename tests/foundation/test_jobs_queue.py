"""The queue on PostgreSQL, where the application's own user may create nothing."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from portal.config import Settings
from portal.foundation.jobs.queue import JobQueue, make_huey, prepare_postgresql

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import PostgreSQL


@pytest.fixture
def settings(postgresql_server: PostgreSQL, tmp_path: Path) -> Settings:
    """A database with an owner, and a user beside it."""
    owner = postgresql_server.create_database()
    at = conninfo_to_dict(owner)
    name, password = f"{at['dbname']}_web", secrets.token_hex(8)
    with psycopg.connect(postgresql_server.url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
        )
    user = f"postgresql://{name}:{password}@{at['host']}:{at['port']}/{at['dbname']}"
    return Settings(env="test", home=tmp_path, database_url=user, database_owner_url=owner)


def test_the_owner_makes_the_queue_and_the_applications_user_works_with_it(settings: Settings) -> None:
    run: list[int] = []
    queue = JobQueue(make_huey(settings), run.append)
    queue.put(7)
    queue.put(8)
    assert queue.numbers == [7, 8]
    task = queue.huey.dequeue()
    queue.huey.execute(task)
    queue.huey.storage.close()
    assert run == [7]
    assert queue.numbers == [8]


def test_a_queue_that_stands_needs_no_owner_any_more(settings: Settings) -> None:
    prepare_postgresql(settings)
    queue = JobQueue(make_huey(replace(settings, database_owner_url="")), lambda number: None)
    queue.put(1)
    assert queue.numbers == [1]


@pytest.mark.parametrize("content", [b"", b"x", b"\x80\x04K\x07."])
def test_what_is_no_number_is_not_run(tmp_path: Path, content: bytes) -> None:
    """A pickle in the queue is nothing but a wrong number."""
    run: list[int] = []
    queue = JobQueue(make_huey(Settings(env="test", home=tmp_path)), run.append)
    queue.huey.storage.enqueue(content)
    with pytest.raises(ValueError):
        queue.huey.dequeue()
    assert run == []
    queue.huey.storage.close()


def test_a_queue_that_cannot_be_reached_stops_nobody(tmp_path: Path) -> None:
    queue = JobQueue(
        make_huey(Settings(env="test", home=tmp_path, redis_url="redis://127.0.0.1:1/0")), lambda number: None
    )
    queue.put(1)
