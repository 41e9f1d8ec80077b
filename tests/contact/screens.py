"""The workbench in a real browser, as a collector has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from flask import Flask
from playwright.sync_api import Page, sync_playwright

from portal.foundation.access import Role
from portal.foundation.clock import FrozenClock
from portal.foundation.services import services
from tests.contact.factories import Desk
from tests.identity.factories import PASSWORD, make_user
from tests.support.running import served

__all__ = ["workbench"]


@dataclass(frozen=True)
class StandingClock(FrozenClock):
    """Business time stands still; sessions and cookies live by real time, as the browser does."""

    def real_now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def workbench(app: Flask, desk: Desk, now: datetime) -> Iterator[Page]:
    """The desk's account, opened by a collector of the agency; at the end no script has complained."""
    program = shutil.which("chromium")
    if not program:
        pytest.skip("no chromium (apt-get install chromium)")
    user = make_user(Role.AGENCY_STAFF, desk.agency, password=PASSWORD)
    services().clock = StandingClock(at=now.astimezone(UTC))
    with served(app) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(base_url=address, locale="en").new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/sign-in")
        page.fill("input[name=user_name]", user.user_name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/queue")
        page.goto(f"/queue/{desk.account_id}")
        yield page
        browser.close()
    assert not complaints
