"""Two times: the bank's day, which may be set, and the machine's, which nothing moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from portal.foundation.clock import Clock, FrozenClock

JULY = date(2005, 7, 1)


def test_a_set_business_date_runs_at_the_real_time_of_day() -> None:
    clock = Clock("Asia/Shanghai", JULY)

    now, real = clock.now(), clock.real_now()

    assert clock.today() == JULY
    assert now.tzinfo is UTC
    since_midnight = timedelta(hours=now.hour, minutes=now.minute) - timedelta(hours=real.hour, minutes=real.minute)
    assert abs(since_midnight) <= timedelta(minutes=1) or abs(since_midnight) >= timedelta(hours=23)
    assert abs(real - datetime.now(UTC)) < timedelta(seconds=5)


def test_without_a_set_date_business_time_is_real_time() -> None:
    clock = Clock("Asia/Shanghai")

    assert abs(clock.now() - clock.real_now()) < timedelta(seconds=5)


def test_the_business_date_is_counted_in_the_banks_zone_or_in_another() -> None:
    clock = FrozenClock("Asia/Shanghai", at=datetime(2005, 6, 30, 17, 0, tzinfo=UTC))

    assert clock.today() == JULY
    assert clock.today("America/New_York") == date(2005, 6, 30)
