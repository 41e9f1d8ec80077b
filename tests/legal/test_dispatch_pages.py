"""Pages of letters on their way, as a firm uses them, and what others see of them."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.tabular import open_table
from portal.legal.dispatch.operations import dispatch_pack, record_result
from portal.legal.dispatch.terms import MailResult, Outcome
from portal.vendors.proofs import Proof
from tests.identity.factories import make_law_firm, make_user
from tests.legal.factories import Firm, a_firm, letters_of, ready_pack
from tests.legal.test_dispatch import void

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = [pytest.mark.settings(today=date(2005, 7, 20)), pytest.mark.databases("sqlite")]

TODAY = date(2005, 7, 20)


@pytest.fixture
def firm(app: Flask) -> Firm:
    return a_firm()


@pytest.fixture
def pack_id(app: Flask, firm: Firm) -> int:
    return ready_pack(app, firm)


def test_a_letter_goes_from_the_pack_to_its_result_on_the_pages(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    pages = client_for(firm.lawyer)
    letter = letters_of(pack_id)[0]
    listed = pages.get(pages.get(f"/packs/{pack_id}").links["Dispatch and results"])
    assert str(letter.letter_no) in listed

    way = f"/packs/{pack_id}/letters/{letter.id}/way"
    form = pages.get(pages.get(way).links["It was sent"])
    page = form.submit("form", carrier="EMS", tracking_no="EA1CN", dispatched_on="2005-07-20", to=way)
    assert "EA1CN" in page

    form = pages.get(page.links["What came of it"])
    refused = form.submit("form", result="returned", result_on="2005-07-20", reason="", status=422)
    assert "Say why it came back" in refused
    page = refused.submit("form", result="returned", result_on="2005-07-20", reason="moved", to=way)
    assert "marked as not valid" in page

    form = pages.get(page.links["Correct what came of it"])
    page = form.submit("form", result="delivered", result_on="2005-07-20", reason="", to=way)
    assert "corrected" in page and "marked as not valid" not in page
    assert "delivered" in pages.get(f"/packs/{pack_id}/dispatch?state=delivered")
    account = pages.get(f"/accounts/{letter.account_id}")
    assert "EA1CN" in account and "delivered" in account


def test_a_whole_pack_is_sent_from_one_form(firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]) -> None:
    pages = client_for(firm.lawyer)
    listed = f"/packs/{pack_id}/dispatch"
    form = pages.get(pages.get(listed).links["All were sent"])

    page = form.submit("form", carrier="EMS", dispatched_on="2005-07-20", to=listed)

    assert "3 letters are noted as sent." in page
    assert "All were sent" not in page.links


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_to_fill_in_holds_the_packs_numbers_and_sent_back_changes_nothing(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient], form: str
) -> None:
    void(letters_of(pack_id)[2])
    dispatch_pack(firm.actor, pack_id, "EMS", TODAY)
    first = letters_of(pack_id)[0]
    record_result(firm.actor, pack_id, first.id, Outcome(MailResult.UNCLAIMED, TODAY))

    answer = client_for(firm.lawyer).client.get(f"/packs/{pack_id}/dispatch/dispatch.{form}")

    table = open_table(io.BytesIO(answer.data))
    assert table.header == ["letter_no", "carrier", "tracking_no", "dispatched_on", "result", "result_on", "reason"]
    assert [[str(cell) for cell in row.cells] for row in table.rows()] == [
        [str(first.letter_no), "EMS", "", "2005-07-20", "unclaimed", "2005-07-20", ""],
        [str(letters_of(pack_id)[1].letter_no), "EMS", "", "2005-07-20", "", "", ""],
    ]


def test_the_list_is_exported_with_its_tracking_numbers(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    dispatch_pack(firm.actor, pack_id, "EMS", TODAY)
    content = client_for(firm.lawyer).client.get(f"/packs/{pack_id}/dispatch?export=csv").get_data(as_text=True)
    assert "Tracking number" in content and content.count("2005-07-20") == 3


def test_a_proof_is_given_back_to_the_firm_and_the_bank_and_to_nobody_else(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    dispatch_pack(firm.actor, pack_id, "EMS", TODAY)
    letter = letters_of(pack_id)[0]
    record_result(
        firm.actor, pack_id, letter.id, Outcome(MailResult.DELIVERED, TODAY), Proof(b"%PDF-1.4 x", "card.pdf")
    )
    path = client_for(firm.lawyer).get(f"/packs/{pack_id}/letters/{letter.id}/way").links["card.pdf"]

    assert client_for(firm.lawyer).client.get(path).data == b"%PDF-1.4 x"
    assert client_for(make_user()).client.get(path).data == b"%PDF-1.4 x"
    assert client_for(make_user(organisation=make_law_firm("粤示"))).client.get(path).status_code == 404


def test_the_bank_sees_the_way_and_says_nothing_of_it(pack_id: int, client_for: Callable[[User], PageClient]) -> None:
    pages = client_for(make_user())
    letter = letters_of(pack_id)[0]
    assert "To be sent" in pages.get(f"/packs/{pack_id}/dispatch")
    assert "It was sent" not in pages.get(f"/packs/{pack_id}/letters/{letter.id}/way").links
    pages.get(f"/packs/{pack_id}/letters/{letter.id}/dispatch", status=403)
    pages.get(f"/packs/{pack_id}/dispatch/all", status=403)
