"""Reads of contracts and of how an organisation stands; lower rooms ask here which terms hold on a day, and who may
receive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.foundation.access import OrganisationKind
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.vendors.models import (
    Contract,
    ContractVersion,
    Credential,
    CredentialKind,
    Item,
    PlacementKind,
    Requirement,
    Vendor,
)
from portal.vendors.standing import Capacity, Facts, Paper, Standing, in_force, judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "KINDS_OF", "contract_for", "contract_rows", "contract_version_for", "endings_ahead", "licence_number", "organisation_for",
    "organisations_of_staff", "papers_of", "required_items", "standing_of", "valid_versions", "versions_of", "work_organisations",
]  # fmt: skip

# What each kind of organisation can be asked to do. A law firm's licence covers letters and lawsuits, an agency's neither.
KINDS_OF: dict[OrganisationKind, tuple[PlacementKind, ...]] = {
    OrganisationKind.AGENCY: (PlacementKind.COLLECTION,),
    OrganisationKind.LAW_FIRM: (PlacementKind.LETTER, PlacementKind.LITIGATION),
}


def _latest_version(on_date: date) -> sa.ScalarSelect[int]:
    """The version of a contract that holds on a day: the last that has begun by then."""
    other = sa.orm.aliased(ContractVersion)
    return (
        sa.select(other.id)
        .where(other.contract_id == Contract.id, other.effective_from <= on_date)
        .order_by(other.effective_from.desc())
        .limit(1)
        .scalar_subquery()
        .correlate(Contract)
    )


def valid_versions(kind: PlacementKind, currency: str, on_date: date) -> sa.Select[tuple[ContractVersion]]:
    """The versions of all contracts about one kind and currency that hold on a day, the newest contract first.

    A contract holds from `started_on` to `ended_on`, both included.
    """
    return _holding(on_date).where(Contract.kind == kind, Contract.currency == currency)


def _holding(on_date: date) -> sa.Select[tuple[ContractVersion]]:
    return (
        sa.select(ContractVersion)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(
            Contract.started_on <= on_date,
            sa.or_(Contract.ended_on.is_(None), Contract.ended_on >= on_date),
            ContractVersion.id == _latest_version(on_date),
        )
        .options(contains_eager(ContractVersion.contract))
        .order_by(Contract.started_on.desc(), Contract.id.desc())
    )


def contract_version_for(
    session: Session, organisation_id: int, kind: PlacementKind, currency: str, on_date: date
) -> ContractVersion | None:
    """The terms that hold between the bank and an organisation on a day; None where there is no contract."""
    return session.scalars(
        valid_versions(kind, currency, on_date).where(ContractVersion.organisation_id == organisation_id).limit(1)
    ).first()


def contract_rows(
    actor: Actor, today: date, organisation_id: int | None = None
) -> sa.Select[tuple[Contract, ContractVersion, Organisation]]:
    """Contracts that the actor may see, each with its organisation and the version that holds today (None before its
    start)."""
    statement = (
        visible(Contract, actor)
        .add_columns(ContractVersion, Organisation)
        .join(Organisation, Organisation.id == Contract.organisation_id)
        .outerjoin(ContractVersion, ContractVersion.id == _latest_version(today))
    )
    return statement.where(Contract.organisation_id == organisation_id) if organisation_id else statement


def contract_for(session: Session, actor: Actor, contract_id: int) -> Contract:
    """One contract with its organisation; NotFound where there is none that the actor may see."""
    found = session.scalar(
        visible(Contract, actor).where(Contract.id == contract_id).options(joinedload(Contract.organisation))
    )
    if found is None:
        raise NotFound
    return found


def versions_of(session: Session, contract: Contract) -> list[ContractVersion]:
    """All versions of a contract, the latest first."""
    return list(
        session.scalars(
            sa.select(ContractVersion)
            .where(ContractVersion.contract_id == contract.id)
            .order_by(ContractVersion.effective_from.desc())
        )
    )


def work_organisations(session: Session, actor: Actor) -> list[Organisation]:
    """The agencies and law firms that contracts can be made with, by code."""
    return list(
        session.scalars(
            visible(Organisation, actor)
            .where(Organisation.kind != OrganisationKind.BANK, Organisation.active)
            .order_by(Organisation.code)
        )
    )


def organisations_of_staff(session: Session, actor: Actor) -> list[Organisation]:
    """The agencies and law firms whose registers the actor may keep, by code; those that are not active too."""
    others = visible(Organisation, actor).where(Organisation.kind != OrganisationKind.BANK)
    return list(session.scalars(others.order_by(Organisation.code)))


def organisation_for(session: Session, actor: Actor, organisation_id: int, *, for_update: bool = False) -> Organisation:
    """An agency or law firm that the actor may see, locked until the transaction's end where it is asked so; NotFound
    otherwise."""
    statement = visible(Organisation, actor).where(
        Organisation.id == organisation_id, Organisation.kind != OrganisationKind.BANK
    )
    found = session.scalar(statement.with_for_update() if for_update else statement)
    if found is None:
        raise NotFound
    return found


# --- how an organisation stands -----------------------------------------------------------------------------------------


def standing_of(session: Session, actor: Actor, organisation_ids: Iterable[int], on_date: date) -> dict[int, Standing]:
    """How each of these agencies and law firms stands on a day: may it receive, and within which limits.

    Those that the actor may not see are left out. Four statements, whatever the number of organisations.
    """
    wanted = (
        visible(Organisation, actor)
        .add_columns(Vendor)
        .outerjoin(Vendor, Vendor.organisation_id == Organisation.id)
        .where(Organisation.id.in_(list(organisation_ids)), Organisation.kind != OrganisationKind.BANK)
    )
    found = [(row[0], row[1]) for row in session.execute(wanted)]
    ids = [organisation.id for organisation, _ in found]
    papers, capacities = papers_of(session, ids), _capacities(session, ids, on_date)
    required = required_items(session, on_date)
    standings = {}
    for organisation, vendor in found:
        facts = _facts(organisation, vendor, papers.get(organisation.id, []), required)
        reasons, warnings, endings = judge(facts, on_date)
        standings[organisation.id] = Standing(
            organisation.id,
            reasons,
            warnings,
            endings,
            frozenset(vendor.regions if vendor else ()),
            frozenset(vendor.buckets if vendor else ()),
            capacities.get(organisation.id, {}),
        )
    return standings


def endings_ahead(session: Session, actor: Actor, today: date) -> list[tuple[Organisation, Standing]]:
    """Organisations with which nothing can be placed today or soon, since something has ended or ends within 60 days; the
    first deadline first."""
    known = {organisation.id: organisation for organisation in work_organisations(session, actor)}
    standings = standing_of(session, actor, known, today)
    urgent = [(known[s.organisation_id], s) for s in standings.values() if s.reasons or s.ends_soon(today)]
    return sorted(urgent, key=lambda pair: (pair[1].may_receive, pair[1].valid_until or today, pair[0].code))


def _facts(
    organisation: Organisation,
    vendor: Vendor | None,
    papers: list[Paper],
    required: dict[OrganisationKind, frozenset[Item]],
) -> Facts:
    return Facts(
        active=organisation.active,
        listed=bool(vendor and vendor.listed),
        started_on=vendor.started_on if vendor else None,
        exits_on=vendor.exits_on if vendor else None,
        papers=papers,
        required=required.get(organisation.kind, frozenset()),
    )


def required_items(session: Session, on_date: date) -> dict[OrganisationKind, frozenset[Item]]:
    """What the bank requires on a day, by kind of organisation."""
    found: dict[OrganisationKind, set[Item]] = {}
    for row in session.scalars(sa.select(Requirement).where(Requirement.from_on <= on_date)):
        found.setdefault(row.organisation_kind, set()).add(row.item)
    return {kind: frozenset(items) for kind, items in found.items()}


def papers_of(session: Session, organisation_ids: Iterable[int]) -> dict[int, list[Paper]]:
    """The papers of organisations, each with the first day of the one that supersedes it."""
    later = sa.orm.aliased(Credential)
    wanted = (
        sa.select(
            Credential.organisation_id, Credential.kind, Credential.valid_from, Credential.valid_until,
            later.valid_from.label("followed_from"),
        )
        .outerjoin(later, later.supersedes_id == Credential.id)
        .where(Credential.organisation_id.in_(list(organisation_ids)))
        .order_by(Credential.id)
    )  # fmt: skip
    found: dict[int, list[Paper]] = {}
    for organisation_id, *paper in session.execute(wanted):
        found.setdefault(organisation_id, []).append(Paper(*paper))
    return found


def _capacities(
    session: Session, organisation_ids: list[int], on_date: date
) -> dict[int, dict[tuple[PlacementKind, str], Capacity]]:
    """What the contracts that hold on a day let each organisation hold; of several for the same, the newest says."""
    found: dict[int, dict[tuple[PlacementKind, str], Capacity]] = {}
    for version in session.scalars(_holding(on_date).where(ContractVersion.organisation_id.in_(organisation_ids))):
        mine = found.setdefault(version.organisation_id, {})
        about = (version.contract.kind, version.contract.currency)
        mine.setdefault(about, Capacity(version.capacity_accounts, version.capacity_minor))
    return found


def licence_number(session: Session, organisation_id: int, on_date: date) -> str:
    """The number of the licence that an organisation works under on a day; empty where none counts."""
    later = sa.orm.aliased(Credential)
    wanted = (
        sa.select(Credential, later.valid_from)
        .outerjoin(later, later.supersedes_id == Credential.id)
        .where(Credential.organisation_id == organisation_id, Credential.kind == CredentialKind.LICENCE)
        .order_by(Credential.valid_from.desc(), Credential.id.desc())
    )
    for row, followed_from in session.execute(wanted).tuples():
        if in_force([Paper(row.kind, row.valid_from, row.valid_until, followed_from)], on_date):
            return row.number
    return ""
