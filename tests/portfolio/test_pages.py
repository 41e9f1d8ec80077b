"""Pages of accounts and imports: what a person sees and can do, and clear words for every wrong file."""

from __future__ import annotations

import gc
import io
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.jobs import run_pending
from portal.portfolio.intake.rows import ERRORS, SKIPS, WARNINGS
from portal.portfolio.labels import ERROR_LABELS, SKIP_LABELS, WARNING_LABELS
from portal.portfolio.models import Account, Hold, ImportRun, ImportState
from tests.identity.factories import make_agency, make_user
from tests.portfolio.bringing import bring_accounts
from tests.portfolio.factories import make_accounts, make_hold
from tests.portfolio.intake.files import TODAY, accounts_file
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.support.pages import Page

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.databases("sqlite")]


@pytest.fixture
def pages(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))


def receive(pages: PageClient, content: bytes, name: str = "overdue.csv", to: str | None = None, **fields: Any) -> Page:
    """Send a file; it is looked at and waits."""
    return pages.post(
        "/imports/new", {"file": (io.BytesIO(content), name), **fields}, to=to, content_type="multipart/form-data"
    )


def send(pages: PageClient, content: bytes, name: str = "overdue.csv", to: str | None = None, **fields: Any) -> Page:
    """Send a file and import it with the layout that its header suggests."""
    return receive(pages, content, name).submit("prepare", step="import", to=to, **fields)


def runs(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) or 0


def test_an_empty_portal_leads_to_the_first_import(pages: PageClient) -> None:
    page = pages.get("/accounts")

    assert "No account is here yet." in page
    assert page.links["Import a file"] == "/imports/new"


def test_a_file_is_sent_waits_as_a_job_and_says_what_became_of_it(
    pages: PageClient, app: Flask, db_session: Session
) -> None:
    page = send(pages, accounts_file({}, {"days_past_due": "x"}, {"flags": "dispute"}), to="/imports/1")
    assert "overdue.csv" in page.h1
    assert "in the queue" in page.html

    run_pending(app)

    page = pages.get("/imports/1")
    assert "2,000.00" in page
    assert "1 row was left out." in page
    assert "a value cannot be read: 1" in page
    assert "days_past_due “x”: Not a whole number of days." in page and "[unreadable]" not in page
    assert page.links["Download the rejected rows"] == "/imports/1/rejects.csv"
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Account)) == 2
    rejects = pages.client.get("/imports/1/rejects.csv")
    assert "A-2" in rejects.get_data(as_text=True)
    assert "attachment" in rejects.headers["Content-Disposition"]
    pages.get("/imports/1/rejects.xlsx", status=404)


@pytest.mark.parametrize(
    ("content", "english", "chinese"),
    [
        (b"", "The file is empty.", "文件为空"),
        (b"%PDF-1.7", "This is a PDF file, not a CSV or XLSX table.", "PDF"),
        (b"PK\x03\x04 cut off", "damaged or incomplete", "损坏"),
        (accounts_file({})[:-12], "it is cut off", "文件不完整"),
    ],
    ids=["empty", "pdf", "half a workbook", "cut off"],
)
def test_what_is_no_table_is_refused_on_the_form_in_both_languages(
    content: bytes, english: str, chinese: str, app: Flask, db_session: Session
) -> None:
    for language, words in (("en", english), ("zh_Hans", chinese)):
        browser = PageClient(app, language).sign_in(make_user(Role.VENDOR_MANAGER, locale=language))
        page = receive(browser, content)
        assert page.status == 422
        assert words in page
    assert runs(db_session) == 0


@pytest.mark.parametrize(
    ("content", "step", "fields", "english", "chinese"),
    [
        (b"name,phone_1\nWang,138\n", "import", {}, "The file lacks the columns", "缺少"),
        (accounts_file({}), "look", {"encoding": "klingon"}, "The encoding “klingon” is not known", "klingon"),
        (accounts_file({}), "import", {"as_of": "2031-01-01"}, "later than the business date", "2031年1月1日"),
        (accounts_file({}), "try", {"control_total": "about 5"}, "The control total is not an exact amount", "控制"),
        (accounts_file({}), "save", {"profile_name": "standard"}, "is the portal's own", "standard"),
        (accounts_file({}), "import", {"date": "DD/MM"}, "is no form of a date", "DD/MM"),
    ],
    ids=["columns", "encoding", "as of", "control total", "reserved name", "date form"],
)
def test_what_cannot_be_is_told_beside_the_form_and_nothing_entered_is_lost(
    content: bytes, step: str, fields: dict[str, str], english: str, chinese: str, app: Flask, db_session: Session
) -> None:
    for language, words in (("en", english), ("zh_Hans", chinese)):
        browser = PageClient(app, language).sign_in(make_user(Role.VENDOR_MANAGER, locale=language))
        form = receive(browser, content)
        page = form.submit("prepare", step=step, control_count="7", **fields)
        if step == "look":  # what was found is kept, and the page says what is wrong with the encoding
            assert words in page
            continue
        assert page.status == 422
        assert words in page
        assert page.field("control_count").get("value") == "7"
        for name, value in fields.items():
            assert page.field(name).get("value") == value
    states = db_session.scalars(sa.select(ImportRun.state)).all()
    assert set(states) == {ImportState.WAITING}
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))


def test_a_form_without_a_file_says_so(pages: PageClient) -> None:
    page = pages.post("/imports/new", {}, content_type="multipart/form-data")

    assert "Choose a file." in page


def test_a_second_click_sends_the_file_once(pages: PageClient, db_session: Session) -> None:
    first = receive(pages, accounts_file({}), form_token="one-and-the-same")
    second = receive(pages, accounts_file({}), form_token="one-and-the-same")

    assert first.h1 == second.h1 == "overdue.csv"
    assert runs(db_session) == 1


def test_an_expired_form_changes_nothing_and_says_so(pages: PageClient, db_session: Session) -> None:
    page = pages.post(
        "/imports/new",
        {"file": (io.BytesIO(accounts_file({})), "a.csv"), "mapping": "standard", "csrf_token": "of last year"},
        status=400,
        content_type="multipart/form-data",
    )

    assert "This form has expired, so nothing was changed." in page
    assert runs(db_session) == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the half file that Werkzeug lets go
def test_an_upload_that_breaks_off_changes_nothing_and_says_so(pages: PageClient, db_session: Session) -> None:
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n'
        + pages.csrf_token().encode()
        + b'\r\n--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\naccount_ref,na'
    )
    response = pages.client.post("/imports/new", data=body, content_type="multipart/form-data; boundary=edge")

    del response.request
    gc.collect()
    assert response.status_code in (400, 422)
    assert "nothing was changed" in response.text or "Choose a file." in response.text
    assert runs(db_session) == 0


def test_a_file_that_was_imported_before_says_so(pages: PageClient, app: Flask) -> None:
    content = accounts_file({})
    bring_accounts(content)

    send(pages, content, to="/imports/2")
    run_pending(app)

    assert "This file was imported before; nothing was changed." in pages.get("/imports/2")


def test_control_figures_that_differ_are_told_on_the_runs_page(pages: PageClient, app: Flask) -> None:
    send(pages, accounts_file({}), control_total="5", to="/imports/1")
    run_pending(app)

    page = pages.get("/imports/1")
    assert "The file adds up to 1,000.00, the control figures say 5." in page
    assert "not applied" in page.html


def test_the_account_page_masks_the_person_until_somebody_asks(pages: PageClient, db_session: Session) -> None:
    bring_accounts(accounts_file({"name": "王小明", "id_no": "11010519491231002X", "email": "ming@example.com"}))
    page = pages.get("/accounts/1")
    for secret in ("王小明", "11010519491231002X", "13800138000", "ming@example.com"):
        assert secret not in page.html

    shown = pages.post("/accounts/1/reveal", {}, status=200)
    assert "王小明" in shown
    assert "11010519491231002X" in pages.post("/accounts/1/reveal", {"what": "id_no"}, status=200)
    assert "13800138000" in pages.post("/accounts/1/reveal", {"contact_point": "1"}, status=200)
    looked = db_session.scalar(
        sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.action == "person.revealed")
    )
    assert looked == 3
    pages.post("/accounts/1/reveal", {"contact_point": "999"}, status=404)


def test_search_opens_the_only_hit_and_says_when_there_is_none(pages: PageClient) -> None:
    bring_accounts(accounts_file({"name": "王小明"}, {"name": "王小明"}, {"name": "李雷", "phone_1": "13900001111"}))

    pages.get("/search?q=李雷", to="/accounts/3")
    assert "A-2" in pages.get("/search?q=王小明")
    assert "found by whole values only" in pages.get("/search?q=王小")


def test_a_hold_is_put_on_and_released_with_words(pages: PageClient, db_session: Session) -> None:
    make_accounts(1)
    pages.post("/accounts/1/holds", {"flag": "dispute", "reason": "letter of 3 May"}, to="/accounts/1")
    assert "letter of 3 May" in pages.get("/holds")

    refused = pages.post("/holds/1/release", {"reason": " "}, status=422)
    assert "Say why the hold may be released." in refused
    pages.post("/holds/1/release", {"reason": "withdrawn", "account": "1"}, to="/accounts/1")

    assert db_session.scalars(sa.select(Hold.released_at)).one() is not None
    pages.post("/accounts/1/holds", {"flag": "represented", "reason": "file: 3 of 2005"}, to="/accounts/1")
    assert "file: 3 of 2005" in pages.get("/holds")  # a person's words stay as they are
    pages.post("/accounts/1/holds", {"flag": "dispute", "reason": ""}, status=422)
    pages.post("/accounts/1/holds", {"flag": "nonsense", "reason": "x"}, status=422)


def test_finance_sees_no_holds_and_strangers_see_no_account(app: Flask) -> None:
    (account,) = make_accounts(1)
    make_hold(account)

    assert "Holds" not in PageClient(app).sign_in(make_user(Role.FINANCE)).get("/accounts/1")
    agency = PageClient(app).sign_in(make_user(Role.AGENCY_LEADER, make_agency()))
    agency.get("/accounts/1", status=404)
    agency.get("/imports", status=403)
    assert "No account is with you now." in agency.get("/accounts")


def test_what_was_left_out_of_good_rows_is_listed_by_line_and_value(pages: PageClient, app: Flask) -> None:
    send(pages, accounts_file({}, {"region": "火星"}), to="/imports/1")
    run_pending(app)

    page = pages.get("/imports/1")

    assert "Taken with a warning" in page and "region “火星”: This region is not known; left out." in page


def test_a_file_that_was_imported_before_leads_to_what_it_changed_then(pages: PageClient, app: Flask) -> None:
    for number in (1, 2):
        send(pages, accounts_file({}), to=f"/imports/{number}")
        run_pending(app)

    page = pages.get("/imports/2")

    assert "imported before" in page and "not applied" not in page
    assert [url for words, url in page.links.items() if words.startswith("See what it changed")] == ["/imports/1"]


def test_reasons_are_written_in_the_language_of_who_sent_the_file(app: Flask) -> None:
    browser = PageClient(app, "zh_Hans").sign_in(make_user(Role.VENDOR_MANAGER, locale="zh_Hans"))
    send(browser, accounts_file({}, {"days_past_due": "x"}), to="/imports/1")
    run_pending(app)

    assert "天数不是整数。 [unreadable]" in browser.client.get("/imports/1/rejects.csv").get_data(as_text=True)
    page = browser.get("/imports/1")
    assert "标准格式" in page and "standard@1" not in page


def test_a_hold_that_stands_already_is_said_to_stand(pages: PageClient, db_session: Session) -> None:
    bring_accounts(accounts_file({"flags": "dispute"}))

    page = pages.post("/accounts/1/holds", {"flag": "dispute", "reason": "told twice"}, to="/accounts/1")

    assert "This hold stands already" in page
    assert db_session.scalar(sa.select(sa.func.count()).select_from(Hold)) == 1


def test_the_language_can_be_changed_on_a_page_that_answers_a_post(pages: PageClient) -> None:
    make_accounts(1)

    for before, following in (("/accounts/1", "/accounts/1"), ("/accounts/1/reveal", "/")):  # which takes no GET
        page = pages.post("/accounts/1/reveal", headers={"Referer": f"http://localhost{before}"}, status=200)
        assert page.field("next").get("value") == following


def test_every_reason_for_leaving_a_row_out_or_marking_it_has_words() -> None:
    assert set(SKIPS) <= set(SKIP_LABELS)
    assert set(ERRORS) <= set(ERROR_LABELS)
    assert set(ERRORS) | set(WARNINGS) <= set(WARNING_LABELS)
