"""Segments on the pages of the vendor manager."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.placement.conditions import Conditions
from portal.placement.segment_models import Segment
from portal.placement.segments import archive_segment, change_segment, save_segment
from portal.portfolio.models import HoldFlag
from tests.identity.factories import make_agency, make_user
from tests.placement.factories import criteria, make_desk
from tests.portfolio.factories import make_accounts, make_hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.identity.models import User
    from tests.support.pages import Page, PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
ASKED = "currency=TWD&buckets=M2&days_from=40&charged_off="


def hidden(page: Page) -> dict[str, str]:
    """What the form that saves sends unseen."""
    fields = page.form("save").iter("input")
    return {field.get("name", ""): field.get("value", "") for field in fields if "token" not in field.get("name", "")}


def can_save(page: Page) -> bool:
    return any(form.get("id") == "save" and list(form.iter("button")) for form in page.forms)


def preview(page: Page) -> str:
    return " ".join("".join(page.element("preview").itertext()).split())


def test_a_question_is_counted_before_it_is_kept(app: Flask, client_for: Client, db_session: Session) -> None:
    make_accounts(3, days=45, total_minor=100_00)
    make_accounts(2, days=35)
    browser = client_for(make_user(Role.VENDOR_MANAGER))

    page = browser.get(f"/segments/new?{ASKED}")
    assert "3 NT$300.00" in preview(page)
    assert not can_save(page)
    page = browser.get(f"/segments/new?{ASKED}&name=Late")
    assert can_save(page)
    browser.post("/segments/new", hidden(page))

    kept = db_session.scalars(sa.select(Segment)).one()
    assert (kept.name, kept.data["buckets"], kept.data["conditions"]) == ("Late", ["M2"], {"days_from": 40})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days_from", "many"), ("balance_from", "x"), ("paid_to", "2005-13-01"), ("regions", "Atlantis"),
        ("returned_by", "RC-0"), ("rounds_to", "-1"), ("former_holders", "999"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said_at_its_field_and_what_was_written_stays(
    app: Flask, client_for: Client, field: str, value: str
) -> None:
    make_accounts(1, days=45)
    make_agency("HT")
    browser = client_for(make_user(Role.VENDOR_MANAGER))

    page = browser.get(f"/segments/new?currency=TWD&buckets=M2&name=Kept&{field}={value}")

    assert f"#{field}" in page.links.values()
    assert page.field("name").get("value") == "Kept"
    assert not can_save(page)
    answer = browser.post("/segments/new", {"currency": "TWD", "buckets": "M2", "name": "Kept", field: value})
    assert answer.status == 422


def test_everything_that_is_wrong_with_a_segment_is_said_at_once(app: Flask, client_for: Client) -> None:
    make_accounts(1, days=45)
    address = "/segments/new?currency=TWD&balance_from=a&days_to=b&paid_from=c&regions=Atlantis&returned_by=R9"

    page = client_for(make_user(Role.VENDOR_MANAGER)).get(address)

    for label, field in (
        ("Balance from", "balance_from"), ("Days past due up to", "days_to"), ("Last paid from", "paid_from"),
        ("Regions", "regions"), ("Came back by recall no.", "returned_by"),
    ):  # fmt: skip
        assert page.links[label] == f"#{field}"


def test_the_page_says_what_it_finds_and_why_the_rest_is_left_out(app: Flask, client_for: Client) -> None:
    _free, held = make_accounts(2, days=45)
    make_hold(held, HoldFlag.DISPUTE)
    make_accounts(1, days=45, due_date=date(2002, 1, 1))
    segment_id = save_segment(make_desk().maker, "Late", criteria(conditions=Conditions(days_from=40, rounds_to=0)))

    english = client_for(make_user(Role.VENDOR_MANAGER)).get(f"/segments/{segment_id}")
    chinese = client_for(make_user(Role.VENDOR_MANAGER, locale="zh_Hans")).get(f"/segments/{segment_id}")

    for words in ("days past due from 40 on", "never placed", "hold: dispute", "the time to sue is over"):
        assert words in english
    for words in ("从未委案", "诉讼时效已届满", "据此新建方案"):
        assert words in chinese


def test_the_list_counts_and_hides_what_is_archived(app: Flask, client_for: Client) -> None:
    make_accounts(4, days=45, total_minor=100_00)
    maker = make_desk().maker
    save_segment(maker, "Late", criteria(buckets=("M2",)))
    archive_segment(maker, save_segment(maker, "Old", criteria(buckets=("M1",))))
    browser = client_for(make_user(Role.VENDOR_MANAGER))

    offered, archived = browser.get("/segments"), browser.get("/segments?state=archived")
    assert {"Late", "Old"} & set(offered.links) == {"Late"}
    counted = browser.client.get(offered.html.split('data-later="')[1].split('"')[0]).json
    assert counted == {"words": "4 accounts · NT$400.00"}
    assert {"Late", "Old"} & set(archived.links) == {"Old"}


def test_an_edit_begins_with_what_is_saved_and_a_stale_one_is_told_and_loses_nothing(
    app: Flask, client_for: Client, db_session: Session
) -> None:
    make_accounts(1, days=45)
    desk = make_desk()
    saved = criteria(buckets=("M2",), conditions=Conditions(regions=("CN-SH",), never_paid=True, days_from=40))
    segment_id = save_segment(desk.maker, "Late", saved, "a note")
    browser = client_for(make_user(Role.VENDOR_MANAGER))
    address = f"/segments/{segment_id}/edit"

    page = browser.get(address)
    assert page.field("regions").get("value") == "Shanghai"
    assert page.field("never_paid").get("checked") is not None
    change_segment(desk.checker, segment_id, 1, "Late", criteria(buckets=("M3",)))
    told = browser.post(address, hidden(page) | {"name": "Mine"}, status=409)

    assert "Somebody else has changed this segment" in told
    assert told.field("name").get("value") == "Mine"
    assert db_session.scalars(sa.select(Segment.name)).one() == "Late"
    browser.post(address, hidden(told), to=f"/segments/{segment_id}")
    db_session.rollback()
    assert db_session.scalars(sa.select(Segment.name)).one() == "Mine"


def test_the_account_says_until_when_it_can_be_sued_for_and_what_began_it_anew(app: Flask, client_for: Client) -> None:
    due = make_accounts(1, days=45, due_date=date(2005, 5, 1))[0]
    paid = make_accounts(1, days=45, due_date=date(2005, 5, 1), last_paid_on=date(2005, 6, 1))[0]
    browser = client_for(make_user(Role.VENDOR_MANAGER))
    chinese = client_for(make_user(Role.VENDOR_MANAGER, locale="zh_Hans"))

    page = browser.get(f"/accounts/{paid.id}")
    assert "1 Jun 2008 3 years from the last payment, 1 Jun 2005, which began them anew" in page
    assert "自应还款日2005年5月1日起 3 年" in chinese.get(f"/accounts/{due.id}")


def test_a_portal_without_segments_leads_to_the_first_one(app: Flask, client_for: Client) -> None:
    page = client_for(make_user(Role.VENDOR_MANAGER)).get("/segments")

    assert "No segment is in use." in page and "Clear the filters" not in page
    assert page.links["New segment"] == "/segments/new"
