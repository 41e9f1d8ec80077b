"""A plan's curve as a drawing: two pictures over one scale, the pay above and its share of what was paid below. Pure geometry.

Places are whole units of the drawing (about a pixel on a telephone); labels are sentences, said when the page is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from portal.commission.plan.curve import Curve, Point
from portal.foundation.language import Message, say
from portal.foundation.money import Money
from portal.vendors.plans.words import MEASURES, rate_words, value_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["HEIGHT", "LEFT", "LOW", "TOP", "WIDTH", "Chart", "CliffMark", "Figure", "chart_of"]

WIDTH = 380  # of both pictures
HEIGHT = 150  # of the upper one
LOW = 80  # of the lower one
LEFT = 92  # for the figures of the scale
TOP = 24
GAP = 110  # at least between two figures of the scale below
NARROW = 44  # where they are short
STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
BENDS = 12  # pieces of a line that bends


@dataclass(frozen=True)
class CliffMark:
    """A cliff by its number: where it stands, and what it says."""

    number: int
    x: int
    words: Message
    jump: Money


@dataclass(frozen=True)
class Figure:
    """A row of the table: the measure, the pay, its share of what was paid; `cliff`: the number of the one it is the top of."""

    value: Message | str
    amount: Money | None
    commission: Money
    rate: str
    cliff: int | None


@dataclass(frozen=True)
class Chart:
    """`pay` and `rates` are polylines' points, or pieces of them where the measure has words."""

    measure: Message
    pay: tuple[str, ...]
    rates: tuple[str, ...]
    pay_scale: tuple[tuple[int, Message], ...]
    rate_scale: tuple[tuple[int, str], ...]
    across: tuple[tuple[int, Message | str], ...]
    cliffs: tuple[CliffMark, ...]
    figures: tuple[Figure, ...]
    paid: Money | None  # what is paid at every point, where it is one amount


def chart_of(curve: Curve, currency: str) -> Chart:
    """The drawing of a curve."""
    places = _places(curve)
    most = _round_up(max((point.commission for point in curve.points), default=1) or 1)
    highest = _round_up(int(max((point.rate for point in curve.points), default=Fraction(0)) * 10_000) + 1)
    pay = [HEIGHT - point.commission * HEIGHT // most for point in curve.points]
    tops = {id(cliff.after): number for number, cliff in enumerate(curve.cliffs, 1)}
    return Chart(
        measure=MEASURES[curve.measure],
        pay=_lines(places, pay, steps=not curve.moves_amount),
        rates=_shares(curve, places, highest),
        pay_scale=tuple((HEIGHT - HEIGHT * n // 2, _amount(most * n // 2, currency)) for n in range(3)),
        rate_scale=tuple((LOW - LOW * n // 2, rate_words(Decimal(highest * n // 2).scaleb(-4))) for n in range(3)),
        across=_across(curve, places, currency),
        cliffs=tuple(
            CliffMark(number, places[curve.points.index(cliff.after)][0], _cliff_words(curve, cliff.after, currency),
                      Money(cliff.jump, currency))
            for number, cliff in enumerate(curve.cliffs, 1)
        ),
        figures=_figures(curve, currency, tops),
        paid=None if curve.moves_amount else Money(curve.amount, currency),
    )  # fmt: skip


def _places(curve: Curve) -> list[tuple[int, int]]:
    """From where to where each point reaches; both are the same but for words, of which each has its own room."""
    steps = [int(point.at) for point in curve.points if isinstance(point.at, int)]
    if len(steps) < len(curve.points):
        room = WIDTH // max(len(curve.points), 1)
        return [(n * room + room // 8, (n + 1) * room - room // 8) for n in range(len(curve.points))]
    last = max(steps, default=1) or 1
    return [(step * WIDTH // last,) * 2 for step in steps]


def _lines(places: Sequence[tuple[int, int]], heights: Sequence[int], *, steps: bool) -> tuple[str, ...]:
    """`steps`: what holds at one place holds until the next."""
    if any(left != right for left, right in places):
        return tuple(f"{a},{y} {b},{y}" for (a, b), y in zip(places, heights, strict=True))
    line: list[str] = []
    for n, (x, _) in enumerate(places):
        if steps and n and heights[n] != heights[n - 1]:
            line.append(f"{x},{heights[n - 1]}")
        line.append(f"{x},{heights[n]}")
    return (" ".join(line),)


def _shares(curve: Curve, places: Sequence[tuple[int, int]], highest: int) -> tuple[str, ...]:
    """The pay's share of what was paid. Where that is what grows, the share bends between two points of a straight pay."""

    def height(rate: Fraction) -> int:
        return LOW - round(min(rate * 10_000, Fraction(highest)) * LOW / highest)

    if not curve.moves_amount:
        return _lines(places, [height(point.rate) for point in curve.points], steps=True)
    last = int(curve.points[-1].at)
    found: list[str] = []
    for before, after in pairwise(curve.points):
        width = int(after.at) - int(before.at)
        for part in range(BENDS + 1):
            at = int(before.at) + width * part // BENDS
            if at * WIDTH >= last:  # of the first cent the rounding is larger than the rate
                share = Fraction(at - int(before.at), width)
                commission = before.commission + share * (after.commission - before.commission)
                place = f"{at * WIDTH // last},{height(commission / at)}"
                if not found or found[-1] != place:
                    found.append(place)
    return (" ".join(found),)


def _across(curve: Curve, places: Sequence[tuple[int, int]], currency: str) -> tuple[tuple[int, Message | str], ...]:
    """Figures of the scale below: at the limits first, then at the ends, none upon another."""
    if any(left != right for left, right in places):
        middles = [(left + right) // 2 for left, right in places]
        return tuple((x, _value(curve, p, currency)) for x, p in zip(middles, curve.points, strict=True))
    limits = {id(cliff.after) for cliff in curve.cliffs}
    order = sorted(range(len(places)), key=lambda n: (id(curve.points[n]) not in limits, n not in (0, len(places) - 1)))
    gap = GAP if curve.moves_amount and curve.unit == 100 else NARROW
    taken: dict[int, Message | str] = {}
    for n in order:
        x = places[n][0]
        if all(abs(x - other) >= gap for other in taken):
            taken[x] = _value(curve, curve.points[n], currency)
    return tuple(sorted(taken.items()))


def _value(curve: Curve, point: Point, currency: str) -> Message | str:
    if isinstance(point.at, str):
        return value_words(Decimal(point.at) if point.at.isdigit() else point.at, curve.measure, currency)
    return value_words(Fraction(point.at, curve.unit), curve.measure, currency)


def _figures(curve: Curve, currency: str, tops: Mapping[int, int]) -> tuple[Figure, ...]:
    """A row for each point. One step before a limit is written like the limit where figures are rounded: it says so."""
    found = [_figure(curve, point, currency, tops.get(id(point))) for point in curve.points]
    for n, (before, after) in enumerate(pairwise(found)):
        if str(before.value) == str(after.value):
            found[n] = replace(before, value=say("just below %(value)s", value=before.value))
    return tuple(found)


def _figure(curve: Curve, point: Point, currency: str, cliff: int | None) -> Figure:
    amount = Money(int(point.at), currency) if curve.moves_amount else Money(curve.amount, currency)
    return Figure(
        _value(curve, point, currency), amount, Money(point.commission, currency), rate_words(point.rate), cliff
    )


def _cliff_words(curve: Curve, after: Point, currency: str) -> Message:
    """Where one step more changes the pay by a jump."""
    value = _value(curve, after, currency)
    if curve.moves_amount:
        paid = Money(int(after.at), currency)
        return say("at %(value)s, when %(amount)s has been paid", value=value, amount=paid)
    return say("at %(value)s", value=value)


def _amount(minor: int, currency: str) -> Message:
    return say("%(amount)s", amount=Money(minor, currency))


def _round_up(value: int) -> int:
    """The end of a scale: a round number, even, at or above the value."""
    unit = int("1".ljust(len(str(value)), "0"))
    top = next(step * unit for step in STEPS if step * unit >= value)
    return max(top, 2)
