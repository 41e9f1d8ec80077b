"""Contracts: what may be agreed, which terms hold on a day, and who reads them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.foundation.access import Role
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading, transaction
from portal.vendors.models import ContractVersion, PlacementKind
from portal.vendors.operations import add_version, create_contract
from portal.vendors.queries import contract_for, contract_version_for
from portal.vendors.terms import Terms, parse_rate
from tests.identity.factories import actor_of, contracts_clerk, make_agency, make_law_firm, make_user, observer
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.identity.models import Organisation
    from tests.support.pages import PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
JULY = date(2005, 7, 1)


def terms(**fields: Any) -> Terms:
    return Terms(**({"rate": Decimal("0.2")} | fields))


def rate_on(organisation: Organisation, day: date, currency: str = "TWD") -> str | None:
    with reading(observer()) as session:
        found = contract_version_for(session, organisation.id, PlacementKind.COLLECTION, currency, day)
        return found.plan["rate"] if found else None


# --- terms --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "rate"),
    [("0.35", "0.35"), ("35%", "0.35"), (" 14.13 % ", "0.1413"), ("0", "0"), ("1", "1"), ("5％", "0.05")],
)
def test_a_rate_is_a_decimal_or_a_percentage(written: str, rate: str) -> None:
    assert parse_rate(written) == Decimal(rate)


@pytest.mark.parametrize("written", ["", "a third", "1.5", "-0.1", "35", "0.1234567", "NaN", "1e9999"])
def test_what_is_no_rate_is_refused_at_its_field(written: str) -> None:
    with pytest.raises(DomainError) as refused:
        parse_rate(written)
    assert refused.value.field == "rate"


def test_the_plan_is_written_in_the_notation_of_the_commission_rules() -> None:
    assert terms(rate=Decimal("0.350")).plan("TWD") == {"currency": "TWD", "rate": "0.35"}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("letter_fee", {"letter_fee_minor": -1}),
        ("term_days", {"term_days": 0}),
        ("term_days", {"term_days": 9_999}),
        ("capacity", {"capacity_accounts": -1}),
    ],
)
def test_terms_that_cannot_be_meant_name_their_field(field: str, fields: dict[str, int]) -> None:
    with pytest.raises(DomainError) as refused:
        terms(**fields).check()
    assert refused.value.field == field


# --- contracts and versions ---------------------------------------------------------------------------------------------


def test_the_version_that_has_begun_last_holds(app: Flask) -> None:
    agency = make_agency("HT")
    contract = make_contract(agency, rate="0.20", started_on=date(2005, 1, 1), ended_on=date(2005, 12, 31))
    add_version(contracts_clerk(), contract, date(2005, 8, 1), terms(rate=Decimal("0.25")))

    assert rate_on(agency, date(2004, 12, 31)) is None
    assert rate_on(agency, date(2005, 1, 1)) == "0.2"
    assert rate_on(agency, date(2005, 7, 31)) == "0.2"
    assert rate_on(agency, date(2005, 8, 1)) == "0.25"
    assert rate_on(agency, date(2005, 12, 31)) == "0.25"
    assert rate_on(agency, date(2006, 1, 1)) is None
    assert rate_on(agency, JULY, "CNY") is None


@pytest.mark.parametrize("day", [date(2005, 1, 1), date(2004, 5, 1), date(2006, 1, 1)])
def test_new_terms_begin_after_the_last_and_before_the_end(app: Flask, day: date) -> None:
    contract = make_contract(make_agency("HT"), started_on=date(2005, 1, 1), ended_on=date(2005, 12, 31))

    with pytest.raises(DomainError) as refused:
        add_version(contracts_clerk(), contract, day, terms())
    assert refused.value.field == "effective_from"


def test_two_contracts_never_cover_the_same_days(app: Flask) -> None:
    agency = make_agency("HT")
    make_contract(agency, started_on=date(2005, 1, 1), ended_on=date(2005, 6, 30))

    with pytest.raises(DomainError) as refused:
        make_contract(agency, started_on=date(2005, 6, 30))
    assert refused.value.code == "contract.overlap"
    make_contract(agency, started_on=JULY)


def test_a_version_is_never_changed(app: Flask) -> None:
    make_contract(make_agency("HT"))

    for statement in (sa.update(ContractVersion).values(term_days=1), sa.delete(ContractVersion)):
        with pytest.raises(DBAPIError), transaction(observer()) as work:
            work.session.execute(statement)


def test_a_contract_fits_its_organisation(app: Flask) -> None:
    for organisation, kind in (
        (make_agency("HT"), PlacementKind.LETTER),
        (make_law_firm("JL"), PlacementKind.COLLECTION),
    ):
        with pytest.raises(DomainError) as refused:
            make_contract(organisation, kind)
        assert refused.value.field == "kind"


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("number", {"number": "  "}),
        ("currency", {"currency": "XXX"}),
        ("ended_on", {"ended_on": date(2005, 6, 30)}),
    ],
)
def test_a_contract_that_cannot_be_names_its_field(app: Flask, field: str, fields: dict[str, Any]) -> None:
    usual: dict[str, Any] = {
        "number": "C-1",
        "kind": PlacementKind.COLLECTION,
        "currency": "TWD",
        "started_on": JULY,
        "terms": terms(),
    }
    with pytest.raises(DomainError) as refused:
        create_contract(contracts_clerk(), make_agency("HT").id, **(usual | fields))
    assert refused.value.field == field


def test_a_number_that_is_taken_is_refused(app: Flask) -> None:
    first, second = make_agency("HT"), make_agency("ZX")
    usual: dict[str, Any] = {"kind": PlacementKind.COLLECTION, "currency": "TWD", "started_on": JULY, "terms": terms()}
    create_contract(contracts_clerk(), first.id, number="C-1", **usual)

    with pytest.raises(DomainError) as refused:
        create_contract(contracts_clerk(), second.id, number=" C-1 ", **usual)
    assert refused.value.field == "number"


def test_another_agency_cannot_touch_a_contract(app: Flask) -> None:
    contract = make_contract(make_agency("HT"))
    stranger = actor_of(make_user(organisation=make_agency("ZX")))

    with pytest.raises(Refused):
        add_version(stranger, contract, date(2005, 9, 1), terms())
    with reading(stranger) as session, pytest.raises(NotFound):
        contract_for(session, stranger, contract)


# --- pages --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_manager_makes_a_contract_and_agrees_new_terms(client_for: Callable[..., PageClient], locale: str) -> None:
    agency = make_agency("HT", name_en="Hengtong")
    pages = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    form = pages.get(f"/contracts/new?organisation={agency.id}")

    page = form.submit("form", number="C-2005-1", currency="twd", rate="35%", letter_fee="", started_on="2005-07-01")

    assert "C-2005-1" in page.h1
    assert "35%" in page
    new = pages.get(page.path + "/versions/new")
    wrong = new.submit("form", status=422, effective_from="2005-07-01", rate="0.3")
    assert ("New terms begin after" in wrong) == (locale == "en")
    page = wrong.submit("form", to=page.path, effective_from="2005-09-01", rate="0.141275", capacity="2500")
    assert "14.1275%" in page
    assert "2,500" in page
    listed = pages.get("/contracts")
    assert "C-2005-1" in listed
    assert "35%" in listed


def test_a_form_with_mistakes_says_each_at_its_field(client_for: Callable[..., PageClient]) -> None:
    make_agency("HT")
    pages = client_for(make_user(Role.VENDOR_MANAGER))

    page = pages.get("/contracts/new").submit("form", status=422, number="C-1", currency="TWD", rate="a lot")

    assert "Write the rate as 0.35 or 35%." in page
    assert page.field("number").get("value") == "C-1"


def test_a_form_says_all_that_cannot_be_read_at_once(client_for: Callable[..., PageClient]) -> None:
    make_agency("HT")
    pages = client_for(make_user(Role.VENDOR_MANAGER))

    page = pages.get("/contracts/new").submit(
        "form", status=422, number="C-1", currency="yuan", rate="a third", capacity="many", letter_fee="dear"
    )  # fmt: skip

    assert "such as CNY, TWD or USD." in page
    assert "Write the rate as 0.35 or 35%." in page
    assert "Write a whole number." in page
    assert "Write an amount with at most 2 digits" in page
    assert page.field("capacity").get("value") == "many"


def test_an_amount_beyond_what_is_kept_is_told_as_such(client_for: Callable[..., PageClient]) -> None:
    make_agency("HT")
    pages = client_for(make_user(Role.VENDOR_MANAGER))

    page = pages.get("/contracts/new").submit(
        "form", status=422, number="C-1", letter_fee="99999999999999999.00", capacity_amount="1.005"
    )  # fmt: skip

    assert "Fee per letter: This number is too large." in page
    assert "Capacity, amount: Write an amount with at most 2 digits" in page


def test_a_currency_is_written_as_people_write_it(client_for: Callable[..., PageClient]) -> None:
    make_agency("HT")
    form = client_for(make_user(Role.VENDOR_MANAGER)).get("/contracts/new")
    assert form.field("currency").get("value") == "CNY"

    page = form.submit("form", number="C-1", currency="人民币", rate="0.2", capacity_amount="1,000")

    assert "CN¥1,000.00" in page


def test_clauses_on_data_are_never_dropped_in_silence(client_for: Callable[..., PageClient]) -> None:
    make_agency("HT")
    form = client_for(make_user(Role.VENDOR_MANAGER)).get("/contracts/new")

    page = form.submit("form", status=422, number="C-1", rate="0.2", subcontracting="y")

    assert "Choose what happens with the data at the end" in page


def test_who_enters_a_contract_before_any_organisation_is_told_where_to_begin(
    client_for: Callable[..., PageClient],
) -> None:
    assert "Your administrator enters them." in client_for(make_user(Role.VENDOR_MANAGER)).get("/contracts/new")
    page = client_for(make_user(Role.ADMINISTRATOR)).get("/contracts/new")
    assert page.links["Enter an organisation"] == "/organisations/new"


def test_an_agency_reads_its_own_contracts_and_no_other(client_for: Callable[..., PageClient]) -> None:
    mine, other = make_agency("HT"), make_agency("ZX")
    own, foreign = make_contract(mine, rate="0.1875"), make_contract(other)
    pages = client_for(make_user(Role.AGENCY_LEADER, mine))

    page = pages.get("/contracts")

    assert f"/contracts/{own}" in page.links.values()
    assert f"/contracts/{foreign}" not in page.links.values()
    assert "18.75%" in pages.get(f"/contracts/{own}")
    for path in (f"/contracts/{foreign}", f"/organisations/{other.id}/contracts"):
        assert pages.get(path, status=404)
    for path in ("/contracts/new", f"/contracts/{own}/versions/new"):
        assert pages.get(path, status=403)
