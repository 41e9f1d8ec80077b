"""What a plan pays as the measure of its bands grows: the points of a curve, and its cliffs. Pure.

Every point is what the engine itself answers for one payment: exact at each limit and one step before it. Between limits the
curve is straight but for a minimum or a cap; where it bends there, halving finds the bend to the step. A cliff is a step at
which the pay changes by more than the step is worth: there one cent more recovered changes the pay by a jump.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from portal.commission.plan.earning import earn
from portal.commission.plan.facts import Payment, Placing
from portal.commission.plan.holes import KNOWN_VALUES
from portal.commission.plan.terms import Basis, Measure, Plan
from portal.commission.plan.trying import Example, edges_of, measured_placing, unit_of
from portal.foundation.money import minor_digits

__all__ = ["Cliff", "Curve", "Point", "Probe", "curve_of", "measure_of"]

LONGEST = 10**15  # steps; beyond them nothing is drawn
MOST_DAYS = 36_500  # to which days are counted
BEYOND = Fraction(3, 2)  # how far the curve goes past its last limit
MOST_POINTS = 400
MOST_BENDS = 6  # rates whose bends are computed; halving finds those of more


@dataclass(frozen=True, slots=True)
class Point:
    """At `at` steps of the measure (a word where it has words), a payment earns `commission`, `rate` of what was paid."""

    at: int | str
    commission: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Cliff:
    """Between two neighbouring steps the pay jumps by `jump` minor units."""

    before: Point
    after: Point

    @property
    def jump(self) -> int:
        return self.after.commission - self.before.commission


@dataclass(frozen=True, slots=True)
class Curve:
    """`unit` steps are one of `measure`; `moves_amount`: the measure is what is paid, otherwise one amount is paid at all."""

    measure: Measure
    unit: int
    points: tuple[Point, ...]
    cliffs: tuple[Cliff, ...]
    moves_amount: bool
    amount: int  # what is paid at each point where it is one


def measure_of(plan: Plan) -> Measure:
    """What the curve runs over: the measure of the bands, else the payment's amount."""
    return plan.bands.by if plan.bands is not None else Measure.PAYMENT_AMOUNT


def curve_of(plan: Plan, example: Example) -> Curve:
    """The curve of a plan on an example's placement. PlanError where the example lacks what the plan asks for."""
    probe = Probe(plan, example)
    measure = measure_of(plan)
    words = _words(plan, measure)
    if words:
        return Curve(measure, 1, tuple(probe.at(word) for word in words), (), False, probe.amount)
    last = min(_last(plan, measure, example), MOST_DAYS if measure is Measure.DAYS_SINCE_PLACEMENT else LONGEST)
    edges = [edge for edge in edges_of(plan, measure, example.placed_total) if edge <= last]
    bends = _bends(plan) if probe.moves_amount else set()
    shown = {*edges, *(edge - 1 for edge in edges), *(bends if plan.bands is None else ())}
    steps = {*shown, *bends, *(bend + 1 for bend in bends)}
    knots = sorted({probe.first, last} | {step for step in steps if probe.first < step < last})
    points: dict[int, Point] = {}
    for left, right in pairwise(knots):
        points |= {int(point.at): point for point in _straight(probe.at, left, right)}
    ordered = tuple(_needed([points[at] for at in sorted(points)], shown))
    cliffs = tuple(_cliffs(ordered, set(edges), moves_amount=probe.moves_amount))
    unit = unit_of(measure, plan, example.placed_total)
    return Curve(measure, unit, ordered, cliffs, probe.moves_amount, probe.amount)


class Probe:
    """Asks the engine for one payment at any place of the measure."""

    def __init__(self, plan: Plan, example: Example) -> None:
        self._plan, self._example = plan, example
        self._measure = measure_of(plan)
        self._asked: dict[int | str, Point] = {}
        self.moves_amount = self._measure.can_be_sliced
        self.amount = max((p.amount for p in example.payments if p.amount > 0), default=1)
        self.first = 1 if self.moves_amount or self._measure in (Measure.ROUND, Measure.PLACED_BALANCE) else 0

    def at(self, place: int | str) -> Point:
        """What one payment earns there; it is paid as soon as it may earn."""
        if place not in self._asked:
            self._asked[place] = self._at(place)
        return self._asked[place]

    def _at(self, place: int | str) -> Point:
        amount = int(place) if self.moves_amount else self.amount
        placing = replace(self._example.placing, ended_on=None)
        days = max(self._plan.free_days.values())
        if self._measure is Measure.DAYS_SINCE_PLACEMENT:
            days = int(place)
        elif not self.moves_amount:
            placing = measured_placing(placing, self._measure, place)
        commission = self._earned(placing, amount, days)
        return Point(place, commission, Fraction(commission, amount))

    def _earned(self, placing: Placing, amount: int, days: int) -> int:
        parts: dict[Basis, int] = {} if self._plan.basis is Basis.TOTAL else {self._plan.basis: amount}
        payment = Payment(
            id="p", placing=placing, amount=amount, paid_on=placing.placed_on + timedelta(days=days), parts=parts
        )
        return sum(line.commission for line in earn(self._plan, [payment], self._example.book))


def _words(plan: Plan, measure: Measure) -> tuple[str, ...]:
    """The values of a measure that has words, or of bands that name values: those named, and those known beside them."""
    if plan.bands is None or plan.bands.rows[0].when.bound is not None:
        return KNOWN_VALUES[measure] if measure.is_a_word else ()
    named = [str(value) for row in plan.bands.rows for value in row.when.values]
    if not all(measure.is_a_word or value.isdigit() for value in named):
        named = [value for value in named if value.isdigit()]  # no placement is 1.5 months or rounds old
    known = KNOWN_VALUES.get(measure, ())
    return tuple(dict.fromkeys([*known, *named]))


def _last(plan: Plan, measure: Measure, example: Example) -> int:
    """Where the curve ends: past the last limit, and past the places where a minimum or a cap sets in."""
    places = [Fraction(edge) * BEYOND for edge in edges_of(plan, measure, example.placed_total)]
    if measure.can_be_sliced:
        minor = 10 ** minor_digits(plan.currency)
        rates = [row.rate for row in plan.bands.rows] if plan.bands is not None else [plan.rate or 0]
        lowest = min((Fraction(rate) for rate in rates if rate), default=Fraction(1))
        if plan.cap is not None and plan.cap.amount is not None:
            places.append(Fraction(plan.cap.amount) * minor / lowest * Fraction(5, 4))
        if plan.minimum is not None:
            places.append(Fraction(plan.minimum) * minor / lowest * 3)
        if not places:
            places.append(Fraction(max((p.amount for p in example.payments), default=minor)) * BEYOND)
    elif not places:
        places.append(Fraction(12 * unit_of(measure, plan, example.placed_total)))
    return max(int(max(places)), 2)


def _bends(plan: Plan) -> set[int]:
    """Amounts at which a minimum ceases and a cap sets in, where one rate makes all of it."""
    minor, found = 10 ** minor_digits(plan.currency), set()
    rates = [row.rate for row in plan.bands.rows][:MOST_BENDS] if plan.bands is not None else [plan.rate or 0]
    for limit in (plan.minimum, plan.cap.amount if plan.cap is not None else None):
        if limit is not None:
            places = [int(Fraction(limit) * minor / Fraction(rate)) for rate in rates if rate]
            found |= {int(limit * minor), *places}
    return found


def _straight(at: Callable[[int], Point], left: int, right: int) -> Iterable[Point]:
    """Points from one place to another between which the curve is straight, to the rounded minor unit."""
    first, last = at(left), at(right)
    open_pieces, found = [(first, last)], [first, last]
    while open_pieces and len(found) < MOST_POINTS:
        a, b = open_pieces.pop()
        width = int(b.at) - int(a.at)
        inside = {int(a.at) + width * share // 8 for share in (3, 4, 6)} - {int(a.at), int(b.at)}
        if all(_on_line(a, b, at(place)) for place in inside):
            continue
        middle = at(int(a.at) + width // 2)
        found.append(middle)
        open_pieces += [(a, middle), (middle, b)]
    return found


def _needed(points: list[Point], edges: set[int]) -> Iterable[Point]:
    """Without the points that lie on the line between their neighbours, limits and ends excepted."""
    kept = points[:1]
    left_out: list[Point] = []
    for point, following in pairwise(points[1:]):
        between = [*left_out, point]
        if point.at in edges or not all(_on_line(kept[-1], following, each) for each in between):
            kept.append(point)
            left_out = []
        else:
            left_out = between
    return [*kept, *points[-1:]] if len(points) > 1 else kept


def _on_line(a: Point, b: Point, point: Point) -> bool:
    share = Fraction(int(point.at) - int(a.at), int(b.at) - int(a.at))
    return abs(point.commission - a.commission - share * (b.commission - a.commission)) <= 1


def _cliffs(points: tuple[Point, ...], edges: set[int], *, moves_amount: bool) -> Iterable[Cliff]:
    """At each limit, what the step is worth by itself left out: at most the step's own amount, and the rounding."""
    worth = 2 if moves_amount else 0
    for before, after in pairwise(points):
        neighbours = after.at in edges and int(after.at) - int(before.at) == 1
        if neighbours and abs(after.commission - before.commission) > worth:
            yield Cliff(before, after)
