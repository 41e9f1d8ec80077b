"""Contracts for the tests of every room."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind
from portal.foundation.work import transaction
from portal.vendors.models import Credential, CredentialKind, PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.terms import Terms
from tests.identity.factories import observer

if TYPE_CHECKING:
    from portal.identity.models import Organisation

__all__ = ["end_paper", "make_contract"]

_numbers = count(1)


def make_contract(
    organisation: Organisation,
    kind: PlacementKind | None = None,
    currency: str = "TWD",
    *,
    rate: str = "0.20",
    letter_fee_minor: int = 0,
    term_days: int = 90,
    capacity: int | None = None,
    started_on: date = date(2005, 1, 1),
    ended_on: date | None = None,
) -> int:
    """The id of a contract with one version; the kind that fits the organisation if left out."""
    fitting = PlacementKind.LETTER if organisation.kind is OrganisationKind.LAW_FIRM else PlacementKind.COLLECTION
    return create_contract(
        observer(),
        organisation.id,
        number=f"CT-{next(_numbers):04d}",
        kind=kind or fitting,
        currency=currency,
        started_on=started_on,
        ended_on=ended_on,
        terms=Terms(Decimal(rate), letter_fee_minor, term_days, capacity),
    )


def end_paper(organisation: Organisation, kind: CredentialKind, on: date) -> None:
    """The paper of a kind turns out to end on this day: a correction takes its place."""
    with transaction(observer()) as work:
        last = work.session.scalars(
            sa.select(Credential)
            .where(Credential.organisation_id == organisation.id, Credential.kind == kind)
            .order_by(Credential.id.desc())
            .limit(1)
        ).one()
        corrected = Credential(
            organisation_id=organisation.id, kind=kind, number=last.number, valid_from=last.valid_from,
            valid_until=on, supersedes_id=last.id, created_at=work.now,
        )  # fmt: skip
        work.session.add(corrected)
