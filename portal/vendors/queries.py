"""Reads of contracts; lower rooms ask here which terms hold on a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from portal.foundation.access import OrganisationKind
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.vendors.models import Contract, ContractVersion, PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "KINDS_OF", "contract_for", "contract_rows", "contract_version_for", "organisation_for", "valid_versions",
    "versions_of", "work_organisations",
]  # fmt: skip

# What each kind of organisation can be asked to do. A law firm's licence covers letters and lawsuits, an agency's neither.
KINDS_OF: dict[OrganisationKind, tuple[PlacementKind, ...]] = {
    OrganisationKind.AGENCY: (PlacementKind.COLLECTION,),
    OrganisationKind.LAW_FIRM: (PlacementKind.LETTER,),
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
    return (
        sa.select(ContractVersion)
        .join(Contract, Contract.id == ContractVersion.contract_id)
        .where(
            Contract.kind == kind,
            Contract.currency == currency,
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
