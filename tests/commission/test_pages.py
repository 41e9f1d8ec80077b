"""Pages of statements: drawn up, issued by one person, released by another, answered by the agency."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from tests.commission.factories import Finance, make_finance, released
from tests.identity.factories import make_user
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, payments_file
from tests.recovery.test_payments import paid
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 8, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def finance(app: Flask) -> Finance:
    return make_finance()


@pytest.fixture
def held(app: Flask) -> Held:
    found = held_account("0.1413")
    bring_payments(payments_file(found.account, paid("P-1", "1000.05"), paid("P-2", "200.00")))
    return found


def test_a_statement_goes_from_the_banks_two_people_to_the_agency_and_back(
    app: Flask, finance: Finance, held: Held
) -> None:
    maker, checker = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    agency = PageClient(app).sign_in(held.leader)
    assert "No statement has been drawn up yet." in maker.get("/statements")

    job = maker.get("/statements").submit("/statements/draw")
    assert job.path.startswith("/jobs/")
    run_pending(app)
    assert "1 statement was drawn up." in maker.get(job.path)

    page = maker.get("/statements/1")
    assert "1,200.05" in page
    assert "169.57" in page
    why = next(e for e in page.root.iter("details") if e.get("class") == "why")
    assert "NT$1,000.05 × 14.13 % = NT$141.31" in "".join(why.itertext())
    agency.get("/statements/1", status=404)

    page = page.submit("/statements/1/issue", to="/statements/1")
    assert "You issued this statement. Another person at the bank has to release it." in page
    assert "Release to the agency" not in page
    maker.post("/statements/1/release", status=409)
    checker.get("/statements/1").submit("/statements/1/release", to="/statements/1")

    page = agency.get("/statements/1")
    page = page.submit("/statements/1/contest", to="/statements/1", reason="line 2 was paid in cash")
    assert "line 2 was paid in cash" in page
    reply = {"end": "refused", "words": "it counts all the same"}
    maker.get("/statements/1/disputes/1").submit("/statements/1/disputes/1/answer", to="/statements/1", **reply)
    page = agency.get("/statements/1").submit("/statements/1/confirm", to="/statements/1")
    assert "confirmed" in page
    assert "Something is missing" not in [element.text for element in page.root.iter("summary")]


def test_the_lines_can_be_taken_away_with_their_why(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)

    export = PageClient(app).sign_in(held.leader).client.get("/statements/1?export=csv").get_data(as_text=True)

    assert "141.31" in export
    assert "rounded half up" in export


def test_anothers_statement_is_not_there_for_any_request(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    stranger = PageClient(app).sign_in(held_account().leader)

    for path in ("/statements/1", "/statements/1?export=csv"):
        assert stranger.client.get(path).status_code == 404
    for step in ("confirm", "contest"):
        stranger.post(f"/statements/1/{step}", {"reason": "x"}, status=404)
    assert "CS-2005-07" not in stranger.get("/statements").html


@pytest.mark.parametrize("written", ["", "July", "2005-13", "2005-07-01", "2005-08"])
def test_a_month_that_is_none_or_not_over_is_refused_in_words(app: Flask, finance: Finance, written: str) -> None:
    page = PageClient(app).sign_in(finance.maker).post("/statements/draw", {"period": written}, to="/statements")

    assert "month" in "".join(page.element("month-error").itertext())
    assert (page.field("period").get("value"), page.field("period").get("aria-invalid")) == (written, "true")
    assert page.form("/statements/draw").get("novalidate") is not None  # a browser refuses in its own language


def test_a_reason_is_asked_for(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)

    page = PageClient(app).sign_in(held.leader).post("/statements/1/contest", {"reason": " "}, status=422)

    assert "Say why, so that the other side can follow." in page


def test_who_only_looks_has_no_buttons(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    manager = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))

    assert "Draw up statements" not in manager.get("/statements")
    manager.post("/statements/draw", {"period": "2005-07"}, status=403)
