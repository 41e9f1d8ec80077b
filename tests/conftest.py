"""Fixtures that all tests share."""

from __future__ import annotations

pytest_plugins = ["tests.support.servers", "tests.support.apps", "tests.support.pages"]
