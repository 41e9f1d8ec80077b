"""People who owe, and agencies that hold their accounts: for the tests of what was said and tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.contact.bulk import open_batch
from portal.contact.entries import Entry
from portal.contact.models import Channel
from portal.foundation.access import Actor, Role
from portal.foundation.clock import FrozenClock
from portal.foundation.services import services
from portal.foundation.work import transaction
from portal.placement.models import AllocationRun, BatchState, Placement, PlacementBatch, RunState
from portal.portfolio.models import Account, ContactKind, ContactPoint, ContactSource, Customer
from portal.vendors.models import Contract, ContractVersion, PlacementKind
from tests.identity.factories import actor_of, make_agency, make_user, observer

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation, User

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2005, 7, 1, 12, 0, tzinfo=SHANGHAI)
ACCEPTED = datetime(2005, 6, 30, 9, 0, tzinfo=SHANGHAI)
_numbers = count(1)


def at_time(when: datetime) -> datetime:
    """From here on the application's clock stands at this instant."""
    services().clock = FrozenClock(at=when.astimezone(UTC))
    return when


@dataclass
class Person:
    """A debtor with two own numbers and a friend's."""

    id: int
    mobile: int
    office: int
    friend: int


def make_person(time_zone: str = "Asia/Shanghai", name: str = "王小明", made_up: bool = True) -> Person:
    """A customer with sealed name and numbers."""
    number = next(_numbers)
    with transaction(observer()) as work:
        key = work.vault.new_key()
        work.session.add(key)
        work.session.flush()
        customer = Customer(
            customer_ref=f"C{number:06d}", person_key_id=key.id, name_sealed=work.vault.seal(key, name, "name"),
            name_masked=name[0] + "**", time_zone=time_zone, made_up=made_up, created_at=ACCEPTED,
        )  # fmt: skip
        work.session.add(customer)
        work.session.flush()
        key.placed_customer_id = customer.id
        points = [
            _point(work, key, customer.id, place, f"+86138{number:04d}{place:04d}", relation)
            for place, relation in enumerate(("self", "self", "friend"), 1)
        ]
        return Person(customer.id, *(point.id for point in points))


def _point(work: Any, key: Any, customer_id: int, place: int, value: str, relation: str) -> ContactPoint:
    point = ContactPoint(
        customer_id=customer_id, kind=ContactKind.PHONE, relation=relation, value_sealed=work.vault.seal(key, value, "phone"),
        value_masked=f"{value[:6]}****{value[-4:]}", value_hash=work.vault.fingerprint("phone", value),
        source=ContactSource.RESERVED, position=place, made_up=True, created_at=ACCEPTED,
    )  # fmt: skip
    work.session.add(point)
    work.session.flush()
    return point


def make_account(person: Person, total: int = 5_283_895, currency: str = "CNY", **fields: Any) -> int:
    """An account of the person, in minor units; its key."""
    number = next(_numbers)
    fees, interest = total // 20, total // 10
    usual: dict[str, Any] = {
        "account_ref": f"AC{number:07d}", "card_last4": "0042", "currency": currency, "fees_minor": fees,
        "interest_minor": interest, "principal_minor": total - fees - interest, "total_minor": total,
        "days_past_due": 82, "bucket": "M3", "balance_as_of": date(2005, 6, 30), "created_at": ACCEPTED, "made_up": True,
    }  # fmt: skip
    with transaction(observer()) as work:
        account = Account(customer_id=person.id, **(usual | fields))
        work.session.add(account)
        work.session.flush()
        return account.id


def place(
    agency: Organisation, *account_ids: int, accepted_at: datetime | None = ACCEPTED, kind: str = "collection",
    starts_at: datetime = ACCEPTED, clauses: dict[str, Any] | None = None,
) -> list[int]:  # fmt: skip
    """The accounts placed with the agency, accepted, and in its queue; keys of the placements."""
    with transaction(observer()) as work:
        batch = _batch(work.session, agency, PlacementKind(kind), len(account_ids), clauses or {})
        placements = []
        for account_id in account_ids:
            account = work.session.get(Account, account_id)
            placement = Placement(
                account_id=account_id, customer_id=account.customer_id, organisation_id=agency.id, batch_id=batch.id,
                contract_version_id=batch.contract_version_id, kind=batch.kind, currency="CNY", placed_on=batch.placed_on,
                starts_at=starts_at, accepted_at=accepted_at, placed_principal_minor=account.principal_minor,
                placed_interest_minor=account.interest_minor, placed_fees_minor=account.fees_minor,
                placed_total_minor=account.total_minor, placed_days_past_due=82, placed_bucket="M3",
                term_ends_on=batch.term_ends_on,
            )  # fmt: skip
            work.session.add(placement)
            placements.append(placement)
        work.session.flush()
        open_batch(work.session, batch.id, ACCEPTED.date())
        return [placement.id for placement in placements]


def _batch(
    session: Session, agency: Organisation, kind: PlacementKind, size: int, clauses: dict[str, Any]
) -> PlacementBatch:
    number = next(_numbers)
    contract = Contract(
        organisation_id=agency.id, number=f"K{number:04d}", kind=kind, currency="CNY",
        started_on=date(2005, 1, 1), created_at=ACCEPTED,
    )  # fmt: skip
    session.add(contract)
    session.flush()
    version = ContractVersion(
        contract_id=contract.id, organisation_id=agency.id, version=1, effective_from=date(2005, 1, 1),
        plan={"flat": "0.20"}, clauses=clauses, created_at=ACCEPTED,
    )  # fmt: skip
    run = AllocationRun(
        number=f"R{number:04d}", kind=kind, state=RunState.SENT, currency="CNY", placed_on=date(2005, 6, 30),
        criteria={}, shares=[], seed=1, made_at=ACCEPTED,
    )  # fmt: skip
    session.add_all([version, run])
    session.flush()
    batch = PlacementBatch(
        number=f"B{number:04d}", run_id=run.id, organisation_id=agency.id, contract_version_id=version.id, kind=kind,
        state=BatchState.ACCEPTED, currency="CNY", placed_on=date(2005, 6, 30), term_ends_on=date(2005, 9, 30),
        account_count=size, total_minor=0, sent_at=ACCEPTED - timedelta(hours=1), accept_by=ACCEPTED + timedelta(days=2),
    )  # fmt: skip
    session.add(batch)
    session.flush()
    return batch


@dataclass
class Desk:
    """An agency, somebody of its staff, and an account that it holds."""

    agency: Organisation
    user: User
    actor: Actor
    account_id: int
    placement_id: int


def make_desk(
    person: Person, role: Role = Role.AGENCY_STAFF, clauses: dict[str, Any] | None = None, **account: Any
) -> Desk:
    """A new agency that holds a new account of the person; `clauses` of its contract."""
    agency = make_agency()
    user = make_user(role, agency)
    account_id = make_account(person, **account)
    (placement_id,) = place(agency, account_id, clauses=clauses)
    return Desk(agency, user, actor_of(user), account_id, placement_id)


def call(point: int | None, outcome: str = "no_answer", **fields: Any) -> Entry:
    """A call as it is logged."""
    return Entry(channel=fields.pop("channel", Channel.CALL), contact_point_id=point, outcome=outcome, **fields)
