"""The queue: Huey, carrying nothing but job numbers.

Redis where `PORTAL_REDIS_URL` names one; else PostgreSQL where that is the database, so that workers on any machine see
it; else a file of SQLite in `PORTAL_HOME`. A queue may lose a number (Huey drops it when it hands it out): the rows are
the truth, and the sweeper asks again.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import huey
import psycopg
import structlog
from huey.registry import Message
from psycopg import sql
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from portal.config import Settings

__all__ = ["JobQueue", "make_huey", "prepare_postgresql"]

log = structlog.get_logger()
NAME = "portal"
SCHEMA = "portal_queue"
PREPARING = 0x706F7274616C71  # an advisory lock's number: two processes do not create the tables at once


class NumberSerializer:
    """A job's number in digits. Huey's own way is pickle, which would let whoever writes to the queue run code here."""

    def __init__(self, task: str) -> None:
        self._task = task

    def serialize(self, message: Message) -> bytes:
        """The number alone."""
        return str(message.args[0]).encode()

    def deserialize(self, data: bytes) -> Message:
        """A task for the number. ValueError for anything but digits."""
        number = int(bytes(data))
        return Message(id=f"job-{number}", name=self._task, retries=0, retry_delay=0, args=(number,), kwargs={})


class JobQueue:
    """Puts numbers into the queue; `huey` hands them out to workers."""

    def __init__(self, engine: Any, run: Callable[[int], None]) -> None:
        self.huey = engine
        self._task = engine.task(name="run_job")(run)
        engine.serializer = NumberSerializer(engine._registry.task_to_string(self._task.task_class))
        # Huey's storage has one connection for all threads: none may close it while another works with it.
        self._one_at_a_time = Lock()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """A web process asks for a job now and then: no reason to stay connected afterwards."""
        with self._one_at_a_time:
            try:
                yield
            finally:
                self.huey.storage.close()

    def put(self, job_id: int) -> None:
        """Hand a job to the workers. Never fails: a number that could not be put in is found by the sweeper."""
        try:
            with self._connected():
                self._task(job_id)
        except Exception as error:
            log.warning("job.queue_unreachable", job=job_id, error=type(error).__name__)

    @property
    def numbers(self) -> list[int]:
        """The numbers that wait in the queue, those that come first in front."""
        with self._connected():
            return [int(bytes(item)) for item in self.huey.storage.enqueued_items()]

    def forget_all(self) -> None:
        """Lose every number; the sweeper finds the jobs again."""
        with self._connected():
            self.huey.storage.flush_queue()


def make_huey(settings: Settings) -> Any:
    """Huey on the queue that the settings ask for."""
    if settings.redis_url:
        return huey.RedisHuey(NAME, url=settings.redis_url, results=False)
    if settings.sqlalchemy_url.startswith("postgresql"):
        prepare_postgresql(settings)
        return huey.PostgresHuey(
            NAME, results=False, create_tables=False, connection=partial(_connect, settings.sqlalchemy_url)
        )
    settings.home.mkdir(parents=True, exist_ok=True)
    return huey.SqliteHuey(NAME, results=False, filename=str(settings.home / "queue.sqlite3"), timeout=30)


def prepare_postgresql(settings: Settings) -> None:
    """Create the queue's tables in a schema of their own, as the database's owner, if they are not there."""
    user = make_url(settings.sqlalchemy_url).username or ""
    with _connect(settings.sqlalchemy_url) as connection:
        if _stands(connection):
            return
    schema = sql.Identifier(SCHEMA)
    with _connect(settings.owner_sqlalchemy_url) as owner:
        owner.execute("SELECT pg_advisory_xact_lock(%s)", (PREPARING,))
        owner.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        for statement in huey.PostgresHuey(NAME, create_tables=False).storage.ddl:
            owner.execute(statement)
        for grant in ("USAGE ON SCHEMA {}", "ALL ON ALL TABLES IN SCHEMA {}", "ALL ON ALL SEQUENCES IN SCHEMA {}"):
            owner.execute(sql.SQL("GRANT " + grant + " TO {}").format(schema, sql.Identifier(user)))


def _stands(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.huey_counter",)).fetchone()
    return bool(found and found[0])


def _connect(url: str) -> psycopg.Connection[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, options=f"-c search_path={SCHEMA}")
