"""Pages of remittances and of reported payments, walked as finance and as an agency, with nothing and with something."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from tests.commission.factories import make_finance, released
from tests.commission.test_remittances import net_account, receive
from tests.identity.factories import make_user
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, payments_file
from tests.recovery.telling import report
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

    from tests.recovery.factories import Held

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def finance(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.FINANCE))


@pytest.fixture
def held(app: Flask) -> Held:
    return held_account()


@pytest.fixture
def agency(app: Flask, held: Held) -> PageClient:
    return PageClient(app).sign_in(held.leader)


def test_with_nothing_there_every_list_says_so(finance: PageClient, agency: PageClient, held: Held) -> None:
    assert "No agency has reported a payment yet." in finance.get("/payments/reported")
    assert agency.get("/payments/reported").links["Report a payment"] == "/payments/reported/new"
    assert "Every payment that you received has been reported." in agency.get("/payments/open")
    assert "No agency has received a payment yet." in finance.get("/remittances")
    assert "Nothing is owed." in finance.get(f"/organisations/{held.agency.id}/remittances")


def test_an_agency_reports_by_page_and_the_bank_matches_by_hand(
    app: Flask, finance: PageClient, agency: PageClient, held: Held
) -> None:
    bring_payments(payments_file(held.account, paid("P-1", "100.00", "2005-08-20")))
    form = {
        "account_ref": held.account.account_ref, "kind": "expected", "amount": "100.00", "currency": "TWD",
        "paid_on": "2005-08-01", "reported_ref": "A-1", "channel": "counter", "note": "call 13800138000",
        "proof": (io.BytesIO(b"%PDF-1.7 slip"), "../../slip.pdf"),
    }  # fmt: skip
    page = agency.post("/payments/reported/new", form, to="/payments/reported/1", content_type="multipart/form-data")
    assert "13800138000" not in page and "A-1" in page
    run_pending(app)
    page = finance.get("/payments/reported/1")
    assert "P-1" in page
    page = page.submit("by-hand", payment_ref="P-1", reason="the slip says so", to="/payments/reported/1")
    assert "matched, differs" in page and "posted 19 days later" in page
    file = agency.client.get("/payments/reported/1/proof")
    assert file.data == b"%PDF-1.7 slip" and "attachment" in file.headers["Content-Disposition"]
    page = finance.post("/payments/reported/1/undo", {"reason": "wrong one"}, to="/payments/reported/1")
    assert "Match undone P-1" in page


def test_a_wrong_report_says_so_beside_its_fields(agency: PageClient, held: Held) -> None:
    form = {"account_ref": "AC-NOWHERE", "kind": "received", "amount": "0", "currency": "TWD", "paid_on": "2005-10-02",
            "reported_ref": "A-1"}  # fmt: skip
    page = agency.post("/payments/reported/new", form, status=422)
    for words in ("You hold no account", "above zero", "still to come", "A required value is missing."):
        assert words in page
    hostile = form | {"proof": (io.BytesIO(b"<script>"), "slip.pdf")}
    assert "no PDF, PNG or JPEG" in agency.post(
        "/payments/reported/new", hostile, status=422, content_type="multipart/form-data"
    )


def test_open_items_are_filtered_and_exported(finance: PageClient, held: Held) -> None:
    report(held, "A-1")
    bring_payments(payments_file(held.account, {**paid("P-9", "55.00"), "received_by": "agency"}))
    page = finance.get("/payments/open?age=0-3")
    assert "A-1" in page and "P-9" in page
    assert "A-1" not in finance.get("/payments/open?age=31%2B")
    assert "P-9" in finance.client.get("/payments/open?p_export=csv").text
    assert "A-1" in finance.client.get("/payments/open?export=csv").text


def test_a_remittance_is_announced_recorded_and_seen_in_the_ledger(
    finance: PageClient, agency: PageClient, held: Held
) -> None:
    bring_payments(payments_file(held.account, {**paid("P-1", "100.00"), "received_by": "agency"}))
    agency.post("/remittances/new", {"amount": "60.00", "currency": "TWD", "on": "2005-09-30"}, to="/remittances/1")
    assert "Announced and not recorded" in finance.get("/remittances")
    form = finance.get(f"/organisations/{held.agency.id}/remittances/new?announced=1")
    form.submit("form", reference="B-1", to="/remittances/1")
    page = agency.get(f"/organisations/{held.agency.id}/remittances")
    assert "40.00" in page and "B-1" in page
    page = finance.post("/remittances/1/take-back", {"reason": "another's"}, to="/remittances/1")
    assert "taken back" in page


def test_the_rules_are_set_on_their_page(finance: PageClient) -> None:
    page = finance.get("/payments/rules")
    page = page.submit("form", match_days="5", pairs="leave_out", to="/payments/rules")
    assert "The rules are set." in page
    assert "from 0 to 366" in finance.get("/payments/rules").submit("form", match_days="-1", status=422)


def test_the_workbench_and_the_account_lead_to_reporting(agency: PageClient, held: Held) -> None:
    page = agency.get(f"/accounts/{held.account.id}")
    assert page.links["Report a payment"] == f"/payments/reported/new?account={held.account.id}"
    assert held.account.account_ref in agency.get(page.links["Report a payment"]).html


def test_a_file_of_reports_is_tried_and_sent_by_page(app: Flask, agency: PageClient, held: Held) -> None:
    content = f"reported_ref,account_ref,kind,amount,paid_on\nF-1,{held.account.account_ref},expected,12.50,2005-07-10\nF-2,,x,1,\n"
    page = agency.post(
        "/payments/reported/imports/new", {"file": (io.BytesIO(content.encode()), "reports.csv")},
        to="/payments/reported/imports/1/prepare", content_type="multipart/form-data",
    )  # fmt: skip
    assert "1 good, 0 skipped, 1 rejected" in page and "12.50" in page
    page.submit("prepare", step="import", to="/payments/reported/imports/1")
    run_pending(app)
    assert "1 row was left out." in agency.get("/payments/reported/imports/1")
    assert "F-1" in agency.get("/payments/reported")


def test_a_payment_is_reported_in_the_accounts_currency_where_none_is_named(agency: PageClient, held: Held) -> None:
    form = {
        "account_ref": held.account.account_ref, "kind": "expected", "amount": "100.00", "currency": "",
        "paid_on": "2005-08-01", "reported_ref": "A-1",
    }  # fmt: skip
    assert "NT$100.00" in agency.post("/payments/reported/new", form, to="/payments/reported/1")
    wrong = agency.post("/payments/reported/new", form | {"account_ref": "NONE", "reported_ref": "A-2"}, status=422)
    assert wrong.field("account_ref").get("aria-invalid") == "true"


def test_the_large_figures_of_a_statement_lead_to_what_they_are_made_of(app: Flask, finance: PageClient) -> None:
    held = net_account()
    receive(held, paid("P-1", "100.00"), paid("P-3", "30.00"), reversal("R-3", "P-3", "30.00", "2005-07-25"))
    bring_payments(payments_file(held.account, paid("P-2", "50.00")))
    released(make_finance())

    for client in (finance, PageClient(app).sign_in(held.leader)):
        page = client.get("/statements/1")
        kept = page.links["−NT$20.00"]
        assert (page.links["NT$150.00"], page.links["NT$30.00"], kept) == (
            "#totals", "#clauses", "/statements/1?held=agency#lines",
        )  # fmt: skip
        assert {"totals", "clauses", "lines"} <= {element.get("id") for element in page.root.iter()}
        lines = client.get(kept.partition("#")[0])
        assert all(reference in lines for reference in ("P-1", "P-3", "R-3")) and "P-2" not in lines
