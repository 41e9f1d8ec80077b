"""Credits as the plan engine takes them: which columns are read, what has to be evaluated together, placements and payments."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.plan import Basis, Payment, Placing, Plan, Together
from portal.foundation.bulk import in_chunks
from portal.foundation.money import divided_half_up
from portal.placement.models import Placement
from portal.recovery.models import Attribution, Decision
from portal.recovery.models import Payment as Posting
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from sqlalchemy.orm import Session

__all__ = ["AT_ONCE", "COLUMNS", "FAMILY", "apart_by", "groups", "key_of", "order_of", "payments_of", "placed_with"]

AT_ONCE = 5_000  # payments that do not depend on each other are evaluated so many at a time
FAMILY = sa.func.coalesce(Attribution.reverses_id, Attribution.id)  # a payment with its reversals
COLUMNS: tuple[Any, ...] = (
    Attribution.id, Attribution.payment_ref, Attribution.paid_on, Attribution.amount_minor, Attribution.credit_minor,
    Attribution.decision, Attribution.exclusion, Attribution.reverses_id, FAMILY.label("family"),
    Placement.id.label("placement_id"), Placement.batch_id, Posting.received_by,
    Posting.amount_minor.label("posted_minor"), Posting.principal_minor, Posting.interest_minor, Posting.fees_minor,
    Placement.placed_on, Placement.ended_on, Placement.kind, Placement.round,
    Placement.placed_total_minor, Placement.placed_days_past_due, Placement.placed_bucket,
)  # fmt: skip


def apart_by(together: Together) -> tuple[Any, ...]:
    """What keeps apart credits that need not be evaluated together; of the last column one value is one such group."""
    return {
        Together.PAYMENT: (Placement.batch_id, FAMILY),
        Together.PLACEMENT: (Placement.batch_id, Placement.id),
    }.get(together, (Placement.batch_id,))


def order_of(together: Together) -> tuple[Any, ...]:
    """In which order rows are asked for, so that what has to be evaluated together follows each other."""
    return (*apart_by(together), Attribution.paid_on, Attribution.id)


def groups(rows: Iterable[Any], together: Together) -> Iterator[list[Any]]:
    """What has to be evaluated together; what need not be, many at a time and a payment with its reversals."""
    if together is Together.CONTRACT:
        group = list(rows)
        if group:
            yield group
        return
    if together is not Together.PAYMENT:
        by = (lambda row: row.batch_id) if together is Together.BATCH else (lambda row: row.placement_id)
        for _, members in groupby(rows, by):
            yield list(members)
        return
    for _, of_batch in groupby(rows, lambda row: row.batch_id):
        families = (list(family) for _, family in groupby(of_batch, lambda row: row.family))
        for chunk in in_chunks(families, AT_ONCE):
            yield [row for family in chunk for row in family]


def payments_of(group: Sequence[Any]) -> list[Payment]:
    keys = {row.id: key_of(row) for row in group}
    placings = {row.placement_id: row for row in group}
    found = {number: _placing(row) for number, row in placings.items()}
    return [
        Payment(
            id=keys[row.id], placing=found[row.placement_id], amount=row.amount_minor, paid_on=row.paid_on,
            received_by=row.received_by.value, stage=_stage(row), parts=_parts(row), refusal=_refusal(row),
            reverses=keys.get(row.reverses_id, str(row.reverses_id)) if row.reverses_id else None,
        )
        for row in group
    ]  # fmt: skip


def key_of(row: Any) -> str:
    """By reference, as the notation orders payments of a day; shares of one payment by their numbers."""
    return f"{row.payment_ref} {row.id}"


def _placing(row: Any) -> Placing:
    return Placing(
        placed_on=row.placed_on, ended_on=row.ended_on, id=str(row.placement_id), batch=str(row.batch_id),
        balance=row.placed_total_minor, days_past_due=row.placed_days_past_due, bucket=row.placed_bucket, round=row.round,
        age_months=_months(row.placed_on - timedelta(days=row.placed_days_past_due), row.placed_on), stage=_stage(row),
    )  # fmt: skip


def _months(first: date, last: date) -> int:
    """Whole months from one day to another."""
    return (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)


def _stage(row: Any) -> str:
    return "legal" if row.kind is PlacementKind.LITIGATION else "pre_legal"


def _parts(row: Any) -> dict[Basis, int]:
    """How the payment divides; of a share of it, its part of each, half up."""
    given = {Basis.PRINCIPAL: row.principal_minor, Basis.INTEREST: row.interest_minor, Basis.FEES: row.fees_minor}
    known = {part: minor for part, minor in given.items() if minor is not None}
    if row.amount_minor == row.posted_minor:
        return known
    return {part: divided_half_up(minor * row.amount_minor, row.posted_minor) for part, minor in known.items()}


def _refusal(row: Any) -> str:
    """Attribution has looked at the days already, and at what the contract leaves out."""
    return "" if row.decision is Decision.CREDITED else str(row.exclusion or row.decision.value)


def placed_with(session: Session, known: dict[str, int], plan: Plan, batch_ids: set[int]) -> dict[str, int]:
    """What was placed with these batches in minor units, where the plan measures batches; as it is `known` already, and what
    is not is put there."""
    if plan.together not in (Together.BATCH, Together.CONTRACT):
        return {}
    missing = [number for number in sorted(batch_ids) if str(number) not in known]
    if missing:
        sums = (
            sa.select(Placement.batch_id, sa.func.sum(Placement.placed_total_minor))
            .where(Placement.batch_id.in_(missing), sa.not_(Placement.reverse))
            .group_by(Placement.batch_id)
        )
        known |= {str(number): int(total) for number, total in session.execute(sums)}
    return {str(number): known.get(str(number), 0) for number in batch_ids}
