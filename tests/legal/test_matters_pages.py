"""Pages of matters, as a firm and the bank use them."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from portal.commission.charging import withdraw_charge
from portal.foundation.access import Role
from portal.foundation.clock import FrozenClock
from portal.foundation.services import services
from portal.legal.matters.costs import Advance, Wanted, advance_cost, approve_cost, ask_cost
from portal.legal.matters.documents import add_document
from portal.legal.matters.feeds import make_feed
from portal.legal.matters.hearings import Summons, fix_hearing
from portal.legal.matters.models import CostKind, DocumentKind, HearingKind
from portal.legal.matters.operations import add_step
from portal.legal.matters.stages import Outcome, Stage
from portal.vendors.proofs import Proof
from tests.identity.factories import make_law_firm, make_user
from tests.legal.suing import COURT, PDF, TODAY, Suing, a_suing_firm, at, in_court, said, sue, the_matter
from tests.placement.factories import recalled

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

    Clients = Callable[[User], PageClient]

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.databases("sqlite")]


@pytest.fixture
def firm(app: Flask) -> Suing:
    return a_suing_firm()


def scan(name: str = "scan.pdf", content: bytes = PDF) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def test_a_matter_goes_from_the_account_to_its_end_on_the_pages(firm: Suing, client_for: Clients) -> None:
    pages = client_for(firm.lawyer)
    account = pages.get(f"/accounts/{firm.accounts[0]}")
    assert "Nobody has sued for it yet." in account
    form = pages.get(account.links["Open a matter"])
    page = form.submit("form", claimed="52,838.95", lawyer_id=str(firm.lawyer.id), court=COURT, opened_on="2005-06-01")
    assert "in preparation" in page and "File the claim with the court" in page

    form = pages.get(page.links["It was filed"])
    early = form.submit("form", happened_on="2005-05-30", status=422)
    assert "The step before it" in early
    page = early.submit("form", happened_on="2005-06-02")
    assert "seven days to accept" in page
    page = pages.get(page.links["The court accepted it"]).submit(
        "form", happened_on="2005-06-09", case_no="(2005)沪0115民初1号"
    )
    assert "(2005)沪0115民初1号" in page and "Open a matter" not in pages.get(f"/accounts/{firm.accounts[0]}").links

    form = pages.get(page.links["Close the matter"])
    page = form.submit("form", happened_on="2005-07-01", outcome="settled", principal="45000", costs="830.50", court="")
    assert "ended by settlement" in page and "CN¥45,000.00" in page and "CN¥830.50" in page
    assert "ended by settlement" in pages.get("/matters") and not page.links.keys() & {
        "Close the matter",
        "New hearing",
    }
    found = pages.get("/search?q=" + the_matter(1).number, to="/matters/1")
    assert "Matters" in found


def test_a_step_is_corrected_and_taken_back_from_its_row(firm: Suing, client_for: Clients) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    page = pages.get(f"/matters/{matter_id}")
    form = pages.get([url for words, url in page.links.items() if words == "Correct"][-1])
    assert "in preparation" in form  # the last of the links is the first step's
    form = pages.get(f"/matters/{matter_id}/steps/3/correct")
    page = form.submit("form", case_no="(2005)沪0115民初2号")
    assert "What was said before" in page and "(2005)沪0115民初2号" in page
    form = pages.get(f"/matters/{matter_id}/steps/4/correct")
    page = form.submit("take-back", reason="the court has only taken the papers")
    assert "taken back: the court has only taken the papers" in page and "seven days to accept" in page


def test_a_hearing_stands_in_the_list_and_on_the_home_page(firm: Suing, client_for: Clients) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    form = pages.get(pages.get(f"/matters/{matter_id}").links["New hearing"])
    assert "Fill this in." in form.submit("form", kind="trial", starts_at="", status=422)
    page = form.submit("form", kind="trial", starts_at="2005-07-24T09:30", room="第三法庭")
    assert "24 Jul 2005 09:30" in page and "scheduled" in page
    assert "第三法庭" in pages.get("/hearings") and "第三法庭" in pages.get("/")
    assert "第三法庭" in client_for(make_user()).get("/hearings")

    form = pages.get(page.links["Move or call off"])
    page = form.submit("form", starts_at="2005-07-25T14:00", note="法官另有庭审")
    assert "25 Jul 2005 14:00" in page and "法官另有庭审" in page
    services().clock = FrozenClock(at=datetime(2005, 7, 26, 4, tzinfo=UTC))
    assert "Say what came of it" in pages.get("/")
    assert "what came of it?" in pages.get("/hearings") and "what came of it?" in pages.get("/hearings?when=to_tell")
    page = pages.get(f"/matters/{matter_id}").submit("held")
    assert "held" in page and "Judgment was given" in page.links
    assert "第三法庭" in pages.get("/hearings?when=over&state=held&day_from=2005-07-25&day_to=2005-07-25")


def test_hearings_that_wait_for_their_outcome_stand_first_in_the_list_that_opens(
    firm: Suing, client_for: Clients
) -> None:
    matter_id, pages = in_court(firm), client_for(firm.lawyer)
    for day, room in ((10, "第八法庭"), (3, "第七法庭")):
        fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(day), COURT, room))
    services().clock = FrozenClock(at=at(5))
    page = pages.get("/hearings")
    assert page.text.index("第七法庭") < page.text.index("第八法庭") and page.text.count("what came of it?") == 1
    assert "第七法庭" not in pages.get("/hearings?when=ahead")


def test_the_form_of_a_step_asks_only_what_its_stage_can_have(firm: Suing, client_for: Clients) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    page = pages.get(f"/matters/{matter_id}")
    for words, ends, awards in (
        ("It was heard", False, False),
        ("It was mediated", False, True),
        ("Close the matter", True, True),
    ):
        form = pages.get(page.links[words])
        assert form.h1 == words and ("How it ended" in form, "Awarded: interest" in form) == (ends, awards)
    wrong = form.submit("form", happened_on="2005-07-01", outcome="settled", interest="-1", status=422)
    assert "Awarded: interest: An amount that is awarded is never less than nothing." in wrong
    beyond = pages.get(page.links["Close the matter"] + "&x=1").submit(
        "form", happened_on="2005-07-01", outcome="enforced", status=422
    )
    assert "needs that it came to" in beyond


def test_the_first_button_of_a_matter_is_what_usually_comes_next(firm: Suing, client_for: Clients) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)

    def first() -> str:
        html = pages.get(f"/matters/{matter_id}").html
        return html.partition('<a class="btn btn-primary"')[2].partition(">")[2].partition("<")[0]

    assert first() == "It was heard"
    fix_hearing(firm.actor, matter_id, HearingKind.MEDIATION, Summons(at(3), COURT))
    assert first() == "It was mediated"
    fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(2), COURT))
    assert first() == "It was heard"


def test_accounts_that_are_placed_for_litigation_and_not_sued_for_are_a_link_away(
    firm: Suing, client_for: Clients
) -> None:
    pages, bank = client_for(firm.lawyer), client_for(make_user())
    assert "2 accounts are placed for litigation" in pages.get("/matters")
    sue(firm)
    page = pages.get("/matters")
    assert "1 account is placed for litigation and has no matter yet." in page
    found = pages.get(page.links["Look at them"])
    assert [url for url in found.links.values() if url in {f"/accounts/{n}" for n in firm.accounts}] == [
        f"/accounts/{firm.accounts[1]}"
    ]
    assert "Open a matter" in pages.get(f"/accounts/{firm.accounts[1]}").links
    assert "Accounts are placed for litigation and have no matter yet" in pages.get("/")
    assert "1 account is placed" in bank.get("/matters") and "Look at them" not in bank.get("/matters").links
    sue(firm, 1)
    assert "no matter yet" not in pages.get("/matters") and "no matter yet" not in pages.get("/")


def test_a_hearing_that_fell_with_its_matter_says_so_in_the_readers_language(firm: Suing, client_for: Clients) -> None:
    matter_id = in_court(firm)
    fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3), COURT, "法" * 100))
    add_step(firm.actor, matter_id, said(Stage.CLOSED, 18, 7, outcome=Outcome.WITHDRAWN))
    page = client_for(firm.lawyer).get(f"/matters/{matter_id}")
    assert "The matter was closed." in page and f'<td class="called">{"法" * 100}</td>' in page.html
    chinese = make_user(organisation=firm.organisation, locale="zh_Hans")
    assert "案件已结案。" in client_for(chinese).get(f"/matters/{matter_id}")


def test_a_hearing_is_called_off_with_its_reason(firm: Suing, client_for: Clients) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3), COURT))
    form = pages.get(pages.get(f"/matters/{matter_id}").links["Move or call off"])
    page = form.submit("cancel", reason="原告撤诉")
    assert "cancelled" in page and "原告撤诉" in page


def test_a_cost_goes_from_the_firm_to_the_bank_and_back_and_on_as_a_charge(firm: Suing, client_for: Clients) -> None:
    lawyer, finance, matter_id = client_for(firm.lawyer), client_for(make_user(Role.FINANCE)), in_court(firm)
    form = lawyer.get(lawyer.get(f"/matters/{matter_id}").links["Ask for a cost"])
    refused = form.submit(
        "form", kind="court_fee", amount="560.50", reason="受理费", proof=scan("fee.exe", b"MZ\x90"), status=422
    )
    assert "This is no PDF, PNG or JPEG file." in refused
    page = refused.submit("form", kind="court_fee", amount="560.50", reason="受理费", proof=scan("通知.pdf"))
    assert "undecided" in page
    assert "Court fee" in finance.get("/")
    page = finance.get(f"/matters/{matter_id}")
    assert finance.client.get(page.links["通知.pdf"]).data == PDF
    assert "approved" in page.submit("approve")
    page = lawyer.get(f"/matters/{matter_id}")
    form = lawyer.get(page.links["It was paid"])
    missing = form.submit("form", amount="560.50", charged_on="2005-07-20", status=422)
    assert "a cost is paid by its proof" in missing
    torn = missing.submit(
        "form", amount="560.50", charged_on="2005-07-20", proof=scan("r.pdf", b"%PDF-1.4 x"), status=422
    )
    assert "cannot be opened" in torn and "Day of payment" in torn
    page = torn.submit("form", amount="545.45", charged_on="2005-07-20", proof=scan("receipt.pdf"))
    assert "advanced" in page and "Costs approved CN¥560.50" in page and "Costs advanced CN¥545.45" in page
    assert (
        f"asked for by {firm.lawyer.name}" in page and f"paid by {firm.lawyer.name}" in page and "approved by" in page
    )
    row = page.text.partition("Amount paid")[2]
    assert row.index("CN¥560.50") < row.index("CN¥545.45")
    number = next(words for words in page.links if words.startswith("CO-"))
    charge = finance.get(page.links[number])
    assert the_matter(matter_id).number in charge and "undecided" in charge


def test_a_payment_of_a_cost_that_the_firm_withdraws_was_none(firm: Suing, client_for: Clients) -> None:
    matter_id = in_court(firm)
    cost_id = ask_cost(firm.actor, matter_id, Wanted(CostKind.TRAVEL, "80", "差旅"))
    approve_cost(firm.desk.maker, matter_id, cost_id)
    charge_id = advance_cost(firm.actor, matter_id, cost_id, Advance("70", TODAY, Proof(PDF, "scan.pdf")))
    assert "Costs advanced CN¥70.00" in client_for(firm.lawyer).get(f"/matters/{matter_id}")
    withdraw_charge(firm.actor, charge_id)
    assert "Costs advanced CN¥0.00" in client_for(firm.lawyer).get(f"/matters/{matter_id}")


def test_a_withdrawn_document_stands_struck_through_with_its_reason_and_goes_to_nobody(
    firm: Suing, client_for: Clients
) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    document_id = add_document(firm.actor, matter_id, DocumentKind.JUDGMENT, Proof(PDF, "判决书.pdf"))
    page = pages.get(f"/matters/{matter_id}").submit(f"documents/{document_id}/withdraw", reason="非本案文书")
    assert "判决书.pdf" in page and "判决书.pdf" not in page.links
    assert "<s>判决书.pdf</s>" in page.html and f"withdrawn by {firm.lawyer.name}" in page and "非本案文书" in page
    for who in (firm.lawyer, make_user()):
        assert client_for(who).client.get(f"/matters/{matter_id}/documents/{document_id}/file").status_code == 404


def test_a_document_is_taken_by_its_first_bytes_and_given_back_as_a_file_to_be_kept(
    firm: Suing, client_for: Clients
) -> None:
    pages, matter_id = client_for(firm.lawyer), in_court(firm)
    form = pages.get(pages.get(f"/matters/{matter_id}").links["Add a document"])
    for content in (b"<html><script>", b"PK\x03\x04", b"", b"GIF89a"):
        assert "no PDF" in form.submit("form", kind="judgment", proof=scan("判决书.pdf", content), status=422)
    for content in (b"%PDF-1.4 nineteen b", PDF[:90], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"):
        assert "cannot be opened" in form.submit("form", kind="judgment", proof=scan("判决书.pdf", content), status=422)
    page = form.submit("form", kind="judgment", proof=scan("../../判决书.exe"))
    address = page.links["判决书.pdf"]
    for who in (firm.lawyer, make_user(), make_user(Role.FINANCE)):
        answer = client_for(who).client.get(address)
        assert answer.data == PDF and answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    stranger = client_for(make_user(organisation=make_law_firm("粤诉")))
    for path in (address, f"/matters/{matter_id}", f"/matters/{matter_id}/steps/new"):
        assert stranger.client.get(path).status_code == 404
    assert "Your firm runs no matter yet." in stranger.get("/matters")


def test_once_the_account_has_gone_back_the_page_says_so_and_shows_no_more_of_the_person(
    firm: Suing, client_for: Clients
) -> None:
    matter_id, bank = in_court(firm), client_for(make_user())
    client_for(firm.lawyer).get(f"/matters/{matter_id}/documents/new").submit(
        "form", kind="complaint", proof=scan("诉状.pdf")
    )
    recall_id = recalled(firm.desk, firm.batch)
    assert "has a suit or letters under way" in bank.get(f"/recalls/{recall_id}")
    page = client_for(firm.lawyer).get(f"/matters/{matter_id}")
    assert "The bank has taken the account back" in page and "account gone back" in page
    assert "诉状.pdf" in page and "诉状.pdf" not in page.links and "Make a bundle (English)" not in page
    assert page.links.keys() & {"Close the matter", "It was mediated", "New hearing"} == {"Close the matter"}
    assert "Close the matter" in client_for(firm.lawyer).get("/").links
    assert the_matter(matter_id).number in bank.get("/matters?stage=gone_back")


def test_the_list_is_narrowed_by_stage_court_lawyer_and_firm(firm: Suing, client_for: Clients) -> None:
    other = a_suing_firm("粤诉", desk=firm.desk)
    first, second = the_matter(in_court(firm)).number, the_matter(sue(other, court="广州市越秀区人民法院")).number
    bank = client_for(make_user())
    for question, shown in (
        ("stage=open", {first, second}), ("stage=accepted", {first}), ("stage=closed", set()), (f"court={COURT}", {first}),
        (f"lawyer={other.lawyer.id}", {second}), (f"firm={firm.organisation.id}", {first}),
    ):  # fmt: skip
        page = bank.get(f"/matters?{question}")
        assert {number for number in (first, second) if number in page} == shown
    assert second not in client_for(firm.lawyer).get("/matters") and "粤诉" not in client_for(firm.lawyer).get(
        "/matters"
    )


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_every_page_of_matters_stands_in_both_languages(firm: Suing, client_for: Clients, locale: str) -> None:
    matter_id = in_court(firm)
    hearing_id = fix_hearing(firm.actor, matter_id, HearingKind.TRIAL, Summons(at(3), COURT))
    cost_id = ask_cost(firm.actor, matter_id, Wanted(CostKind.TRAVEL, "80", "差旅", Proof(PDF, "scan.pdf")))
    pages = client_for(make_user(organisation=firm.organisation, locale=locale, lawyer_licence_no="L-2"))
    for path in (
        "/matters", "/hearings", "/hearings/calendar", f"/accounts/{firm.accounts[1]}/matters/new", f"/matters/{matter_id}",
        f"/matters/{matter_id}/steps/new", f"/matters/{matter_id}/steps/2/correct", f"/matters/{matter_id}/hearings/new",
        f"/matters/{matter_id}/hearings/{hearing_id}/move", f"/matters/{matter_id}/costs/new",
        f"/matters/{matter_id}/costs/{cost_id}/advance", f"/matters/{matter_id}/documents/new",
    ):  # fmt: skip
        page = pages.get(path)
        assert ("案" in page.text or "庭" in page.text) is (locale == "zh_Hans") or locale == "en"


# --- the calendar -------------------------------------------------------------------------------------------------------


def test_the_address_of_a_calendar_is_shown_once_renewed_and_ended(
    firm: Suing, client_for: Clients, app: Flask
) -> None:
    fix_hearing(firm.actor, in_court(firm), HearingKind.TRIAL, Summons(at(3), COURT))
    pages, stranger = client_for(firm.lawyer), app.test_client()

    def made() -> str:
        page = pages.get("/hearings/calendar").submit("/hearings/calendar")
        address = page.element("address").get("value") or ""
        return "/calendar/" + address.rpartition("/calendar/")[2]

    first = made()
    answer = stranger.get(first)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert b"BEGIN:VEVENT" in answer.data and answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert first.rpartition("/")[2].removesuffix(".ics") not in pages.get("/hearings/calendar").html

    second = made()
    assert stranger.get(first).status_code == 404 and stranger.get(second).status_code == 200
    assert "leads nowhere" in pages.get("/hearings/calendar").submit("end")
    for nothing in (second, "/calendar/.ics", "/calendar/x.ics", "/calendar/%00.ics", f"/calendar/{'x' * 3_000}.ics"):
        assert stranger.get(nothing).status_code in (400, 404), nothing


def test_whoever_tries_addresses_of_calendars_has_to_wait(firm: Suing, app: Flask) -> None:
    client, secret = app.test_client(), make_feed(firm.actor)
    answers = {client.get(f"/calendar/guess-{n}.ics").status_code for n in range(40)}
    assert answers == {404, 429}
    assert client.get(f"/calendar/{secret}.ics").status_code == 429
