"""The bank's beginning: organisations, people with a password, contracts that have held for half a year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.demo.cast import ADMINISTRATOR, BANK, HOUSES, PASSWORD
from portal.demo.stage import month_before
from portal.foundation.access import OrganisationKind, Role
from portal.identity.entering import accept_invitation
from portal.identity.operations import (
    OrganisationDetails,
    PersonDetails,
    create_bank_and_administrator,
    create_organisation,
    create_user,
    edit_organisation,
)
from portal.vendors.models import PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.terms import Terms

if TYPE_CHECKING:
    from portal.demo.cast import House, Person
    from portal.demo.stage import Stage

__all__ = ["found"]

LAWYERS_LICENCE_DAYS = 500


def found(stage: Stage) -> None:
    """Make everybody and every contract, ten days before the history begins."""
    day = stage.begins - timedelta(days=10)
    stage.set_clock(stage.instant(day, 9))
    beginning = create_bank_and_administrator(BANK.name, ADMINISTRATOR.user_name, ADMINISTRATOR.name)
    accept_invitation(beginning.invitation or "", PASSWORD, origin="cli")
    administrator = stage.actor(ADMINISTRATOR.user_name)
    bank_id = administrator.organisation_id or 0
    edit_organisation(administrator, bank_id, _details(stage, BANK))
    for person in BANK.people:
        if person is not ADMINISTRATOR:
            _let_in(stage, bank_id, person)
    for house in HOUSES:
        house_id = create_organisation(administrator, house.kind, house.code, _details(stage, house))
        for person in house.people:
            _let_in(stage, house_id, person)
        stage.set_clock(stage.instant(day, 10))
        _agree(stage, house, house_id)


def _details(stage: Stage, house: House) -> OrganisationDetails:
    return OrganisationDetails(
        name=house.name, name_en=house.name_en, address=house.address, phone=house.phone, letter_mark=house.letter_mark
    )


def _let_in(stage: Stage, organisation_id: int, person: Person) -> None:
    """Invite somebody, who takes the demo's password."""
    lawyer = person.role is Role.LEGAL_PARTNER and person.licence
    until = stage.today + timedelta(days=LAWYERS_LICENCE_DAYS) if lawyer else None
    details = PersonDetails(person.name, person.role, "zh_Hans", person.licence, until)
    _, token = create_user(stage.actor(ADMINISTRATOR.user_name), organisation_id, person.user_name, details)
    accept_invitation(token, PASSWORD, origin="cli")


def _agree(stage: Stage, house: House, house_id: int) -> None:
    kind = PlacementKind.LETTER if house.kind is OrganisationKind.LAW_FIRM else PlacementKind.COLLECTION
    started_on = month_before(stage.begins, 6)
    for agreement in house.agreements:
        create_contract(
            stage.actor("vendor1"), house_id, number=f"HY-{house.code}-{agreement.currency}-{started_on:%Y%m}", kind=kind,
            currency=agreement.currency, started_on=started_on,
            terms=Terms(agreement.exact_rate, agreement.fee_minor, agreement.term_days, agreement.capacity),
        )  # fmt: skip
