"""Bonus and penalty of a period: how organisations did, who ranks where, and what factor their commission gets. Pure.

Points are out of 100: 70 for the amount recovered, 20 for accounts serviced, 10 for administrative work, each relative to the
best (reference/commission.md, "Published ranges").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.commission.plan.terms import Kpi
from portal.foundation.money import divided_half_up

__all__ = ["MOST_POINTS", "TIE", "Figures", "factor_of", "factored", "points", "ranks"]

RECOVERED, SERVICED, ADMINISTRATIVE = 70, 20, 10  # points of the best
MOST_POINTS = 100_00  # hundredths
TIE = 50  # hundredths of a point: who is no further behind the best of a group shares its rank


@dataclass(frozen=True, slots=True)
class Figures:
    """What an organisation did in a period: minor units recovered, accounts serviced, administrative marks (hundredths)."""

    recovered: int
    serviced: int
    administrative: int


def points(panel: Mapping[int, Figures]) -> dict[int, int]:
    """Points of each organisation of a panel in hundredths, half up, relative to the best of each figure. What is negative
    (more taken back than paid) counts as nothing, and where nobody did anything nobody has points for it."""
    best = Figures(
        max((f.recovered for f in panel.values()), default=0),
        max((f.serviced for f in panel.values()), default=0),
        max((f.administrative for f in panel.values()), default=0),
    )
    return {key: _points(figures, best) for key, figures in panel.items()}


def _points(figures: Figures, best: Figures) -> int:
    total = Fraction(0)
    for weight, mine, most in (
        (RECOVERED, figures.recovered, best.recovered),
        (SERVICED, figures.serviced, best.serviced),
        (ADMINISTRATIVE, figures.administrative, best.administrative),
    ):
        if most > 0:
            total += Fraction(weight * max(mine, 0), most)
    return divided_half_up(*(total * 100).as_integer_ratio())


def ranks(scores: Mapping[int, int]) -> dict[int, int]:
    """Ranks by points in hundredths, the best is 1. Within 0.50 points of the first of a group is a tie: all of it share the
    rank, and the next one's rank counts them all (1, 1, 3)."""
    found: dict[int, int] = {}
    first = rank = 0
    ordered: Sequence[tuple[int, int]] = sorted(scores.items(), key=lambda one: (-one[1], one[0]))
    for place, (key, score) in enumerate(ordered, 1):
        if place == 1 or first - score > TIE:
            first, rank = score, place
        found[key] = rank
    return found


def factor_of(kpi: Kpi, rank: int, score: Decimal) -> Decimal:
    """The factor on the period's commission: of the last row that holds, 1 where none does, within floor and ceiling."""
    value = Fraction(rank if kpi.by == "rank" else score)
    held = [row.factor for row in kpi.rows if row.when.holds(value)]
    factor = held[-1] if held else Decimal(1)
    if kpi.floor is not None:
        factor = max(factor, kpi.floor)
    if kpi.ceiling is not None:
        factor = min(factor, kpi.ceiling)
    return factor


def factored(earned: int, factor: Decimal) -> int:
    """What a factor adds to (or takes from) a commission in minor units, half up once: 1.05 on 10000 is 500."""
    return divided_half_up(*(earned * (Fraction(factor) - 1)).as_integer_ratio())
