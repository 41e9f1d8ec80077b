"""Buckets as DESIGN section 2 cuts them."""

from __future__ import annotations

import pytest

from portal.portfolio.buckets import BUCKETS, bucket, days_of


@pytest.mark.parametrize(
    ("days", "name"),
    [(0, "M0"), (1, "M1"), (30, "M1"), (31, "M2"), (60, "M2"), (61, "M3"), (150, "M5"), (151, "M6"), (180, "M6"),
     (181, "M7+"), (9_999, "M7+")],
)  # fmt: skip
def test_days_past_due_fall_into_their_bucket(days: int, name: str) -> None:
    assert bucket(days) == name


def test_every_day_lies_in_the_days_of_its_bucket() -> None:
    for days in range(400):
        first, last = days_of(bucket(days))
        assert first <= days
        assert last is None or days <= last
    assert [days_of(name)[1] is None for name in BUCKETS] == [False] * 7 + [True]


def test_days_are_not_negative() -> None:
    with pytest.raises(ValueError):
        bucket(-1)
