"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# no timed test: a busy machine is no failure
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

pytest_plugins = ["tests.support.servers", "tests.support.apps", "tests.support.pages"]


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """A command that was run in this process has sent the log lines elsewhere; the next test has them again."""
    yield
    structlog.reset_defaults()
