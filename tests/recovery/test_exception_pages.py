"""Pages of a payment and of exceptions: what is known, what is proposed, and a second person's word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.work import transaction
from portal.placement.models import EndReason, Placement
from portal.portfolio.models import Account
from portal.recovery.again import decide_again
from tests.identity.factories import make_user, observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_agency, make_book, payments_file, place
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 10, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def pages(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.FINANCE))


@pytest.fixture
def second(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.FINANCE))


def test_a_payment_shows_its_dates_its_decisions_and_what_took_it_back(pages: PageClient) -> None:
    held = held_account()
    row = {**paid("P-1", "1234.56"), "received_on": "2005-07-11", "channel": "counter"}
    bring_payments(payments_file(held.account, {**row, "reverses": ""}, reversal("R-1", "P-1", "4.56")))

    page = pages.get("/payments/1")

    for words in ("Payment P-1", "1,234.56", "counter", "Held by", held.agency.name, "R-1", "placement-window/3"):
        assert words in page
    assert page.links["R-1"] == "/payments/2"
    assert held.account.account_ref in page.links
    assert pages.get("/payments/2").links["P-1"] == "/payments/1"
    pages.get("/payments/3", status=404)


def test_an_agency_sees_its_own_credit_and_that_it_has_ended(app: Flask) -> None:
    held, other = held_account(), held_account()
    bring_payments(payments_file(held.account, paid("P-1", day="2005-07-20")))
    bring_payments(payments_file(other.account, paid("P-2")))
    agency = PageClient(app).sign_in(held.leader)
    page = agency.get("/payments/1")
    assert "Payment P-1" in page and "Channel" not in page
    agency.get("/payments/2", status=404)
    with transaction(observer()) as work:
        ended = {"ended_on": date(2005, 7, 15), "ended_at": datetime(2005, 7, 16, tzinfo=UTC)}
        mine = sa.update(Placement).where(Placement.id == held.placement_id)
        work.session.execute(mine.values(end_reason=EndReason.RECALLED, **ended))
        decide_again(work, [held.account.id])

    page = agency.get("/payments/1")

    assert "no longer holds" in page
    assert "Nobody is credited" not in page
    assert "P-1" not in agency.get("/payments").html


def test_one_proposes_a_placement_and_another_approves_it(pages: PageClient, second: PageClient) -> None:
    held = held_account(placed_on=date(2005, 7, 15))
    bring_payments(payments_file(held.account, paid("P-1")))
    page = pages.get("/payments/exceptions/1")
    assert held.agency.name in page
    page = page.submit(
        "form-placement", **{"placement-placement_id": str(held.placement_id), "placement-reason": ""}, status=422
    )
    assert "Fill this in." in page
    pages.get("/payments/exceptions/1").submit(
        "form-placement",
        **{"placement-placement_id": str(held.placement_id), "placement-reason": "Their promise."},
        to="/payments/exceptions/proposals/1",
    )
    assert "You proposed this yourself" in pages.get("/payments/exceptions/proposals/1")
    assert "waits for a second person" in pages.get("/payments/exceptions")
    assert "There is a proposal" in pages.get("/payments/exceptions/1")
    assert "Proposals to check: 1" in second.get("/payments/exceptions")
    assert "Their promise." in second.get("/payments/exceptions/proposals/1")

    second.post("/payments/exceptions/proposals/1/approve", {}, to="/payments/exceptions")

    assert "Every payment is credited to somebody." in pages.get("/payments/exceptions")
    assert "“Their promise”." in pages.get("/payments/1")
    pages.get("/payments/exceptions/1", status=404)


def test_the_usual_reason_is_offered_only_where_it_is_true(pages: PageClient) -> None:
    (account,) = make_book()
    held = held_account()
    bring_payments(payments_file(account, paid("P-1")))
    bring_payments(payments_file(held.account, reversal("R-1", "P-9", "5.00")))  # waits for what it takes back

    def offered(query: str) -> str:
        return "".join(pages.get(f"/payments/exceptions/nobody?{query}").field("reason").itertext()).strip()

    assert offered("row=1") == "Recovered by the bank itself: no agency had the account."
    assert offered("row=2") == ""
    assert offered("row=1&row=2") == ""


def test_several_are_nobodys_and_are_sent_back_with_a_reason(pages: PageClient, second: PageClient) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1"), paid("P-2")))
    pages.post("/payments/exceptions/chosen", {"row": ["1", "2"]}, to="/payments/exceptions/nobody?row=1&row=2")
    pages.get("/payments/exceptions/nobody?row=1&row=2").submit(
        "form", reason="In-house.", to="/payments/exceptions/proposals/1"
    )
    second.get("/payments/exceptions/proposals/1").submit("form", reason="", status=422)
    second.get("/payments/exceptions/proposals/1").submit(
        "form", reason="They were placed.", to="/payments/exceptions/proposals/1"
    )
    assert "They were placed." in pages.get("/payments/exceptions/proposals/1")
    assert "sent back" in pages.get("/payments/exceptions/proposals")
    assert "They were placed." in pages.get("/payments/exceptions/1")
    assert pages.get("/payments/exceptions?proposal=no").html.count("P-") >= 2


def test_shares_that_do_not_add_up_say_so_and_those_that_do_are_proposed(pages: PageClient) -> None:
    first, other = make_book(2, total_minor=10_000)
    with transaction(observer()) as work:
        work.session.execute(sa.update(Account).where(Account.id == other.id).values(customer_id=first.customer_id))
    place(first, make_agency(), date(2005, 7, 1))
    place(other, make_agency(), date(2005, 7, 1))
    bring_payments(payments_file(first, paid("P-1", "150.00")))
    page = pages.get("/payments/exceptions/1")
    assert "shares to be named" in page
    shares = {f"share_{first.id}": "100.00", f"share_{other.id}": "49.00", "reason": "As the debtor said."}
    assert "every cent" in page.submit("form-split", **shares, status=422)
    shares[f"share_{other.id}"] = "x"
    assert "Write an amount" in pages.get("/payments/exceptions/1").submit("form-split", **shares, status=422)
    shares[f"share_{other.id}"] = "50.00"
    pages.get("/payments/exceptions/1").submit("form-split", **shares, to="/payments/exceptions/proposals/1")


def test_the_queue_is_narrowed_by_age_and_kind(pages: PageClient) -> None:
    (account,) = make_book()
    bring_payments(payments_file(account, paid("P-1"), reversal("R-1", "P-9")))
    assert "R-1" not in pages.get("/payments/exceptions?credit=not_placed").html
    assert "P-1" not in pages.get("/payments/exceptions?open=7").html
