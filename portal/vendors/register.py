"""The register of an organisation's staff: kept by its leader, seen whole by the bank, which may bar somebody.

The bank may keep every organisation's register too, for whoever cannot sign in to do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.values import trim
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import User
from portal.vendors.models import RecordKind, StaffMember, StaffRecord
from portal.vendors.queries import organisation_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "MemberDetails", "RecordDetails", "add_member", "add_record", "bar_member", "change_member", "edit_member",
    "member_faults", "permit_member", "put_member", "put_record", "record_faults", "withdraw_record",
]  # fmt: skip

BEST_SCORE = 100


@dataclass(frozen=True)
class MemberDetails:
    """An entry of the register. `user_id`: the sign-in of that person, if there is one; `ended_on`: the last day."""

    name: str
    started_on: date
    employee_no: str | None = None
    position: str = ""
    ended_on: date | None = None
    user_id: int | None = None


@dataclass(frozen=True)
class RecordDetails:
    """What somebody has taken. `score` out of 100 and `passed` are of a test, `number` of a certificate."""

    kind: RecordKind
    title: str
    taken_on: date
    valid_until: date | None = None
    number: str = ""
    score: int | None = None
    passed: bool = True


def add_member(actor: Actor, organisation_id: int, details: MemberDetails) -> int:
    """Write somebody into the register of an organisation. Answers the entry's id.

    NotFound; DomainError naming the field: a number or a sign-in that another entry has.
    """
    demand(actor, Permission.REGISTER_KEEP)
    _raise_first(member_faults(details))
    with transaction(actor) as work:
        organisation = organisation_for(work.session, actor, organisation_id)
        _check_unique(work, None, organisation.id, details)
        return put_member(work, organisation.id, details).id


def edit_member(actor: Actor, member_id: int, details: MemberDetails) -> None:
    """Change an entry: another position, the last day, the sign-in that belongs to it."""
    demand(actor, Permission.REGISTER_KEEP)
    _raise_first(member_faults(details))
    with transaction(actor) as work:
        row = member_for_change(work, member_id)
        _check_unique(work, row.id, row.organisation_id, details)
        change_member(work, row, details)


def bar_member(actor: Actor, member_id: int, reason: str) -> None:
    """The bank does not permit somebody to work on its accounts; a running session ends at its next request."""
    demand(actor, Permission.VENDORS_MANAGE)
    reason = trim(reason)
    if not 3 <= len(reason) <= 400:
        raise DomainError("register.reason", say("Write why, in 3 to 400 characters."), field="reason")
    with transaction(actor) as work:
        row = member_for_change(work, member_id)
        if row.barred_at is not None:
            raise Refused("register.barred", say("This person is not permitted already."))
        row.barred_at, row.barred_by, row.barred_reason = work.now, actor.user_id, reason
        work.audit("register.member_barred", row, after={"reason": reason})


def permit_member(actor: Actor, member_id: int) -> None:
    """The bank permits somebody again."""
    demand(actor, Permission.VENDORS_MANAGE)
    with transaction(actor) as work:
        row = member_for_change(work, member_id)
        if row.barred_at is not None:
            before = {"reason": row.barred_reason}
            row.barred_at, row.barred_by, row.barred_reason = None, None, ""
            work.audit("register.member_permitted", row, before=before)


def add_record(actor: Actor, member_id: int, details: RecordDetails) -> int:
    """A training, test or certificate of somebody. Answers its id; DomainError naming the field."""
    demand(actor, Permission.REGISTER_KEEP)
    with transaction(actor) as work:
        _raise_first(record_faults(details, work.today))
        return put_record(work, member_for_change(work, member_id), details).id


def withdraw_record(actor: Actor, record_id: int) -> int:
    """A record that was wrong does not count any more; it stays to be seen. Answers whose it is."""
    demand(actor, Permission.REGISTER_KEEP)
    with transaction(actor) as work:
        row = work.session.scalar(visible(StaffRecord, actor).where(StaffRecord.id == record_id))
        if row is None:
            raise NotFound
        if row.withdrawn_at is None:
            row.withdrawn_at = work.now
            work.audit("register.record_withdrawn", row, member=row.member_id)
        return row.member_id


def member_for_change(work: Work, member_id: int) -> StaffMember:
    """An entry that the actor may see, locked until the transaction ends; NotFound otherwise."""
    wanted = visible(StaffMember, work.actor).where(StaffMember.id == member_id).with_for_update()
    row = work.session.scalar(wanted)
    if row is None:
        raise NotFound
    return row


# --- within another operation: one by one, or by file -----------------------------------------------------------------------


def put_member(work: Work, organisation_id: int, details: MemberDetails, **about: Any) -> StaffMember:
    """Write somebody into a register. `about`: what the audit trail is to know beside it."""
    row = StaffMember(organisation_id=organisation_id, created_at=work.now, barred_reason="", **vars(details))
    work.session.add(row)
    _flush(work)
    work.audit("register.member_added", row, after=_masked(vars(details)), **about)
    return row


def change_member(work: Work, row: StaffMember, details: MemberDetails, **about: Any) -> frozenset[str]:
    """Let an entry say this from now on. Answers which of its details are others than before."""
    old = {name: getattr(row, name) for name in vars(details)}
    changed = {name: value for name, value in vars(details).items() if old[name] != value}
    for name, value in changed.items():
        setattr(row, name, value)
    _flush(work)
    if changed:
        before = _masked({name: old[name] for name in changed})
        work.audit("register.member_changed", row, before, _masked(changed), **about)
    return frozenset(changed)


def put_record(work: Work, member: StaffMember, details: RecordDetails, **about: Any) -> StaffRecord:
    """Add a training, test or certificate to an entry."""
    row = StaffRecord(
        organisation_id=member.organisation_id, member_id=member.id, created_by=work.actor.user_id,
        created_at=work.now, **vars(details),
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    work.audit("register.record_added", row, after=_plain(vars(details)), member=member.id, **about)
    return row


def member_faults(details: MemberDetails) -> Iterator[DomainError]:
    """Everything that is wrong with an entry by itself, each naming its field."""
    if not trim(details.name):
        yield DomainError("register.name", say("Fill this in."), field="name")
    if details.ended_on is not None and details.ended_on < details.started_on:
        yield DomainError("register.ended_on", say("It ends after it begins."), field="ended_on")


def record_faults(details: RecordDetails, today: date) -> Iterator[DomainError]:
    """Everything that is wrong with a training, test or certificate, each naming its field."""
    if not trim(details.title):
        yield DomainError("register.title", say("Fill this in."), field="title")
    if details.taken_on > today:
        yield DomainError("register.taken_on", say("This day has not come yet."), field="taken_on")
    if details.valid_until is not None and details.valid_until < details.taken_on:
        yield DomainError("register.valid_until", say("It ends after it begins."), field="valid_until")
    if details.kind is RecordKind.CERTIFICATE and not trim(details.number):
        yield DomainError("register.number", say("A certificate has a number."), field="number")
    if details.kind is not RecordKind.TEST and (details.score is not None or not details.passed):
        yield DomainError("register.score", say("Only a test has points, and can be failed."), field="score")
    if details.score is not None and not 0 <= details.score <= BEST_SCORE:
        yield DomainError("register.score", say("Points go from 0 to %(most)s.", most=BEST_SCORE), field="score")


def _raise_first(faults: Iterator[DomainError]) -> None:
    for fault in faults:
        raise fault


def _check_unique(work: Work, member_id: int | None, organisation_id: int, details: MemberDetails) -> None:
    """One entry a sign-in and a number; a sign-in of the same organisation. `member_id` None: an entry to come."""
    if details.user_id is not None:
        user = work.session.scalar(visible(User, work.actor).where(User.id == details.user_id))
        if user is None or user.organisation_id != organisation_id:
            words = say("This sign-in is not of this organisation.")
            raise DomainError("register.user", words, field="user_id")
        if _taken(work, member_id, StaffMember.user_id == details.user_id):
            words = say("This sign-in belongs to another entry.")
            raise DomainError("register.user", words, field="user_id")
    if details.employee_no and _taken(
        work,
        member_id,
        sa.and_(StaffMember.employee_no == details.employee_no, StaffMember.organisation_id == organisation_id),
    ):
        words = say("Another entry has this number.")
        raise DomainError("register.employee_no", words, field="employee_no")


def _taken(work: Work, member_id: int | None, condition: sa.ColumnElement[bool]) -> bool:
    other = sa.select(StaffMember.id).where(condition)
    found = work.session.scalars(other.where(StaffMember.id != member_id) if member_id else other)
    return any(True for _ in found)


def _flush(work: Work) -> None:
    try:
        work.session.flush()
    except IntegrityError as error:
        words = say("Somebody else has just written the same entry. Look at the register before you send it again.")
        raise Refused("register.at_once", words) from error


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {n: v.isoformat() if hasattr(v, "isoformat") else getattr(v, "value", v) for n, v in values.items()}


def _masked(values: dict[str, Any]) -> dict[str, Any]:
    """An entry for the audit trail: of the name only its beginning."""
    return {n: f"{v[:1]}*" if n == "name" and v else v for n, v in _plain(values).items()}
