"""Fixtures that all tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# no timed test: a busy machine is no failure
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

pytest_plugins = ["tests.support.servers", "tests.support.apps", "tests.support.pages"]


def pytest_collection_finish() -> None:
    """What has been imported by now stays, so that the collector need not look at it again; a seventh of the run was that."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A command that was run in this process has sent the log lines elsewhere; the next test has them again."""
    yield
    structlog.reset_defaults()
