"""What was noted of a person as the conduct rules hear it, as of any instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from portal.contact.conduct.events import (
    AgreedFrequency,
    BreathingSpace,
    CeaseReceived,
    Consent,
    ConsentRevoked,
    ConsentToTime,
    InconvenientPlace,
    InconvenientTime,
    MediaStop,
    NoticeReturned,
    NoticeSent,
)
from portal.contact.wishes.kinds import DAY, End, Kind, Terms, clock_of, weekdays_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from portal.contact.conduct.events import Event

__all__ = ["CHANNELS", "Noted", "events_of", "places_of"]

CHANNELS = ("call", "sms", "email", "wecom", "visit", "letter")
Hours = dict[int, tuple[tuple[time, time], ...]]


@dataclass(frozen=True, slots=True)
class Noted:
    """A wish as it binds one collector. `binds_from`: when that collector was told, or could know of it. `ended_at`: None
    while it stands."""

    kind: Kind
    account_id: int | None
    said_at: datetime
    binds_from: datetime
    terms: Terms
    ended_at: datetime | None = None
    end_reason: End | None = None

    def is_heard(self, at: datetime) -> bool:
        """Whether it was said by then; a mistake never was."""
        return self.binds_from <= at and self.end_reason is not End.MISTAKE

    def has_ended(self, at: datetime) -> bool:
        return self.ended_at is not None and self.ended_at <= at


def events_of(noted: Iterable[Noted], account_id: int, at: datetime, zone: ZoneInfo) -> list[Event]:
    """What the rules look at before a contact about the account at the instant. `zone`: where the person is."""
    return [
        event
        for each in noted
        if each.account_id in (None, account_id) and each.is_heard(at)
        for event in _events(each, each.has_ended(at), zone)
    ]


def places_of(noted: Iterable[Noted], at: datetime) -> dict[int, str]:
    """Which numbers and addresses reach the person at a place where they are not to be disturbed."""
    return {
        each.terms.contact_point_id: each.terms.place
        for each in noted
        if each.kind is Kind.INCONVENIENT_PLACE
        and each.terms.contact_point_id is not None
        and each.is_heard(at)
        and not each.has_ended(at)
    }


def _events(noted: Noted, ended: bool, zone: ZoneInfo) -> Iterator[Event]:
    """What was asked for and has ended asks for nothing more; of what the rules reckon back to, the end is an event too."""
    if noted.kind is Kind.MORE_CALLS:
        yield from _consent(noted, ended, zone)
    elif noted.kind is Kind.NOTICE_SENT:
        yield NoticeSent(noted.said_at)
        if ended and noted.ended_at is not None:
            yield NoticeReturned(noted.ended_at)
    elif noted.kind is Kind.BREATHING_SPACE:
        yield from _breathing_space(noted, ended, zone)
    elif not ended:
        yield from _wish(noted)


def _wish(noted: Noted) -> Iterator[Event]:
    at, terms = noted.binds_from, noted.terms
    match noted.kind:
        case Kind.MEDIA_STOP:
            point = str(terms.contact_point_id or "")
            for channel in (terms.channel,) if terms.channel else CHANNELS:
                yield MediaStop(at, channel, point)
        case Kind.INCONVENIENT_TIME:
            yield InconvenientTime(at, _hours(terms), terms.until)
        case Kind.INCONVENIENT_PLACE:
            yield InconvenientPlace(at, terms.place)
        case Kind.CEASE:
            yield CeaseReceived(at)
        case Kind.AGREED_FREQUENCY:
            yield AgreedFrequency(at, terms.dials or 0, terms.until)
        case Kind.CONTACT_TIME:
            clocks = None
            if terms.opens is not None and terms.closes is not None:
                clocks = (clock_of(terms.opens), clock_of(terms.closes))
            yield ConsentToTime(at, clocks, terms.until)


def _consent(noted: Noted, ended: bool, zone: ZoneInfo) -> Iterator[Event]:
    debts = () if noted.account_id is None else (str(noted.account_id),)
    days = _days(noted.said_at.astimezone(zone).date(), noted.terms.until)
    yield Consent(noted.said_at, debts, days)
    if ended and noted.ended_at is not None:
        yield ConsentRevoked(noted.ended_at, debts, "calls")


def _days(first: date, last: date | None) -> frozenset[date]:
    if last is None:
        return frozenset()
    return frozenset(first + timedelta(days=n) for n in range((last - first).days + 1))


def _breathing_space(noted: Noted, ended: bool, zone: ZoneInfo) -> Iterator[Event]:
    """A treatment that has ended lets it run out; one that was cancelled is none any more."""
    if not ended:
        yield BreathingSpace(noted.said_at, noted.terms.is_crisis)
    elif noted.end_reason is End.TREATMENT_ENDED and noted.ended_at is not None:
        yield BreathingSpace(noted.said_at, noted.terms.is_crisis, noted.ended_at.astimezone(zone).date())


def _hours(terms: Terms) -> Hours:
    """By weekday; what goes over midnight is the end of one day and the beginning of the next."""
    opens = 0 if terms.opens is None else terms.opens
    closes = DAY if terms.closes is None else terms.closes
    found: dict[int, list[tuple[time, time]]] = {}
    for day in weekdays_of(terms.weekdays):
        if opens < closes:
            found.setdefault(day, []).append((clock_of(opens), clock_of(closes)))
        else:
            found.setdefault(day, []).append((clock_of(opens), time.max))
            found.setdefault((day + 1) % 7, []).append((time(0), clock_of(closes)))
    return {day: tuple(sorted(spans)) for day, spans in sorted(found.items())}
