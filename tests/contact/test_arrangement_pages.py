"""Arrangements as agency staff and the bank see them: the schedule before it is kept, the bank's answer, the letter."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.contact.arrangements.models import Arrangement, ArrangementState, IncomeProof
from portal.contact.arrangements.operations import agree, draw_up
from portal.contact.models import Direction
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.services import services
from portal.identity.models import User
from tests.contact.arranging import AUTHORITY, TODAY, kept, plan, settlement
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person
from tests.contact.test_queue import credit
from tests.identity.factories import make_bank, make_user
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
TOTAL = 100_000
PDF = b"%PDF-1.4 wages of somebody"


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, clauses=dict(AUTHORITY), total=TOTAL)


@pytest.fixture
def manager(person: Person) -> User:
    return make_user(Role.VENDOR_MANAGER, make_bank())


def kept_ones(session: Session) -> int:
    session.expire_all()
    return session.scalar(sa.select(sa.func.count(Arrangement.id))) or 0


def test_the_schedule_is_shown_before_anything_is_kept(desk: Desk, client_for: Client, db_session: Session) -> None:
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}").links["Draw up an arrangement"]
    shown = client.get(page)
    assert "within your authority" in shown and "166.66" in shown and "166.70" in shown
    shown = client.get(f"{page}?kind=instalments&parts=3&rhythm=fortnightly&first_on=2005-07-10")
    assert "333.33" in shown and "333.34" in shown and "24 Jul 2005" in shown
    saved = shown.submit("keep", reason="steady wages", agreed_already="y")
    assert saved.path.startswith("/arrangements/") and "in force" in saved.h1 + saved.text
    assert "Nobody collects while it is kept." in saved
    bench = client.get(f"/queue/{desk.account_id}")
    assert "Instalment plan over CN¥1,000.00: CN¥0.00 paid, the next part by 10 Jul 2005" in bench
    assert "An arrangement with the debtor is kept, so collection stops." in bench


def test_amounts_of_ones_own_are_added_up_on_the_page(desk: Desk, client_for: Client) -> None:
    client = client_for(desk.user)
    asked = f"/queue/{desk.account_id}/arrangement?kind=instalments&parts=2&rhythm=monthly&first_on=2005-07-10"
    page = client.get(f"{asked}&own_amounts=400%0A500")
    assert "The parts make up CN¥900.00; together they must be CN¥1,000.00." in page
    page = client.get(f"{asked}&own_amounts=400%0A600")
    assert page.submit("keep", reason="less before harvest").status == 200
    assert [part.amount_minor for part in kept().instalments] == [40_000, 60_000]


def test_what_is_drawn_up_is_what_stands_in_the_fields_and_was_seen(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    shown = client_for(desk.user).get(f"/queue/{desk.account_id}/arrangement?kind=instalments")
    changed = shown.submit("keep", parts="4", reason="steady wages")
    assert changed.status == 422 and "The fields have changed since the schedule was shown." in changed
    assert kept_ones(db_session) == 0
    assert changed.field("parts").get("value") == "4" and "steady wages" in changed and "250.00" in changed
    assert changed.submit("keep").path.startswith("/arrangements/")
    assert [part.amount_minor for part in kept().instalments] == [25_000] * 4


def test_looking_at_a_schedule_keeps_nothing_and_loses_nothing(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    shown = client_for(desk.user).get(f"/queue/{desk.account_id}/arrangement?kind=instalments")
    looked = shown.submit("keep", parts="5", reason="steady wages", look="1")
    assert looked.status == 200 and "200.00" in looked and "steady wages" in looked
    unread = looked.submit("keep", parts="x", look="1")
    assert unread.status == 422 and "A number from 2 to 60." in unread and "Draw it up" not in unread
    assert kept_ones(db_session) == 0
    mended = unread.submit("keep", parts="4", look="1")
    assert "steady wages" in mended and mended.submit("keep").path.startswith("/arrangements/")


def test_what_cannot_be_read_is_told_beside_its_field(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get(
        f"/queue/{desk.account_id}/arrangement?kind=settlement&agreed=much&parts=x&first_on=soon&valid_until=later"
    )
    for words in ("Write an amount", "A number from 1 to 60.", "Write the day as 2005-07-31."):
        assert words in page
    assert "Draw it up" not in page


def test_the_bank_finds_what_waits_decides_it_and_the_agency_reads_the_answer(
    desk: Desk, manager: User, client_for: Client
) -> None:
    agency, bank = client_for(desk.user), client_for(manager)
    page = agency.get(f"/queue/{desk.account_id}/arrangement?kind=settlement&agreed=600&parts=1&first_on=2005-07-10")
    assert "The bank has to decide this:" in page and "less than the contract lets" in page
    one = page.submit("keep", reason="a brother pays").path.partition("?")[0]
    assert "Arrangements wait for the bank's decision" in bank.get("/")
    listed = bank.get("/arrangements?state=proposed")
    assert "600.00" in listed and desk.agency.name in listed
    asked = bank.get(one)
    assert (
        "The least that the agency may accept without asking" in asked
    )  # the contract's floor stands beside the field
    wrong = asked.submit("approve", floor="1,000")
    assert wrong.status == 422 and "lies between nought and the balance" in wrong
    answer = asked.submit("approve", floor="700", answer="no less")
    assert "The bank has consented" in answer
    seen = agency.get(one)
    assert "The least that the bank consents to" in seen and "accept without asking" not in seen
    assert "no less" in seen and "700.00" in seen and manager.name not in seen
    assert "in force" in seen.submit("agree")
    assert "700.00" in agency.get("/arrangements?state=agreed")


def test_the_bank_refuses_with_a_reason(desk: Desk, manager: User, client_for: Client) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    page = client_for(manager).post(f"/arrangements/{number}/refuse", {"reason": "too little"})
    assert "refused by the bank" in page and "too little" in client_for(desk.user).get(f"/arrangements/{number}")
    client_for(manager).post(f"/arrangements/{number}/refuse", {"reason": " "}, status=422)


def test_what_is_paid_stands_in_the_schedule_and_in_the_history(desk: Desk, client_for: Client) -> None:
    number = draw_up(desk.actor, desk.account_id, plan(), agreed=True)
    at_time(NOON + timedelta(days=10))
    credit(desk, 20_000, TODAY + timedelta(days=9))
    page = client_for(desk.user).get(f"/arrangements/{number}")
    assert "200.00" in page and "due, in the days of grace" in page and "a part is late" in page.h1 + page.text
    assert "AR000001 over CN¥1,000.00 agreed" in client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert number in [row.id for row in [kept()]] and "a part is late" in client_for(desk.user).get(
        "/arrangements?state=late"
    )


@pytest.mark.parametrize(
    ("language", "words"), [("zh", ("还款协议", "王小明")), ("en", ("Agreement on payment", "王小明"))]
)
def test_the_letter_of_agreement_names_the_debtor_in_full_and_the_look_is_recorded(
    desk: Desk, client_for: Client, db_session: Session, language: str, words: tuple[str, ...]
) -> None:
    make_bank()
    number = draw_up(desk.actor, desk.account_id, plan(12))
    response = client_for(desk.user).client.get(f"/arrangements/{number}/{language}.pdf")
    assert response.status_code == 200 and response.mimetype == "application/pdf"
    text = _text_of(response.data)
    for each in words:
        assert each in text
    found = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).all()
    assert len(found) == 1


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("parts", [3, 6, 9, 12])
def test_every_page_of_the_letter_names_the_agreement_and_the_signatures_never_stand_alone(
    desk: Desk, client_for: Client, language: str, parts: int
) -> None:
    make_bank()
    number = draw_up(desk.actor, desk.account_id, plan(parts))
    pages = _pages_of(client_for(desk.user).client.get(f"/arrangements/{number}/{language}.pdf").data)
    for place, page in enumerate(pages, 1):
        assert "AR000001" in page and "王小明" in page
        assert (f"page {place} of {len(pages)}" if language == "en" else f"第 {place} 页，共 {len(pages)} 页") in page
    assert "CN¥" in pages[-1] or "¥" in pages[-1]


def _text_of(content: bytes) -> str:
    return "".join(_pages_of(content))


def _pages_of(content: bytes) -> list[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    pages = [document[n].get_textpage() for n in range(len(document))]
    text = [page.get_text_bounded() for page in pages]
    for page in pages:
        page.close()
    document.close()
    return text


def test_what_waits_for_the_bank_is_no_letter(desk: Desk, client_for: Client) -> None:
    number = draw_up(desk.actor, desk.account_id, settlement(60_000))
    assert client_for(desk.user).client.get(f"/arrangements/{number}/en.pdf").status_code == 404


def test_a_part_that_is_more_than_is_left_each_month_is_warned_of(desk: Desk, client_for: Client) -> None:
    client = client_for(desk.user)
    client.get(f"/queue/{desk.account_id}/income").submit("income", wages="2,700", housing="2,500", household="2")
    address = f"/queue/{desk.account_id}/arrangement?kind=instalments&rhythm=monthly&first_on=2005-07-10&parts="
    page = client.get(f"{address}2")
    assert "A part of CN¥500.00 is more than the debtor can pay" in page and "CN¥200.00 is left a month" in page
    assert "flash-success" not in page.html
    page = client.get(f"{address}6")
    assert "CN¥200.00 left a month" in page and "more than the debtor can pay" not in page


def test_income_is_taken_down_with_proofs_that_only_a_recorded_look_opens(
    desk: Desk, manager: User, client_for: Client, db_session: Session
) -> None:
    client = client_for(desk.user)
    page = client.get(
        f"/queue/{desk.account_id}/arrangement?kind=instalments&parts=24&rhythm=monthly&first_on=2005-07-10"
    )
    assert "A statement of income and outgoings is missing." in page
    form = client.get(f"/queue/{desk.account_id}/income")
    wrong = form.submit("income", wages="lots", household="0")
    assert wrong.status == 422 and "Write an amount" in wrong
    wrong = form.submit("income", wages="6,000", household="0")
    assert "A number from 1 to 30." in wrong
    wrong = form.submit("income", wages="6,000", household="2", proof=(io.BytesIO(b"MZ"), "pay.exe"))
    assert "This is no PDF, PNG or JPEG file." in wrong
    form.submit("income", wages="6,000", housing="2,500.50", household="2", proof=(io.BytesIO(PDF), "pay.pdf"))
    page = client.get(
        f"/queue/{desk.account_id}/arrangement?kind=instalments&parts=24&rhythm=monthly&first_on=2005-07-10"
    )
    assert "CN¥3,499.50 left a month" in page and "more than the debtor can pay" not in page
    one = page.submit("keep", reason="two children").path.partition("?")[0]
    seen = client_for(manager).get(one)
    assert "3,499.50" in seen and "Rent or mortgage" in seen
    proof = db_session.scalars(sa.select(IncomeProof)).one()
    with services().storage.open(proof.digest) as stored:
        assert PDF not in stored.read()
    address = f"/income-statements/{proof.income_statement_id}/{proof.id}/proof"
    answer = client_for(manager).client.get(address)
    assert answer.data == PDF and "attachment" in answer.headers["Content-Disposition"]
    assert client_for(make_user(Role.AGENCY_STAFF)).client.get(address).status_code == 404
    looks = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "person.revealed")).all()
    assert [event.details["field"] for event in looks] == ["income_proof"]


def test_why_the_debtor_is_behind_leads_the_page_until_something_is_arranged(
    desk: Desk, person: Person, client_for: Client
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "hardship", reason_behind="lost_income"))
    client = client_for(desk.user)
    page = client.get(f"/queue/{desk.account_id}")
    assert "Lost income: see what the debtor can live on first" in page
    assert page.links["Draw up an instalment plan"].endswith("/arrangement?kind=instalments")
    later = call(person.mobile, "negotiating", direction=Direction.INBOUND, reason_behind="dispute")
    at_time(NOON + timedelta(minutes=5))
    log_attempt(desk.actor, desk.account_id, later)
    assert "Disputes a charge" in client_for(desk.user).get(f"/queue/{desk.account_id}")
    agree(desk.actor, draw_up(desk.actor, desk.account_id, plan()), None)
    assert (
        "Disputes a charge" not in client_for(desk.user).get(f"/queue/{desk.account_id}").text.partition("History")[0]
    )


def test_another_agency_finds_nothing_of_it(desk: Desk, client_for: Client) -> None:
    number = draw_up(desk.actor, desk.account_id, plan(), agreed=True)
    client = client_for(make_user(Role.AGENCY_LEADER))
    assert "Nothing has been arranged yet." in client.get("/arrangements")
    client.get(f"/arrangements/{number}", status=404)
    client.get(f"/queue/{desk.account_id}/arrangement", status=404)
    client.get(f"/queue/{desk.account_id}/income", status=404)
    client.post(f"/arrangements/{number}/withdraw", {"reason": "mine"}, status=404)
    assert kept().state is ArrangementState.AGREED
