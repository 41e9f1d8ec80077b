"""The list of accounts as an organisation has it: what it holds, the latest first, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import Role
from tests.identity.factories import make_agency, make_user
from tests.placement.factories import make_desk, placed, recalled
from tests.portfolio.factories import make_accounts
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import Organisation, User
    from tests.support.pages import Page, PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))


def agency(code: str) -> Organisation:
    organisation = make_agency(code)
    make_contract(organisation)
    return organisation


def refs(page: Page) -> list[str]:
    """The accounts of the page in its order."""
    return [(cell.text or "").strip() for cell in page.root.iter("a") if cell.get("data-row-link") is not None]


def test_a_holder_sees_what_it_holds_and_what_was_owed_when_it_came(app: Flask, client_for: Client) -> None:
    accounts = make_accounts(3, total_minor=1_234_00)
    mine = agency("HT")
    placed(make_desk(), mine)
    make_accounts(2)

    page = client_for(make_user(Role.AGENCY_LEADER, mine)).get("/accounts")

    assert set(refs(page)) == {a.account_ref for a in accounts}
    assert page.text.count("NT$1,234.00") == 6  # owed now and when placed
    assert "1 Jul 2005" in page


def test_a_rival_sees_none_of_them_and_is_told_where_accounts_come_from(app: Flask, client_for: Client) -> None:
    make_accounts(3)
    placed(make_desk(), agency("HT"))

    page = client_for(make_user(Role.AGENCY_LEADER, agency("ZX"))).get("/accounts")

    assert refs(page) == []
    assert "Accounts come with the batches that you accept." in page


def test_a_batch_that_waits_and_one_that_went_back_are_not_held(app: Flask, client_for: Client) -> None:
    desk, mine = make_desk(), agency("HT")
    make_accounts(2)
    recalled(desk, placed(desk, mine))
    make_accounts(1)
    placed(desk, mine, accepted=False)

    assert refs(client_for(make_user(Role.AGENCY_LEADER, mine)).get("/accounts")) == []


def test_a_holder_sorts_by_what_was_owed_and_narrows_by_the_bucket_of_that_day(app: Flask, client_for: Client) -> None:
    (small,) = make_accounts(1, total_minor=10_00, days=45)
    (large,) = make_accounts(1, total_minor=20_00, days=75)
    mine = agency("HT")
    placed(make_desk(), mine)
    browser = client_for(make_user(Role.AGENCY_LEADER, mine))

    assert refs(browser.get("/accounts?sort=-placed")) == [large.account_ref, small.account_ref]
    assert refs(browser.get("/accounts?sort=placed")) == [small.account_ref, large.account_ref]
    assert refs(browser.get("/accounts?bucket=M2")) == [small.account_ref]


def test_the_pages_of_a_long_list_follow_each_other_and_the_file_has_all_of_them(
    app: Flask, client_for: Client
) -> None:
    accounts = make_accounts(60)
    mine = agency("HT")
    placed(make_desk(), mine)
    browser = client_for(make_user(Role.AGENCY_LEADER, mine))

    first = browser.get("/accounts")
    second = browser.get("/accounts" + next(a.get("href", "") for a in first.root.iter("a") if a.get("rel") == "next"))

    assert (len(refs(first)), len(refs(second))) == (50, 10)
    assert set(refs(first)) | set(refs(second)) == {a.account_ref for a in accounts}
    lines = browser.client.get("/accounts?export=csv").text.splitlines()
    assert len(lines) == 61
