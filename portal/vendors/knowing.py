"""Reads of vendors and their staff registers, for pages and for the lists of what ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from portal.foundation.access import OrganisationKind
from portal.foundation.errors import NotFound
from portal.foundation.hooks import live_placements, waiting_placements
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.vendors.entering import gaps_of
from portal.vendors.models import (
    Contract,
    Credential,
    Item,
    PlacementKind,
    Requirement,
    StaffMember,
    StaffRecord,
    Vendor,
    VendorContact,
)
from portal.vendors.queries import contract_rows, required_items
from portal.vendors.standing import WARNING_DAYS, Paper, covered_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.vendors.entering import Gap

__all__ = [
    "HeldPaper", "Room", "Staff", "contact_for", "contacts_of", "ends_within", "gaps_today", "held_by", "member_for",
    "member_rows", "paper_for", "papers_held", "requirements", "rooms_of", "sign_ins_free", "staff_expiring", "staff_of",
    "user_name_of", "vendor_of", "vendor_rows", "waiting_for", "works",
]  # fmt: skip


@dataclass(frozen=True)
class HeldPaper:
    """A credential with what the rules know of it; `current`: nothing has taken its place."""

    row: Credential
    paper: Paper
    current: bool
    ends_soon: bool


@dataclass(frozen=True)
class Staff:
    """How many work at an organisation today, how many of them may not, and for how many something ends soon."""

    working: int
    kept_out: int
    expiring: int


@dataclass(frozen=True)
class Room:
    """What a contract lets an organisation hold, and what of it is taken; None: no limit, amounts in minor units. What waits to
    be accepted takes its room and is not held yet."""

    contract_id: int
    number: str
    kind: PlacementKind
    currency: str
    capacity: int | None
    capacity_minor: int | None
    held: int
    held_minor: int
    waiting: int
    waiting_minor: int

    @property
    def left(self) -> int | None:
        """Accounts that still fit."""
        return None if self.capacity is None else max(self.capacity - self.held - self.waiting, 0)


# --- organisations ------------------------------------------------------------------------------------------------------


def vendor_rows(actor: Actor) -> sa.Select[Any]:
    """Agencies and law firms that the actor may see, as rows `(Organisation, Vendor | None)`."""
    return (
        visible(Organisation, actor)
        .add_columns(Vendor)
        .outerjoin(Vendor, Vendor.organisation_id == Organisation.id)
        .where(Organisation.kind != OrganisationKind.BANK)
    )


def vendor_of(session: Session, organisation_id: int) -> Vendor:
    """What is kept of an organisation; where nothing is, a row of no limits that is not in the database."""
    found = session.scalar(sa.select(Vendor).where(Vendor.organisation_id == organisation_id))
    return found or Vendor(organisation_id=organisation_id, listed=False, regions=[], buckets=[], note="")


def contacts_of(session: Session, organisation_id: int) -> list[VendorContact]:
    """Whom the bank may ask there, in the order of writing."""
    wanted = sa.select(VendorContact).where(
        VendorContact.organisation_id == organisation_id, VendorContact.removed_at.is_(None)
    )
    return list(session.scalars(wanted.order_by(VendorContact.id)))


def contact_for(session: Session, actor: Actor, contact_id: int) -> VendorContact:
    """One contact; NotFound where there is none that the actor may see."""
    found = session.scalar(visible(VendorContact, actor).where(VendorContact.id == contact_id))
    if found is None:
        raise NotFound
    return found


def papers_held(session: Session, organisation_id: int, today: date) -> list[HeldPaper]:
    """All papers of an organisation, by kind, the latest first."""
    later = aliased(Credential)
    rows = session.execute(
        sa.select(Credential, later.valid_from)
        .outerjoin(later, later.supersedes_id == Credential.id)
        .where(Credential.organisation_id == organisation_id)
        .order_by(Credential.valid_from.desc(), Credential.id.desc())
    ).tuples()
    held = [(row, Paper(row.kind, row.valid_from, row.valid_until, followed)) for row, followed in rows]
    soon = today + timedelta(days=WARNING_DAYS)
    ending = set()
    for kind in {paper.kind for _, paper in held}:
        until = covered_until([paper for _, paper in held if paper.kind is kind], today)
        if until is not None and until < soon:
            ending.add(kind)
    found = [
        HeldPaper(row, paper, paper.followed_from is None, row.kind in ending and paper.last_day < soon)
        for row, paper in held
    ]
    order = list(Item)
    return sorted(found, key=lambda held: order.index(Item(held.row.kind.value)))


def paper_for(session: Session, actor: Actor, paper_id: int) -> Credential:
    """One paper; NotFound where there is none that the actor may see."""
    found = session.scalar(visible(Credential, actor).where(Credential.id == paper_id))
    if found is None:
        raise NotFound
    return found


def held_by(session: Session, actor: Actor, organisation_ids: Iterable[int]) -> dict[int, int]:
    """How many accounts each organisation holds now, in placements of any kind that it has accepted."""
    ids = list(organisation_ids)
    waiting = waiting_placements.one(session, actor, ids)
    found: dict[int, int] = {}
    for key, (accounts, _) in live_placements.one(session, actor, ids).items():
        found[key[0]] = found.get(key[0], 0) + accounts - waiting.get(key, (0, 0))[0]
    return found


def waiting_for(session: Session, actor: Actor, organisation_id: int) -> int:
    """How many accounts wait for an organisation to accept their batch."""
    return sum(accounts for accounts, _ in waiting_placements.one(session, actor, [organisation_id]).values())


def rooms_of(session: Session, actor: Actor, today: date, organisation_ids: Iterable[int]) -> dict[int, list[Room]]:
    """What each organisation's contracts that hold today allow, and how much of it is taken."""
    ids = list(organisation_ids)
    held, waiting = live_placements.one(session, actor, ids), waiting_placements.one(session, actor, ids)
    found: dict[int, list[Room]] = {}
    in_order = contract_rows(actor, today).order_by(Contract.kind, Contract.currency, Contract.id)
    for contract, version, _ in session.execute(in_order).tuples():
        over = contract.ended_on is not None and contract.ended_on < today
        if contract.organisation_id not in ids or version is None or over or contract.started_on > today:
            continue
        key = (contract.organisation_id, contract.kind, contract.currency)
        (taken, taken_minor), (coming, coming_minor) = held.get(key, (0, 0)), waiting.get(key, (0, 0))
        found.setdefault(contract.organisation_id, []).append(
            Room(
                contract.id,
                contract.number,
                contract.kind,
                contract.currency,
                version.capacity_accounts,
                version.capacity_minor,
                taken - coming,
                taken_minor - coming_minor,
                coming,
                coming_minor,
            )
        )
    return found


def requirements(session: Session) -> dict[tuple[OrganisationKind, Item], date]:
    """What the bank requires, each from its day on."""
    return {(row.organisation_kind, row.item): row.from_on for row in session.scalars(sa.select(Requirement))}


# --- staff --------------------------------------------------------------------------------------------------------------


def member_rows(actor: Actor) -> sa.Select[tuple[StaffMember]]:
    """Entries of the registers that the actor may see, with their records and organisation."""
    return visible(StaffMember, actor).options(
        selectinload(StaffMember.records), selectinload(StaffMember.organisation)
    )


def member_for(session: Session, actor: Actor, member_id: int) -> StaffMember:
    """One entry with its records; NotFound where there is none that the actor may see."""
    found = session.scalar(member_rows(actor).where(StaffMember.id == member_id))
    if found is None:
        raise NotFound
    return found


def ends_within(today: date) -> sa.ColumnElement[bool]:
    """The condition of entries of which a record ends within 60 days."""
    return (
        sa.select(sa.literal(1))
        .where(
            StaffRecord.member_id == StaffMember.id,
            StaffRecord.withdrawn_at.is_(None),
            StaffRecord.valid_until.between(today, today + timedelta(days=WARNING_DAYS)),
        )
        .correlate(StaffMember)
        .exists()
    )


def works(today: date) -> sa.ColumnElement[bool]:
    """The condition of entries of people who have not left."""
    return sa.or_(StaffMember.ended_on.is_(None), StaffMember.ended_on >= today)


def gaps_today(session: Session, members: Iterable[StaffMember], today: date) -> dict[int, list[Gap]]:
    """What keeps each of these people out today."""
    required = required_items(session, today)
    return {
        member.id: gaps_of(member, member.records, required.get(member.organisation.kind, frozenset()), today)
        for member in members
    }


def staff_of(session: Session, actor: Actor, organisation_id: int, today: date) -> Staff:
    """How the staff of one organisation stands today."""
    wanted = member_rows(actor).where(StaffMember.organisation_id == organisation_id, works(today))
    members = list(session.scalars(wanted))
    kept_out = sum(1 for gaps in gaps_today(session, members, today).values() if gaps)
    soon = today + timedelta(days=WARNING_DAYS)
    expiring = sum(
        1
        for member in members
        if any(
            r.withdrawn_at is None and r.valid_until is not None and today <= r.valid_until <= soon
            for r in member.records
        )
    )
    return Staff(len(members), kept_out, expiring)


def staff_expiring(session: Session, actor: Actor, today: date) -> int:
    """For how many people who work something ends within 60 days; for the first page of the leader and the bank."""
    wanted = visible(StaffMember, actor).where(works(today), ends_within(today))
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


def user_name_of(session: Session, actor: Actor, user_id: int | None) -> str | None:
    """The user name of a sign-in, if there is one."""
    return session.scalar(visible(User, actor).with_only_columns(User.user_name).where(User.id == user_id))


def sign_ins_free(session: Session, actor: Actor, organisation_id: int, besides: int | None = None) -> list[User]:
    """Sign-ins of an organisation that no entry of its register has yet, and the one of the entry itself."""
    taken = sa.select(StaffMember.user_id).where(StaffMember.user_id.is_not(None))
    free = User.id.not_in(taken)
    wanted = visible(User, actor).where(User.organisation_id == organisation_id)
    return list(
        session.scalars(wanted.where(sa.or_(free, User.id == besides) if besides else free).order_by(User.user_name))
    )
