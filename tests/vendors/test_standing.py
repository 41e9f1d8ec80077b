"""Whether an organisation may be given work: worked cases of the rule, and what lower rooms are told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.work import reading
from portal.vendors.master import VendorDetails, edit_vendor, require
from portal.vendors.models import CredentialKind, Item, PlacementKind, Tier
from portal.vendors.queries import endings_ahead, licence_number, standing_of
from portal.vendors.standing import Facts, Paper, covered_until, in_force, judge
from tests.identity.factories import actor_of, make_agency, make_law_firm, make_user, observer
from tests.vendors.factories import end_paper, make_contract, make_paper

if TYPE_CHECKING:
    from flask import Flask

    from portal.identity.models import Organisation
    from portal.vendors.standing import Standing

TODAY = date(2005, 7, 1)
LICENCE, LIABILITY = CredentialKind.LICENCE, CredentialKind.LIABILITY_INSURANCE
pytestmark = pytest.mark.settings(today=TODAY)


def day(text: str) -> date:
    return date.fromisoformat(f"2005-{text}")


def codes(*papers: Paper, **facts: Any) -> list[str]:
    """Why nothing may be placed with an organisation that has a licence and these papers."""
    held = (*papers, Paper(LICENCE, date(2000, 1, 1), date(2010, 1, 1)))
    return [reason.code for reason in judge(Facts(papers=held, **facts), TODAY)[0]]


# --- the rule -----------------------------------------------------------------------------------------------------------


def test_an_organisation_with_a_licence_may_receive() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"active": False}, "inactive"),
        ({"started_on": day("07-02")}, "not_started"),
        ({"exits_on": day("06-30")}, "exited"),
        ({"required": frozenset({Item.LISTED})}, "not_listed"),
        ({"required": frozenset({Item.LIABILITY_INSURANCE})}, "insurance_missing"),
        ({"required": frozenset({Item.SECURITY_CERTIFICATE})}, "certificate_missing"),
    ],
)
def test_each_thing_that_stands_in_the_way_has_its_code(facts: dict[str, Any], code: str) -> None:
    assert codes(**facts) == [code]


@pytest.mark.parametrize(
    "facts",
    [
        {"started_on": TODAY},
        {"exits_on": TODAY},
        {"required": frozenset({Item.LISTED}), "listed": True},
        {"required": frozenset({Item.LICENCE})},
    ],
)
def test_first_and_last_days_count_and_what_is_fulfilled_stops_nothing(facts: dict[str, Any]) -> None:
    assert codes(**facts) == []


def test_an_insurance_that_has_ended_stops_only_where_it_is_required() -> None:
    ended = Paper(LIABILITY, date(2004, 7, 1), day("06-30"))

    assert codes(ended) == []
    assert codes(ended, required=frozenset({Item.LIABILITY_INSURANCE})) == ["insurance_ended"]


def test_a_licence_that_has_ended_always_stops_and_one_that_was_never_seen_is_warned_of() -> None:
    ended = Facts(papers=[Paper(LICENCE, date(2000, 1, 1), day("06-30"))])

    assert [reason.code for reason in judge(ended, TODAY)[0]] == ["licence_ended"]
    reasons, warnings, _ = judge(Facts(), TODAY)
    assert (reasons, [str(w) for w in warnings]) == ((), ["no licence is on file"])


@pytest.mark.parametrize(("last", "warned"), [("08-29", True), ("08-30", False)])
def test_a_warning_comes_sixty_days_ahead(last: str, warned: bool) -> None:
    _, warnings, endings = judge(Facts(papers=[Paper(LICENCE, date(2000, 1, 1), day(last))]), TODAY)

    assert bool(warnings) == warned
    assert [ending.day for ending in endings] == [day(last)]


def test_a_renewal_takes_away_the_warning_and_a_gap_before_it_does_not() -> None:
    old = Paper(LICENCE, date(2000, 1, 1), day("07-31"), followed_from=day("08-01"))

    assert covered_until([old, Paper(LICENCE, day("08-01"), date(2010, 7, 31))], TODAY) == date(2010, 7, 31)
    assert covered_until([old, Paper(LICENCE, day("08-02"), date(2010, 7, 31))], TODAY) == day("07-31")


def test_a_correction_from_the_same_day_leaves_nothing_of_what_it_corrects() -> None:
    wrong = Paper(LICENCE, date(2000, 1, 1), date(2036, 1, 1), followed_from=date(2000, 1, 1))
    right = Paper(LICENCE, date(2000, 1, 1), day("06-30"))

    assert covered_until([wrong, right], TODAY) is None


papers = st.builds(
    lambda first, length, cut: Paper(
        LICENCE, TODAY + timedelta(first), TODAY + timedelta(first + length), None if cut is None else TODAY + timedelta(first + cut)
    ),
    st.integers(-60, 60), st.integers(0, 60), st.none() | st.integers(0, 60),
)  # fmt: skip


@given(st.lists(papers, max_size=6))
def test_every_day_up_to_the_last_is_covered_by_a_paper_and_the_next_is_not(held: list[Paper]) -> None:
    until = covered_until(held, TODAY)

    if until is None:
        assert not in_force(held, TODAY)
        return
    for offset in range((until - TODAY).days + 1):
        assert in_force(held, TODAY + timedelta(offset))
    assert not in_force(held, until + timedelta(1))


# --- what lower rooms are told --------------------------------------------------------------------------------------------


def standing(organisation: Organisation, on: date = TODAY) -> Standing:
    with reading(observer()) as session:
        return standing_of(session, observer(), [organisation.id], on)[organisation.id]


def test_a_standing_tells_limits_and_capacity_by_contract(app: Flask) -> None:
    agency, manager = make_agency("HT"), actor_of(make_user(Role.VENDOR_MANAGER))
    make_contract(agency, currency="TWD", capacity=500)
    details = VendorDetails(Tier.FIRST, regions=("CN-SH", "TW"), buckets=("M2", "M3"))
    edit_vendor(manager, agency.id, details)

    found = standing(agency)

    assert found.may_receive
    assert (found.regions, found.buckets) == ({"CN-SH", "TW"}, {"M2", "M3"})
    assert found.capacity[PlacementKind.COLLECTION, "TWD"].accounts == 500
    assert found.permits("CN-SH", "M2")
    assert found.permits("TW-TPE", "M3")
    assert not found.permits("CN-GD", "M2")
    assert not found.permits("CN-SH", "M4")


def test_what_the_bank_requires_holds_from_its_day_on_and_for_its_kind(app: Flask) -> None:
    agency, firm, manager = make_agency("HT"), make_law_firm("MH"), actor_of(make_user(Role.VENDOR_MANAGER))
    require(manager, OrganisationKind.AGENCY, Item.LIABILITY_INSURANCE, TODAY)

    assert standing(agency, TODAY - timedelta(1)).may_receive
    assert [r.code for r in standing(agency).reasons] == ["insurance_missing"]
    assert standing(firm).may_receive

    make_paper(agency, LIABILITY, date(2005, 1, 1), date(2005, 12, 31))
    assert standing(agency).may_receive
    require(manager, OrganisationKind.AGENCY, Item.LIABILITY_INSURANCE, None)
    assert standing(agency, date(2006, 1, 1)).may_receive


def test_the_list_of_what_ends_has_the_stopped_first(app: Flask) -> None:
    fine, ending, stopped = make_agency("HT"), make_agency("ZX"), make_agency("AH")
    end_paper(ending, LICENCE, TODAY + timedelta(30))
    end_paper(stopped, LICENCE, TODAY - timedelta(1))

    with reading(observer()) as session:
        found = endings_ahead(session, observer(), TODAY)

    assert [organisation.code for organisation, _ in found] == ["AH", "ZX"]
    assert standing(fine).may_receive


def test_an_organisation_works_under_the_number_of_the_licence_of_the_day(app: Flask) -> None:
    firm = make_law_firm("MH", licence_no="OLD", licence_until=date(2005, 7, 31))
    make_paper(firm, LICENCE, date(2005, 8, 1), date(2010, 7, 31), number="NEW")

    with reading(observer()) as session:
        numbers = [licence_number(session, firm.id, on) for on in (TODAY, date(2005, 8, 1), date(2011, 1, 1))]

    assert numbers == ["OLD", "NEW", ""]


def test_a_vendor_is_told_of_itself_and_of_no_other(app: Flask) -> None:
    mine, other = make_agency("HT"), make_agency("ZX")
    leader = actor_of(make_user(Role.AGENCY_LEADER, mine))

    with reading(leader) as session:
        assert standing_of(session, leader, [mine.id, other.id], TODAY).keys() == {mine.id}
