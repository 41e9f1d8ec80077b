"""Home and the audit trail as people see them: their own tasks first, the trail for those who watch it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contact.messages.texts import Content, make_text, submit_text
from portal.foundation.access import Role
from portal.foundation.sealing import seal
from portal.foundation.work import reading, transaction
from portal.placement.criteria import Share
from portal.placement.operations import make_run, submit_run
from portal.portfolio.models import Hold, HoldFlag
from portal.portfolio.operations import raise_hold
from portal.vendors.master import VendorDetails, edit_vendor
from portal.vendors.models import CredentialKind, PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.terms import Terms
from tests.contact.factories import make_account, make_person
from tests.contact.message_factories import DEMAND, details
from tests.identity.factories import actor_of, make_agency, make_bank, make_user, observer
from tests.placement.factories import Desk as Desks
from tests.placement.factories import batches, criteria, sent_run
from tests.vendors.factories import end_paper

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.identity.models import Organisation, User
    from tests.support.pages import PageClient

NOON = datetime(2005, 7, 15, 4, tzinfo=UTC)
TERMS = Terms(Decimal("0.2"))


@pytest.fixture(autouse=True)
def at_noon(set_clock: Callable[[datetime], None]) -> None:
    set_clock(NOON)


@pytest.fixture
def managers() -> tuple[User, User]:
    make_bank()
    return make_user(Role.VENDOR_MANAGER), make_user(Role.VENDOR_MANAGER)


@pytest.fixture
def agency(managers: tuple[User, User]) -> Organisation:
    """An agency with a contract, and two accounts that can be placed with it."""
    agency = make_agency("HT")
    create_contract(
        actor_of(managers[0]), agency.id, number="K1", kind=PlacementKind.COLLECTION, currency="CNY",
        started_on=date(2005, 1, 1), terms=TERMS,
    )  # fmt: skip
    for _ in range(2):
        make_account(make_person())
    return agency


def test_a_bank_that_has_just_been_founded_is_told_its_first_steps(
    pages: PageClient, managers: tuple[User, User]
) -> None:
    page = pages.sign_in(managers[0]).get("/")
    assert page.links["Enter a contract"] == "/contracts/new"
    assert page.links["Import a file"] == "/imports/new"
    assert "No agency or law firm" not in page  # an administrator's to enter

    assert pages.sign_in(make_user(Role.ADMINISTRATOR)).get("/").links["Enter an organisation"] == "/organisations/new"


def test_an_administrator_is_told_to_invite_a_maker_and_a_checker(pages: PageClient) -> None:
    bank = make_bank()
    administrator = make_user(Role.ADMINISTRATOR)
    make_user(Role.VENDOR_MANAGER)

    assert pages.sign_in(administrator).get("/").links["Invite a person"] == f"/organisations/{bank.id}/users/new"

    make_user(Role.VENDOR_MANAGER)
    assert "Invite a person" not in pages.sign_in(administrator).get("/").links


def test_nothing_waits_once_the_first_steps_are_done(
    pages: PageClient, managers: tuple[User, User], agency: Organisation
) -> None:
    page = pages.sign_in(managers[0]).get("/")
    assert page.links["Make the first run"] == "/placements/new"

    make_run(actor_of(managers[0]), criteria(currency="CNY"), [Share(agency.id, Decimal(1))])
    assert "Make the first run" not in page.client.get("/").links


def test_a_run_waits_for_the_other_manager_and_not_for_its_maker(
    pages: PageClient, managers: tuple[User, User], agency: Organisation
) -> None:
    maker, checker = managers
    run_id = make_run(actor_of(maker), criteria(currency="CNY"), [Share(agency.id, Decimal(1))])
    submit_run(actor_of(maker), run_id)

    page = pages.sign_in(checker).get("/")
    assert page.links["Look and decide"] == f"/placements/{run_id}"
    assert "waits for approval" in page
    assert "waits for approval" not in pages.sign_in(maker).get("/")


def test_a_batch_waits_for_the_agency_with_its_deadline(
    pages: PageClient, managers: tuple[User, User], agency: Organisation, set_clock: Callable[[datetime], None]
) -> None:
    desk = Desks(actor_of(managers[0]), actor_of(managers[1]))
    run_id = sent_run(desk, [Share(agency.id, Decimal(1))], criteria(currency="CNY"))
    batch = batches(run_id)[0]
    leader = make_user(Role.AGENCY_LEADER, agency)

    page = pages.sign_in(leader).get("/")
    assert f"Batch {batch.number} has arrived" in page
    assert page.links["Look and accept"] == f"/batches/{batch.id}"
    assert "late" not in page

    set_clock(datetime(2005, 7, 18, 4, tzinfo=UTC))
    assert "late" in pages.sign_in(leader).get("/")
    assert "was not answered in time" in pages.sign_in(managers[0]).get("/")


@pytest.mark.parametrize(("days", "words"), [(30, "Your licence ends"), (-1, "The bank can place nothing with you")])
def test_who_leads_is_told_of_the_own_papers_that_end_and_of_no_other(
    pages: PageClient, managers: tuple[User, User], agency: Organisation, days: int, words: str
) -> None:
    other = make_agency("ZX")
    end_paper(agency, CredentialKind.LICENCE, NOON.date() + timedelta(days))
    page = pages.sign_in(make_user(Role.AGENCY_LEADER, agency)).get("/")
    assert words in page and page.links["Open"] == "/our-organisation"
    assert "Nothing waits for you." in pages.sign_in(make_user(Role.AGENCY_LEADER, other)).get("/")


def test_an_agency_that_has_left_is_no_task_any_more(
    pages: PageClient, managers: tuple[User, User], agency: Organisation
) -> None:
    edit_vendor(actor_of(managers[0]), agency.id, VendorDetails(exits_on=NOON.date() - timedelta(1)))
    end_paper(agency, CredentialKind.LICENCE, NOON.date() + timedelta(30))

    assert "licence" not in pages.sign_in(managers[0]).get("/")
    assert "Nothing waits for you." in pages.sign_in(make_user(Role.AGENCY_LEADER, agency)).get("/")


def test_another_agency_hears_nothing_of_the_batch(
    pages: PageClient, managers: tuple[User, User], agency: Organisation
) -> None:
    sent_run(
        Desks(actor_of(managers[0]), actor_of(managers[1])), [Share(agency.id, Decimal(1))], criteria(currency="CNY")
    )

    assert "Nothing waits for you." in pages.sign_in(make_user(Role.AGENCY_LEADER, make_agency("ZX"))).get("/")


def test_agency_staff_begin_with_their_queue(pages: PageClient) -> None:
    pages.sign_in(make_user(Role.AGENCY_STAFF)).get("/", to="/queue")


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.AGENCY_STAFF])
def test_every_role_has_a_home(pages: PageClient, role: Role) -> None:
    make_bank()

    assert pages.sign_in(make_user(role)).get("/").h1 == "Home"


# --- the audit trail ----------------------------------------------------------------------------------------------------


def _deed(action: str, subject: tuple[str, int] = ("hold", 1), **told: object) -> None:
    with transaction(observer()) as work:
        work.audit(action, subject, before={"flag": "dispute"}, after={"flag": "complaint"}, **told)


def test_the_trail_says_who_did_what_with_before_and_after(pages: PageClient, managers: tuple[User, User]) -> None:
    _deed("hold.raised", reason="in writing")

    page = pages.sign_in(managers[0]).get("/audit")
    for words in ("Hold raised", "Hold 1", "dispute", "complaint", "in writing"):
        assert words in page


def test_the_trail_is_narrowed_by_deed_thing_person_and_day(pages: PageClient, managers: tuple[User, User]) -> None:
    _deed("hold.raised")
    _deed("placement.batch_accepted", ("placement_batch", 7))
    client = pages.sign_in(managers[0])

    def shown(question: str) -> str:
        page = client.get(f"/audit?{question}")
        return page.text[page.text.index("Before and after") :] if "Before and after" in page else ""

    assert "Batch 7" in shown("action=placement.batch_accepted")
    assert "Hold 1" not in shown("action=placement.batch_accepted")
    assert "Hold 1" not in shown("kind=placement_batch&number=7")
    assert shown(f"who={managers[0].user_name}") == ""
    assert "Hold 1" in shown("day_from=2005-07-15&day_to=2005-07-15")
    assert shown("day_to=2005-07-14") == ""


def test_a_number_that_is_none_is_left_out_with_a_word(pages: PageClient, managers: tuple[User, User]) -> None:
    _deed("hold.raised")

    assert "Write a number" in pages.sign_in(managers[0]).get("/audit?number=99999999999999999999")


def test_the_page_says_how_far_the_chain_is_sealed(app: Flask, pages: PageClient, managers: tuple[User, User]) -> None:
    _deed("hold.raised")
    client = pages.sign_in(managers[0])
    assert "Nothing of the trail is sealed yet." in client.get("/audit")

    linked = seal(app)

    page = client.get("/audit")
    assert f"sealed up to link {linked}" in page
    assert "No event waits to be sealed." in page


@pytest.mark.parametrize("role", [Role.FINANCE, Role.AGENCY_LEADER, Role.LEGAL_PARTNER])
def test_the_trail_is_for_those_who_watch_it(pages: PageClient, role: Role) -> None:
    make_bank()

    pages.sign_in(make_user(role)).get("/audit", status=403)


def test_a_text_waits_for_whoever_may_approve_it_and_not_for_its_writer(
    pages: PageClient, agency: Organisation
) -> None:
    writer = make_user(Role.VENDOR_MANAGER)
    text = make_text(actor_of(writer), details(organisation_id=agency.id), Content(DEMAND, ""))
    submit_text(actor_of(writer), text)

    for role in (Role.VENDOR_MANAGER, Role.COMPLIANCE):
        page = pages.sign_in(make_user(role)).get("/")
        assert "Texts wait for approval" in page
        assert page.links["Read and decide"] == "/texts?state=submitted"
    assert "Texts wait for approval" not in pages.sign_in(writer).get("/")


def test_compliance_hears_of_holds_whose_clock_runs_out_and_finds_them(
    pages: PageClient, managers: tuple[User, User], set_clock: Callable[[datetime], None]
) -> None:
    officer = make_user(Role.COMPLIANCE)
    account_id = make_account(make_person())
    raise_hold(actor_of(officer), account_id, HoldFlag.DISPUTE, "disputes a charge")
    due = observed_due()
    words = "Holds are to be decided about within 7 days"

    set_clock(NOON + timedelta(days=(due - NOON.date()).days - 8))
    assert words not in pages.sign_in(officer).get("/")
    set_clock(NOON + timedelta(days=(due - NOON.date()).days - 7))
    home = pages.sign_in(officer).get("/")
    assert words in home and day_words(due) in home
    assert "disputes a charge" in home.client.get(home.links["See which"])
    assert "Nothing matches" in home.client.get("/holds?late=yes")
    set_clock(NOON + timedelta(days=(due - NOON.date()).days + 1))
    late = pages.sign_in(officer).get("/")
    assert words not in late and "Holds should have been decided about" in late and day_words(due) in late


def test_breaches_lead_to_the_findings_that_they_count(pages: PageClient, managers: tuple[User, User]) -> None:
    page = pages.sign_in(make_user(Role.COMPLIANCE)).get("/")
    there = page.links["Contacts against the conduct rules"]
    assert there == "/conduct?month=2005-07&verdict=block&day_from=2005-07-01&day_to=2005-07-15#findings"
    leads = pages.sign_in(make_user(Role.AGENCY_LEADER, make_agency("ZX"))).get("/").links
    there = leads["Contacts against the conduct rules"]
    assert there == "/team/conduct?verdict=block&day_from=2005-07-01&day_to=2005-07-15"


def observed_due() -> date:
    """By when the hold is to be decided about."""
    with reading(observer()) as session:
        due = session.scalars(sa.select(Hold.due_on)).one()
    assert due is not None
    return due


def day_words(day: date) -> str:
    """A day as English pages have it."""
    return f"{day.day} {day:%b %Y}"
