"""What a case tells (reference/conduct_cases.md), as events of the engine. Times without an offset are the consumer's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal.contact.conduct.events import (
    AgreedFrequency,
    BreathingSpace,
    Call,
    CeaseReceived,
    Consent,
    ConsentRevoked,
    ConsentToTime,
    Event,
    InconvenientPlace,
    InconvenientTime,
    MediaStop,
    NoticeReturned,
    NoticeSent,
    PersonWrote,
    Replied,
    Session,
    WrongNumber,
)

__all__ = ["UNNAMED", "CaseError", "channel_of", "end_of", "events_of", "moment", "place_of", "purpose_of", "words"]

UNNAMED = "-"  # the one number or address that a case need not name
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAYS, _WEEKENDS = range(5), range(5, 7)
_WHOLE_DAY = ((time.min, time.max),)
_PURPOSES = (  # what is in a word of a case, and the word of the packs for it
    ("opt_out", "opt_out_confirmation"), ("terminat", "terminating_efforts"), ("may_invoke", "may_invoke_remedy"),
    ("invoke", "intends_to_invoke_remedy"), ("litigation", "active_litigation"), ("court", "active_litigation"),
    ("by_law", "applicable_law"), ("applicable_law", "applicable_law"), ("legally", "applicable_law"),
    ("consumer_request", "consumer_request"), ("negative_effect", "avoid_negative_effect"),
)  # fmt: skip
# other words for the same
_CHANNELS = {
    "calls": "call", "calling": "call", "phone": "call", "telephone": "call", "text": "sms", "texts": "sms",
    "text_message": "sms", "e-mail": "email", "emails": "email", "mail": "letter", "letters": "letter", "mobile_app": "app", "app_push": "app",
}  # fmt: skip
_OWN_SITE = (("portal", "portal"), ("web", "website"), ("site", "website"))
_PLACES = {"workplace": "work", "place_of_employment": "work", "employer": "work", "office": "work"}


class CaseError(ValueError):
    """A case that cannot be read; the message says which word."""


def moment(text: Any, zone: ZoneInfo) -> datetime:
    """An instant of a case. CaseError for one that is none."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise CaseError(f"{text!r} is no date and time") from error
    return at if at.tzinfo else at.replace(tzinfo=zone)


def words(value: Any) -> tuple[str, ...]:
    """One word or several."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def channel_of(value: Any) -> str:
    """A channel by the engine's word for it."""
    told = str(value)
    if told in _CHANNELS:
        return _CHANNELS[told]
    return next((word for part, word in _OWN_SITE if part in told), told)


def purpose_of(value: Any) -> str:
    """A purpose by the packs' word for it; as it is where they have none."""
    told = str(value or "")
    return next((word for part, word in _PURPOSES if part in told), told)


def place_of(value: Any) -> str:
    """A place by the engine's word for it."""
    return _PLACES.get(str(value or ""), str(value or ""))


def events_of(told: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> tuple[Event, ...]:
    """The events in their order. CaseError for a kind or a time that nobody knows."""
    found = [event for each in told for event in _event(each, zone)]
    return tuple(sorted(found, key=lambda event: event.at))


def _event(told: Mapping[str, Any], zone: ZoneInfo) -> list[Event]:
    kind = str(told.get("type"))
    if kind not in _KINDS:
        raise CaseError(f"no event is called {kind!r}")
    return _KINDS[kind](told, moment(told.get("at"), zone))


def _call(told: Mapping[str, Any], at: datetime) -> list[Event]:
    debts = words(told.get("debts"))
    outcome, by = str(told.get("outcome", "")), str(told.get("by", "collector"))
    placed = words(told.get("placed_for")) or debts or words(told.get("intended"))
    # a talk without a word about what was talked of was about its debts; an empty list says that it was general
    discussed = words(told["discussed"]) if "discussed" in told else debts if outcome == "conversation" else ()
    to = str(told.get("to", "consumer"))
    call = Call(
        at, outcome, () if by == "consumer" else placed, discussed, by, "consumer" if to == "collector" else to,
        str(told.get("allocated_to") or ""), str(told.get("number") or UNNAMED), channel_of(told.get("channel", "call")),
        words(told.get("intended")),
    )  # fmt: skip
    if by != "consumer":
        return [call]
    return [call, PersonWrote(at, "call", place_of(told.get("place")))]


def _consent(told: Mapping[str, Any], at: datetime) -> list[Event]:
    if told.get("scope") == "contact_time":
        until = date.fromisoformat(str(told["until"])) if told.get("until") else None
        return [ConsentToTime(at, _hours(told["hours"])[0] if told.get("hours") else None, until)]
    valid_on = frozenset(map(date.fromisoformat, words(told.get("valid_on"))))
    return [Consent(at, words(told.get("debts")), valid_on)]


def _stop(told: Mapping[str, Any], at: datetime) -> list[Event]:
    address = str(told.get("address") or told.get("number") or "")
    return [MediaStop(at, channel_of(channel), address) for channel in words(told.get("stop"))]


def _breathing_space(told: Mapping[str, Any], at: datetime) -> list[Event]:
    ended = date.fromisoformat(str(told["treatment_ended"])) if told.get("treatment_ended") else None
    return [BreathingSpace(at, bool(told.get("mental_health")), ended)]


def _agreed(told: Mapping[str, Any], at: datetime) -> list[Event]:
    until = date.fromisoformat(str(told["until"])) if told.get("until") else None
    try:
        return [AgreedFrequency(at, int(told["dials_a_day"]), until)]
    except (KeyError, TypeError, ValueError) as error:
        raise CaseError("an agreed frequency says “dials_a_day”, a number") from error


def _nothing(_told: Mapping[str, Any], _at: datetime) -> list[Event]:
    """Nothing follows from a letter on its way, nor from what was sent before."""
    return []


def _inconvenient(told: Mapping[str, Any], at: datetime) -> list[Event]:
    told = told.get("inconvenient") or {}
    hours: dict[int, tuple[tuple[time, time], ...]] = {}
    for name in words(told.get("days")):
        day = name[:3].lower()
        if day not in _DAYS:
            raise CaseError(f"{name!r} is no day of the week")
        hours[_DAYS.index(day)] = _hours(told.get("hours", "all"))
    for key, days in (("weekdays", _WEEKDAYS), ("weekends", _WEEKENDS)):
        if told.get(key):
            hours |= dict.fromkeys(days, _hours(told[key]))
    until = date.fromisoformat(str(told["until"])) if told.get("until") else None
    places = [InconvenientPlace(at, place_of(place)) for place in words(told.get("place"))]
    return [*places, *([InconvenientTime(at, hours, until)] if hours else [])]


def _hours(told: Any) -> tuple[tuple[time, time], ...]:
    if told == "all":
        return _WHOLE_DAY
    try:
        start, end = (time.fromisoformat(str(clock)) for clock in told)
    except (TypeError, ValueError) as error:
        raise CaseError(f"{told!r} are no hours: all, or [from, to]") from error
    return ((start, end),)


def end_of(day: str, zone: ZoneInfo) -> datetime:
    """The end of a day of the consumer's, as which a history is looked at. CaseError for what is no day."""
    try:
        on = date.fromisoformat(str(day)[:10])
    except ValueError as error:
        raise CaseError(f"{day!r} is no day") from error
    return datetime.combine(on + timedelta(days=1), time(0), tzinfo=zone)


_KINDS: dict[str, Callable[[Mapping[str, Any], datetime], list[Event]]] = {
    "call": _call,
    "prior_consent": _consent,
    "consent_revoked": lambda told, at: [ConsentRevoked(at, words(told.get("debts")))],
    "wrong_number_learned": lambda told, at: [
        WrongNumber(at, str(told.get("number") or UNNAMED), str(told.get("person", "consumer")))
    ],
    "creditor_file_note": _inconvenient,
    "stated_convenience": _inconvenient,
    "stated_inconvenient_place": lambda told, at: [InconvenientPlace(at, place_of(told.get("place")))],
    "consumer_message": lambda told, at: [
        PersonWrote(at, channel_of(told.get("channel")), place_of(told.get("place")))
    ],
    "collector_reply": lambda told, at: [Replied(at, channel_of(told.get("channel")))],
    "portal_session_start": lambda _told, at: [Session(at, True)],
    "portal_session_end": lambda _told, at: [Session(at, False)],
    "media_request": _stop,
    "cease_letter_mailed": _nothing,
    "cease_letter_received": lambda _told, at: [CeaseReceived(at)],
    "breathing_space_entered": _breathing_space,
    "frequency_agreed": _agreed,
    "email_sent": _nothing,
    "validation_notice_sent": lambda _told, at: [NoticeSent(at)],
    "undeliverable_returned": lambda _told, at: [NoticeReturned(at)],
}
