"""What cannot be so is refused or waits with its reason where somebody sees it; nothing is lost and nothing is half done."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from portal.commission.models import LineClaim, Statement
from portal.foundation.access import Role
from portal.foundation.jobs import Job, run_pending
from portal.portfolio.models import RejectedRow
from portal.recovery.models import Attribution, Payment
from portal.vendors.models import ContractVersion
from tests.commission.factories import JULY, drawn, make_finance, released
from tests.commission.test_plans_paid import AUGUST, assert_reruns_are_equal, lines, post, recovered, why
from tests.identity.factories import make_agency, make_user
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, make_book, payments_file
from tests.recovery.test_payments import decisions, paid, reversal
from tests.support.pages import PageClient
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = [pytest.mark.settings(today=date(2005, 9, 15)), pytest.mark.databases("sqlite")]
HOLE = {"bands": {"by": "recovery_rate", "mode": "whole", "rows": [{"from": "0.10", "rate": "0.05"}]}}


def count(session: Session, what: type) -> int:
    found = session.scalar(sa.select(sa.func.count()).select_from(what)) or 0
    session.rollback()
    return found


# --- a plan with a hole in its bands ----------------------------------------------------------------------------------------


def test_a_hole_in_the_bands_is_said_on_the_page_before_the_plan_is_kept(app: Flask) -> None:
    contract = make_contract(make_agency("HT"), currency="CNY")
    client = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))
    fields = {
        "p-bands_by": "recovery_rate", "p-bands_mode": "whole", "p-bands-0-kind": "from", "p-bands-0-value": "10%",
        "p-bands-0-rate": "5%",
    }  # fmt: skip

    page = client.get(f"/contracts/{contract}/versions/new").submit("form", status=200, step="show", rate="", **fields)

    assert "nothing is earned" in page and "10%" in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [(("15%", "5%"), "limits have to rise"), (("15%", "15%"), "twice")],
)
def test_bands_out_of_order_are_refused_in_words_and_nothing_is_kept(
    app: Flask, db_session: Session, values: tuple[str, str], sentence: str
) -> None:
    contract = make_contract(make_agency("HT"), currency="CNY")
    client = PageClient(app).sign_in(make_user(Role.VENDOR_MANAGER))
    fields = {"p-bands_by": "recovery_rate", "p-bands_mode": "whole", "effective_from": "2005-10-01", "rate": ""}
    for number, value in enumerate(values):
        fields |= {f"p-bands-{number}-kind": "from", f"p-bands-{number}-value": value, f"p-bands-{number}-rate": "3%"}

    page = client.get(f"/contracts/{contract}/versions/new").submit("form", status=422, **fields)

    assert sentence in page.html
    assert page.field("p-bands-1-value").get("value") == values[1]
    assert count(db_session, ContractVersion) == 1


def test_a_payment_in_the_hole_is_a_line_of_nothing_with_its_reason_and_trued_up_later(app: Flask) -> None:
    held, finance = held_account(plan=HOLE), make_finance()
    post(held, paid("P-1", "5000.00"))
    (july,) = released(finance)
    post(held, paid("P-2", "6000.00", "2005-08-10"))
    (august,) = released(finance, AUGUST)

    assert lines(july) == [("P-1", 0, "below_first_band")]
    assert recovered(july) == 500_000
    assert lines(august) == [("P-1", 25_000, "true_up"), ("P-2", 30_000, "rate")]
    page = PageClient(app).sign_in(held.leader).get(f"/statements/{july}/lines/1")
    assert "below the first step" in page and "NT$0.00" in page
    assert "nothing is earned, for the lowest step of the plan is not reached" in why(july, 1)
    assert_reruns_are_equal()


# --- payments that nobody can be credited with --------------------------------------------------------------------------------


def test_a_payment_for_an_account_that_is_placed_with_nobody_waits_in_the_queue(
    app: Flask, db_session: Session
) -> None:
    (account,) = make_book()
    finance = make_finance()

    summary = bring_payments(payments_file(account, paid("P-1", "123.45")))

    assert (summary["created"], summary["rejected"], summary["total"]) == (1, 0, "123.45")
    assert decisions(db_session) == [("P-1", "not_placed", 0)]
    db_session.rollback()
    page = PageClient(app).sign_in(finance.maker).get("/payments/exceptions")
    assert "P-1" in page and "NT$123.45" in page
    assert drawn(finance) == []
    assert count(db_session, LineClaim) == count(db_session, Statement) == 0


def test_a_reversal_of_a_reversal_waits_in_the_queue_and_moves_no_commission(app: Flask, db_session: Session) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", "100.00"), reversal("R-1", "P-1", "40.00"))
    post(held, reversal("R-2", "R-1", "40.00", "2005-07-25"))

    assert decisions(db_session) == [
        ("P-1", "credited", 10_000),
        ("R-1", "credited", -4_000),
        ("R-2", "cannot_reverse", 0),
    ]
    db_session.rollback()
    page = PageClient(app).sign_in(finance.maker).get("/payments/exceptions")
    assert "R-2" in page and "R-1" in page
    (july,) = released(finance)
    assert lines(july) == [("P-1", 1_000, "rate"), ("R-1", -400, "reversal")]
    assert count(db_session, Payment) == 3
    assert_reruns_are_equal()


# --- a currency without a minor unit ------------------------------------------------------------------------------------------


def test_yen_go_from_the_file_to_the_page_the_workbook_and_the_paper_without_a_point(
    app: Flask, db_session: Session
) -> None:
    held, finance = held_account("0.105", currency="JPY"), make_finance()
    rows = [{**paid(f"P-{n}", amount), "currency": "JPY"} for n, amount in enumerate(("1000", "1000.5", "1001"))]

    summary = bring_payments(payments_file(held.account, *rows))

    assert (summary["created"], summary["rejected"], summary["errors"], summary["total"]) == (
        2,
        1,
        {"unreadable": 1},
        "2001",
    )
    (bad,) = db_session.scalars(sa.select(RejectedRow)).all()
    assert bad.line == 3
    db_session.rollback()
    (july,) = released(finance)
    assert lines(july) == [("P-0", 105, "rate"), ("P-2", 105, "rate")]  # 105.105
    client = PageClient(app).sign_in(held.leader)
    for path in (f"/statements/{july}", f"/statements/{july}/lines/1"):
        page = client.get(path)
        assert "¥105" in page and "¥1,000" in page
        for wrong in ("105.00", "1,000.00", "1.05", "10.00", "210.00"):
            assert wrong not in page, path
    assert "¥210" in client.get(f"/statements/{july}")
    book = CalamineWorkbook.from_filelike(BytesIO(client.client.get(f"/statements/{july}.xlsx").data))
    sheet, totals = (book.get_sheet_by_index(number).to_python() for number in (1, 2))
    assert [row[9] for row in sheet[1:]] == [105, 105]
    assert totals[-1][6] == 210
    for language in ("en", "zh"):
        text = text_of(client.client.get(f"/statements/{july}.pdf?language={language}").data)
        assert "210" in text and "1,000" in text
        assert "210.00" not in text and "2.10" not in text and "1,000.00" not in text
    assert ",105," in client.client.get(f"/statements/{july}?export=csv").text
    assert_reruns_are_equal()


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(document[number].get_textpage().get_text_bounded() for number in range(len(document)))


# --- a month that is not over -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("month", ["2005-09", "2005-10"])
def test_a_month_that_is_not_over_is_refused_in_words_and_nothing_is_drawn_up(
    app: Flask, db_session: Session, month: str
) -> None:
    held, finance = held_account("0.10"), make_finance()
    post(held, paid("P-1", day="2005-09-01"))
    before = count(db_session, Job)

    page = PageClient(app).sign_in(finance.maker).post("/statements/draw", {"period": month})
    run_pending(app)

    assert "This month is not over. Statements are drawn up from the first day of the next." in page
    assert count(db_session, Job) == before
    assert count(db_session, Statement) == count(db_session, LineClaim) == 0
    assert count(db_session, Attribution) == 1
    assert drawn(finance, JULY) == []
