"""Fixtures that all tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

# no timed test: a busy machine is no failure
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

pytest_plugins = ["tests.support.servers", "tests.support.apps", "tests.support.pages"]


def pytest_collection_finish() -> None:
    """What has been imported by now stays, so that the collector need not look at it again; a seventh of the run was that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@event.listens_for(Engine, "connect")
def _turn_unordered_rows_round(dbapi_connection: Any, _record: Any) -> None:
    """Rows that no ORDER BY asked for come from SQLite in the order opposite to its usual one.

    SQLite's usual order is that of the keys, which looks like an order that somebody asked for; PostgreSQL's is none.
    What leans on it fails here in each run, not on PostgreSQL once in a while.
    """
    if type(dbapi_connection).__module__.startswith("sqlite3"):
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA reverse_unordered_selects = ON")
        cursor.close()


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A command that was run in this process has sent the log lines elsewhere; the next test has them again."""
    yield
    structlog.reset_defaults()
