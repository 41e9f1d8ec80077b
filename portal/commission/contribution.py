"""What batches leave the bank: recovered, less what statements pay for them. And how far each is from its plan's next step.

Sums of days and of statements by batch are added, whose number does not grow with the payments. What is not on a released
statement yet is not counted as paid.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.charge_models import StatementShare
from portal.commission.life_queries import recovered_of
from portal.commission.models import CommissionLine, LineKind, Statement, StatementNumber
from portal.commission.plan import Distance, PlanError, distance_of, read_plan
from portal.foundation.database import summed
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.models import BatchState, Placement, PlacementBatch
from portal.recovery.models import DayCredit
from portal.recovery.queries import credited_by_batch
from portal.vendors.models import ContractVersion, PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Contribution",
    "OfBatch",
    "OfOrganisation",
    "Step",
    "batch_rows",
    "contributions",
    "in_all",
    "steps",
    "steps_of",
    "totals",
]

LOOKED_AT, SHOWN = 40, 6  # live batches looked at for the home page, and those shown there
TOTALS_OVER = timedelta(days=366)


@dataclass
class Contribution:
    """Minor units of one currency. `other`: bonus, penalty and adjustments; `billed`: of what was recovered, what released
    statements have paid for."""

    recovered: int = 0
    billed: int = 0
    by_kind: dict[LineKind, int] = field(default_factory=dict)

    @property
    def commission(self) -> int:
        return self.by_kind.get(LineKind.PAYMENT, 0)

    @property
    def letters(self) -> int:
        return self.by_kind.get(LineKind.LETTER, 0)

    @property
    def costs(self) -> int:
        return self.by_kind.get(LineKind.COST, 0)

    @property
    def other(self) -> int:
        return self.by_kind.get(LineKind.KPI, 0) + self.by_kind.get(LineKind.ADJUSTMENT, 0)

    @property
    def unbilled(self) -> int:
        """Of what was recovered, what no released statement pays for yet."""
        return self.recovered - self.billed

    @property
    def left(self) -> int:
        """What the bank is left with."""
        return self.recovered - sum(self.by_kind.values())


class OfBatch(NamedTuple):
    """A row of the list."""

    batch: PlacementBatch
    sums: Contribution


class OfOrganisation(NamedTuple):
    """What the batches of one organisation and currency come to, with what belongs to none of them."""

    organisation: Organisation
    currency: str
    sums: Contribution


class Step(NamedTuple):
    """Where a batch stands on the steps of its plan."""

    batch: PlacementBatch
    recovered: int
    placed: int
    distance: Distance


def batch_rows(actor: Actor) -> sa.Select[tuple[PlacementBatch]]:
    """Batches that are, or were, worked."""
    return (
        visible(PlacementBatch, actor)
        .where(PlacementBatch.state.in_((BatchState.ACCEPTED, BatchState.ENDED)))
        .options(joinedload(PlacementBatch.organisation))
    )


def contributions(session: Session, actor: Actor, batches: Sequence[PlacementBatch]) -> list[OfBatch]:
    """What each of these batches leaves."""
    ids = [batch.id for batch in batches]
    recovered = credited_by_batch(session, actor, ids)
    found: dict[int, Contribution] = {
        batch_id: Contribution(sum(amount for _, amount in recovered.get(batch_id, ()))) for batch_id in ids
    }
    sums = (
        _released(actor)
        .where(StatementShare.batch_id.in_(ids))
        .with_only_columns(StatementShare.batch_id, StatementShare.kind, summed(StatementShare.commission_minor))
        .group_by(StatementShare.batch_id, StatementShare.kind)
    )
    for batch_id, kind, amount in session.execute(sums):
        found[batch_id].by_kind[kind] = int(amount)
    for batch_id, amount in _billed(session, actor, {batch.organisation_id for batch in batches}).items():
        if batch_id in found:
            found[batch_id].billed = amount
    return [OfBatch(batch, found[batch.id]) for batch in batches]


def totals(session: Session, actor: Actor, today: date, organisation_id: int | None = None) -> list[OfOrganisation]:
    """The same by organisation (or of one) and currency, over the batches placed in the last twelve months; what stands on
    statements and belongs to no batch (a bonus, an adjustment) is in it from the first of these days on."""
    since = today - TOTALS_OVER
    recent = (
        visible(PlacementBatch, actor).where(PlacementBatch.placed_on >= since).with_only_columns(PlacementBatch.id)
    )
    found: defaultdict[tuple[int, str], Contribution] = defaultdict(Contribution)
    credited = (
        visible(DayCredit, actor)
        .where(DayCredit.batch_id.in_(recent))
        .with_only_columns(DayCredit.organisation_id, DayCredit.currency, summed(DayCredit.credit_minor))
        .group_by(DayCredit.organisation_id, DayCredit.currency)
    )
    for owner, currency, amount in session.execute(credited):
        found[owner, currency].recovered = int(amount)
    paid = (
        _released(actor)
        .join(PlacementBatch, PlacementBatch.id == StatementShare.batch_id)
        .where(PlacementBatch.placed_on >= since)
        .with_only_columns(
            StatementShare.organisation_id,
            PlacementBatch.currency,
            StatementShare.kind,
            summed(StatementShare.commission_minor),
        )
        .group_by(StatementShare.organisation_id, PlacementBatch.currency, StatementShare.kind)
    )
    numbered = sa.select(StatementNumber.statement_id)
    apart = (
        visible(CommissionLine, actor)
        .where(CommissionLine.batch_id.is_(None), CommissionLine.paid_on >= since)
        .where(CommissionLine.statement_id.in_(numbered))
        .with_only_columns(
            CommissionLine.organisation_id,
            CommissionLine.currency,
            CommissionLine.kind,
            summed(CommissionLine.commission_minor),
        )
        .group_by(CommissionLine.organisation_id, CommissionLine.currency, CommissionLine.kind)
    )
    for wanted in (paid, apart):
        for owner, currency, kind, amount in session.execute(wanted):
            by_kind = found[owner, currency].by_kind
            by_kind[kind] = by_kind.get(kind, 0) + int(amount)
    batches = session.execute(
        visible(PlacementBatch, actor)
        .where(PlacementBatch.placed_on >= since)
        .with_only_columns(PlacementBatch.id, PlacementBatch.organisation_id, PlacementBatch.currency)
        .order_by(PlacementBatch.id)
    ).all()
    billed = _billed(session, actor, {owner for owner, _ in found})
    for batch_id, owner, currency in batches:
        if batch_id in billed:
            found[owner, currency].billed += billed[batch_id]
    names = {one.id: one for one in session.scalars(visible(Organisation, actor))}
    return [
        OfOrganisation(names[owner], currency, sums)
        for (owner, currency), sums in sorted(found.items())
        if organisation_id in (None, owner)
    ]


def in_all(rows: Sequence[OfOrganisation]) -> list[tuple[str, Contribution]]:
    """What organisations come to together, by currency, where they are several."""
    found: defaultdict[str, Contribution] = defaultdict(Contribution)
    for row in rows:
        total = found[row.currency]
        total.recovered, total.billed = total.recovered + row.sums.recovered, total.billed + row.sums.billed
        for kind, amount in row.sums.by_kind.items():
            total.by_kind[kind] = total.by_kind.get(kind, 0) + amount
    several = Counter(row.currency for row in rows)
    return [(currency, total) for currency, total in sorted(found.items()) if several[currency] > 1]


def _billed(session: Session, actor: Actor, organisation_ids: set[int]) -> dict[int, int]:
    """What released statements say was recovered, by batch; minor units."""
    released = (
        visible(Statement, actor)
        .where(Statement.organisation_id.in_(organisation_ids))
        .where(Statement.id.in_(sa.select(StatementNumber.statement_id)))
        .order_by(Statement.id)
    )
    found: defaultdict[int, int] = defaultdict(int)
    for statement in session.scalars(released):
        for batch_id, amount in recovered_of(session, actor, statement):
            found[batch_id] += amount
    return found


def steps(session: Session, actor: Actor, today: date) -> list[Step]:
    """The live batches that are nearest to their plan's next step, by what is missing of what was placed."""
    wanted = (
        visible(PlacementBatch, actor)
        .join(ContractVersion, ContractVersion.id == PlacementBatch.contract_version_id)
        .options(joinedload(PlacementBatch.organisation), joinedload(PlacementBatch.contract_version))
        .where(PlacementBatch.state == BatchState.ACCEPTED, PlacementBatch.kind == PlacementKind.COLLECTION)
        .where(PlacementBatch.term_ends_on >= today)
        .order_by(PlacementBatch.id.desc())
        .limit(LOOKED_AT)
    )
    found = [
        step for step in steps_of(session, actor, list(session.scalars(wanted))) if step.distance.missing is not None
    ]
    found.sort(key=lambda step: (step.distance.missing or 0) * 10**6 // max(step.placed, 1))
    return found[:SHOWN]


def steps_of(session: Session, actor: Actor, batches: Iterable[PlacementBatch]) -> list[Step]:
    """Of these batches those whose plan has steps by what they recover."""
    plans = {batch.id: (batch, plan) for batch in batches if (plan := _plan(batch)) is not None}
    if not plans:
        return []
    recovered = credited_by_batch(session, actor, list(plans))
    wrong = (
        visible(Placement, actor)
        .where(Placement.reverse, Placement.batch_id.in_(list(plans)))
        .with_only_columns(Placement.batch_id, summed(Placement.placed_total_minor))
        .group_by(Placement.batch_id)
    )
    in_error = {batch_id: int(amount) for batch_id, amount in session.execute(wrong)}
    found = []
    for batch_id, (batch, plan) in plans.items():
        sum_so_far = sum(amount for _, amount in recovered.get(batch_id, ()))
        placed = batch.total_minor - in_error.get(batch_id, 0)
        distance = distance_of(plan, sum_so_far, placed)
        if distance is not None:
            found.append(Step(batch, sum_so_far, placed, distance))
    return found


def _plan(batch: PlacementBatch) -> Any:
    bands = batch.contract_version.plan.get("bands")
    if not bands:
        return None
    try:
        return read_plan(batch.contract_version.plan)
    except PlanError:
        return None  # said where its statement is drawn up


def _released(actor: Actor) -> sa.Select[Any]:
    """Sums of statements that are with their organisations."""
    return visible(StatementShare, actor).where(
        StatementShare.statement_id.in_(sa.select(StatementNumber.statement_id))
    )
