"""Who may see and change whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import ROLES_OF, OrganisationKind, Permission, Role
from portal.foundation.audit import AuditEvent
from portal.foundation.database import db
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.identity import operations
from portal.identity.models import LetterLaw, Organisation, User
from portal.identity.operations import OrganisationDetails, PersonDetails
from portal.identity.people import command_actor
from tests.identity.factories import actor_of, make_agency, make_bank, make_law_firm, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from tests.support.pages import PageClient


def test_an_administrator_sees_everybody(client_for: Callable[..., PageClient]) -> None:
    leader, lawyer = make_user(Role.AGENCY_LEADER), make_user(Role.LEGAL_PARTNER)

    page = client_for(make_user(Role.ADMINISTRATOR)).get("/users")

    assert leader.user_name in page
    assert lawyer.user_name in page


@pytest.mark.parametrize("role", [Role.AGENCY_LEADER, Role.LEGAL_PARTNER])
def test_others_see_their_own_team_only(client_for: Callable[..., PageClient], role: Role) -> None:
    me, stranger = make_user(role), make_user(role)
    mate = make_user(ROLES_OF[me.organisation.kind][-1], me.organisation)
    client = client_for(me)

    page = client.get("/users")

    assert page.h1 == "Users"
    assert mate.user_name in page
    assert stranger.user_name not in page
    assert mate.user_name in client.get(f"/users/{mate.id}")
    client.get(f"/users/{stranger.id}", status=404)
    assert stranger.user_name not in client.client.get("/users?export=csv").text


@pytest.mark.parametrize("deed", ["edit", "initial-password"])
def test_a_team_leader_changes_nobody(client_for: Callable[..., PageClient], deed: str) -> None:
    leader = make_user(Role.AGENCY_LEADER)
    mate = make_user(Role.AGENCY_STAFF, leader.organisation)

    client_for(leader).get(f"/users/{mate.id}/{deed}", status=403)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("deed", ["invite", "deactivate", "reactivate", "reset-codes"])
def test_a_team_leader_does_nothing_to_anybody(client_for: Callable[..., PageClient], deed: str) -> None:
    leader = make_user(Role.AGENCY_LEADER)

    client_for(leader).post(f"/users/{leader.id}/{deed}", status=403)


def test_a_person_is_edited_and_the_change_is_on_record(
    client_for: Callable[..., PageClient], db_session: Session
) -> None:
    user = make_user(Role.VENDOR_MANAGER, name="赵敏")
    client = client_for(make_user(Role.ADMINISTRATOR))

    client.get(f"/users/{user.id}/edit").submit("form", role="finance", name="赵敏敏", to=f"/users/{user.id}")

    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "user.changed")).one()
    assert (event.before, event.after) == (
        {"name": "赵*", "role": "vendor_manager"},
        {"name": "赵*", "role": "finance"},
    )
    assert db_session.scalars(sa.select(User.role).where(User.id == user.id)).one() is Role.FINANCE


def test_who_is_deactivated_may_be_let_in_again(client_for: Callable[..., PageClient]) -> None:
    user = make_user(Role.COMPLIANCE)
    client = client_for(make_user(Role.ADMINISTRATOR))
    page = client.get(f"/users/{user.id}").submit(f"/users/{user.id}/deactivate", to=f"/users/{user.id}")
    assert "deactivated" in page

    page = page.submit(f"/users/{user.id}/reactivate", to=f"/users/{user.id}")

    client_for(user).get("/me")


@pytest.mark.databases("sqlite")
def test_nobody_deactivates_oneself_nor_the_last_administrator(client_for: Callable[..., PageClient]) -> None:
    boss, other = make_user(Role.ADMINISTRATOR, password="x" * 12), make_user(Role.ADMINISTRATOR)
    with pytest.raises(Refused, match=r"user\.oneself"):
        operations.deactivate_user(actor_of(boss), boss.id)
    with pytest.raises(Refused, match=r"user\.last_administrator"):
        operations.deactivate_user(actor_of(other), boss.id)
    with pytest.raises(Refused, match=r"user\.last_administrator"):
        operations.edit_user(actor_of(other), boss.id, PersonDetails("Ann", Role.FINANCE))


@pytest.mark.parametrize("user_name", ["ab", "a b c", "管理员", "-abc", "a" * 65, ""])
@pytest.mark.databases("sqlite")
def test_a_user_name_is_small_letters_and_figures(app: object, user_name: str) -> None:
    boss = make_user(Role.ADMINISTRATOR)

    with pytest.raises(DomainError, match=r"user\.user_name"):
        operations.create_user(actor_of(boss), boss.organisation_id, user_name, PersonDetails("Ann", Role.FINANCE))


def test_a_user_name_is_somebodys_alone(app: object) -> None:
    boss, taken = make_user(Role.ADMINISTRATOR), make_user(Role.AGENCY_STAFF)

    with pytest.raises(DomainError, match=r"user\.user_name_taken"):
        operations.create_user(
            actor_of(boss), boss.organisation_id, taken.user_name.upper(), PersonDetails("Ann", Role.FINANCE)
        )


@pytest.mark.databases("sqlite")
def test_a_role_belongs_to_a_kind_of_organisation(app: object) -> None:
    boss = make_user(Role.ADMINISTRATOR)

    with pytest.raises(DomainError, match=r"user\.role"):
        operations.create_user(actor_of(boss), make_agency().id, "somebody", PersonDetails("Ann", Role.ADMINISTRATOR))


def test_operations_ask_for_the_permission_themselves(app: object) -> None:
    leader = make_user(Role.AGENCY_LEADER)

    with pytest.raises(Refused, match="forbidden"):
        operations.invite(actor_of(leader), leader.id)
    with pytest.raises(Refused, match="forbidden"):
        operations.edit_organisation(actor_of(leader), leader.organisation_id, OrganisationDetails("Mine"))


# --- organisations ----------------------------------------------------------------------------------------------------


def test_an_agency_is_added_and_edited(client_for: Callable[..., PageClient], db_session: Session) -> None:
    client = client_for(make_user(Role.ADMINISTRATOR))
    page = client.get("/organisations/new").submit("form", kind="agency", code="anhe", name="安和资产管理有限公司")
    assert page.h1 == "安和资产管理有限公司"
    row = db_session.scalars(sa.select(Organisation).where(Organisation.code == "ANHE")).one()

    page = client.get(f"/organisations/{row.id}/edit").submit("form", phone="021-5555", to=f"/organisations/{row.id}")

    assert "021-5555" in page
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "organisation.changed")).one()
    assert (event.before, event.after) == ({"phone": ""}, {"phone": "021-5555"})


def test_a_firm_s_law_is_china_unless_another_is_chosen_and_its_change_is_on_record(
    client_for: Callable[..., PageClient], db_session: Session
) -> None:
    client = client_for(make_user(Role.ADMINISTRATOR))
    page = client.get("/organisations/new").submit("form", kind="law_firm", code="SC", name="Sample & Counsel LLP")
    assert "Law of its letters" in page and "China" in page
    row = db_session.scalars(sa.select(Organisation).where(Organisation.code == "SC")).one()

    page = client.get(f"/organisations/{row.id}/edit").submit("form", letter_law="us", to=f"/organisations/{row.id}")

    assert "United States" in page
    event = db_session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "organisation.changed")).one()
    assert (event.before, event.after) == ({"letter_law": "cn"}, {"letter_law": "us"})
    agency_under_it = {"kind": "agency", "code": "ANHE", "name": "Anhe", "letter_law": "uk"}
    assert "Only a law firm" in client.get("/organisations/new").submit("form", status=422, **agency_under_it)
    agency = make_agency()
    assert "letter_law" not in client.get(f"/organisations/{agency.id}/edit")
    assert "Law of its letters" not in client.get(f"/organisations/{agency.id}")


def test_an_organisation_made_inactive_loses_its_people_at_once(client_for: Callable[..., PageClient]) -> None:
    firm = make_law_firm()
    lawyer = client_for(make_user(Role.LEGAL_PARTNER, firm))
    lawyer.get("/me")

    client = client_for(make_user(Role.ADMINISTRATOR))
    client.get(f"/organisations/{firm.id}/edit").submit("form", active=None, to=f"/organisations/{firm.id}")

    lawyer.get("/me", to="/sign-in")


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("kind", "code", "details", "error"),
    [
        (OrganisationKind.BANK, "SECOND", OrganisationDetails("Second bank"), r"organisation\.one_bank"),
        (OrganisationKind.AGENCY, "x", OrganisationDetails("Short"), r"organisation\.code"),
        (OrganisationKind.AGENCY, "BANK", OrganisationDetails("Same"), r"organisation\.code_taken"),
        (OrganisationKind.AGENCY, "OK", OrganisationDetails(" "), r"organisation\.name"),
        (OrganisationKind.AGENCY, "OK", OrganisationDetails("OK", time_zone="Moon"), r"organisation\.zone"),
        (OrganisationKind.AGENCY, "OK", OrganisationDetails("OK", letter_mark="字"), r"organisation\.mark"),
        (OrganisationKind.AGENCY, "OK", OrganisationDetails("OK", letter_law=LetterLaw.STATES), r"organisation\.law"),
    ],
)
def test_an_organisation_that_cannot_be_is_refused(
    app: object, kind: OrganisationKind, code: str, details: OrganisationDetails, error: str
) -> None:
    boss = make_user(Role.ADMINISTRATOR)

    with pytest.raises(DomainError, match=error):
        operations.create_organisation(actor_of(boss), kind, code, details)


@pytest.mark.databases("sqlite")
def test_the_bank_stays_active(app: object) -> None:
    boss = make_user(Role.ADMINISTRATOR)

    with pytest.raises(Refused, match=r"organisation\.bank_stays"):
        operations.edit_organisation(actor_of(boss), make_bank().id, OrganisationDetails("Bank", active=False))


def test_agencies_see_no_list_of_organisations(client_for: Callable[..., PageClient]) -> None:
    client_for(make_user(Role.AGENCY_LEADER)).get("/organisations", status=403)


def test_what_is_not_there_is_not_found(app: object) -> None:
    boss = actor_of(make_user(Role.ADMINISTRATOR))

    with pytest.raises(NotFound):
        operations.invite(boss, 999_999)
    with pytest.raises(NotFound):
        operations.edit_organisation(boss, 999_999, OrganisationDetails("Nobody"))


def test_commands_act_as_the_first_administrator_or_as_whom_they_name(app: object) -> None:
    first, staff = make_user(Role.ADMINISTRATOR), make_user(Role.AGENCY_STAFF)
    make_user(Role.ADMINISTRATOR)

    assert command_actor(None, Permission.USERS_MANAGE).user_id == first.id
    assert command_actor(staff.user_name, Permission.QUEUE_WORK).organisation_id == staff.organisation_id
    with pytest.raises(DomainError, match=r"access\.forbidden"):
        command_actor(staff.user_name, Permission.USERS_MANAGE)


def test_a_list_taken_away_as_a_file_gives_its_connection_back(client_for: Callable[..., PageClient]) -> None:
    client = client_for(make_user(Role.ADMINISTRATOR))
    db.session.remove()
    for kind in ("csv", "xlsx"):
        answer = client.client.get(f"/users?export={kind}")
        assert answer.status_code == 200
        assert answer.data

    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
