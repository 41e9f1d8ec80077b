"""What a statement says when it has left the portal, as workbook and as PDF: the same as its page."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from python_calamine import CalamineWorkbook

from portal.commission.charging import Adjustment, approve_charge, propose_adjustment
from portal.commission.operations import confirm_statement
from tests.commission.factories import make_finance, released
from tests.commission.test_bad_input import text_of
from tests.commission.test_beside import letters_beside, of
from tests.commission.test_plans_paid import post
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import held_account, payments_file
from tests.recovery.test_payments import paid
from tests.support.pages import PageClient

if TYPE_CHECKING:
    from flask import Flask

pytestmark = [pytest.mark.settings(today=date(2005, 12, 1)), pytest.mark.databases("sqlite")]


def sheets(client: PageClient, statement: int) -> dict[str, list[list[Any]]]:
    answer = client.client.get(f"/statements/{statement}.xlsx", headers={"Accept-Language": "en"})
    book = CalamineWorkbook.from_filelike(BytesIO(answer.data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_workbook_says_whose_it_is_and_its_sums_lead_to_what_is_due(app: Flask) -> None:
    held, finance = held_account(plan={"rate": "0.20", "remittance": "net"}), make_finance()
    theirs = paid("P-1", "1000.00") | {"received_by": "agency"}
    bring_payments(payments_file(held.account, theirs, paid("P-2", "100.00") | {"received_by": "bank"}))
    (statement,) = released(finance)

    book = sheets(PageClient(app).sign_in(held.leader), statement)

    whose = {row[0]: row[1] for row in book["Statement"]}
    assert whose["Statement"] == f"CS-{held.agency.code}-2005-0001" and whose["Organisation"] == held.agency.name
    assert whose["Month"] == "July 2005" and whose["Period"] == "1 Jul 2005 to 31 Jul 2005"
    assert whose["Currency"] == "TWD"
    sums = [(row[0], row[6]) for row in book["Totals"][-3:]]
    assert sums == [("Commission", 220), ("Kept by the entrusted party already", -200), ("Due for payment", 20)]


def test_a_success_fee_is_called_so_everywhere(app: Flask) -> None:
    held, finance = held_account("0.20"), make_finance()
    firm = letters_beside(held)
    post(held, paid("P-1", "100.00"))
    statement = of(released(finance), firm)
    client = PageClient(app).sign_in(firm.leader)

    paper = text_of(client.client.get(f"/statements/{statement}.pdf?language=en").data)
    first = sheets(client, statement)["Lines"][1]

    assert "success fee" in client.get(f"/statements/{statement}")
    assert "success fee" in paper and "letter fee" not in paper
    assert (first[1], first[11]) == ("success fee", "success fee")


@pytest.mark.parametrize(("language", "owes"), [("zh", "应退委托方"), ("en", "Due to the entrusting party")])
def test_whoever_owes_is_named_and_the_amount_has_no_minus(app: Flask, language: str, owes: str) -> None:
    held, finance = held_account(currency="CNY"), make_finance()
    wanted = Adjustment(held.agency.id, "CNY", "-12.50", reason="Paid twice by mistake", about="D-1")
    approve_charge(finance.releaser, propose_adjustment(finance.issuer, wanted))
    (statement,) = released(finance)
    confirm_statement(held.actor, statement)
    client = PageClient(app).sign_in(held.leader)

    paper = text_of(client.client.get(f"/statements/{statement}.pdf?language={language}").data)

    due = next(line for line in paper.splitlines() if line.startswith(owes))
    assert "12.50" in due and "−" not in due and "-" not in due
    assert "壹拾贰元伍角" in paper and "负" not in paper
    page = PageClient(app).sign_in(finance.maker).get(f"/statements/{statement}")
    assert "The agency owes CN¥12.50." in page and "To be paid" not in page
