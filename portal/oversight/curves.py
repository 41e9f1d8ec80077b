"""Recovery curves as lines of a drawing: how much of a batch had come in so many days after it was placed. Pure.

Shares are in basis points of the amount that was placed, whole numbers; the drawing is a box of whole units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Chart", "Curve", "chart_of", "share_on"]

WIDTH, HEIGHT = 640, 220
LABEL_GAP = 15
READ_AT = (15, 30, 60, 90)  # days of the table beside the drawing


@dataclass(frozen=True, slots=True)
class Curve:
    """One batch. `credits`: day after the placement and minor units; `age`: days up to which it can be told."""

    batch_id: int
    number: str
    organisation: str
    placed_minor: int
    age: int
    credits: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A curve in the drawing: points for a polyline, where its name stands, and its share on the days of the table."""

    curve: Curve
    points: str
    end: tuple[int, int]
    label_y: int
    shares: tuple[int | None, ...]
    latest: int


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing: its size, its lines, and the marks of both axes as (place, value)."""

    lines: tuple[Line, ...]
    days: tuple[tuple[int, int], ...]
    shares: tuple[tuple[int, int], ...]
    width: int = WIDTH
    height: int = HEIGHT
    read_at: tuple[int, ...] = READ_AT


def share_on(curve: Curve, day: int) -> int | None:
    """Basis points that had come in by the end of a day; None for a day that is still to come."""
    if day > curve.age or curve.placed_minor <= 0:
        return None
    return sum(amount for when, amount in curve.credits if when <= day) * 10_000 // curve.placed_minor


def chart_of(curves: Sequence[Curve]) -> Chart:
    """All curves on one scale."""
    longest = max((curve.age for curve in curves), default=0)
    span = max(-(-longest // 30) * 30, 30)
    top = _top(max((share_on(curve, curve.age) or 0 for curve in curves), default=0))
    ends = [_y(share_on(curve, curve.age) or 0, top) for curve in curves]
    labels = _spread(ends)
    lines = tuple(
        Line(
            curve,
            " ".join(f"{x},{y}" for x, y in _points(curve, span, top)),
            (_x(curve.age, span), end),
            label,
            tuple(share_on(curve, day) for day in READ_AT),
            share_on(curve, curve.age) or 0,
        )
        for curve, end, label in zip(curves, ends, labels, strict=True)
    )
    days = tuple((_x(day, span), day) for day in range(0, span + 1, 30))
    return Chart(lines, days, tuple((_y(share, top), share) for share in (0, top // 2, top)))


def _points(curve: Curve, span: int, top: int) -> Iterable[tuple[int, int]]:
    for day in [*range(0, curve.age, 3), curve.age]:
        yield _x(day, span), _y(share_on(curve, day) or 0, top)


def _x(day: int, span: int) -> int:
    return day * WIDTH // span


def _y(share: int, top: int) -> int:
    return HEIGHT - min(max(share, 0), top) * HEIGHT // top


def _top(share: int) -> int:
    """The end of the scale: an even number of percent that leaves the highest curve inside."""
    return max(-(-share // 200) * 200, 200)


def _spread(places: Sequence[int]) -> list[int]:
    """Places for names beside the ends of lines, moved down where they would cover each other."""
    found = dict.fromkeys(range(len(places)), 0)
    last = -LABEL_GAP
    for index in sorted(found, key=lambda i: places[i]):
        last = found[index] = max(places[index], last + LABEL_GAP)
    beyond = last - HEIGHT
    return [found[i] - max(beyond, 0) for i in range(len(places))]
