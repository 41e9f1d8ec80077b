"""The one place that asks the machine what time it is.

Two times exist. Business time is what the bank's day is: it may be set with `PORTAL_TODAY` for demos and tests and then
runs at the real time of day. Real time is for leases, heartbeats, sessions, throttles and one-time codes, which must
not stand still or jump when the business date is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

__all__ = ["Clock", "FrozenClock"]


@dataclass(frozen=True)
class Clock:
    """`today_is` sets the business date, counted in `time_zone`."""

    time_zone: str = "Asia/Shanghai"
    today_is: date | None = None

    def real_now(self) -> datetime:
        """The machine's time, UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """The business instant, UTC: the business date at the real time of day in the bank's zone."""
        real = self.real_now()
        if self.today_is is None:
            return real
        local = real.astimezone(ZoneInfo(self.time_zone))
        return datetime.combine(self.today_is, local.timetz()).astimezone(UTC)

    def today(self, time_zone: str | None = None) -> date:
        """The business date in a zone, the bank's unless another is named."""
        return self.now().astimezone(ZoneInfo(time_zone or self.time_zone)).date()


@dataclass(frozen=True)
class FrozenClock(Clock):
    """A clock that stands still, for tests and for building a demo at past instants."""

    at: datetime = datetime(2005, 7, 1, 2, 0, tzinfo=UTC)

    def real_now(self) -> datetime:
        return self.at

    def now(self) -> datetime:
        return self.at
