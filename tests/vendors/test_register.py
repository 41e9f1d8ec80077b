"""The staff register: who keeps it, and that nobody comes in whom it does not let in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from portal.foundation.access import OrganisationKind, Role, system_actor
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.work import reading
from portal.identity import entering
from portal.identity.people import load_actor
from portal.vendors import register
from portal.vendors.knowing import staff_expiring, staff_of
from portal.vendors.master import require
from portal.vendors.models import Item, RecordKind
from portal.vendors.register import MemberDetails, RecordDetails
from tests.identity.factories import PASSWORD, actor_of, make_agency, make_user, observer
from tests.vendors.factories import make_member, make_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import User
    from tests.support.pages import PageClient

TODAY = date(2005, 7, 1)
pytestmark = pytest.mark.settings(today=TODAY)
Client = "Callable[..., PageClient]"


def collector(**fields: object) -> User:
    return make_user(Role.AGENCY_STAFF, make_agency(), password=PASSWORD, **fields)


def manager() -> Actor:
    return actor_of(make_user(Role.VENDOR_MANAGER))


def ask_for(*items: Item) -> None:
    boss = manager()
    for item in items:
        require(boss, OrganisationKind.AGENCY, item, TODAY)


def sign_in(user: User) -> str | None:
    """The code of what keeps somebody out at the sign-in, with the words behind it; None where it opens."""
    try:
        entering.sign_in(user.user_name, PASSWORD, origin="test", browser="test")
    except DomainError as error:
        return f"{error.code}: {error.message}"
    return None


# --- who comes in ---------------------------------------------------------------------------------------------------------


def test_nothing_is_required_before_the_bank_says_so(app: Flask) -> None:
    assert sign_in(collector()) is None


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (Item.REGISTER, "has no entry for this person"),
        (Item.TRAINING, "has no entry for this person"),
    ],
)
def test_who_has_no_entry_is_kept_out_once_one_is_required(app: Flask, item: Item, words: str) -> None:
    somebody = collector()
    ask_for(item)

    told = sign_in(somebody) or ""

    assert told.startswith("sign_in.hindered")
    assert words in told
    assert "Ask your team leader" in told
    make_member(somebody.organisation, somebody)
    assert ("has no entry" in (sign_in(somebody) or "")) is False


def test_a_requirement_of_a_later_day_gives_time(app: Flask) -> None:
    require(manager(), OrganisationKind.AGENCY, Item.REGISTER, date(2005, 7, 2))

    assert sign_in(collector()) is None


def test_the_wrong_password_tells_nothing_of_the_register(app: Flask) -> None:
    somebody = collector()
    make_member(somebody.organisation, somebody, ended_on=date(2005, 6, 30))

    with pytest.raises(DomainError) as refused:
        entering.sign_in(somebody.user_name, "another password", origin="test", browser="test")

    assert refused.value.code == "sign_in.wrong"


@pytest.mark.parametrize(("last_day", "opens"), [(date(2005, 6, 30), False), (TODAY, True)])
def test_who_has_left_never_comes_in(app: Flask, last_day: date, opens: bool) -> None:
    somebody = collector()
    make_member(somebody.organisation, somebody, ended_on=last_day)

    assert (sign_in(somebody) is None) == opens
    with reading(system_actor("jobs")) as session:
        assert (load_actor(session, somebody.id) is not None) == opens


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        (RecordKind.TRAINING, Item.TRAINING),
        (RecordKind.CERTIFICATE, Item.CERTIFICATE),
        (RecordKind.TEST, Item.TEST),
    ],
)
def test_what_is_required_of_a_person_must_count_on_the_day(app: Flask, kind: RecordKind, item: Item) -> None:
    somebody = collector()
    member = make_member(somebody.organisation, somebody)
    ask_for(item)
    assert f"No {kind.value} is in the staff register." in (sign_in(somebody) or "")

    make_record(member, kind, date(2005, 1, 1), date(2005, 6, 30))
    assert f"The {kind.value} expired on 2005-06-30." in (sign_in(somebody) or "")

    make_record(member, kind, date(2005, 6, 1), TODAY)
    assert sign_in(somebody) is None


def test_of_two_tests_the_later_one_decides(app: Flask) -> None:
    somebody = collector()
    member = make_member(somebody.organisation, somebody)
    ask_for(Item.TEST)
    make_record(member, RecordKind.TEST, date(2005, 5, 1))
    make_record(member, RecordKind.TEST, date(2005, 6, 1), passed=False)

    assert "was not passed" in (sign_in(somebody) or "")


def test_a_leader_and_who_is_barred_are_sent_to_the_bank(app: Flask) -> None:
    leader = make_user(Role.AGENCY_LEADER, make_agency(), password=PASSWORD)
    barred = collector()
    ask_for(Item.REGISTER)
    register.bar_member(manager(), make_member(barred.organisation, barred), "complaint 17")

    assert "Ask the bank's vendor manager." in (sign_in(leader) or "")
    told = sign_in(barred) or ""
    assert "complaint 17" in told
    assert "Ask the bank's vendor manager." in told


@pytest.mark.parametrize("locale", ["en", "zh_Hans"])
def test_a_session_that_runs_hears_of_it_at_its_next_request(
    client_for: Callable[..., PageClient], locale: str
) -> None:
    somebody = collector(locale=locale)
    member, boss = make_member(somebody.organisation, somebody), manager()
    browser = client_for(somebody)
    browser.get("/queue")

    register.bar_member(boss, member, "complaint 17")
    told = browser.get("/queue", to="/kept-out")

    assert "complaint 17" in told
    assert ("Ask the bank's vendor manager." in told) == (locale == "en")
    register.permit_member(boss, member)
    browser.get("/kept-out", to="/queue")


# --- who keeps it ---------------------------------------------------------------------------------------------------------


def entry(**fields: object) -> MemberDetails:
    return MemberDetails(**({"name": "Li Si", "started_on": date(2005, 1, 1)} | fields))  # type: ignore[arg-type]


def test_a_leader_keeps_the_own_register_and_touches_no_other(app: Flask) -> None:
    mine, other = make_agency(), make_agency()
    leader = actor_of(make_user(Role.AGENCY_LEADER, mine))
    member = register.add_member(leader, mine.id, entry())
    theirs = make_member(other)

    for attempt in (
        lambda: register.add_member(leader, other.id, entry()),
        lambda: register.edit_member(leader, theirs, entry()),
        lambda: register.add_record(leader, theirs, RecordDetails(RecordKind.TRAINING, "x", TODAY)),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(Refused, match="forbidden"):
        register.bar_member(leader, member, "not by us")
    with pytest.raises(Refused, match="forbidden"):
        register.add_member(actor_of(make_user(Role.AGENCY_STAFF, mine)), mine.id, entry())


@pytest.mark.parametrize("field", ["employee_no", "user_id"])
def test_a_number_and_a_sign_in_belong_to_one_entry(app: Flask, field: str) -> None:
    somebody, boss = collector(), manager()
    value = somebody.id if field == "user_id" else "E-1"
    first = register.add_member(boss, somebody.organisation_id, entry(**{field: value}))
    register.edit_member(boss, first, entry(**{field: value, "position": "lead"}))

    with pytest.raises(DomainError) as refused:
        register.add_member(boss, somebody.organisation_id, entry(**{field: value}))

    assert refused.value.field == field


def test_a_sign_in_of_another_organisation_is_refused(app: Flask) -> None:
    stranger = collector()

    with pytest.raises(DomainError) as refused:
        register.add_member(manager(), make_agency().id, entry(user_id=stranger.id))

    assert refused.value.field == "user_id"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (RecordDetails(RecordKind.CERTIFICATE, "x", TODAY), "number"),
        (RecordDetails(RecordKind.TRAINING, "x", TODAY, score=3), "score"),
        (RecordDetails(RecordKind.TEST, "x", TODAY, score=101), "score"),
        (RecordDetails(RecordKind.TEST, " ", TODAY), "title"),
        (RecordDetails(RecordKind.TRAINING, "x", TODAY, date(2005, 6, 30)), "valid_until"),
        (RecordDetails(RecordKind.TRAINING, "x", date(2005, 7, 2)), "taken_on"),
    ],
)
def test_a_record_that_cannot_be_names_its_field(app: Flask, details: RecordDetails, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        register.add_record(manager(), make_member(make_agency()), details)

    assert refused.value.field == field


def test_what_ends_soon_is_counted_for_leader_and_bank(app: Flask) -> None:
    agency = make_agency()
    soon, later, left = make_member(agency), make_member(agency), make_member(agency, ended_on=date(2005, 6, 1))
    for member, until in ((soon, date(2005, 8, 1)), (later, date(2006, 8, 1)), (left, date(2005, 8, 1))):
        make_record(member, RecordKind.TRAINING, date(2005, 1, 1), until)
    leader = actor_of(make_user(Role.AGENCY_LEADER, agency))

    for who in (leader, observer()):
        with reading(who) as session:
            assert staff_expiring(session, who, TODAY) == 1
            staff = staff_of(session, who, agency.id, TODAY)
    assert (staff.working, staff.kept_out, staff.expiring) == (2, 0, 1)


# --- pages ----------------------------------------------------------------------------------------------------------------


def test_a_leader_writes_a_person_and_a_training_on_the_pages(client_for: Callable[..., PageClient]) -> None:
    leader = make_user(Role.AGENCY_LEADER)
    browser = client_for(leader)
    team = browser.get("/staff")
    assert "Nobody is in the register yet." in team

    form = browser.get(team.links["Add a person"])
    page = form.submit("form", name="Li Si", started_on="2005-01-01", employee_no="E-1", user_id=str(leader.id))
    assert page.h1 == "Li Si"
    assert leader.user_name in page
    page = browser.get(page.links["Add one"]).submit(
        "form", kind="training", title="Conduct", taken_on="2005-06-01", valid_until="2005-08-01", to=page.path
    )
    assert "Conduct" in page
    assert "ends soon" in page
    assert "Li Si" in browser.get("/staff?ends=yes")
    page.submit("withdraw", to=page.path)
    assert "Li Si" not in browser.get("/staff?ends=yes")


def test_the_bank_bars_somebody_with_a_reason_and_permits_again(client_for: Callable[..., PageClient]) -> None:
    member = make_member(make_agency(), name="Li Si")
    browser = client_for(make_user(Role.VENDOR_MANAGER))

    page = browser.get(f"/staff/{member}").submit("bar", reason="complaint 17", to=f"/staff/{member}")

    assert "complaint 17" in page
    assert "Li Si" in browser.get("/staff?state=barred")
    assert "may work" in page.submit("permit", to=f"/staff/{member}")


def test_the_bank_adds_to_the_register_that_the_list_is_narrowed_to(client_for: Callable[..., PageClient]) -> None:
    agency = make_agency()
    browser = client_for(make_user(Role.VENDOR_MANAGER))

    assert "Add a person" not in browser.get("/staff").links
    team = browser.get(f"/staff?organisation={agency.id}&state=here")
    assert team.links["Add a person"] == f"/vendors/{agency.id}/staff/new"
    assert "Add a person" not in browser.get("/staff?organisation=999999").links
