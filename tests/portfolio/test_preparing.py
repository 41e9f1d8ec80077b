"""Preparing a file on its page: looked at, corrected, kept, tried, imported, dropped, taken up again."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
import xlsxwriter

from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.portfolio.models import Account, ImportRun, ImportState, StoredMapping
from portal.portfolio.standin import write_accounts
from tests.identity.factories import make_user
from tests.portfolio.bringing import bring_accounts
from tests.portfolio.intake.files import GOOD, TODAY, accounts_file, csv_bytes
from tests.recovery.factories import make_book, payments_file
from tests.recovery.test_payments import paid
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.support.pages import Page

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.databases("sqlite")]
FOREIGN = [
    ["借据编号", "客户号", "姓名", "手机", "卡片尾段", "应还", "逾期天数", "到期日", "状态"],
    ["L-1", "K-1", "王小明", "13800138000", "0001", "1.234,56", "40", "30/06/2026", "D"],
    ["L-2", "K-2", "李雷", "13900139000", "0002", "10,00", "0", "29/06/2026", ""],
    ["L-3", "K-3", "张伟", "13700137000", "0003", "abc", "4", "31/06/2026", ""],
]
CHOSEN = {"c4": "card_last4", "c5": "principal", "c7": "due_date", "c8": "flags", "c8-values": "D = dispute",
          "date": "DD/MM/YYYY", "number": "1.234,56", "not_overdue": "y"}  # fmt: skip


@pytest.fixture
def pages(app: Flask) -> PageClient:
    return PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))


def receive(pages: PageClient, content: bytes, name: str = "overdue.csv", room: str = "/imports") -> Page:
    return pages.post(f"{room}/new", {"file": (io.BytesIO(content), name)}, content_type="multipart/form-data")


def run(session: Session) -> ImportRun:
    return session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()


def states(page: Page) -> list[str]:
    """How the first rows would fare."""
    preview = page.element("preview")
    words = ("good", "skipped", "rejected")
    return [w for e in preview.iter("span") if (w := "".join(e.itertext()).strip()) in words]


def test_a_standard_file_shows_its_first_rows_and_nothing_is_applied(pages: PageClient, db_session: Session) -> None:
    page = receive(pages, accounts_file({"name": "王小明"}, {"days_past_due": "x", "principal": "-1"}, {}))

    assert states(page) == ["good", "rejected", "good"]
    assert "days_past_due: Not a whole number of days." in page and "principal: An amount below zero." in page
    assert "fits every column" in page and page.field("base").get("value") == "standard@1"
    assert "UTF-8" in page and "comma" in page
    assert run(db_session).state is ImportState.WAITING
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(Account))


def test_personal_data_of_the_first_rows_is_masked(pages: PageClient) -> None:
    secret = {"name": "欧阳小明", "id_no": "11010519491231002X", "email": "ming@example.com", "address": "上海市浦东新区世纪大道88号",
              "phone_2": "010-62345678", "remark": "tel 13912345678, ming@example.com"}  # fmt: skip
    page = receive(pages, accounts_file(secret, secret | {"id_no": "110105194912310021", "days_past_due": "x"}))

    for value in ("欧阳小明", "11010519491231002", "ming@", "大道88号", "62345678", "13912345678", GOOD["phone_1"]):
        assert value not in page.html
    assert "a name in it cannot be told" in page


def test_the_card_data_is_known_by_its_header(
    pages: PageClient, tmp_path: Path, app: Flask, db_session: Session
) -> None:
    write_accounts(tmp_path / "cards.csv", 60)
    page = receive(pages, (tmp_path / "cards.csv").read_bytes())

    assert page.field("base").get("value") == "uci-default@1"
    assert "UCI-{ID}" in page and "fits every column" in page
    page.submit("prepare", step="import", as_of="2005-06-30", to="/imports/1")
    run_pending(app)
    assert (run(db_session).mapping, run(db_session).as_of) == ("uci-default@1", date(2005, 6, 30))


def test_a_foreign_file_is_corrected_in_the_table_and_shown_at_once(pages: PageClient) -> None:
    page = receive(pages, csv_bytes(FOREIGN, "gb18030"))
    assert "GB18030" in page and "Still missing: card_last4" in page
    assert page.field("c0").get("name") == "c0" and page.field("base").get("value") == "suggested"

    page = page.submit("prepare", step="show", **CHOSEN)

    assert states(page) == ["good", "skipped", "rejected"]
    assert "1,234.56" in page and "dispute" in page and "not overdue" in page
    assert "应还: Not an exact amount." in page
    assert "Still missing" not in page
    assert page.field("c8-values").text == "D = dispute"


def test_import_is_reached_before_the_columns_and_enter_in_a_field_only_shows_again(pages: PageClient) -> None:
    page = receive(pages, csv_bytes(FOREIGN))

    order = [
        element.get("value") or element.get("name")
        for element in page.root.iter()
        if element.tag in ("button", "select")
        and (element.get("form") == "prepare" or element.get("name") == "c0" or element.get("name") == "step")
    ]
    assert order[:3] == ["show", "try", "import"]  # the first button is the one that Enter takes
    assert order.index("import") < order.index("c0")


def test_without_what_is_required_nothing_is_imported(pages: PageClient, db_session: Session) -> None:
    page = receive(pages, csv_bytes(FOREIGN)).submit("prepare", step="import", c4="ignore")

    assert page.status == 422
    assert "card_last4" in page and "卡号末四位" in page and "Still missing" in page
    assert run(db_session).state is ImportState.WAITING


def test_a_layout_is_kept_and_the_next_file_goes_straight_to_its_rows(
    pages: PageClient, app: Flask, db_session: Session
) -> None:
    page = receive(pages, csv_bytes(FOREIGN, "gb18030"))
    chosen = CHOSEN | {"c8-values": "D=dispute\nnone ="}  # as a person types it, which is not quite as it is kept
    page = page.submit("prepare", step="save", profile_name="north", note="first", control_count="3", **chosen)
    assert "The layout is kept as north@1." in page.html and "fits every column" in page
    assert (page.field("base").get("value"), page.field("control_count").get("value")) == ("north@1", "3")
    page.submit("prepare", step="import", to="/imports/1")
    run_pending(app)
    assert (run(db_session).mapping, run(db_session).state) == ("north@1", ImportState.APPLIED)
    assert db_session.scalars(sa.select(Account.total_minor)).all() == [123_456]

    page = receive(
        pages, csv_bytes([FOREIGN[0], ["L-9", "K-9", "王芳", "13600136000", "9999", "5,00", "3", "01/06/2026", ""]])
    )
    assert page.field("base").get("value") == "north@1" and "fits every column" in page
    assert states(page) == ["good"]

    page = page.submit("prepare", step="save", profile_name="north", note="all rows", not_overdue="")
    assert "north@2" in page.html
    layout = pages.get(f"/imports/layouts/{db_session.scalars(sa.select(StoredMapping.id)).one()}")
    assert "north@1" in layout and "north@2" in layout and "all rows" in layout and "DD/MM/YYYY" in layout
    assert "north" in pages.get("/imports/layouts")


def test_a_layout_for_this_file_only_is_the_same_layout_the_second_time(
    pages: PageClient, app: Flask, db_session: Session
) -> None:
    for _ in range(2):
        receive(pages, csv_bytes(FOREIGN)).submit("prepare", step="import", **CHOSEN)
        run_pending(app)

    first, second = db_session.scalars(sa.select(ImportRun).order_by(ImportRun.id))
    assert first.mapping == second.mapping and first.mapping.startswith("once-")
    assert second.summary and second.summary["status"] == "already_imported"
    assert not db_session.scalar(sa.select(sa.func.count()).select_from(StoredMapping))


def test_a_trial_says_what_would_change_and_the_file_goes_on_waiting(
    pages: PageClient, app: Flask, db_session: Session
) -> None:
    bring_accounts(accounts_file({"balance_as_of": "2026-10-31"}))
    page = receive(pages, accounts_file({"days_past_due": "75"}, {}, {"days_past_due": "x"}))

    page = page.submit("prepare", step="try", control_count="3", to="/imports/2/prepare")
    assert "Trial of an import of accounts" in page
    run_pending(app)
    page = pages.get("/imports/2/prepare")

    assert "The first rows that would be rejected" in page
    assert "days_past_due “x”: Not a whole number of days." in page
    assert "Tried with Standard layout" in page and "What would change" in page and "Later bucket 1" in page
    assert page.field("control_count").get("value") == "3"
    assert run(db_session).state is ImportState.WAITING
    assert db_session.scalars(sa.select(Account.days_past_due)).all() == [45]
    page.submit("prepare", step="import", to="/imports/2")
    run_pending(app)
    done = pages.get("/imports/2")
    assert "What the file changed" in done and "Later bucket 1" in done
    pages.get("/imports/2/prepare", to="/imports/2")


def test_a_trial_that_would_be_refused_says_why(pages: PageClient, app: Flask) -> None:
    receive(pages, accounts_file({})).submit("prepare", step="try", control_total="5")
    run_pending(app)

    assert "The import would be refused: The file adds up to 1,000.00" in pages.get("/imports/1/prepare")


def test_an_encoding_that_has_to_be_named_is_asked_for_without_sending_again(pages: PageClient) -> None:
    taiwan = [["帳戶編號", "客戶編號", "客戶姓名", "手機號碼", "卡號後四碼", "本金", "逾期天數", "最後還款日"],
              ["T-1", "C-1", "張偉", "0912345678", "1234", "1000", "30", "115/06/30"]]  # fmt: skip
    page = receive(pages, csv_bytes(taiwan, "big5"))
    assert "it may be Big5" in page

    page = page.submit("prepare", step="look", encoding="big5")

    assert "BIG5" in page and page.field("encoding").get("value") == "big5"
    page = page.submit("prepare", step="show", date="ROC/MM/DD", **{"f-currency-value": "TWD", "f-region-value": "TW"})
    assert states(page) == ["good"]
    assert "+88691****5678" in page or "0912" not in page.html


def test_a_sheet_of_a_workbook_is_chosen(pages: PageClient) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet("说明").write_row(0, 0, ["nothing"])
        sheet = book.add_worksheet("账户")
        sheet.write_row(0, 0, list(GOOD))
        sheet.write_row(1, 0, list(GOOD.values()))
    page = receive(pages, stream.getvalue(), "book.xlsx")
    assert "has a header and no rows" in page

    page = page.submit("prepare", step="look", sheet="账户")

    assert states(page) == ["good"]
    assert "XLSX" in page


def test_another_known_layout_can_be_taken(pages: PageClient) -> None:
    page = receive(pages, accounts_file({}))

    page = page.submit("prepare", step="layout", mapping="uci-default@1", control_count="4")
    assert page.field("base").get("value") == "uci-default@1" and "The file lacks the columns" in page
    page = page.submit("prepare", step="layout", mapping="standard@1")
    assert states(page) == ["good"]
    assert page.field("control_count").get("value") == "4"


def test_a_file_that_waits_is_listed_and_can_be_dropped_and_taken_up_again(
    pages: PageClient, app: Flask, db_session: Session
) -> None:
    receive(pages, accounts_file({}), "left.csv")
    listed = pages.get("/imports?state=waiting")
    assert "left.csv" in listed and listed.links["1"] == "/imports/1/prepare"

    pages.post("/imports/1/drop", to="/imports")
    assert run(db_session).state is ImportState.DROPPED
    assert "was dropped before it was imported" in pages.get("/imports/1")
    pages.post("/imports/1/drop", status=409)
    pages.post("/imports/1/prepare", {"step": "import"}, to="/imports/1")

    page = pages.post("/imports/1/repeat", to="/imports/2/prepare")
    page.submit("prepare", step="import", control_count="9")
    run_pending(app)
    assert run(db_session).state is ImportState.REFUSED
    page = pages.get("/imports/2").submit("repeat", to="/imports/3/prepare")
    assert page.field("control_count").get("value") == "9"
    page.submit("prepare", step="import", control_count="1")
    run_pending(app)
    assert run(db_session).state is ImportState.APPLIED


def test_a_file_that_a_command_brought_and_that_was_refused_can_be_prepared_here(
    pages: PageClient, db_session: Session
) -> None:
    from portal.portfolio.importing import ImportRefused

    with pytest.raises(ImportRefused):
        bring_accounts(accounts_file({}), control_count=4)

    assert states(pages.post("/imports/1/repeat", to="/imports/2/prepare")) == ["good"]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x1b[31m.csv", "=cmd|' /C calc'!A0.csv", "<b>x</b>.csv", "x" * 400]
)
def test_a_files_name_is_a_name_and_nothing_else(name: str, pages: PageClient, db_session: Session) -> None:
    receive(pages, accounts_file({}), name)

    kept = run(db_session).file_name
    assert "/" not in kept and kept.isprintable() and len(kept) <= 255
    pages.get("/imports")


def test_formulas_are_text_in_the_table_and_in_the_rows(pages: PageClient) -> None:
    page = receive(pages, accounts_file({"name": "=1+1", "product": "<script>alert(1)</script>"}))

    assert "<script>alert" not in page.html
    assert states(page) == ["good"]


def test_an_account_shows_its_way_through_the_buckets_and_who_brought_its_number(pages: PageClient, app: Flask) -> None:
    for day, days in (("2026-09-30", "20"), ("2026-10-31", "50"), ("2026-11-20", "5")):
        bring_accounts(accounts_file({"balance_as_of": day, "days_past_due": days}))

    page = pages.get("/accounts/1")

    strip = next(e for e in page.root.iter("ol") if e.get("class") == "bucket-strip")
    assert [e.get("class") for e in strip.iter("li")] == ["stayed", "went-up", "went-down"]
    assert "↑ up to M2 31 Oct 2026" in " ".join("".join(strip.itertext()).split())
    assert page.links["accounts.csv"] == "/imports/1"
    assert "accounts.csv" not in PageClient(app).sign_in(make_user(Role.COMPLIANCE)).get("/accounts/1")


def test_payments_share_all_of_it(app: Flask, db_session: Session) -> None:
    clerk = PageClient(app).sign_in(make_user(Role.FINANCE))
    (account,) = make_book()
    content = payments_file(account, paid("P-1"), paid("P-2", "x")).replace(b"payment_ref", "流水号".encode())
    page = receive(clerk, content, "pay.csv", "/payments/imports")
    assert states(page) == ["good", "rejected"]
    page = page.submit("prepare", step="save", profile_name="pos", note="")
    assert "pos@1" in page.html
    page = page.submit("prepare", step="try", to="/payments/imports/1/prepare")
    run_pending(app)
    page = clerk.get("/payments/imports/1/prepare")
    assert "Tried with pos@1" in page
    page.submit("prepare", step="import", to="/payments/imports/1")
    run_pending(app)
    assert run(db_session).mapping == "pos@1"
    assert clerk.client.get("/payments/imports/1/rejects.csv").status_code == 200
    assert "pos" in clerk.get("/payments/imports/layouts")


def test_the_page_speaks_chinese(app: Flask) -> None:
    browser = PageClient(app, "zh_Hans").sign_in(make_user(Role.VENDOR_MANAGER, locale="zh_Hans"))
    page = receive(browser, accounts_file({}, {"days_past_due": "x"}))

    for words in ("前几行的读取结果", "可导入", "被拒绝", "日期写法", "仅试运行", "列与字段"):
        assert words in page
