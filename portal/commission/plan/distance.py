"""How far a batch is from the next step of its plan, and what reaching it would pay. Pure: standard library and money only.

Of the plan's steps alone: surcharges, small balances, minimum and cap are left aside, and so is what a payment earns that comes
outside of its placement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from portal.commission.plan.terms import Bands, Basis, Measure, Plan, Row
from portal.foundation.money import divided_half_up, minor_digits

__all__ = ["Distance", "distance_of"]


@dataclass(frozen=True, slots=True)
class Distance:
    """Amounts in minor units. `value`: of the measure, a share or an amount in the major unit. `step`: the row reached, counted
    from 0; None below the first. `next_from`: total recovered with which the next step begins; None on the last one.
    `pays`: what the amount up to there adds to the commission, `rerated` the part of it that what has come in already gains.
    Both None where only a part of each payment earns, which nobody knows before it is paid."""

    measure: Measure
    value: Fraction
    step: int | None
    rate: Fraction
    next_from: int | None = None
    next_rate: Fraction | None = None
    missing: int | None = None
    pays: int | None = None
    rerated: int | None = None


def distance_of(plan: Plan, recovered: int, placed: int) -> Distance | None:
    """Where a batch stands with `recovered` of `placed`, both net and in minor units; None where the plan's rate does not
    depend on what the batch recovers, or nothing was placed."""
    bands = plan.bands
    if bands is None or not bands.by.is_of_batch or (bands.by is Measure.RECOVERY_RATE and placed <= 0):
        return None
    unit = placed if bands.by is Measure.RECOVERY_RATE else 10 ** minor_digits(plan.currency)
    starts = [_begins(row, unit) for row in bands.rows]
    reached = [place for place, start in enumerate(starts) if recovered >= start]
    step = reached[-1] if reached else None
    rate = Fraction(bands.rows[step].rate) if step is not None else Fraction(0)
    following = 0 if step is None else step + 1
    value = Fraction(recovered, unit)
    if following == len(starts):
        return Distance(bands.by, value, step, rate)
    then, next_rate = starts[following], Fraction(bands.rows[following].rate)
    pays = rerated = None
    if plan.basis is Basis.TOTAL:
        pays = _rounded(_earned(bands, starts, then, unit)) - _rounded(_earned(bands, starts, recovered, unit))
        rerated = 0 if bands.is_marginal else _rounded(recovered * next_rate) - _rounded(recovered * rate)
    return Distance(bands.by, value, step, rate, then, next_rate, then - recovered, pays, rerated)


def _begins(row: Row, unit: int) -> int:
    """The least total in minor units that is in the row."""
    bound = Fraction(row.when.bound or 0) * unit
    if row.when.is_above:
        return int(bound // 1) + 1
    return int(-(-bound // 1))


def _earned(bands: Bands, starts: Sequence[int], total: int, unit: int) -> Fraction:
    """What a total earns by the steps alone, unrounded."""
    if not bands.is_marginal:
        held = [row for row, start in zip(bands.rows, starts, strict=True) if total >= start]
        return total * Fraction(held[-1].rate) if held else Fraction(0)
    bounds = [Fraction(row.when.bound or 0) * unit for row in bands.rows]
    earned = Fraction(0)
    for row, lower, upper in zip(bands.rows, bounds, [*bounds[1:], max(Fraction(total), bounds[-1])], strict=True):
        earned += max(min(Fraction(total), upper) - lower, Fraction(0)) * Fraction(row.rate)
    return earned


def _rounded(value: Fraction) -> int:
    return divided_half_up(*value.as_integer_ratio())
