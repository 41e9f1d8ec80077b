"""Accounts in the hands of agencies over exact days, and files of payments: for the tests of money that comes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from portal.foundation.access import Actor, Role
from portal.foundation.work import transaction
from portal.placement.models import AllocationRun, BatchState, EndReason, Placement, PlacementBatch, RunState
from portal.portfolio.models import Account
from portal.vendors.models import Contract, ContractVersion, PlacementKind
from tests.identity.factories import actor_of, make_agency, make_user, observer
from tests.portfolio.factories import make_accounts
from tests.portfolio.intake.files import csv_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation, User

__all__ = ["Held", "held_account", "make_agency", "make_book", "payments_file", "place"]

_numbers = count(1)


@dataclass
class Held:
    """An account that an agency holds, and the people around it."""

    account: Account
    agency: Organisation
    leader: User
    placement_id: int

    @property
    def actor(self) -> Actor:
        """The agency's leader."""
        return actor_of(self.leader)


def make_book(n: int = 1, total_minor: int = 10_000_000, currency: str = "TWD") -> list[Account]:
    """Accounts with a balance that no test's payments exhaust."""
    return make_accounts(n, total_minor=total_minor, currency=currency)


def held_account(
    rate: str = "0.20", placed_on: date = date(2005, 7, 1), ended_on: date | None = None, currency: str = "TWD",
    agency: Organisation | None = None, plan: dict[str, Any] | None = None,
) -> Held:  # fmt: skip
    """An account in the hands of an agency of its own from `placed_on` on."""
    agency = agency or make_agency()
    (account,) = make_book(currency=currency)
    placement = place(account, agency, placed_on, ended_on, rate=rate, plan=plan)
    return Held(account, agency, make_user(Role.AGENCY_LEADER, agency), placement)


def place(
    account: Account, agency: Organisation, placed_on: date, ended_on: date | None = None, *, rate: str = "0.20",
    kind: PlacementKind = PlacementKind.COLLECTION, version_id: int | None = None, plan_currency: str | None = None,
    tail: dict[str, int] | None = None, recovery: dict[str, object] | None = None, free_days: object = None,
    plan: dict[str, Any] | None = None, clauses: dict[str, Any] | None = None,
) -> int:  # fmt: skip
    """The account with the agency from `placed_on` to `ended_on`, both ends included; the placement's number. `plan`: instead
    of a flat rate, without its currency.

    `ended_on` before `placed_on` is a batch that was refused.
    """
    with transaction(observer()) as work:
        terms = (
            (plan or {"rate": rate})
            | ({"tail": tail} if tail else {})
            | ({"free_days": free_days} if free_days else {})
        )
        terms |= {"currency": plan_currency or account.currency}
        kept = (clauses or {}) | ({"recovery": recovery} if recovery else {})
        version = version_id or _version(work.session, agency, account.currency, kind, terms, kept)
        batch = _batch(work.session, agency, version, kind, account, placed_on, ended_on)
        starts = _at(placed_on, 9)
        ends = None if ended_on is None else max(_at(ended_on + timedelta(days=1), 0), starts)
        placement = Placement(
            account_id=account.id, customer_id=account.customer_id, organisation_id=agency.id, batch_id=batch.id,
            contract_version_id=version, kind=kind, currency=account.currency, placed_on=placed_on, starts_at=starts,
            accepted_at=starts, ended_at=ends, ended_on=ended_on,
            end_reason=None if ended_on is None else EndReason.RECALLED,
            placed_principal_minor=account.principal_minor, placed_interest_minor=0, placed_fees_minor=0,
            placed_total_minor=account.total_minor, placed_days_past_due=account.days_past_due,
            placed_bucket=account.bucket,
            term_ends_on=batch.term_ends_on,
        )  # fmt: skip
        work.session.add(placement)
        work.session.flush()
        return placement.id


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=UTC)


def _version(
    session: Session, agency: Organisation, currency: str, kind: PlacementKind, plan: dict[str, Any], clauses: dict[str, Any] | None = None,
) -> int:  # fmt: skip
    contract = Contract(
        organisation_id=agency.id, number=f"CT-R{next(_numbers):04d}", kind=kind, currency=currency,
        started_on=date(2005, 1, 1), created_at=_at(date(2005, 1, 1), 0),
    )  # fmt: skip
    session.add(contract)
    session.flush()
    version = ContractVersion(
        contract_id=contract.id, organisation_id=agency.id, version=1, effective_from=date(2005, 1, 1),
        plan=plan, clauses=clauses or {}, created_at=_at(date(2005, 1, 1), 0),
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version.id


def _batch(
    session: Session, agency: Organisation, version: int, kind: PlacementKind, account: Account, placed_on: date,
    ended_on: date | None,
) -> PlacementBatch:  # fmt: skip
    number = next(_numbers)
    sent = _at(placed_on, 8)
    run = AllocationRun(
        number=f"RR-{number:04d}", kind=kind, state=RunState.SENT, currency=account.currency, placed_on=placed_on,
        criteria={}, shares=[], seed=1, made_at=sent,
    )  # fmt: skip
    session.add(run)
    session.flush()
    batch = PlacementBatch(
        number=f"RB-{number:04d}", run_id=run.id, organisation_id=agency.id, contract_version_id=version, kind=kind,
        state=BatchState.ENDED if ended_on else BatchState.ACCEPTED, currency=account.currency, placed_on=placed_on,
        term_ends_on=placed_on + timedelta(days=90), account_count=1, total_minor=account.total_minor, sent_at=sent,
        accept_by=sent + timedelta(days=2),
    )  # fmt: skip
    session.add(batch)
    session.flush()
    return batch


def payments_file(account: Account, *rows: Mapping[str, str]) -> bytes:
    """A file of payments on the account; each row needs `paid_on`, the references count up where they are not given."""
    usual = [
        {"payment_ref": f"PAY-{next(_numbers):06d}", "account_ref": account.account_ref, "amount": "100.00", **row}
        for row in rows
    ]
    header = list(dict.fromkeys(name for row in usual for name in row))
    return csv_bytes([header, *([row.get(name, "") for name in header] for row in usual)])
