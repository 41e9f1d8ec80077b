"""New terms with a whole plan: entered on one page without a script, tried there, said in words, kept as it was written."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from portal.foundation.access import Role
from portal.foundation.errors import DomainError
from portal.vendors.models import ContractVersion
from portal.vendors.operations import add_version
from portal.vendors.terms import Terms
from tests.identity.factories import contracts_clerk, make_agency, make_user
from tests.vendors.factories import make_contract
from tests.vendors.test_plan_words import FULL

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from tests.support.pages import Page, PageClient

pytestmark = pytest.mark.settings(today=date(2005, 7, 1))
LADDER = {
    "p-bands_by": "recovery_rate", "p-bands_mode": "whole", "p-bands-0-kind": "from", "p-bands-0-value": "0",
    "p-bands-0-rate": "2%", "p-bands-1-kind": "from", "p-bands-1-value": "15%", "p-bands-1-rate": "3%",
}  # fmt: skip


@pytest.fixture
def agency_and_form(client_for: Callable[..., PageClient]) -> tuple[Any, int, Page]:
    agency = make_agency("HT")
    contract = make_contract(agency, currency="CNY")
    pages = client_for(make_user(Role.VENDOR_MANAGER))
    return agency, contract, pages.get(f"/contracts/{contract}/versions/new")


def plan_of(session: Session) -> dict[str, Any]:
    last = session.scalars(sa.select(ContractVersion).order_by(ContractVersion.version.desc()).limit(1)).one()
    return dict(last.plan)


def test_rows_are_added_and_taken_away_without_a_script_and_nothing_is_lost(
    agency_and_form: tuple[Any, int, Page],
) -> None:
    _, _, form = agency_and_form

    page = form.submit("form", status=200, step="add-bands", rate="", effective_from="2005-08-01", **LADDER)
    assert page.field("p-bands-2-value").get("value") == ""
    page = page.submit("form", status=200, step="drop-bands-0")
    assert page.field("p-bands-0-value").get("value") == "15%"
    assert page.field("effective_from").get("value") == "2005-08-01"


def test_what_the_plan_does_is_shown_before_it_is_saved(
    agency_and_form: tuple[Any, int, Page], db_session: Session
) -> None:
    _, _, form = agency_and_form

    page = form.submit("form", status=200, step="show", rate="", **LADDER)

    assert "3% from 15%" in page
    assert "149,999.99" in page  # just below the first limit
    assert "at 15%, when CN¥150,000.00 has been paid: +CN¥1,500.00" in page
    assert plan_of(db_session) == {"currency": "CNY", "rate": "0.2"}


def test_an_example_of_ones_own_stays_while_the_plan_changes(agency_and_form: tuple[Any, int, Page]) -> None:
    _, _, form = agency_and_form

    page = form.submit("form", status=200, step="show", **{"p-pay-0-amount": "777.00"})
    page = page.submit("form", status=200, step="show", rate="0.5")
    assert page.field("p-pay-0-amount").get("value") == "777.00"
    assert "388.50" in page
    page = page.submit("form", status=200, step="example")
    assert page.field("p-pay-0-amount").get("value") == "5000.00"
    page = page.submit("form", status=200, step="show", **{"p-pay-0-amount": "much", "x-round": "one"})
    assert "The example cannot be read yet." in page
    assert "Write a whole number." in page


def test_the_plan_is_kept_and_its_version_says_what_was_changed(
    agency_and_form: tuple[Any, int, Page], db_session: Session, client_for: Callable[..., PageClient]
) -> None:
    agency, contract, form = agency_and_form

    page = form.submit("form", to=f"/contracts/{contract}", rate="", effective_from="2005-08-01", **LADDER)

    assert plan_of(db_session)["bands"]["rows"] == [{"from": "0", "rate": "0.02"}, {"from": "0.15", "rate": "0.03"}]
    assert "2%–3%" in page
    read = client_for(make_user(Role.AGENCY_LEADER, agency)).get(f"/contracts/{contract}/versions/2")
    assert "the rate that is reached holds for everything: 2% from 0%; 3% from 15%" in read
    assert "before: 20% of each payment" in read
    assert "There is no cliff" not in read
    places = ["".join(cell.itertext()) for cell in read.root.iter("th") if cell.get("scope") == "row"]
    assert "just below 15%" in places and places.count("15%") == 1


def test_a_plan_with_a_hole_is_kept_only_by_who_says_that_it_was_seen(
    agency_and_form: tuple[Any, int, Page], db_session: Session
) -> None:
    _, contract, form = agency_and_form
    wanted = LADDER | {"p-bands-0-value": "10%", "effective_from": "2005-08-01", "rate": ""}

    page = form.submit("form", status=422, **wanted)

    assert plan_of(db_session)["rate"] == "0.2"
    db_session.rollback()
    assert "Say that you have seen what earns nothing" in page
    assert "Below 10% (recovery rate of the batch) nothing is earned." in page
    seen = page.field("holes_seen")
    assert seen.get("checked") is None
    # What was seen of one hole is not seen of another.
    other = page.submit("form", status=422, holes_seen=seen.get("value"), **{"p-bands-0-value": "12%"})
    shown = other.submit("form", status=200, step="show", holes_seen=other.field("holes_seen").get("value"))
    assert shown.field("holes_seen").get("checked") is not None
    page = shown.submit("form", to=f"/contracts/{contract}")
    assert plan_of(db_session)["bands"]["rows"][0]["from"] == "0.12"
    assert "2%–3%, only from 12%" in page


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_plan_with_faults_is_not_kept_and_each_is_told_at_its_field(
    client_for: Callable[..., PageClient], db_session: Session, locale: str
) -> None:
    contract = make_contract(make_agency("HT"), currency="CNY")
    pages = client_for(make_user(Role.VENDOR_MANAGER, locale=locale))
    wrong = LADDER | {"p-bands-1-value": "0", "p-bands_mode": "", "p-limits-0-round": "1", "p-limits-0-rate": "x"}

    page = pages.get(f"/contracts/{contract}/versions/new").submit(
        "form", status=422, rate="", effective_from="2005-08-01", **wrong
    )

    for field in ("p-bands-1-value", "p-bands_mode", "p-limits-0-rate"):
        assert page.field(field).get("aria-invalid") == "true"
        assert "".join(page.element(f"{field}-slot").itertext()).strip()
    assert plan_of(db_session)["rate"] == "0.2"


def test_a_pasted_plan_fills_the_form_and_is_what_is_kept(
    agency_and_form: tuple[Any, int, Page], db_session: Session
) -> None:
    _, contract, form = agency_and_form

    page = form.submit("form", status=200, step="read", **{"p-notation": json.dumps(FULL)})
    assert page.field("p-bands-2-value").get("value") == "30%"
    assert page.field("rate").get("value") == ""
    page.submit("form", to=f"/contracts/{contract}", effective_from="2005-08-01")

    assert plan_of(db_session) == FULL


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "This is no JSON from line 1"),
        ("[" * 9_000, "This is no JSON"),
        ('{"rate": NaN}', "Write a number"),
        ('{"rate": "0.1", "colour": "red"}', "The notation knows no “colour”."),
        ('{"rate": "0.1", "currency": "USD"}', "This contract is in CNY"),
        (
            json.dumps({"rate": "0.1", "limits": [{"round": n, "max_rate": "1"} for n in range(61)]}),
            "more than 60 rows",
        ),
        ('{"bands": {"by": "round", "rows": [{"from": "1"}]}}', "bands.rows.rate [1]: Fill this in."),
    ],
)
def test_a_pasted_text_that_is_no_plan_says_why_and_leaves_the_form(
    agency_and_form: tuple[Any, int, Page], text: str, words: str
) -> None:
    _, _, form = agency_and_form

    page = form.submit("form", status=200, step="read", **{"p-notation": text})

    assert words in page
    assert page.field("rate").get("value") == "20%"


def test_a_notation_that_was_changed_and_not_taken_over_is_never_lost_in_silence(
    agency_and_form: tuple[Any, int, Page], db_session: Session
) -> None:
    _, _, form = agency_and_form
    pasted = json.dumps(FULL)

    page = form.submit("form", status=422, effective_from="2005-08-01", **{"p-notation": pasted})
    assert "fill the fields from it" in page
    assert "".join(page.field("p-notation").itertext()).strip() == pasted
    assert plan_of(db_session)["rate"] == "0.2"


def test_a_stage_that_is_named_twice_is_told_and_not_overwritten(agency_and_form: tuple[Any, int, Page]) -> None:
    _, _, form = agency_and_form
    twice = {
        "p-stages-0-stage": "legal",
        "p-stages-0-rate": "30%",
        "p-stages-1-stage": "legal",
        "p-stages-1-rate": "20%",
    }

    page = form.submit("form", status=422, effective_from="2005-08-01", **twice)

    assert page.field("p-stages-1-stage").get("aria-invalid") == "true"


def test_a_new_contract_is_made_with_a_whole_plan(client_for: Callable[..., PageClient], db_session: Session) -> None:
    make_agency("HT")
    form = client_for(make_user(Role.VENDOR_MANAGER)).get("/contracts/new")

    page = form.submit("form", number="C-1", currency="CNY", started_on="2005-07-01", **LADDER)

    assert "C-1" in page.h1
    assert plan_of(db_session)["bands"]["mode"] == "whole"


def test_no_way_leads_a_plan_into_the_book_that_the_engine_cannot_read(db_session: Session) -> None:
    contract = make_contract(make_agency("HT"))
    with pytest.raises(DomainError) as refused:
        add_version(contracts_clerk(), contract, date(2005, 8, 1), Terms(None, notation={"currency": "TWD", "cap": {}}))
    assert refused.value.code.startswith("contract.plan.")


@pytest.mark.parametrize("key", sorted(set(FULL) - {"currency", "bands"}))
def test_each_key_of_the_notation_is_shown_and_drawn(
    client_for: Callable[..., PageClient], db_session: Session, key: str
) -> None:
    contract = make_contract(make_agency("HT"), currency="CNY")
    plan = {"currency": "CNY", "rate": "0.1", "contract_started_on": "2005-01-01", key: FULL[key]}
    add_version(contracts_clerk(), contract, date(2005, 8, 1), Terms(None, notation=plan))
    pages = client_for(make_user(Role.VENDOR_MANAGER))

    assert pages.get(f"/contracts/{contract}/versions/2").element("curve-title") is not None
    assert "cannot be evaluated" not in pages.get(f"/contracts/{contract}/versions/new")
