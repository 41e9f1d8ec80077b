"""The vendor master: rank and limits, contacts, papers with their scans, and the pages that show them."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.vendors import master
from portal.vendors.master import ContactDetails, PaperDetails, VendorDetails
from portal.vendors.models import Credential, CredentialKind, Item, Requirement
from portal.vendors.proofs import LARGEST, Proof, read_proof
from tests.identity.factories import actor_of, make_agency, make_user
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from tests.support.pages import PageClient

TODAY = date(2005, 7, 1)
pytestmark = pytest.mark.settings(today=TODAY)
INSURANCE = CredentialKind.LIABILITY_INSURANCE


def manager() -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


def insurance(**fields: Any) -> PaperDetails:
    usual: dict[str, Any] = {
        "kind": INSURANCE, "number": "P-1", "valid_from": date(2005, 1, 1), "valid_until": date(2005, 12, 31),
        "insured_minor": 1_000_000_00, "currency": "CNY",
    }  # fmt: skip
    return PaperDetails(**(usual | fields))


# --- rank, limits, contacts -----------------------------------------------------------------------------------------------


def test_a_change_is_in_the_audit_trail_with_what_was_before(app: Flask, db_session: Session) -> None:
    agency, boss = make_agency("HT"), manager()
    master.edit_vendor(boss, agency.id, VendorDetails(buckets=("M2",)))
    master.edit_vendor(boss, agency.id, VendorDetails(buckets=("M2", "M3"), exits_on=date(2005, 12, 31)))

    changes = sa.select(AuditEvent).where(AuditEvent.action == "vendor.changed").order_by(AuditEvent.id)
    last = db_session.scalars(changes).all()[-1]
    assert last.before == {"buckets": ["M2"], "exits_on": None}
    assert last.after == {"buckets": ["M2", "M3"], "exits_on": "2005-12-31"}


def test_an_exit_before_the_start_names_its_field(app: Flask) -> None:
    with pytest.raises(DomainError) as refused:
        master.edit_vendor(manager(), make_agency().id, VendorDetails(started_on=TODAY, exits_on=date(2005, 6, 30)))
    assert refused.value.field == "exits_on"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (ContactDetails("", "complaints", "1"), "name"),
        (ContactDetails("Li", " ", "1"), "duty"),
        (ContactDetails("Li", "complaints"), "phone"),
        (ContactDetails("Li", "complaints", email="nobody"), "email"),
    ],
)
def test_a_contact_that_cannot_be_asked_names_its_field(app: Flask, details: ContactDetails, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        master.add_contact(manager(), make_agency().id, details)
    assert refused.value.field == field


def test_an_agency_changes_nothing_of_what_the_bank_writes(app: Flask) -> None:
    agency = make_agency()
    leader = actor_of(make_user(Role.AGENCY_LEADER, agency))

    for attempt in (
        lambda: master.edit_vendor(leader, agency.id, VendorDetails()),
        lambda: master.add_contact(leader, agency.id, ContactDetails("Li", "all", "1")),
        lambda: master.add_paper(leader, agency.id, insurance()),
        lambda: master.require(leader, OrganisationKind.AGENCY, Item.LISTED, None),
    ):
        with pytest.raises(Refused, match="forbidden"):
            attempt()


# --- papers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"number": " "}, "number"),
        ({"valid_until": date(2004, 12, 31)}, "valid_until"),
        ({"valid_until": None}, "valid_until"),
        ({"insured_minor": None, "currency": ""}, "insured"),
        ({"currency": "XXX"}, "currency"),
        ({"kind": CredentialKind.LICENCE}, "insured"),
    ],
)
def test_a_paper_that_cannot_be_names_its_field(app: Flask, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        master.add_paper(manager(), make_agency().id, insurance(**fields))
    assert refused.value.field == field


def test_a_paper_is_superseded_once_by_one_of_its_kind_and_organisation(app: Flask) -> None:
    boss, agency = manager(), make_agency("HT")
    first = master.add_paper(boss, agency.id, insurance())
    foreign = master.add_paper(boss, make_agency("ZX").id, insurance())
    renewed = insurance(number="P-2", valid_from=date(2006, 1, 1), valid_until=date(2006, 12, 31))

    for wrong, error in (
        (insurance(kind=CredentialKind.CYBER_INSURANCE), "paper.kind"),
        (insurance(valid_from=date(2004, 1, 1)), "paper.valid_from"),
    ):
        with pytest.raises(DomainError) as refused:
            master.add_paper(boss, agency.id, wrong, supersedes_id=first)
        assert refused.value.code == error
    with pytest.raises(NotFound):
        master.add_paper(boss, agency.id, renewed, supersedes_id=foreign)
    master.add_paper(boss, agency.id, renewed, supersedes_id=first)
    with pytest.raises(Refused):
        master.add_paper(boss, agency.id, renewed, supersedes_id=first)


@pytest.mark.parametrize(
    ("content", "name", "kept"),
    [
        (b"%PDF-1.4 x", "../../etc/passwd", "passwd.pdf"),
        (b"%PDF-1.4 x", "C:\\scans\\licence of HT.PDF", "licence_of_HT.pdf"),
        (b"\x89PNG\r\n\x1a\n..", "执照.exe", "执照.png"),
        (b"\xff\xd8\xff\xe0", None, "scan.jpg"),
    ],
)
def test_a_scan_is_named_by_what_it_is(content: bytes, name: str | None, kept: str) -> None:
    assert read_proof(io.BytesIO(content), name).name == kept


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html><script>alert(1)</script>", "paper.proof_type"),
        (b"MZ\x90", "paper.proof_type"),
        (b"", "paper.proof_type"),
        (b"%PDF-" + b"0" * LARGEST, "paper.proof_size"),
    ],
)
def test_what_is_no_scan_is_refused_whatever_it_is_called(content: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        read_proof(io.BytesIO(content), "licence.pdf")
    assert (refused.value.code, refused.value.field) == (code, "proof")


def test_a_scan_comes_back_as_a_file_and_to_no_other_agency(client_for: Callable[..., PageClient]) -> None:
    agency = make_agency("HT")
    scan = Proof(b"%PDF-1.4 the paper", "HT-insurance.pdf")
    paper = master.add_paper(manager(), agency.id, insurance(), proof=scan)
    path = f"/vendors/papers/{paper}/proof"

    answer = client_for(make_user(Role.AGENCY_LEADER, agency)).client.get(path)
    assert answer.data == b"%PDF-1.4 the paper"
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert client_for(make_user(Role.AGENCY_LEADER, make_agency("ZX"))).client.get(path).status_code == 404


# --- pages ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_manager_keeps_a_vendor_on_its_page(
    client_for: Callable[..., PageClient], db_session: Session, locale: str
) -> None:
    agency = make_agency("HT", name_en="Hengtong")
    make_contract(agency, capacity=400)
    browser = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    home = f"/vendors/{agency.id}"

    page = browser.get(f"{home}/edit").submit("form", tier="first", listed="y", regions="上海", note="n", to=home)
    assert ("Shanghai" if locale == "en" else "上海") in page
    page = browser.get(f"{home}/contacts/new").submit("form", name="Li", duty="complaints", phone="021-1", to=home)
    assert "complaints" in page
    form = browser.get(f"{home}/papers/new")
    wrong = form.submit(
        "form", kind="liability_insurance", number="P-1", insured="1,000,000", currency="cny", valid_from="2005-01-01",
        valid_until="2005-07-31", proof=(io.BytesIO(b"MZ"), "scan.pdf"), status=422,
    )  # fmt: skip
    assert wrong.field("number").get("value") == "P-1"
    page = wrong.submit("form", proof=(io.BytesIO(b"%PDF-1.4"), "scan.pdf"), to=home)
    assert "1,000,000.00" in page
    assert ("the liability insurance ends on 31 Jul 2005" in page) == (locale == "en")
    paper = db_session.scalars(sa.select(Credential).where(Credential.kind == INSURANCE)).one()
    page = browser.get(f"{home}/papers/new?supersedes={paper.id}").submit(
        "form", number="P-2", insured="2,000,000", valid_from="2005-08-01", valid_until="2006-07-31", to=home
    )
    assert "P-2" in page
    assert "the liability insurance ends on" not in page
    assert "400" in browser.get("/vendors")


def test_requirements_are_kept_by_day_and_a_wrong_day_loses_nothing(
    client_for: Callable[..., PageClient], db_session: Session
) -> None:
    browser = client_for(make_user(Role.VENDOR_MANAGER))
    page = browser.get("/vendors/requirements")

    wrong = page.submit("form", **{"agency.training": "soon", "agency.listed": "2005-09-01"}, status=422)
    assert wrong.field("agency.listed").get("value") == "2005-09-01"
    assert db_session.scalars(sa.select(Requirement)).all() == []

    wrong.submit("form", **{"agency.training": "2005-10-01"}, to="/vendors/requirements")
    kept = {row.item: row.from_on for row in db_session.scalars(sa.select(Requirement))}
    assert kept == {Item.LISTED: date(2005, 9, 1), Item.TRAINING: date(2005, 10, 1)}
    browser.get("/vendors/requirements").submit("form", **{"agency.training": ""}, to="/vendors/requirements")
    db_session.expire_all()
    assert [row.item for row in db_session.scalars(sa.select(Requirement))] == [Item.LISTED]


def test_a_leader_reads_the_own_page_and_changes_nothing_on_it(client_for: Callable[..., PageClient]) -> None:
    mine, other = make_agency("HT"), make_agency("ZX")
    browser = client_for(make_user(Role.AGENCY_LEADER, mine))

    page = browser.get("/our-organisation")

    assert mine.name in page.h1
    assert not [form for form in page.forms if "/vendors/" in (form.get("action") or "")]
    browser.get(f"/vendors/{other.id}", status=404)
    browser.get(f"/vendors/{mine.id}/edit", status=403)


def test_the_administrators_page_and_the_vendors_page_lead_to_each_other(client_for: Callable[..., PageClient]) -> None:
    agency = make_agency("HT")
    browser = client_for(make_user(Role.ADMINISTRATOR))

    there = browser.get(f"/organisations/{agency.id}")
    vendor = browser.get(there.links["Standing, licences, contracts and staff"])

    assert f"/organisations/{agency.id}" in vendor.links.values()
