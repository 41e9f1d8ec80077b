"""How long the next attempt waits, by the number of those that failed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from portal.foundation.access import system_actor
from portal.foundation.work import transaction
from portal.identity.models import SignInThrottle
from portal.identity.throttle import by_address, by_name, count_attempt, delay_after, take_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from sqlalchemy.orm import Session

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


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


def test_what_was_long_ago_is_swept_away(
    app: Flask, db_session: Session, set_clock: Callable[[datetime], None]
) -> None:
    set_clock(NOON)
    with transaction(system_actor("sign-in")) as work:
        count_attempt(work, [by_name("made up"), by_name("somebody")])
    set_clock(NOON + timedelta(hours=25))
    with transaction(system_actor("sign-in")) as work:
        take_back(work, [by_name("somebody else")])

    assert len(db_session.scalars(sa.select(SignInThrottle)).all()) == 1
