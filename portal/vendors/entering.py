"""Who of an agency's or law firm's people may come in: what the staff register must say, and what it says.

Somebody who has left, or whom the bank does not permit, never comes in. An entry at all, training, a test and a certificate
are asked for once the bank requires them of the kind of organisation (`Requirement`), from the day that it named.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.access import OrganisationKind, Role
from portal.foundation.hooks import entrance
from portal.foundation.language import Message, say
from portal.vendors.models import Item, RecordKind, Requirement, StaffMember, StaffRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.identity.models import Organisation, User

__all__ = ["STAFF_ITEMS", "Gap", "gaps_of", "keep_out"]

STAFF_ITEMS = frozenset({Item.REGISTER, Item.TRAINING, Item.TEST, Item.CERTIFICATE})
RECORD_NAMES: dict[RecordKind, Message] = {
    RecordKind.TRAINING: say("training"),
    RecordKind.TEST: say("test"),
    RecordKind.CERTIFICATE: say("certificate"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that keeps a person out: a stable code, and the words."""

    code: str
    words: Message


def gaps_of(
    member: StaffMember | None, records: Sequence[StaffRecord], required: Iterable[Item], today: date
) -> list[Gap]:
    """What keeps a person out on a day, the gravest first. `records`: those of the person, of any kind and age."""
    wanted = STAFF_ITEMS.intersection(required)
    if member is None:
        return [Gap("not_registered", say("The staff register has no entry for this person."))] if wanted else []
    if member.barred_at is not None:
        return [Gap("barred", say("The bank does not permit this person: %(reason)s", reason=member.barred_reason))]
    if member.ended_on is not None and member.ended_on < today:
        return [Gap("ended", say("By the staff register this person left on %(day)s.", day=member.ended_on))]
    found = (_gap(kind, records, today) for kind in RecordKind if Item(kind.value) in wanted)
    return [gap for gap in found if gap is not None]


def _gap(kind: RecordKind, records: Iterable[StaffRecord], today: date) -> Gap | None:
    """Of trainings and certificates any that counts today will do; of tests the last one decides."""
    what = RECORD_NAMES[kind]
    mine = [r for r in records if r.kind is kind and r.withdrawn_at is None and r.taken_on <= today]
    if not mine:
        return Gap(f"{kind.value}_missing", say("No %(what)s is in the staff register.", what=what))
    mine.sort(key=lambda record: (record.taken_on, record.id))
    if kind is RecordKind.TEST:
        if not mine[-1].passed:
            return Gap("test_failed", say("The test of %(day)s was not passed.", day=mine[-1].taken_on))
        mine = mine[-1:]
    if any(record.valid_until is None or record.valid_until >= today for record in mine):
        return None
    last = max(record.valid_until for record in mine if record.valid_until is not None)
    return Gap(f"{kind.value}_expired", say("The %(what)s expired on %(day)s.", what=what, day=last))


@entrance.register
def keep_out(session: Session, user: User, organisation: Organisation, today: date) -> Message | None:
    """Why somebody of an agency or a law firm may not come in today, and whom to ask; asked at every request, so two
    statements for most."""
    if organisation.kind is OrganisationKind.BANK:
        return None
    required = set(
        session.scalars(
            sa.select(Requirement.item).where(
                Requirement.organisation_kind == organisation.kind,
                Requirement.item.in_(STAFF_ITEMS),
                Requirement.from_on <= today,
            )
        )
    )
    member = session.scalar(sa.select(StaffMember).where(StaffMember.user_id == user.id))
    records: Sequence[StaffRecord] = ()
    if member is not None and required - {Item.REGISTER}:
        records = session.scalars(sa.select(StaffRecord).where(StaffRecord.member_id == member.id)).all()
    gaps = gaps_of(member, records, required, today)
    if not gaps:
        return None
    said = reduce(_and_then, (gap.words for gap in gaps))
    return _and_then(say("You cannot work in the portal at present."), _and_then(said, _whom_to_ask(user, gaps[0])))


def _and_then(first: Message, second: Message) -> Message:
    return say("%(first)s %(second)s", first=first, second=second)


def _whom_to_ask(user: User, gap: Gap) -> Message:
    if user.role is Role.AGENCY_STAFF and gap.code != "barred":
        return say("Ask your team leader, who keeps the register.")
    return say("Ask the bank's vendor manager.")
