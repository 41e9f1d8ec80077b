"""Pages of a statement's life: lines ticked and contested, answered, billed, paid, taken away as workbook and PDF."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from portal.commission import papers
from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.work import reading
from tests.commission.factories import Finance, drawn, make_finance, released
from tests.identity.factories import observer
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import Held, held_account, payments_file
from tests.recovery.test_payments import paid, reversal
from tests.support.pages import Page, PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 8, 1)), pytest.mark.databases("sqlite")]


@pytest.fixture
def finance(app: Flask) -> Finance:
    return make_finance()


@pytest.fixture
def held(app: Flask, finance: Finance) -> Held:
    found = held_account("0.20", currency="CNY")
    bring_payments(payments_file(found.account, paid("P-1", "1000.05"), paid("P-2", "200.00")))
    return found


def test_lines_are_ticked_and_contested_and_the_bank_answers_each(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    agency, bank = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(finance.maker)
    page = agency.get("/statements/1")
    assert "Lines can be contested until 11 Aug 2005." in page
    data: dict[str, Any] = {"row": ["1", "2"], "code": "rate", "reason": "25 % was agreed"}

    page = agency.post("/statements/1/lines/contest", data, to="/statements/1")

    assert "2 lines are contested; the bank will answer." in page
    assert "wrong rate" in page
    assert "1" in bank.get("/statements?life=disputed").text
    assert "Contested and waiting for an answer: 2." in bank.get("/statements/1")
    reply = bank.get("/statements/1/disputes/1")
    assert "25 % was agreed" in reply and "P-1" in reply
    reply = reply.submit("/statements/1/disputes/1/answer", status=422, end="upheld", words="right")
    assert "Choose what follows" in reply
    reply.submit("/statements/1/disputes/1/answer", to="/statements/1", end="upheld", words="right", follows="credit")
    assert "Decide about the credit anew" in bank.get("/statements/1/disputes/1").links
    agency.get("/statements/1/disputes/2").submit("/statements/1/disputes/2/withdraw", to="/statements/1", reason="no")
    page = agency.get("/statements/1")
    assert "answered" in page
    ages = [
        "".join(cells[5].itertext()).strip()
        for row in page.element("contested").iter("tr")
        if len(cells := list(row)) == 7
    ]
    assert ages[1:] == ["–", "–"]  # nothing of it is open


def test_a_line_is_contested_from_its_own_page(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    agency, bank = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(finance.maker)
    path, way = "/statements/1/lines/2", "/statements/1/lines/contest"
    assert "Contest this line" not in bank.get(path)
    page = agency.get(path)
    assert "This line can be contested until 11 Aug 2005." in page

    page = page.submit(way, to="/statements/1", code="rate", reason="25 % was agreed")

    assert "1 line is contested; the bank will answer." in page
    # The others are still open, and until when is said as before.
    assert "Contested and waiting for the bank: 1. Lines can be contested until 11 Aug 2005." in page
    shown = agency.get(path)
    assert "25 % was agreed" in shown and "/statements/1/disputes/1" in shown.links.values()
    assert "This line can be contested" not in shown
    assert "This line can be contested" in agency.get("/statements/1/lines/1")


def test_what_cannot_be_undone_is_asked_before(app: Flask, finance: Finance, held: Held) -> None:
    def asks(page: Page, address: str) -> str:
        return next(iter(page.form(address).iter("button"))).get("data-confirm") or ""

    maker, checker = PageClient(app).sign_in(finance.maker), PageClient(app).sign_in(finance.checker)
    (statement,) = drawn(finance)
    page = maker.get(f"/statements/{statement}")
    assert "over CN¥240.01?" in asks(page, f"/statements/{statement}/issue")
    page.submit(f"/statements/{statement}/issue")
    page = checker.get(f"/statements/{statement}")
    assert held.agency.name in asks(page, f"/statements/{statement}/release")
    page.submit(f"/statements/{statement}/release")
    page = PageClient(app).sign_in(held.leader).get(f"/statements/{statement}")
    assert "CN¥240.01 due" in asks(page, f"/statements/{statement}/confirm")


def test_nothing_ticked_or_chosen_is_said_in_words(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    agency = PageClient(app).sign_in(held.leader)

    assert "Tick the lines" in agency.post("/statements/1/lines/contest", {"code": "rate", "reason": "x"}, status=422)
    assert "Choose what is wrong" in agency.post("/statements/1/lines/contest", {"row": "1", "reason": "x"}, status=422)


def test_an_invoice_is_uploaded_its_difference_accepted_by_two_and_paid(
    app: Flask, finance: Finance, held: Held
) -> None:
    released(finance)
    agency, first = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(finance.maker)
    second = PageClient(app).sign_in(finance.checker)
    page = agency.get("/statements/1").submit("/statements/1/confirm", to="/statements/1")
    assert "Upload your invoice over CN¥240.01." in page
    entered = {"number": "INV-7", "issued_on": "2005-08-01", "amount": "240.00", "tax": "0"}

    assert agency.get("/statements/1/invoices/new").field("tax").get("value") in (None, "")  # the statement says none
    wrong = agency.post("/statements/1/invoices/new", entered | {"file": (BytesIO(b"MZ"), "x.pdf")}, status=422)
    assert "This is no PDF, OFD or XML file" in wrong
    file = (BytesIO(b"%PDF-1.4 invoice"), "../发票.pdf")
    page = agency.post("/statements/1/invoices/new", entered | {"file": file}, to="/statements/1")

    assert "differs from what is due by −CN¥0.01" in page
    first.get("/statements/1").submit("/statements/1/invoices/1/accept", to="/statements/1", reason="a cent")
    assert "Another person has to accept it." in first.get("/statements/1")
    first.post("/statements/1/invoices/1/accept", {"reason": "a cent"}, status=409)
    second.get("/statements/1").submit("/statements/1/invoices/1/accept", to="/statements/1", reason="yes")
    answer = second.client.get("/statements/1/invoices/1/file")
    assert answer.data == b"%PDF-1.4 invoice" and answer.headers["Content-Security-Policy"].startswith("sandbox")

    form = second.get("/statements/1/settlements/new")
    assert form.field("amount").get("value") == "240.01"
    page = form.submit("form", to="/statements/1", amount="100", bank_ref="TT-1")
    assert "CN¥140.01 is still owed" in page
    more = second.get("/statements/1/settlements/new").submit("form", status=422, amount="140.02", bank_ref="TT-2")
    assert "This is more than is owed" in more
    page = more.submit("form", to="/statements/1", amount="140.01", bank_ref="TT-2")
    assert "settled" in page
    second.post("/statements/1/settlements/take-back", {"settlement": "2", "reason": "wrong"}, to="/statements/1")
    assert "takes an entry back" in second.get("/statements/1")
    agency.post("/statements/1/settlements/take-back", {"settlement": "1", "reason": "x"}, status=403)


def test_the_tax_is_set_on_a_page_and_shown_on_the_next_statement(app: Flask, finance: Finance, held: Held) -> None:
    client = PageClient(app).sign_in(finance.maker)
    page = client.get("/statements/taxes")
    entered = {"organisation_id": str(held.agency.id), "included": "yes", "effective_from": "2005-07-01"}
    assert "as a number" in page.submit("form", status=422, rate="six", **entered)
    assert "6%" in page.submit("form", to="/statements/taxes", rate="6", **entered)

    released(finance)

    shown = client.get("/statements/1")
    assert "CN¥13.59" in shown and "6%, within the amounts of the lines" in shown
    agency = PageClient(app).sign_in(held.leader)
    agency.get("/statements/taxes", status=403)
    agency.get("/statements/1").submit("/statements/1/confirm", to="/statements/1")
    assert agency.get("/statements/1/invoices/new").field("tax").get("value") == "13.59"


def test_the_workbook_holds_all_lines_with_numbers_and_the_totals(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    client = PageClient(app).sign_in(held.leader)

    answer = client.client.get("/statements/1.xlsx", headers={"Accept-Language": "en"})

    book = CalamineWorkbook.from_filelike(BytesIO(answer.data))
    lines, totals = (book.get_sheet_by_name(name).to_python() for name in ("Lines", "Totals"))
    assert [row[2] for row in lines[1:]] == ["P-1", "P-2"]
    assert [row[9] for row in lines[1:]] == [200.01, 40]
    assert totals[-1][0] == "Due for payment" and totals[-1][6] == 240.01
    assert deeds("statement.taken") == [{"file": "xlsx", "digest": None}]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pdf_is_made_once_and_recorded_each_time(app: Flask, finance: Finance, held: Held, language: str) -> None:
    released(finance)
    client = PageClient(app).sign_in(held.leader).client

    first, second = (client.get(f"/statements/1.pdf?language={language}") for _ in range(2))

    assert first.status_code == 200 and first.data == second.data
    with pikepdf.open(BytesIO(first.data)) as document:
        assert len(document.pages) == 2  # the paper, and the annex
    assert len(deeds("statement.paper_made")) == 1
    assert len(deeds("statement.taken")) == 2
    assert services().storage.exists(deeds("statement.paper_made")[0]["digest"])
    assert client.get("/statements/1.pdf?language=fr").status_code == 404


def test_a_long_statements_pdf_is_a_job(
    app: Flask, finance: Finance, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(finance)
    monkeypatch.setattr(papers, "AT_ONCE", 1)
    monkeypatch.setattr(papers, "ANNEX_MOST", 1)
    client = PageClient(app).sign_in(held.leader)
    client.get("/statements/1.pdf?language=en", status=409)

    job = client.post("/statements/1/paper", {"language": "en"})
    run_pending(app)

    assert "The PDF is made and can be downloaded." in client.get(job.path)
    assert client.client.get("/statements/1.pdf?language=en").status_code == 200


def test_a_draft_cannot_be_printed(app: Flask, finance: Finance, held: Held) -> None:
    client = PageClient(app).sign_in(finance.maker)
    client.get("/statements").submit("/statements/draw")
    run_pending(app)

    client.get("/statements/1.pdf", status=409)


def test_home_tells_each_what_waits(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    agency, bank = PageClient(app).sign_in(held.leader), PageClient(app).sign_in(finance.maker)
    assert "has come" in agency.get("/") and "11 Aug 2005" in agency.get("/")

    agency.get("/statements/1").submit("/statements/1/confirm", to="/statements/1")
    assert "Confirmed statements wait for your invoice" in agency.get("/")
    entered = {"number": "INV-7", "issued_on": "2005-08-01", "amount": "240.01", "tax": "0"}
    file = (BytesIO(b"%PDF-1.4 invoice"), "i.pdf")
    agency.post("/statements/1/invoices/new", entered | {"file": file}, to="/statements/1")

    assert "Statements are to be paid" in bank.get("/")
    assert "Confirmed statements wait" not in agency.get("/")


@pytest.mark.settings(today=date(2005, 8, 1))
def test_an_agencys_home_counts_what_was_released_and_no_draft(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    bring_payments(payments_file(held.account, paid("P-3", "1.00")))
    drawn(finance)

    assert "CN¥240.01" in PageClient(app).sign_in(held.leader).get("/")
    assert "CN¥240.21" in PageClient(app).sign_in(finance.maker).get("/")


def test_another_agency_finds_none_of_it(app: Flask, finance: Finance, held: Held) -> None:
    released(finance)
    stranger = PageClient(app).sign_in(held_account().leader)

    for path in ("/statements/1.xlsx", "/statements/1.pdf", "/statements/1/invoices/new", "/statements/1/disputes/1"):
        assert stranger.client.get(path).status_code == 404, path
    stranger.post("/statements/1/lines/contest", {"row": "1", "code": "rate", "reason": "x"}, status=404)
    stranger.post("/statements/1/paper", {"language": "zh"}, status=404)


def test_every_figure_of_a_statement_leads_to_its_lines_and_those_to_payment_placement_and_clause(
    app: Flask, finance: Finance, held: Held
) -> None:
    bring_payments(payments_file(held.account, reversal("R-1", "P-1", "500.00", "2005-07-25")))
    released(finance)
    bank, contract = PageClient(app).sign_in(finance.maker), "/contracts/1/versions/1"

    page = bank.get("/statements/1")

    to = set(page.links.values())
    assert {"/statements/1?reason=reversal#lines", "/statements/1?reason=rate#lines", contract} <= to
    assert "−CN¥100.00" in page and "CN¥240.01" in page  # what each clause adds up to
    lines = bank.get("/statements/1?reason=reversal")
    assert "R-1" in lines and "P-2" not in lines
    to = set(bank.get("/statements/1/lines/1").links.values())
    assert {"/payments/1", "/batches/1", contract} <= to


def deeds(action: str) -> list[dict[str, Any]]:
    """What the audit trail says of the deeds of this name."""
    with reading(observer()) as session:
        wanted = sa.select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
        return [dict(event.after or {}) for event in session.scalars(wanted)]
