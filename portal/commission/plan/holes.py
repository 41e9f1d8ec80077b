"""Where a plan pays nothing although nobody may have meant so: what is said as a warning, not refused. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from portal.commission.plan.terms import Measure, Plan, Row

__all__ = ["KNOWN_VALUES", "Hole", "holes_of"]

KNOWN_VALUES: dict[Measure, tuple[str, ...]] = {
    Measure.BUCKET: ("M1", "M2", "M3", "M4", "M5", "M6", "M7+"),
    Measure.ROUND: ("1", "2", "3"),
    Measure.STAGE: ("pre_legal", "legal"),
}
FIRST = {Measure.ROUND: Decimal(1)}  # the lowest value that a measure can have, 0 for all others


@dataclass(frozen=True, slots=True)
class Hole:
    """`below`: under this limit of the measure (or at it too, `with_it`) nothing is earned; or these `values` are in no row.
    `rateless`: payments of these stages have no rate at all, and a statement with one cannot be drawn up."""

    measure: Measure
    below: Decimal | None = None
    with_it: bool = False
    values: tuple[str, ...] = ()
    rateless: bool = False


def holes_of(plan: Plan) -> list[Hole]:
    """The holes in the bands of a plan, and the stages without a rate."""
    if plan.bands is None:
        return _without_rate(plan)
    by, rows = plan.bands.by, plan.bands.rows
    first = rows[0].when
    if first.bound is None:
        left = tuple(value for value in KNOWN_VALUES.get(by, ()) if not _is_named(rows, by, value))
        return [Hole(by, values=left)] if left else []
    if first.bound > FIRST.get(by, Decimal(0)) or (first.is_above and by not in _NEVER_NOUGHT):
        return [Hole(by, below=first.bound, with_it=first.is_above)]
    return []


# An amount paid, and what a payment makes of the batch's sums, are never 0: "above 0" leaves nothing out.
_NEVER_NOUGHT = (Measure.PAYMENT_AMOUNT, Measure.BATCH_RECOVERED, Measure.RECOVERY_RATE, Measure.PLACED_BALANCE)


def _without_rate(plan: Plan) -> list[Hole]:
    if plan.rate is not None:
        return []
    left = tuple(stage for stage in KNOWN_VALUES[Measure.STAGE] if stage not in plan.stage_rates)
    return [Hole(Measure.STAGE, values=left, rateless=True)] if left else []


def _is_named(rows: tuple[Row, ...], by: Measure, value: str) -> bool:
    wanted = value if by.is_a_word else Decimal(value)
    return any(wanted in row.when.values for row in rows)
