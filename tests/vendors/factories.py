"""Contracts, papers and staff registers for the tests of every room."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind
from portal.foundation.work import transaction
from portal.vendors.models import Credential, CredentialKind, PlacementKind, RecordKind, StaffMember, StaffRecord
from portal.vendors.operations import create_contract
from portal.vendors.terms import Terms
from tests.identity.factories import contracts_clerk, observer

if TYPE_CHECKING:
    from portal.identity.models import Organisation, User

__all__ = ["end_paper", "make_contract", "make_member", "make_paper", "make_record"]

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
        contracts_clerk(),
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


def make_paper(
    organisation: Organisation, kind: CredentialKind, valid_from: date, valid_until: date | None, number: str = "P-1"
) -> int:
    """The id of a paper that supersedes none."""
    with transaction(observer()) as work:
        row = Credential(
            organisation_id=organisation.id, kind=kind, number=number, valid_from=valid_from, valid_until=valid_until,
            created_at=work.now,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        return row.id


def make_member(organisation: Organisation, user: User | None = None, **fields: Any) -> int:
    """The id of an entry in the staff register, with the sign-in of `user`."""
    number = next(_numbers)
    usual: dict[str, Any] = {"name": f"Member {number}", "employee_no": f"E{number}", "started_on": date(2005, 1, 1)}
    with transaction(observer()) as work:
        row = StaffMember(
            organisation_id=organisation.id, user_id=user.id if user else None, created_at=work.now, **(usual | fields)
        )
        work.session.add(row)
        work.session.flush()
        return row.id


def make_record(
    member_id: int, kind: RecordKind, taken_on: date, valid_until: date | None = None, **fields: Any
) -> int:
    """The id of a training, test or certificate."""
    with transaction(observer()) as work:
        member = work.session.scalars(sa.select(StaffMember).where(StaffMember.id == member_id)).one()
        row = StaffRecord(
            organisation_id=member.organisation_id, member_id=member_id, kind=kind, title=kind.value,
            taken_on=taken_on, valid_until=valid_until, created_at=work.now, **fields,
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        return row.id
