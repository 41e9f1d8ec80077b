"""How long the next attempt waits, by the number of those that failed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.identity.throttle import by_address, by_name, delay_after


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (10_000, 900)]
)
def test_the_delay_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    brake = by_name("somebody")

    assert delay_after(failures, brake.free, brake.longest) == timedelta(seconds=seconds)


def test_an_address_may_be_a_whole_office() -> None:
    brake = by_address("203.0.113.7")

    assert delay_after(29, brake.free, brake.longest) == timedelta(0)
    assert delay_after(30, brake.free, brake.longest) == timedelta(seconds=30)
