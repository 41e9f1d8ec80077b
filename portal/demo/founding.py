"""The bank's beginning: organisations with what is on file of them, people with a password, contracts that have held for
half a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from portal.demo.cast import ADMINISTRATOR, BANK, HOUSES, PASSWORD
from portal.demo.stage import month_before
from portal.demo.vouching import require, vouch
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
from portal.vendors.terms import DataClauses, Settlement, Terms

if TYPE_CHECKING:
    from portal.demo.cast import Agreement, House, Person
    from portal.demo.stage import Stage

__all__ = ["found"]

LAWYERS_LICENCE_DAYS = 500

NET_HOUSES = ("ZX", "BL")  # keep their commission of what they receive; the others hand all of it over


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
            _let_in(stage, bank_id, person, BANK)
    for house in HOUSES:
        house_id = create_organisation(administrator, house.kind, house.code, _details(stage, house))
        for person in house.people:
            _let_in(stage, house_id, person, house)
        stage.set_clock(stage.instant(day, 10))
        vouch(stage, house, house_id)
        _agree(stage, house, house_id)
    require(stage)


def _details(stage: Stage, house: House) -> OrganisationDetails:
    return OrganisationDetails(
        name=house.name, name_en=house.name_en, address=house.address, phone=house.phone,
        letter_mark=house.letter_mark, letter_law=house.law, time_zone=house.time_zone,
    )  # fmt: skip


def _let_in(stage: Stage, organisation_id: int, person: Person, house: House) -> None:
    """Invite somebody, who takes the demo's password."""
    lawyer = person.role is Role.LEGAL_PARTNER and person.licence
    until = stage.today + timedelta(days=LAWYERS_LICENCE_DAYS) if lawyer else None
    details = PersonDetails(person.name, person.role, house.locale, person.licence, until)
    _, token = create_user(stage.actor(ADMINISTRATOR.user_name), organisation_id, person.user_name, details)
    accept_invitation(token, PASSWORD, origin="cli")


def _agree(stage: Stage, house: House, house_id: int) -> None:
    started_on = month_before(stage.begins, 6)
    for agreement in house.agreements:
        kind = PlacementKind.COLLECTION
        if house.kind is OrganisationKind.LAW_FIRM:
            kind = PlacementKind.LITIGATION if agreement.suits else PlacementKind.LETTER
        number = f"HY-{house.code}-{agreement.currency}-{started_on:%Y%m}" + ("-S" if agreement.suits else "")
        create_contract(
            stage.actor("vendor1"), house_id, number=number, kind=kind, currency=agreement.currency, started_on=started_on,
            terms=_terms(house, agreement),
        )  # fmt: skip


def _terms(house: House, agreement: Agreement) -> Terms:
    """What is usual in such contracts: a week's notice, and for an agency settlement from 80 % and a payment that moves the
    recall by a month."""
    terms = Terms(
        agreement.exact_rate, agreement.fee_minor, agreement.term_days, agreement.capacity, recall_notice_days=7,
        data=DataClauses(), success=agreement.success, answer_hours=agreement.answer_hours,
    )  # fmt: skip
    if agreement.plan is not None:
        remits = {"remittance": "net"} if house.code in NET_HOUSES else {}  # a whole plan says it itself
        terms = replace(terms, notation={"currency": agreement.currency, **agreement.plan, **remits})
    if house.kind is OrganisationKind.LAW_FIRM:
        return terms
    return replace(
        terms, payment_extends_days=30, settlement=Settlement(Decimal("0.8"), waive_fees=True),
        remits_net=house.code in NET_HOUSES, remit_days=3,
    )  # fmt: skip
