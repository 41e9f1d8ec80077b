"""A new run by hand, in Debian's chromium: what is typed is shown at once, and the next click counts."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from portal.foundation.access import Role
from tests.identity.factories import PASSWORD, make_agency, make_bank, make_user
from tests.portfolio.factories import make_accounts
from tests.support.running import served
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [
    pytest.mark.browser, pytest.mark.databases("sqlite"), pytest.mark.settings(today=date(2005, 7, 1)),
]  # fmt: skip


def test_what_was_typed_last_is_saved_by_the_next_click(app: Flask, browser: Browser) -> None:
    """Leaving the field must not renew once more what is shown already: the button would be replaced under the click."""
    make_bank()
    one, two = make_agency("HT"), make_agency("ZX")
    for agency in (one, two):
        make_contract(agency)
    make_accounts(10, days=45)
    user = make_user(Role.VENDOR_MANAGER, password=PASSWORD)
    with served(app) as address:
        page = browser.new_context(base_url=address, locale="en").new_page()
        page.goto("/sign-in?next=/placements/new%3Fcurrency%3DTWD")
        page.fill("input[name=user_name]", user.user_name)
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/placements/new**")
        page.locator(f"[name=share_{one.id}]").press_sequentially("60")
        page.locator(f"[name=share_{two.id}]").press_sequentially("40")
        expect(page.locator("#preview tbody tr").first).to_contain_text("6")

        page.locator("#save button").click()

        page.wait_for_url(re.compile(r"/placements/\d+$"))
        expect(page.locator("main")).to_contain_text("draft")
        page.context.close()
