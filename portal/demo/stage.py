"""Where the demo plays: the days of its history, a clock that is set to each, and the people who act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.foundation.access import Actor, system_actor
from portal.foundation.clock import Clock, FrozenClock
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.people import actor_from
from portal.identity.queries import person_by_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

__all__ = ["MONTHS", "Stage", "month_before"]

MONTHS = 3  # whole months of history before the business date's own


def month_before(day: date, months: int = 1) -> date:
    """The first day of the month so many months before that of `day`."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@dataclass
class Stage:
    """The demo while it is being built. `currency` is that of the accounts that are worked on."""

    app: Flask
    seed: str
    real: Clock
    currency: str = "CNY"
    paid: dict[str, int] = field(default_factory=dict)  # account reference: minor units paid so far
    paid_since: dict[str, int] = field(default_factory=dict)  # and since the last file told the balance
    reversals: list[tuple[str, str, int]] = field(default_factory=list)  # payment, account, amount: to be taken back
    arranged: dict[str, list[tuple[date, int]]] = field(
        default_factory=dict
    )  # account: what its debtor will pay of a plan
    _actors: dict[str, Actor] = field(default_factory=dict)
    _agenda: list[tuple[datetime, int, Callable[[], Any]]] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The business date, at which the history ends."""
        return self.real.today()

    @property
    def begins(self) -> date:
        """The first day of the history."""
        return month_before(self.today, MONTHS)

    @property
    def yesterday(self) -> date:
        """The last whole day of the history."""
        return self.today - timedelta(days=1)

    def months(self) -> list[date]:
        """First days of the months of the history, the business date's own last."""
        return [month_before(self.today, n) for n in range(MONTHS, -1, -1)]

    def dice(self, *about: object) -> Random:
        """Chances that depend on the seed and on what they are about, and on nothing that was drawn before."""
        return Random(":".join(map(str, (self.seed, *about))))

    def instant(self, day: date, hour: int, minute: int = 0) -> datetime:
        """A time of a day in the bank's zone, UTC; never later than now."""
        local = datetime.combine(day, time(hour, minute), ZoneInfo(self.real.time_zone))
        return min(local.astimezone(UTC), self.real.now())

    def set_clock(self, at: datetime) -> None:
        """From here on it is `at`."""
        services().clock = FrozenClock(time_zone=self.real.time_zone, at=at)

    def actor(self, user_name: str) -> Actor:
        """Somebody of the cast, as the operations know people."""
        if user_name not in self._actors:
            with reading(system_actor("demo", "cli")) as session:
                found = person_by_name(session, user_name)
                if found is None:
                    raise LookupError(user_name)
                self._actors[user_name] = actor_from(*found, "cli")
        return self._actors[user_name]

    def note_paid(self, account_ref: str, amount: int) -> None:
        """So much was paid on an account, in minor units; negative where it was taken back."""
        for kept in (self.paid, self.paid_since):
            kept[account_ref] = kept.get(account_ref, 0) + amount

    def plan(self, day: date, hour: int, minute: int, deed: Callable[[], Any]) -> None:
        """Put a deed on the agenda; what would lie on the business date or after it is not part of the history."""
        if self.begins <= day < self.today:
            self._agenda.append((self.instant(day, hour, minute), len(self._agenda), deed))

    def play(self, tell: Callable[[date], None]) -> None:
        """Do what is on the agenda in the order of time; deeds may plan further ones behind them."""
        try:
            while self._agenda:
                self._agenda.sort(key=lambda entry: entry[:2])
                at, _, deed = self._agenda.pop(0)
                tell(at.astimezone(ZoneInfo(self.real.time_zone)).date())
                self.set_clock(at)
                deed()
        finally:
            services().clock = self.real
