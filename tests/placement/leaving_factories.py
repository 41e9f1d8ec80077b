"""Organisations whose contracts ask for a certificate and have a tail, and exits that were planned and approved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from portal.placement.certificates import Confirmation
from portal.placement.exits import approve_exit, plan_exit, submit_exit
from portal.vendors.models import PlacementKind
from portal.vendors.operations import create_contract
from portal.vendors.terms import DataClauses, Tail, TailUnit, Terms
from tests.identity.factories import contracts_clerk, make_agency

if TYPE_CHECKING:
    from portal.identity.models import Organisation
    from tests.placement.factories import Desk

__all__ = ["approved_exit", "confirmation", "make_leaver"]

IN_TWENTY_DAYS = DataClauses(within_days=20)
A_MONTH = Tail(1, TailUnit.MONTHS)

_numbers = count(1)


def make_leaver(
    code: str, *, data: DataClauses | None = IN_TWENTY_DAYS, tail: Tail | None = A_MONTH
) -> Organisation:  # fmt: skip
    """An agency with a contract of these clauses."""
    organisation = make_agency(code)
    terms = Terms(Decimal("0.20"), 0, 90, None, tail=tail, data=data)
    create_contract(
        contracts_clerk(), organisation.id, number=f"CL-{next(_numbers):04d}", kind=PlacementKind.COLLECTION, currency="TWD",
        started_on=date(2005, 1, 1), ended_on=None, terms=terms,
    )  # fmt: skip
    return organisation


def approved_exit(desk: Desk, organisation: Organisation, last_on: date) -> int:
    """An exit that one planned and the other approved; its id."""
    exit_id = plan_exit(desk.maker, organisation.id, last_on, "contract ends")
    submit_exit(desk.maker, exit_id)
    approve_exit(desk.checker, exit_id)
    return exit_id


def confirmation(**fields: object) -> Confirmation:
    """What a leader says, of July 1 unless said otherwise."""
    usual = {
        "returned": "all files of the batch", "deleted": "all records and recordings", "methods": ("system_erased",),
        "carried_out_by": "Li Lei", "carried_out_on": date(2005, 7, 1),
    }  # fmt: skip
    return Confirmation(**(usual | fields))  # type: ignore[arg-type]
