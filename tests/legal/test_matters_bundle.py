"""Bundles of evidence: what is in them, whose they are, and that erasing the person takes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
import sqlalchemy as sa

from letters import render_document
from portal.contact.models import Channel
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.audit import AuditEvent
from portal.foundation.clock import FrozenClock
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import run_pending
from portal.foundation.services import services
from portal.foundation.vault import PersonKey
from portal.foundation.work import reading, transaction
from portal.legal.approving import approve_pack
from portal.legal.building import build_pack
from portal.legal.dispatch.operations import dispatch_pack, record_result
from portal.legal.dispatch.terms import MailResult, Outcome
from portal.legal.giving_up import give_pack_up
from portal.legal.matters import bundle_parts
from portal.legal.matters.bundle import ask_bundle, take_bundle
from portal.legal.matters.costs import Advance, Wanted, advance_cost, approve_cost, ask_cost
from portal.legal.matters.documents import add_document, withdraw_document
from portal.legal.matters.models import CostKind, DocumentKind, EvidenceBundle
from portal.portfolio.models import Account, Customer
from portal.vendors.proofs import Proof
from tests.contact.factories import call, make_person
from tests.contact.factories import make_desk as make_agency_desk
from tests.identity.factories import actor_of, make_law_firm, make_user, observer
from tests.legal.factories import letter_batch, letters_of, open_sample, rename_person
from tests.legal.suing import PDF, TODAY, Suing, a_suing_firm, in_court, the_matter
from tests.placement.factories import recalled
from tests.portfolio.bringing import bring_payments
from tests.recovery.factories import payments_file
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import User
    from tests.support.pages import PageClient

pytestmark = [pytest.mark.settings(today=TODAY), pytest.mark.databases("sqlite")]


@pytest.fixture
def firm(app: Flask) -> Suing:
    return a_suing_firm(accounts=1)


def the_bundles() -> list[EvidenceBundle]:
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(EvidenceBundle).order_by(EvidenceBundle.id)))
        session.expunge_all()
    return found


def made(
    app: Flask, actor: Actor, account_id: int, language: str = "zh", matter_id: int | None = None
) -> EvidenceBundle:
    ask_bundle(actor, account_id, language, matter_id)
    run_pending(app)
    return the_bundles()[-1]


def content_of(actor: Actor, bundle: EvidenceBundle) -> bytes:
    return b"".join(take_bundle(actor, bundle.id).pieces)


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range().replace("\r", "").replace("\n", "") for page in document]
    finally:
        document.close()


def person_of(account_id: int) -> int:
    with reading(observer()) as session:
        return session.scalars(sa.select(Account.customer_id).where(Account.id == account_id)).one()


def test_a_bundle_holds_the_claim_the_letters_with_their_proofs_and_the_suit_with_an_index(
    app: Flask, firm: Suing
) -> None:
    account_id = firm.accounts[0]
    rename_person(person_of(account_id), "王小明")
    make_contract(firm.organisation, currency="CNY")
    pack_id = build_pack(firm.actor, letter_batch(firm, 0, desk=firm.desk))  # type: ignore[arg-type]
    run_pending(app)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    (letter,) = letters_of(pack_id)
    dispatch_pack(firm.actor, pack_id, "EMS", TODAY)
    card = Proof(render_document("<p>SIGNED CARD</p>", "@page { size: A5 }"), "回执.pdf")
    record_result(firm.actor, pack_id, letter.id, Outcome(MailResult.DELIVERED, TODAY), card)
    matter_id = in_court(firm)
    add_document(firm.actor, matter_id, DocumentKind.RULING, Proof(b"%PDF-1.4 no page", "裁定.pdf"))

    bundle = made(app, firm.actor, account_id)

    pdf = content_of(firm.actor, bundle)
    assert (hashlib.sha256(pdf).hexdigest(), len(pdf)) == (bundle.sha256, bundle.size)
    pages = pages_of(pdf)
    assert len(pages) == bundle.pages and all(
        f"第 {n} 页，共 {len(pages)} 页" in page for n, page in enumerate(pages, 1)
    )
    front, whole = pages[0], "".join(pages)
    assert "证据卷" in front and "目录" in front and "王小明" in front
    for words in (
        the_matter(matter_id).number,
        "(2005)沪0115民初1234号",
        "52,838.95",
        str(letter.letter_no),
        "SIGNED CARD",
        "此文件无法排入",
    ):
        assert words in whole
    for title in ("1. 债权", "8. 诉讼案件", "附件 2：律师函"):
        place = next(n for n, page in enumerate(pages[1:], 2) if title in page)
        assert front.partition(title)[2] and f"{place}" in front.partition(title)[2].split("附件 3")[0]
    actions = [event.action for event in audit() if event.action.startswith("legal.bundle")]
    assert actions == ["legal.bundle_asked", "legal.bundle_made", "legal.bundle_taken"]
    assert audit()[-1].after["sha256"] == bundle.sha256


def test_what_was_really_paid_stands_in_it_beside_what_was_asked_for_and_no_document_that_was_withdrawn(
    app: Flask, firm: Suing
) -> None:
    matter_id = in_court(firm)
    cost_id = ask_cost(firm.actor, matter_id, Wanted(CostKind.COURT_FEE, "50", "受理费"))
    approve_cost(firm.desk.maker, matter_id, cost_id)
    advance_cost(firm.actor, matter_id, cost_id, Advance("45.50", TODAY, Proof(PDF, "receipt.pdf")))
    for name in ("wrong.pdf", "right.pdf"):
        document_id = add_document(firm.actor, matter_id, DocumentKind.RULING, Proof(PDF, name))
        if name == "wrong.pdf":
            withdraw_document(firm.actor, matter_id, document_id, "another debtor's")
    text = "".join(pages_of(content_of(firm.actor, made(app, firm.actor, firm.accounts[0], "en"))))
    assert text.index("50.00") < text.index("45.50")
    assert "right.pdf" in text and "wrong.pdf" not in text


def test_a_void_letter_is_called_void_with_its_reason_in_the_list_the_index_and_on_its_annex(
    app: Flask, firm: Suing
) -> None:
    make_contract(firm.organisation, currency="CNY")
    pack_id = build_pack(firm.actor, letter_batch(firm, 0, desk=firm.desk))  # type: ignore[arg-type]
    run_pending(app)
    open_sample(firm.actor, pack_id)
    approve_pack(firm.actor, pack_id)
    run_pending(app)
    give_pack_up(firm.actor, pack_id, "抬头写错")
    (letter,) = letters_of(pack_id)
    for language, title, listed in (
        ("zh", f"律师函 {letter.letter_no}（已作废：抬头写错）", "已作废：抬头写错"),
        ("en", f"Letter {letter.letter_no}, void: 抬头写错", "void: 抬头写错"),
    ):
        pages = pages_of(content_of(firm.actor, made(app, firm.actor, firm.accounts[0], language)))
        assert title in pages[0] and any(title in page for page in pages[2:]) and "".join(pages).count(listed) >= 3


def test_to_who_does_not_see_all_of_an_account_nothing_is_denied_flatly(app: Flask, firm: Suing) -> None:
    account_id = firm.accounts[0]
    own = "".join(pages_of(content_of(firm.actor, made(app, firm.actor, account_id, "en"))))
    assert "There is nothing, as far as may be seen here." in own and "there may be more" in own
    for flat in ("Nothing was paid.", "Nothing was promised.", "No letter was written.", "Nobody has sued for it yet."):
        assert flat not in own
    bank = firm.desk.maker
    whole = "".join(pages_of(content_of(bank, made(app, bank, account_id, "en"))))
    assert "Nothing was paid." in whole and "there may be more" not in whole


def test_what_was_paid_while_the_firm_held_the_account_stands_in_its_bundle(app: Flask, firm: Suing) -> None:
    with reading(observer()) as session:
        account = session.scalars(sa.select(Account).where(Account.id == firm.accounts[0])).one()
    rows = ({"paid_on": "2005-07-01", "amount": "123.45"}, {"paid_on": "2005-05-01", "amount": "678.90"})
    assert bring_payments(payments_file(account, *rows))["status"] == "applied"
    own = "".join(pages_of(content_of(firm.actor, made(app, firm.actor, firm.accounts[0], "en"))))
    assert "123.45" in own and "678.90" not in own
    bank = firm.desk.maker
    whole = "".join(pages_of(content_of(bank, made(app, bank, firm.accounts[0], "en"))))
    assert "123.45" in whole and "678.90" in whole


def audit() -> list[Any]:
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)))
        session.expunge_all()
    return found


def test_each_finds_in_it_what_each_may_see_and_the_stored_file_can_be_read_by_nobody(app: Flask, firm: Suing) -> None:
    account_id = firm.accounts[0]
    bank = firm.desk.maker
    bundle = made(app, bank, account_id, "en")
    text = "".join(pages_of(content_of(bank, bundle)))
    assert "Bundle of evidence" in text and "Nobody has sued for it yet." in text and "page 1 of" in text
    with services().storage.open(bundle.stored) as stored:
        assert b"%PDF" not in stored.read()
    with pytest.raises(NotFound):  # the bank's own is not the firm's
        take_bundle(firm.actor, bundle.id)
    for_firm = made(app, bank, account_id, "en", in_court(firm))
    assert content_of(firm.actor, for_firm)
    stranger = actor_of(make_user(organisation=make_law_firm("粤诉")))
    for deed in (lambda: take_bundle(stranger, for_firm.id), lambda: ask_bundle(stranger, account_id, "en")):
        with pytest.raises(NotFound):
            deed()
    with pytest.raises(DomainError):
        ask_bundle(bank, account_id, "fr")
    with pytest.raises(Refused):  # finance looks at no names
        ask_bundle(actor_of(make_user(Role.FINANCE)), account_id, "en")


def test_contacts_promises_and_payments_of_an_agency_stand_in_the_banks_bundle(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    services().clock = FrozenClock(at=datetime(2005, 7, 20, 4, tzinfo=UTC))
    person = make_person()
    desk = make_agency_desk(person)
    promised = {"promise_minor": 123_400, "promise_on": date(2005, 7, 25), "note": "月底发工资后还"}
    log_attempt(desk.actor, desk.account_id, call(person.mobile, "promise", **promised))
    log_attempt(desk.actor, desk.account_id, call(person.mobile, channel=Channel.SMS, outcome="delivered"))
    bank = actor_of(make_user())

    for language, words in (
        ("zh", ("承诺", "月底发工资后还", "1,234.00", "2005年7月25日")),
        ("en", ("promise", "25 Jul 2005")),
    ):
        text = "".join(pages_of(content_of(bank, made(app, bank, desk.account_id, language))))
        for word in (*words, desk.agency.name, desk.user.name):
            assert word in text

    monkeypatch.setattr(bundle_parts, "MOST", 1)
    text = "".join(pages_of(content_of(bank, made(app, bank, desk.account_id, "en"))))
    assert "There are 2 attempts; the first 1 of them stand here." in text


def test_asked_twice_it_is_one_job_and_made_again_another_bundle(app: Flask, firm: Suing) -> None:
    account_id, bank = firm.accounts[0], firm.desk.maker
    first = ask_bundle(bank, account_id, "en").id
    assert ask_bundle(bank, account_id, "en").id == first
    run_pending(app)
    assert ask_bundle(bank, account_id, "en").id != first
    run_pending(app)
    assert len(the_bundles()) == 2


def test_it_is_closed_to_the_firm_with_the_account_and_to_all_with_the_person(app: Flask, firm: Suing) -> None:
    account_id = firm.accounts[0]
    own = made(app, firm.actor, account_id, "en")
    assert content_of(firm.actor, own) and content_of(firm.desk.maker, own)
    recalled(firm.desk, firm.batch)
    with pytest.raises(NotFound):
        take_bundle(firm.actor, own.id)
    assert content_of(firm.desk.maker, own)
    with transaction(observer()) as work:
        wanted = sa.select(PersonKey).join(Customer, Customer.person_key_id == PersonKey.id)
        key = work.session.scalars(wanted.where(Customer.id == person_of(account_id))).one()
        key.salt = None
    with pytest.raises(NotFound):
        take_bundle(firm.desk.maker, own.id)


def test_it_is_asked_for_and_taken_on_the_pages(
    app: Flask, firm: Suing, client_for: Callable[[User], PageClient]
) -> None:
    matter_id, pages = in_court(firm), client_for(firm.lawyer)
    page = pages.get(f"/matters/{matter_id}")
    answer = pages.client.post(
        f"/accounts/{firm.accounts[0]}/bundles",
        data={"language": "en", "matter": str(matter_id), "csrf_token": pages.csrf_token(), "form_token": "x"},
    )
    assert "/jobs/" in (answer.location or "") and "Make a bundle (English)" in page
    run_pending(app)
    file = pages.client.get(pages.get(f"/matters/{matter_id}").links["Download"])
    assert file.data.startswith(b"%PDF") and file.headers["X-Content-SHA256"] == hashlib.sha256(file.data).hexdigest()
    assert file.headers["Content-Disposition"].startswith("attachment") and file.headers["Cache-Control"] == "no-store"
    assert "Download" in client_for(make_user()).get(f"/accounts/{firm.accounts[0]}").links
