"""Holds with their clock and proofs: raised by either side, seen by both, decided about in time, released by the bank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.contact.complaints.codes import Category, Source
from portal.contact.complaints.models import Complaint
from portal.contact.complaints.operations import Heard, raise_complaint
from portal.contact.holds.models import HoldProof
from portal.contact.holds.operations import add_proof, put_on_hold, release_with_proof
from portal.contact.requests.operations import Said
from portal.foundation.access import Actor, Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.services import services
from portal.identity.models import User
from portal.portfolio.hold_terms import USUAL, review_day
from portal.portfolio.models import RAISED_BY_HAND, Hold, HoldFlag
from portal.portfolio.operations import set_hold_days
from portal.vendors.proofs import Proof
from tests.contact.factories import NOON, Desk, at_time, make_account, make_desk, make_person, place
from tests.identity.factories import actor_of, make_agency, make_bank, make_user
from tests.support.pages import PageClient

Client = Callable[..., PageClient]
TODAY = NOON.date()
SCAN = Proof(b"%PDF-1.4 discharge from hospital", "hospital.pdf")


@pytest.fixture
def desk(app: Flask) -> Desk:
    at_time(NOON)
    make_bank()
    return make_desk(make_person())


@pytest.fixture
def compliance(desk: Desk) -> User:
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def officer(compliance: User) -> Actor:
    return actor_of(compliance)


def held(desk: Desk, flag: HoldFlag = HoldFlag.HARDSHIP, proof: Proof | None = SCAN) -> int:
    return put_on_hold(desk.actor, desk.account_id, flag, "in hospital", proof)


# --- the clock ----------------------------------------------------------------------------------------------------------


@given(st.sampled_from(HoldFlag), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.none() | st.integers(1, 3_650))
def test_a_hold_is_decided_about_so_many_days_after_it_was_raised(
    flag: HoldFlag, raised_on: date, days: int | None
) -> None:
    found = review_day(flag, raised_on, {flag: days})
    assert found is None if days is None else (found - raised_on).days == days
    usual = review_day(flag, raised_on, {})
    assert usual == (None if USUAL[flag] is None else raised_on + timedelta(days=USUAL[flag] or 0))


def test_the_bank_sets_the_days_of_each_kind_and_what_stands_keeps_its_own(
    desk: Desk, officer: Actor, db_session: Session
) -> None:
    held(desk, HoldFlag.DISPUTE)
    assert set_hold_days(officer, {HoldFlag.DISPUTE: 10, HoldFlag.HARDSHIP: None, HoldFlag.PLAN: None}) == 2
    held(desk, HoldFlag.HARDSHIP)
    other = make_account(make_person())
    place(desk.agency, other)
    put_on_hold(desk.actor, other, HoldFlag.DISPUTE, "a fee")
    days = db_session.scalars(sa.select(Hold.due_on).order_by(Hold.id)).all()
    assert days == [TODAY + timedelta(days=30), None, TODAY + timedelta(days=10)]


def test_a_complaint_is_decided_within_the_days_of_its_hold(desk: Desk, officer: Actor, db_session: Session) -> None:
    set_hold_days(officer, {HoldFlag.COMPLAINT: 7})
    raise_complaint(officer, desk.account_id, Heard(Category.OTHER, Source.APP, TODAY, None), Said("words"))
    assert db_session.scalars(sa.select(Complaint.due_on)).one() == TODAY + timedelta(days=7)


@pytest.mark.parametrize("days", [0, -1, 4_000])
def test_days_that_cannot_be_meant_are_refused(officer: Actor, days: int) -> None:
    with pytest.raises(DomainError) as raised:
        set_hold_days(officer, {HoldFlag.DISPUTE: days})
    assert raised.value.field == "dispute"


# --- raising, proving, releasing ----------------------------------------------------------------------------------------


def test_an_agency_puts_what_it_holds_on_hold_with_what_proves_it(desk: Desk, db_session: Session) -> None:
    hold_id = held(desk)
    proof = db_session.scalars(sa.select(HoldProof)).one()
    assert (proof.hold_id, proof.organisation_id, proof.proof_name) == (hold_id, desk.agency.id, "hospital.pdf")
    with services().storage.open(proof.proof_digest) as stored:
        assert SCAN.content not in stored.read()


@pytest.mark.parametrize("flag", [flag for flag in HoldFlag if flag not in RAISED_BY_HAND])
def test_plans_and_complaints_are_no_bare_holds(desk: Desk, flag: HoldFlag) -> None:
    with pytest.raises(DomainError) as raised:
        held(desk, flag)
    assert raised.value.field == "flag"


def test_only_the_bank_releases_a_hold_and_says_why(desk: Desk, officer: Actor, db_session: Session) -> None:
    hold_id = held(desk)
    with pytest.raises(Refused):
        release_with_proof(desk.actor, hold_id, "well again")
    with pytest.raises(DomainError):
        release_with_proof(officer, hold_id, " ")
    release_with_proof(officer, hold_id, "well again", SCAN)
    assert db_session.scalars(sa.select(Hold.release_reason)).all() == ["well again"]
    with pytest.raises(NotFound):
        release_with_proof(officer, hold_id, "again")
    assert len(db_session.scalars(sa.select(HoldProof)).all()) == 2


def test_another_agency_neither_raises_nor_finds_it(desk: Desk, client_for: Client) -> None:
    hold_id = held(desk)
    rival = make_user(Role.AGENCY_LEADER, make_agency())
    for deed in (
        lambda: put_on_hold(actor_of(rival), desk.account_id, HoldFlag.DISPUTE, "no"),
        lambda: add_proof(actor_of(rival), hold_id, SCAN),
    ):
        with pytest.raises(NotFound):
            deed()
    client_for(rival).get(f"/holds/{hold_id}", status=404)


def test_who_holds_another_account_of_the_person_sees_what_is_of_the_person_and_no_file_of_others(
    desk: Desk, client_for: Client, db_session: Session
) -> None:
    of_account = held(desk)
    of_person = put_on_hold(desk.actor, desk.account_id, HoldFlag.DECEASED, "told by the son", SCAN, whole_person=True)
    agency = make_agency()
    customer = db_session.scalars(sa.select(Hold.customer_id).where(Hold.id == of_person)).one()
    person = make_person()
    other = make_account(type(person)(customer, 0, 0, 0))
    place(agency, other)
    client = client_for(make_user(Role.AGENCY_STAFF, agency))
    assert "deceased" in client.get(f"/holds/{of_person}") and "hospital.pdf" not in client.get(f"/holds/{of_person}")
    client.get(f"/holds/{of_account}", status=404)


def test_proofs_are_kept_by_the_database_itself(desk: Desk, db_session: Session) -> None:
    held(desk)
    for deed in (sa.update(HoldProof).values(proof_name="other"), sa.delete(HoldProof)):
        with pytest.raises(DBAPIError):
            db_session.execute(deed)
        db_session.rollback()


# --- pages --------------------------------------------------------------------------------------------------------------


def test_a_hold_goes_from_the_collector_to_compliance_and_is_released(
    desk: Desk, compliance: User, client_for: Client
) -> None:
    collector, officer = client_for(desk.user), client_for(compliance)
    page = collector.get(f"/accounts/{desk.account_id}")
    page = collector.get(page.links["Put on hold"])
    page = page.submit("form", flag="hardship", reason="in hospital", proof=(BytesIO(SCAN.content), "hospital.pdf"))
    assert "both sides see it" in page and "hospital.pdf" in page
    assert "offer what the bank has for it" in page and "30 Aug 2005" in page
    assert "Release" not in page.links and "release-form" not in page.html

    listed = officer.get("/holds")
    page = officer.get(listed.links["hardship"])
    assert officer.client.get(page.links["hospital.pdf"]).data == SCAN.content
    wrong = page.submit("release-form", **{"end-reason": ""})
    assert wrong.status == 422
    page = page.submit("release-form", **{"end-reason": "well again"})
    assert "released" in page and "well again" in page


def test_a_file_is_put_to_a_hold_that_stands(desk: Desk, client_for: Client) -> None:
    page = client_for(desk.user).get(f"/holds/{held(desk, proof=None)}")
    assert "No file has been put to it yet." in page
    nothing = page.submit("proof-form")
    assert nothing.status == 422 and "Choose a file." in nothing
    page = page.submit("proof-form", proof=(BytesIO(SCAN.content), "hospital.pdf"))
    assert "hospital.pdf" in page


@pytest.mark.parametrize(
    ("flag", "does"),
    [
        (HoldFlag.HARDSHIP, "Contact stays allowed, with care and about what it concerns."),
        (HoldFlag.DO_NOT_CONTACT, "No contact with the debtor while it stands."),
    ],
)
def test_what_a_mark_does_to_contact_is_said_on_its_page_and_beside_it(
    desk: Desk, compliance: User, client_for: Client, flag: HoldFlag, does: str
) -> None:
    page = client_for(desk.user).get(f"/accounts/{desk.account_id}/holds/new")
    page = page.submit("form", flag=flag.value, reason="said so on the telephone")
    assert "The mark stands, and both sides see it; the bank releases it." in page and does in page
    assert does in client_for(desk.user).get(f"/queue/{desk.account_id}")
    assert does in client_for(compliance).get(f"/accounts/{desk.account_id}")


def test_what_should_have_been_decided_about_is_listed_and_waits_at_home(
    desk: Desk, compliance: User, client_for: Client
) -> None:
    held(desk)
    client = client_for(compliance)
    assert "Nothing matches" in client.get("/holds?late=yes")
    at_time(NOON + timedelta(days=61))
    client = client_for(compliance)
    assert "overdue" in client.get("/holds?late=yes")
    assert "Holds should have been decided about" in client.get("/")
    assert "overdue" in client.get(f"/accounts/{desk.account_id}")


def test_the_days_are_set_on_a_page(desk: Desk, compliance: User, client_for: Client) -> None:
    page = client_for(compliance).get("/holds/terms")
    assert page.field("dispute").get("value") == "30" and page.field("plan").get("value") == ""
    for wrong in ("soon", "0", "99999"):
        assert page.submit("form", dispute=wrong).status == 422
    page = page.submit("form", dispute="20", hardship="")
    assert "Saved." in page
    assert (page.field("dispute").get("value"), page.field("hardship").get("value")) == ("20", "")
