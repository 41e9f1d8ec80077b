"""Contact points that an organisation found: kept with who found them, where, and on what lawful ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.visibility import visible
from portal.portfolio.models import ContactKind, ContactPoint, ContactSource, Customer, PersonIndex
from portal.portfolio.people import phone_prints

if TYPE_CHECKING:
    from portal.foundation.work import Work

__all__ = ["FoundBy", "add_found_point"]

# Behind what the bank's file brought: telephones stand there in places 1 to 5, e-mail and address in 8 and 9.
FIRST_POSITION = 10


@dataclass(frozen=True, slots=True)
class FoundBy:
    """Who found a contact point, where in words, on which of the lawful grounds, and the log that said so, if one did."""

    organisation_id: int
    source: str
    ground: str
    import_run_id: int | None = None


def add_found_point(
    work: Work, customer: Customer, kind: ContactKind, value: str, masked: str, relation: str, by: FoundBy
) -> tuple[ContactPoint, bool]:
    """Within another operation: the person's contact point of this value, made if it is not on file; whether it is new.

    One that is on file stays what it was, with whatever is known of it.
    """
    mark = work.vault.fingerprint(kind.value, value)
    known = work.session.scalar(
        visible(ContactPoint, work.actor).where(
            ContactPoint.customer_id == customer.id, ContactPoint.kind == kind, ContactPoint.value_hash == mark
        )
    )
    if known is not None:
        return known, False
    last = work.session.scalar(
        sa.select(sa.func.max(ContactPoint.position)).where(ContactPoint.customer_id == customer.id)
    )
    point = ContactPoint(
        customer_id=customer.id, kind=kind, relation=relation,
        value_sealed=work.vault.seal(customer.person_key, value, kind.value), value_masked=masked[:120],
        value_hash=mark, source=ContactSource.FOUND, position=max(FIRST_POSITION, (last or 0) + 1),
        found_by_id=by.organisation_id, lawful_ground=by.ground, import_run_id=by.import_run_id,
        found_source_sealed=work.vault.seal(customer.person_key, by.source, "found_source"), created_at=work.now,
    )  # fmt: skip
    work.session.add(point)
    if kind is ContactKind.PHONE:
        _make_findable(work, customer, value)
    work.session.flush()
    work.audit(
        "contact_point.found", point, after={"kind": kind.value, "relation": relation, "ground": by.ground},
        customer=customer.id,
    )  # fmt: skip
    return point, True


def _make_findable(work: Work, customer: Customer, phone: str) -> None:
    """The search finds the person by this number too. Another number of theirs may end in the same four digits."""
    known = visible(PersonIndex, work.actor).where(PersonIndex.customer_id == customer.id)
    present = {(row.kind, bytes(row.hash)) for row in work.session.scalars(known)}
    work.session.add_all(
        PersonIndex(customer_id=customer.id, kind=kind, hash=mark)
        for kind, mark in phone_prints(work.vault, phone)
        if (kind, mark) not in present
    )
