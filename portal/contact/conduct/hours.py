"""Hours: contact only within these, where the person is; where that is uncertain, in every place where they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.contact.conduct.calendars import Calendar
from portal.contact.conduct.events import ConsentRevoked, ConsentToTime
from portal.contact.conduct.terms import Facts, Finding, Question, Rule, Window, find, missing

__all__ = [
    "TimeWindow",
    "ask_hours",
    "closing",
    "common_window",
    "instant",
    "is_open",
    "zone_named",
    "zone_of",
    "zones_of",
]

LONGEST_CLOSED = 15  # days; no pack closes longer


@dataclass(frozen=True, kw_only=True)
class TimeWindow(Rule):
    """Contact only within these hours. `last_included`: whether the closing minute itself is still allowed.

    `everywhere`: within them in each place where the person may be. `closed_on`: holidays without any hours. `by_consent`: also
    at the times to which the person has consented.
    """

    windows: tuple[Window, ...]
    last_included: bool = False
    everywhere: bool = False
    closed_on: Calendar | None = None
    by_consent: bool = False


def zone_named(name: str | None) -> ZoneInfo | None:
    """The zone, or None for a name that says nothing."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def zone_of(facts: Facts) -> ZoneInfo | None:
    """The zone in which the person's days are counted; None where it is not known."""
    return zone_named(facts.places[0] if facts.places else None)


def zones_of(rule: TimeWindow, facts: Facts) -> list[ZoneInfo] | None:
    """The zones by which the rule goes; None where one that counts is not known."""
    names = facts.places if rule.everywhere else facts.places[:1]
    zones = [zone_named(name) for name in names]
    return None if not zones or None in zones else [zone for zone in zones if zone]


def ask_hours(rule: TimeWindow, question: Question, facts: Facts) -> Finding | None:
    """Against a contact outside the hours; it says when they begin again."""
    zones = zones_of(rule, facts)
    if zones is None:
        return missing(rule, "time_zone")
    if is_open(rule, question.at, zones) or (rule.by_consent and _consented(question, facts, zones[0])):
        return None
    here = question.at.astimezone(zones[0])
    today = [w for w in rule.windows if here.weekday() in w.days]
    hours = {"opens": f"{today[0].opens:%H:%M}", "closes": f"{today[0].closes:%H:%M}"} if today else {}
    return find(rule, "HOURS", {**hours, "local": f"{here:%H:%M}"}, _opening(rule, question.at, zones))


def _consented(question: Question, facts: Facts, zone: ZoneInfo) -> bool:
    """Whether the person has agreed to this time and not taken it back; what is not known is no consent."""
    here, log = question.at.astimezone(zone), facts.log or ()
    revoked = [
        event.at
        for event in log
        if isinstance(event, ConsentRevoked) and event.what != "calls" and event.at <= question.at
    ]
    return any(
        isinstance(event, ConsentToTime)
        and event.at <= question.at
        and event.covers(here)
        and not any(end > event.at for end in revoked)
        for event in log
    )


def is_open(rule: TimeWindow, at: datetime, zones: Sequence[ZoneInfo]) -> bool:
    """Whether the hours are open in all zones; clock times are compared by the minute."""
    return all(_window_at(rule, at.astimezone(zone)) for zone in zones)


def _window_at(rule: TimeWindow, here: datetime) -> Window | None:
    if rule.closed_on is not None and rule.closed_on.has(here.date()):
        return None
    clock = here.time().replace(second=0, microsecond=0, fold=0)
    for window in rule.windows:
        ends = clock < window.closes or (rule.last_included and clock == window.closes)
        if here.weekday() in window.days and window.opens <= clock and ends:
            return window
    return None


def _opening(rule: TimeWindow, at: datetime, zones: Sequence[ZoneInfo]) -> datetime | None:
    """The next instant at which all hours are open."""
    starts = set()
    for zone in zones:
        day = at.astimezone(zone).date()
        for ahead in range(LONGEST_CLOSED):
            on = day + timedelta(days=ahead)
            starts |= {instant(on, w.opens, zone) for w in rule.windows if on.weekday() in w.days}
    return next((start for start in sorted(starts) if start > at and is_open(rule, start, zones)), None)


def closing(rule: TimeWindow, at: datetime, facts: Facts) -> datetime | None:
    """When the first of the windows that are open at the instant closes."""
    ends = []
    for zone in zones_of(rule, facts) or ():
        here = at.astimezone(zone)
        window = _window_at(rule, here)
        if window is not None:
            ends.append(instant(here.date(), window.closes, zone))
    return min(ends, default=None)


def common_window(
    rule: TimeWindow, day: date, zones: Sequence[ZoneInfo], shown_in: ZoneInfo
) -> tuple[time, time] | None:
    """The hours of a day that are open in all zones, as a clock in `shown_in` has them; None: there are none."""
    opens, closes = [], []
    for zone in zones:
        windows = [w for w in rule.windows if day.weekday() in w.days]
        if not windows or (rule.closed_on is not None and rule.closed_on.has(day)):
            return None
        opens.append(instant(day, min(w.opens for w in windows), zone))
        closes.append(instant(day, max(w.closes for w in windows), zone))
    if max(opens) >= min(closes):
        return None
    return max(opens).astimezone(shown_in).time(), min(closes).astimezone(shown_in).time()


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A clock time of a place, as UTC."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
