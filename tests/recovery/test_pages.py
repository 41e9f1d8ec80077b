"""Pages of payments: what was posted, to whom it is credited and why, and what nobody is credited with."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.portfolio.importing import ImportRefused
from portal.recovery.rule_models import Pairs
from portal.recovery.rules import PaymentRules, set_rules
from tests.identity.factories import actor_of, make_user
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

    from tests.support.pages import Page

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def pages(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.FINANCE))


def test_without_payments_the_page_leads_to_the_first_import(pages: PageClient) -> None:
    assert pages.get("/payments").links["Import payments"] == "/payments/imports/new"
    assert "Every payment is credited to somebody." in pages.get("/payments/exceptions")


def test_a_payment_stands_with_its_holder_and_the_why_unfolds(pages: PageClient) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "1234.56"), reversal("R-1", "P-1", "4.56")))

    page = pages.get("/payments")

    assert "1,234.56" in page
    assert held.agency.name in page
    whys = [element for element in page.root.iter("details") if element.get("class") == "why"]
    assert len(whys) == 2
    assert "Held by" in "".join(whys[1].itertext())
    export = pages.client.get("/payments?export=csv").get_data(as_text=True)
    assert "Held by" in export
    assert "1234.56" in export


def test_exceptions_are_counted_in_the_navigation_and_say_why(pages: PageClient) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1")))

    page = pages.get("/payments/exceptions")

    assert "the account was never placed for collection" in page
    counts = [
        "".join(element.itertext()).strip() for element in page.root.iter("span") if element.get("class") == "count"
    ]
    assert counts
    assert all(count.split()[-1] == "1" for count in counts)


def test_a_file_of_payments_comes_in_through_the_page(pages: PageClient, app: Flask) -> None:
    held = held_account()
    content = payments_file(held.account, paid("P-1"), paid("P-2", "-5"))
    page = pages.post(
        "/payments/imports/new",
        {"file": (io.BytesIO(content), "july.csv")},
        to="/payments/imports/1/prepare",
        content_type="multipart/form-data",
    )
    assert "1 good, 0 skipped, 1 rejected" in page
    page.submit("prepare", step="import", to="/payments/imports/1")
    run_pending(app)

    page = pages.get("/payments/imports/1")

    assert "1 row was left out." in page
    assert pages.client.get("/payments/imports/1/rejects.csv").status_code == 200
    pages.get("/imports/1", status=403)  # a vendor manager's page


def test_an_agency_sees_its_own_credits_and_none_of_the_banks_pages(app: Flask) -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-OWN")))
    bring_payments(payments_file(other.account, paid("P-OTHER")))
    agency = PageClient(app).sign_in(held.leader)

    page = agency.get("/payments")

    assert "P-OWN" in page
    assert "P-OTHER" not in page.html
    assert other.agency.name not in page.html
    assert "P-OTHER" not in agency.client.get("/payments?export=csv").get_data(as_text=True)
    agency.get("/payments/exceptions", status=403)
    agency.get("/payments/imports", status=403)


def test_who_calls_sees_how_much_was_paid_and_when_but_not_who_is_credited(app: Flask) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "1234.56"), reversal("R-1", "P-1", "4.56")))
    collector = PageClient(app).sign_in(make_user(Role.AGENCY_STAFF, held.agency))

    for path in (f"/queue/{held.account.id}", f"/accounts/{held.account.id}"):
        page = collector.get(path)
        assert "1,234.56" in page and "Payment taken back" in page
        assert "P-1" not in page and "Held by" not in page


def test_who_calls_sees_nothing_that_was_credited_to_the_house_before(app: Flask) -> None:
    held = held_account(ended_on=date(2005, 7, 31))
    later = make_agency()
    place(held.account, later, date(2005, 8, 1))
    bring_payments(payments_file(held.account, paid("P-1", "1234.56"), paid("P-2", "77.00", "2005-08-10")))
    page = PageClient(app).sign_in(make_user(Role.AGENCY_STAFF, later)).get(f"/queue/{held.account.id}")
    assert "77.00" in page and "1,234.56" not in page


def test_what_a_rule_left_out_is_listed_as_skipped_and_a_warning_says_no_more_than_it_is(
    pages: PageClient, app: Flask
) -> None:
    set_rules(actor_of(make_user(Role.FINANCE)), PaymentRules(pairs=Pairs.LEAVE_OUT))
    (account,) = make_book(total_minor=100_00)
    rows = (paid("P-1", "60.00"), reversal("R-1", "P-1", "60.00"), paid("P-2", "999.00"))
    bring_payments(payments_file(account, *rows))

    page = pages.get("/payments/imports/1")

    skipped, marked = part(page, "skipped"), part(page, "warnings")
    assert "a payment and its reversal in the same file: 2" in skipped
    assert "P-1" in skipped and "R-1" in skipped and "P-2" not in skipped
    assert "more than the account owes: 1" in marked and "P-1" not in marked
    assert "left out" not in marked
    assert "reversed_in_file" not in page.html


def test_a_file_of_which_nothing_was_imported_took_nothing_with_a_warning(pages: PageClient) -> None:
    (account,) = make_book(total_minor=100_00)
    with pytest.raises(ImportRefused):
        bring_payments(payments_file(account, paid("P-2", "999.00")), control_count=7)

    page = pages.get("/payments/imports/1")

    assert "Rows with a warning" in page and "Taken with a warning" not in page


def part(page: Page, id: str) -> str:
    return " ".join("".join(page.element(id).itertext()).split())


def test_a_payment_of_more_than_is_owed_says_so_and_the_rules_are_a_click_away(pages: PageClient) -> None:
    held = held_account()
    owed = held.account.total_minor // 100
    bring_payments(payments_file(held.account, paid("P-1", f"{owed + 1}.00"), paid("P-2", "1.00")))

    assert "It was more than the account owed when it came in." in pages.get("/payments/1")
    assert "It was more than the account owed" not in pages.get("/payments/2")
    for path in ("/payments", "/payments/imports"):
        assert pages.get(path).links["Rules for payments"] == "/payments/rules"


def test_a_reversal_takes_away_on_its_page_as_in_the_list(pages: PageClient) -> None:
    held = held_account()
    bring_payments(payments_file(held.account, paid("P-1", "100.00"), reversal("R-1", "P-1", "40.00")))

    text = pages.get("/payments/2").text
    assert text.count("NT$40.00") == text.count("−NT$40.00") > 0


def test_the_preview_says_the_receiver_in_words_and_that_a_row_stands_twice(app: Flask) -> None:
    held = held_account()
    pages = PageClient(app).sign_in(make_user(Role.FINANCE, locale="zh_Hans"))
    row = paid("P-1") | {"received_by": "bank"}
    content = payments_file(held.account, row, row)

    page = pages.post(
        "/payments/imports/new", {"file": (io.BytesIO(content), "july.csv")}, to="/payments/imports/1/prepare",
        content_type="multipart/form-data",
    )  # fmt: skip

    (shown,) = [each for each in page.root.iter("div") if "preview-frame" in (each.get("class") or "")]
    cells = ["".join(cell.itertext()).strip() for cell in shown.iter("td")]
    assert "银行" in cells and "bank" not in cells
    assert page.text.count("已出现在上方的行中") == 1
