"""Fixtures that all tests share."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# no timed test: a busy machine is no failure
settings.register_profile("portal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portal")

pytest_plugins = ["tests.support.servers", "tests.support.apps", "tests.support.pages"]
