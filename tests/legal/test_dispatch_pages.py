"""Pages of letters on their way, as a firm uses them, and what others see of them."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.tabular import open_table
from portal.foundation.work import reading
from portal.legal.dispatch.operations import dispatch_letter, dispatch_pack, record_result
from portal.legal.dispatch.queries import history_of
from portal.legal.dispatch.taking_back import take_back_result
from portal.legal.dispatch.terms import MailResult, Outcome, Sent
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

    asked = "Note all 3 letters as sent by “{carrier}” on {dispatched_on}?"  # the script writes in what stands in the fields
    assert asked in [button.get("data-confirm") for button in form.form("form").iter("button")]

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


def test_a_carriers_file_with_headers_of_its_own_gets_its_columns_named_and_can_be_given_up(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    pages = client_for(firm.lawyer)
    number = letters_of(pack_id)[0].letter_no
    lines = f"单,函,哪天,怎样\nEA1,{number},2005-07-20,\n"
    sent = {"file": (io.BytesIO(lines.encode()), "carrier.csv")}
    page = pages.post("/dispatch/imports/new", sent, content_type="multipart/form-data")
    assert "哪天" in page

    wanted = {"c0": "tracking_no", "c1": "letter_no", "c2": "dispatched_on", "c3": "ignore"}
    page = page.submit("prepare", step="show", **wanted)
    chosen = [option.get("value") for option in page.field("c1") if option.get("selected") is not None]
    assert chosen == ["letter_no"]
    page = page.submit("/drop", to="/dispatch/imports")
    assert "The file is dropped" in page


def test_the_same_tracking_number_on_a_second_letter_is_asked_about_at_its_field(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    pages, (first, second, third) = client_for(firm.lawyer), letters_of(pack_id)
    dispatch_letter(firm.actor, pack_id, first.id, Sent("EMS", "EA1CN", TODAY))
    form = pages.get(f"/packs/{pack_id}/letters/{second.id}/dispatch")

    page = form.submit("form", carrier="ＥＭＳ", tracking_no="ea1cn", dispatched_on="2005-07-20", status=422)
    assert f"The letter {first.letter_no} is out under this number" in page

    # Another carrier's number, and the letter's own said again, are no second letter.
    assert dispatch_letter(firm.actor, pack_id, third.id, Sent("顺丰", "EA1CN", TODAY))
    assert dispatch_letter(firm.actor, pack_id, first.id, Sent("EMS", "EA1CN", TODAY)) is False


def test_the_history_of_a_way_says_what_stands_what_was_corrected_and_what_was_taken_back(
    firm: Firm, pack_id: int
) -> None:
    letter = letters_of(pack_id)[0]
    dispatch_pack(firm.actor, pack_id, "EMS", TODAY)
    for result, reason in ((MailResult.UNCLAIMED, ""), (MailResult.DELIVERED, "")):
        record_result(firm.actor, pack_id, letter.id, Outcome(result, TODAY, reason))
    take_back_result(firm.actor, pack_id, letter.id, "another letter's card")
    record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.REFUSED, TODAY))

    with reading(firm.actor) as session:
        _dispatches, results = history_of(session, firm.actor, letter.id)
        told = [(said.row.result.value, said.standing.value) for said in results]

    assert told == [
        ("refused", "stands"),
        ("delivered", "takes_back"),
        ("delivered", "taken_back"),
        ("unclaimed", "corrected"),
    ]


@pytest.mark.parametrize("typed", [
    "{number}", "（２００５）{mark}律函字第０００００１号", "〔2005〕 {mark}律函字第000001号", "2005 000001", "000001", "第000001号",
    "ea1cn", "ＥＡ１ＣＮ", "{code}",
])  # fmt: skip
def test_a_letter_is_found_by_what_stands_on_it_or_on_its_envelope(
    firm: Firm, pack_id: int, client_for: Callable[[User], PageClient], typed: str
) -> None:
    letter = letters_of(pack_id)[0]
    dispatch_letter(firm.actor, pack_id, letter.id, Sent("EMS", "EA1CN", TODAY))
    mark = str(letter.letter_no).partition(")")[2].partition("律")[0]
    words = typed.format(number=letter.letter_no, mark=mark, code=letter.verify_code.replace("-", " ").lower())
    way = f"/packs/{pack_id}/letters/{letter.id}/way"

    for user in (firm.lawyer, make_user()):
        assert client_for(user).client.get("/search", query_string={"q": words}).location == way
    assert way not in client_for(make_user(organisation=make_law_firm("粤示"))).get(f"/search?q={words}").response.text


def test_a_whole_number_finds_its_letter_alone_where_another_firm_has_the_same_figures(
    app: Flask, firm: Firm, pack_id: int, client_for: Callable[[User], PageClient]
) -> None:
    ready_pack(app, a_firm("粤示"))
    letter = letters_of(pack_id)[0]
    bank = client_for(make_user()).client

    found = bank.get("/search", query_string={"q": letter.letter_no})
    assert found.location == f"/packs/{pack_id}/letters/{letter.id}/way"
    both = bank.get("/search", query_string={"q": "2005 000001"}).get_data(as_text=True)
    assert "京示" in both and "粤示" in both


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
