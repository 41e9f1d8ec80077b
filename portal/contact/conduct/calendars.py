"""Named calendars: which days are holidays, by rules that hold for any year and by single dates that do not repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

__all__ = ["Calendar", "Easter", "Fixed", "Holiday", "NthWeekday", "working_days_after"]

MONDAY, SATURDAY = 0, 5


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same day each year. `moves`: one on a weekend is kept on the next working day."""

    month: int
    day: int
    moves: bool = False
    since: int = 0

    def on(self, year: int) -> date:
        return date(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The nth of a weekday in a month (Monday is 0); -1: the last."""

    month: int
    weekday: int
    nth: int
    since: int = 0

    def on(self, year: int) -> date:
        if self.nth > 0:
            first = date(year, self.month, 1)
            return first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        last = date(year + self.month // 12, self.month % 12 + 1, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - self.weekday) % 7)


@dataclass(frozen=True, slots=True)
class Easter:
    """So many days from Easter Sunday: -2 is Good Friday, 1 is Easter Monday."""

    days: int
    since: int = 0

    def on(self, year: int) -> date:
        return _easter(year) + timedelta(days=self.days)


Holiday = Fixed | NthWeekday | Easter


@dataclass(frozen=True)
class Calendar:
    """Holidays of a place under a name and version. `extra`: days that were made holidays once; `taken`: days that were not
    kept, since another was kept instead."""

    name: str
    version: str
    holidays: tuple[Holiday, ...]
    extra: frozenset[date] = frozenset()
    taken: frozenset[date] = frozenset()

    def has(self, day: date) -> bool:
        """Whether the day is a holiday."""
        return day in _of_year(self, day.year)


@lru_cache(maxsize=200)
def _of_year(calendar: Calendar, year: int) -> frozenset[date]:
    days = {day for day in calendar.extra if day.year == year}
    moved = []
    for holiday in calendar.holidays:
        if holiday.since <= year:
            on = holiday.on(year)
            if isinstance(holiday, Fixed) and holiday.moves and on.weekday() >= SATURDAY:
                moved.append(on)
            else:
                days.add(on)
    for on in sorted(moved):
        while on.weekday() >= SATURDAY or on in days:
            on += timedelta(days=1)
        days.add(on)
    return frozenset(days - calendar.taken)


def working_days_after(day: date, count: int, calendar: Calendar) -> date:
    """The day that is so many working days later: Saturdays, Sundays and holidays are not counted."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY and not calendar.has(day):
            count -= 1
    return day


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leaps, cycle = century // 4, (century + 8) // 25
    moon = (19 * golden + century - leaps - (century - cycle + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)
