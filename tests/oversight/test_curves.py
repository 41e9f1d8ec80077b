"""Recovery curves: what the drawing and its table say about a batch."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from portal.oversight.curves import HEIGHT, LABEL_GAP, WIDTH, Curve, chart_of, share_on
from portal.oversight.months import Stretch, same_days


def _curve(*credits: tuple[int, int], placed: int = 1_000_000, age: int = 40) -> Curve:
    return Curve(1, "W2005-05-01-HT-01", "HT", placed, age, credits)


def test_the_share_of_a_day_counts_all_that_came_in_by_its_end() -> None:
    curve = _curve((0, 10_000), (15, 20_000), (16, 5_000))

    assert [share_on(curve, day) for day in (0, 14, 15, 40)] == [100, 100, 300, 350]


def test_a_day_that_is_still_to_come_has_no_share() -> None:
    assert share_on(_curve((0, 1)), 41) is None


def test_a_reversal_lowers_the_curve_again() -> None:
    assert share_on(_curve((1, 50_000), (9, -50_000)), 40) == 0


def test_an_empty_batch_has_no_share() -> None:
    assert share_on(_curve(placed=0), 3) is None


def test_a_line_begins_at_the_left_and_ends_at_the_age_of_its_batch() -> None:
    chart = chart_of([_curve((0, 0), (20, 100_000), age=30)])

    points = [tuple(map(int, point.split(","))) for point in chart.lines[0].points.split()]
    assert points[0] == (0, HEIGHT)
    assert points[-1] == (WIDTH, 0)


def test_names_of_lines_that_end_together_stand_below_each_other() -> None:
    chart = chart_of([_curve((1, 50_000)) for _ in range(3)])

    places = sorted(line.label_y for line in chart.lines)
    assert [after - before for before, after in pairwise(places)] == [LABEL_GAP, LABEL_GAP]


def test_names_stay_inside_the_drawing_where_nothing_has_come_in() -> None:
    assert max(line.label_y for line in chart_of([_curve() for _ in range(6)]).lines) <= HEIGHT


@pytest.mark.parametrize(
    ("today", "before"),
    [
        (date(2005, 7, 15), Stretch(date(2005, 6, 1), date(2005, 6, 15))),
        (date(2005, 7, 31), Stretch(date(2005, 6, 1), date(2005, 6, 30))),
        (date(2004, 3, 30), Stretch(date(2004, 2, 1), date(2004, 2, 29))),
        (date(2006, 1, 1), Stretch(date(2005, 12, 1), date(2005, 12, 1))),
    ],
)
def test_last_month_is_taken_to_the_same_day_or_to_its_end(today: date, before: Stretch) -> None:
    assert same_days(today) == (Stretch(today.replace(day=1), today), before)
