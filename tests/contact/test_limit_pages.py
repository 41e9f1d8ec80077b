"""Pages of limits: until when a claim can be sued for, what began that anew, how long records are kept."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contact.conduct import Ground
from portal.contact.limits.operations import note_restart
from portal.contact.models import Channel
from portal.contact.operations import log_attempt
from portal.foundation.access import Role
from portal.foundation.work import transaction
from portal.identity.models import User
from portal.placement.ending import Ending, end_placements
from portal.placement.leaving_models import CertificateDuty
from portal.placement.models import EndReason, Placement, PlacementBatch
from portal.vendors.proofs import Proof
from tests.contact.factories import NOON, Desk, Person, at_time, call, make_desk, make_person, place
from tests.contact.limits import DUE, until
from tests.identity.factories import actor_of, make_bank, make_user, observer
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
SCAN = Proof(b"%PDF-1.4 statement of claim", "claim.pdf")


@pytest.fixture
def person(app: Flask) -> Person:
    at_time(NOON)
    make_bank()
    return make_person()


@pytest.fixture
def desk(person: Person) -> Desk:
    return make_desk(person, region="CN-SH", due_date=DUE)


@pytest.fixture
def manager(person: Person) -> User:
    return make_user(Role.VENDOR_MANAGER)


def demand(desk: Desk, person: Person) -> int:
    entry = call(person.mobile, "delivered", channel=Channel.SMS)
    return log_attempt(desk.actor, desk.account_id, entry).attempt_id


def test_the_account_page_says_until_when_by_what_and_leads_to_the_evidence(
    desk: Desk, person: Person, manager: User, client_for: Client
) -> None:
    page = client_for(manager).get(f"/accounts/{desk.account_id}")
    assert "Can be sued for until 10 Jan 2006: 3 years from the due date, 10 Jan 2003." in page
    assert "Nothing but payments has begun it anew so far." in page
    attempt = demand(desk, person)

    page = client_for(manager).get(f"/accounts/{desk.account_id}")

    assert "Can be sued for until 1 Jul 2008: 3 years from 1 Jul 2005, when they began anew." in page
    assert "demand in writing to a reserved number or address" in page and "runs from here" in page
    assert f"#attempt-{attempt}" in page.html
    assert page.element(f"attempt-{attempt}") is not None
    assert "A demand sent to any other number or address does not." in page
    assert "Once it is over: no threat of a lawsuit without a lawyer" in page


def test_a_suit_is_noted_on_the_page_with_its_file_shown_to_whom_it_concerns_and_taken_back(
    desk: Desk, manager: User, client_for: Client
) -> None:
    client = client_for(manager)
    page = client.get(f"/accounts/{desk.account_id}/limitation/new")
    page = page.submit(
        "form",
        ground="lawsuit",
        happened_on="2005-07-01",
        words="(2005) 17",
        proof=(io.BytesIO(SCAN.content), "claim.pdf"),
    )
    assert "Noted. The time to sue is reckoned anew." in page
    assert "(2005) 17" in page and until(desk.account_id) == date(2008, 7, 1)
    answer = client.client.get(page.links["claim.pdf"])
    assert (answer.status_code, answer.data) == (200, SCAN.content)

    bench = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "The time to sue begins anew: lawsuit filed" in bench
    assert "(2005) 17" not in bench

    page = client.post("/limitation/1/end", {"reason": "another debtor's"})
    assert "Taken back." in page and "another debtor's" in page
    assert until(desk.account_id) == date(2006, 1, 10)


def test_a_note_without_its_file_or_with_a_day_to_come_is_refused_beside_its_field(
    desk: Desk, manager: User, client_for: Client
) -> None:
    page = client_for(manager).get(f"/accounts/{desk.account_id}/limitation/new")
    again = page.submit("form", ground="lawsuit", happened_on="2005-07-01", words="17", status=422)
    assert "Choose the file that proves it." in again
    again = page.submit(
        "form", ground="lawsuit", happened_on="2005-08-01", words="17", proof=(io.BytesIO(SCAN.content), "claim.pdf"),
        status=422,
    )  # fmt: skip
    assert "The day is still to come." in again


def test_a_place_whose_law_is_not_known_offers_nothing_and_says_so(
    person: Person, manager: User, client_for: Client
) -> None:
    desk = make_desk(person, region="US-MA", due_date=DUE)
    page = client_for(manager).get(f"/accounts/{desk.account_id}/limitation/new")
    assert "No law is known for the region, and none is guessed." in page
    assert "These rules name nothing that begins it anew." in page
    assert "time to sue not known" in client_for(desk.user).get(f"/queue/{desk.account_id}")


def test_the_workbench_says_that_the_time_is_over_and_what_that_means(desk: Desk, client_for: Client) -> None:
    at_time(NOON.replace(year=2006))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "the time to sue is over" in page
    assert "no threat of a lawsuit without a lawyer" in page


def test_a_scottish_debt_that_is_over_is_gone(person: Person, client_for: Client) -> None:
    desk = make_desk(person, region="GB-SCT", due_date=date(1999, 1, 1))
    page = client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert "the debt is gone and collection stops" in page


def test_an_agency_sees_neither_the_form_nor_the_banks_words_nor_anothers_file(
    desk: Desk, manager: User, client_for: Client
) -> None:
    note_restart(actor_of(manager), desk.account_id, Ground.LAWSUIT, NOON.date(), "(2005) 17", SCAN)
    client = client_for(desk.user)
    page = client.get(f"/accounts/{desk.account_id}")
    assert "lawsuit filed" in page and "(2005) 17" not in page
    assert "/limitation/" not in page.html
    for path, status in (("/limitation/1/proof", 403), (f"/accounts/{desk.account_id}/limitation/new", 403)):
        client.get(path, status=status)
    firm = make_user(Role.LEGAL_PARTNER)
    client_for(firm).get("/limitation/1/proof", status=404)
    place(firm.organisation, desk.account_id, kind="letter")
    client_for(firm).get("/limitation/1/proof", status=404)


def test_the_account_page_says_how_long_each_kind_of_record_is_kept_and_on_what_that_rests(
    desk: Desk, person: Person, manager: User, client_for: Client
) -> None:
    log_attempt(desk.actor, desk.account_id, call(person.mobile))

    page = client_for(manager).get(f"/accounts/{desk.account_id}")

    assert "Recordings of calls" in page and "1 Jul 2007" in page
    assert "Records of collection" in page and "1 Jul 2010" in page
    assert "to be confirmed by counsel" in page
    assert "The agency's copy" in page and "still to come" in page

    with transaction(observer()) as work:
        mine = sa.select(Placement.id).where(Placement.id == desk.placement_id)
        end_placements(work, mine, Ending(EndReason.RECALLED, last_on=date(2005, 7, 1)))
        batch = work.session.scalars(sa.select(PlacementBatch)).one()
        duty = CertificateDuty(
            organisation_id=desk.agency.id, batch_id=batch.id, subject=batch.number, ended_on=date(2005, 7, 1),
            due_on=date(2005, 7, 31), account_count=1, fell_due_at=work.now,
        )  # fmt: skip
        work.session.add(duty)
        work.session.flush()
        number = duty.id
    page = client_for(manager).get(f"/accounts/{desk.account_id}")
    assert "still to come" not in page
    assert page.links["certificate"] == f"/certificates/{number}"


def test_the_pages_stand_in_chinese(desk: Desk, person: Person, client_for: Client) -> None:
    demand(desk, person)
    page = client_for(make_user(Role.VENDOR_MANAGER, locale="zh_Hans")).get(f"/accounts/{desk.account_id}")
    assert "诉讼时效至2008年7月1日届满" in page
    assert "向预留号码或地址书面催收" in page and "档案保存期限" in page
