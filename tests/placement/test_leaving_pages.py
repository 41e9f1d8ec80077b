"""After the end on the pages: what an agency still sees, the certificate it confirms, and the exit at the bank."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pypdfium2
import pytest
import sqlalchemy as sa

from portal.contact.entries import Entry
from portal.contact.models import Channel
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.jobs import run_pending
from portal.foundation.work import reading
from portal.placement.certificates import confirm
from portal.placement.leaving_models import CertificateDuty
from portal.portfolio.models import ContactKind, ContactPoint, HoldFlag
from tests.identity.factories import actor_of, make_user, observer
from tests.placement.factories import make_desk, on, placed, recalled
from tests.placement.leaving_factories import approved_exit, confirmation, make_leaver
from tests.portfolio.bringing import bring_accounts, bring_payments
from tests.portfolio.factories import make_accounts, make_hold
from tests.portfolio.intake.files import accounts_file, csv_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import User
    from tests.support.pages import PageClient

    Client = Callable[[User], PageClient]

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
NAME, PHONE, NOTE = "欧阳不见", "13912345678", "she works at the harbour"
PERSONAL = (NAME, "欧", PHONE, "5678", NOTE)  # the masked name is 欧***


def the_duty() -> CertificateDuty:
    with reading(observer()) as session:
        found = session.scalars(sa.select(CertificateDuty).order_by(CertificateDuty.id.desc())).first()
        assert found is not None
        session.expunge_all()
        return found


def test_after_the_end_no_page_and_no_export_of_the_agency_knows_the_person_and_its_history_stays(
    app: Flask, client_for: Client
) -> None:
    leaver = make_leaver("HT")
    row = {
        "account_ref": "AC-GONE",
        "name": NAME,
        "phone_1": PHONE,
        "currency": "TWD",
        "days_past_due": "45",
        "region": "CN-SH",
    }
    bring_accounts(accounts_file(row), as_of=date(2005, 6, 30))
    desk = make_desk()
    on(app, date(2005, 7, 1), 9)
    batch_id = placed(desk, leaver)
    on(app, date(2005, 7, 1), 11)
    leader = make_user(Role.AGENCY_LEADER, leaver)
    who, browser = actor_of(leader), client_for(leader)
    with reading(observer()) as session:
        point = session.scalars(sa.select(ContactPoint).where(ContactPoint.kind == ContactKind.PHONE)).first()
        account_id = session.scalar(sa.text("SELECT id FROM account WHERE account_ref = 'AC-GONE'"))
        assert point is not None
        point_id = point.id
    promise = Entry(
        channel=Channel.CALL, outcome="promise", contact_point_id=point_id, promise_minor=100,
        promise_on=date(2005, 7, 9), note=NOTE,
    )  # fmt: skip
    log_attempt(who, account_id, promise)
    paid = [
        ["payment_ref", "account_ref", "amount", "paid_on", "currency"],
        ["P-1", "AC-GONE", "5.00", "2005-07-01", "TWD"],
    ]
    bring_payments(csv_bytes(paid))
    assert "欧" in browser.get("/accounts").html

    recalled(desk, batch_id)

    lists = (
        "/accounts",
        "/queue",
        "/promises",
        "/my-day",
        "/payments",
        "/statements",
        "/batches",
        f"/batches/{batch_id}",
        "/certificates",
    )
    pages = {path: browser.get(path).html for path in (*lists, "/", "/search?q=AC-GONE", f"/search?q={PHONE}")}
    pages = {path: words.replace(PHONE, "") if "search" in path else words for path, words in pages.items()}  # as typed
    for path in lists:
        if path != "/queue":
            pages[f"{path} as a file"] = browser.client.get(f"{path}?export=csv").get_data(as_text=True)
    for path, words in pages.items():
        for personal in PERSONAL:
            assert personal not in words, f"{path} tells {personal}"
    for path in (f"/accounts/{account_id}", f"/queue/{account_id}"):
        assert browser.client.get(path).status_code == 404
    kept = (f"/batches/{batch_id}", f"/batches/{batch_id} as a file", "/promises", "/promises as a file", "/my-day")
    for path in kept:
        assert "AC-GONE" in pages[path], path
    assert "recalled by the bank" in pages[f"/batches/{batch_id}"]
    assert "the account went back before" in pages["/promises"]
    assert "P-1" in pages["/payments as a file"] and "AC-GONE" in pages["/payments as a file"]


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_leader_confirms_and_the_bank_sees_it(app: Flask, client_for: Client, locale: str) -> None:
    leaver, desk = make_leaver("HT"), make_desk()
    make_accounts(2)
    recalled(desk, placed(desk, leaver))
    duty = the_duty()
    leader = client_for(make_user(Role.AGENCY_LEADER, leaver, locale=locale))
    clerk = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    assert duty.subject in clerk.get("/certificates?state=open")
    page = leader.get(f"/certificates/{duty.id}/confirmation")

    again = page.submit("form", returned="", deleted="all records", status=422)
    assert again.field("deleted").text == "all records"
    sent = {"returned": "files", "deleted": "records", "methods": "keys_destroyed", "kept": "", "carried_out_by": "Li"}
    done = again.submit("form", to=f"/certificates/{duty.id}", **sent)

    assert f"C-{duty.subject}" in done
    assert duty.subject in clerk.get("/certificates?state=confirmed")
    assert duty.subject not in clerk.get("/certificates?state=overdue")


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "资料交还与删除证明"), ("en", "Certificate of return and deletion")]
)
def test_the_certificate_is_a_document_whose_text_can_be_selected(
    app: Flask, client_for: Client, language: str, words: str
) -> None:
    leaver, desk = make_leaver("HT"), make_desk()
    make_accounts(1)
    recalled(desk, placed(desk, leaver))
    leader, duty = make_user(Role.AGENCY_LEADER, leaver), the_duty()
    browser = client_for(leader)
    assert browser.client.get(f"/certificates/{duty.id}/{language}.pdf").status_code == 404
    confirm(actor_of(leader), duty.id, confirmation(returned="硬盘两块 <b>all</b>"))

    answer = browser.client.get(f"/certificates/{duty.id}/{language}.pdf")

    document = pypdfium2.PdfDocument(answer.get_data())
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert (answer.mimetype, len(document)) == ("application/pdf", 1)
    for said in (words, f"C-{duty.subject}", "硬盘两块 <b>all</b>", "Li Lei"):
        assert said in text
    document.close()


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_an_exit_from_the_plan_to_the_certificate(app: Flask, client_for: Client, locale: str) -> None:
    leaver, desk = make_leaver("HT"), make_desk()
    accounts = make_accounts(3)
    placed(desk, leaver)
    make_hold(accounts[0], HoldFlag.PLAN)
    maker = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    checker = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    maker.get(f"/organisations/{leaver.id}/exit").submit("form", last_on="2005-06-30", reason="quality", status=422)
    planned = maker.get(f"/organisations/{leaver.id}/exit").submit("form", last_on="2005-07-01", reason="quality")
    page = maker.get(planned.path)
    assert accounts[0].account_ref in page
    early = page.submit("exceptions", until_plan="2005-07-01", status=422)
    assert early.field("until_plan").get("value") == "2005-07-01"
    chosen = page.submit("exceptions", until_plan="2005-07-05", to=planned.path)
    chosen.submit("/submit", to=planned.path)
    assert not [f for f in maker.get(planned.path).forms if (f.get("action") or "").endswith("/approve")]
    checker.get(planned.path).submit("/approve", to=planned.path)
    run_pending(app)
    on(app, date(2005, 7, 6))
    from portal.foundation.daily import ask_for_due

    ask_for_due()
    run_pending(app)

    done = checker.get(planned.path)

    assert the_duty().subject in done
    tail = checker.get(f"{planned.path}/tail?state=earns")
    assert all(account.account_ref in tail for account in accounts)
    over = checker.client.get(f"{planned.path}/tail?state=over&export=csv").get_data(as_text=True)
    assert not any(account.account_ref in over for account in accounts)


def test_the_bank_is_told_once_a_sign_in_can_be_closed_and_not_before(app: Flask, client_for: Client) -> None:
    leaver, desk = make_leaver("HT"), make_desk()
    make_accounts(1)
    placed(desk, leaver)
    exit_id = approved_exit(desk, leaver, date(2005, 7, 1))
    run_pending(app)
    leader, checker = actor_of(make_user(Role.AGENCY_LEADER, leaver)), client_for(make_user(Role.VENDOR_MANAGER))
    words = "its sign-in can be closed"
    with reading(leader) as session:
        duties = session.scalars(sa.select(CertificateDuty.id)).all()
    for duty_id in duties:
        assert words not in checker.get("/")
        confirm(leader, duty_id, confirmation())

    page = checker.get("/")

    assert words in page
    assert page.links["Open"] == f"/exits/{exit_id}"
    checker.get(f"/exits/{exit_id}").submit("/close-sign-in", to=f"/exits/{exit_id}")
    assert words not in checker.get("/")


def test_what_waits_is_counted_in_the_navigation(app: Flask, client_for: Client) -> None:
    leaver, desk = make_leaver("HT"), make_desk()
    make_accounts(1)
    placed(desk, leaver)
    approved_exit(desk, leaver, date(2005, 7, 1))
    run_pending(app)
    leader, clerk = client_for(make_user(Role.AGENCY_LEADER, leaver)), client_for(make_user(Role.VENDOR_MANAGER))

    assert [k for k in leader.get("/certificates").links if k.startswith("Certificates")] == ["Certificates waiting: 2"]
    assert clerk.get("/certificates").links.keys() >= {"Certificates"}
    on(app, date(2005, 7, 22))
    assert clerk.get("/certificates").links.keys() >= {"Certificates waiting: 2"}
