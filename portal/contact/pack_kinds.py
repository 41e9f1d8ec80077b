"""The kinds of rule, as packs write them down: each word that is not known is refused with the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, cast

from portal.contact.conduct import (
    VERDICTS,
    Calendar,
    CallCap,
    CeaseRule,
    CoolOff,
    Easter,
    Excluded,
    Fixed,
    FrequencyCap,
    HoldRule,
    MoratoriumRule,
    NthWeekday,
    PartyRule,
    PreferenceRule,
    Rule,
    Scope,
    Source,
    TimeWindow,
    ValidationRule,
    Verdict,
    Window,
)
from portal.contact.models import Channel, Direction
from portal.portfolio.models import HoldFlag

__all__ = ["PackError", "Reader", "read_calendar", "read_rule", "read_source"]

CalendarNamed = Callable[[str], Calendar]

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHANNELS = frozenset(c.value for c in Channel) | {"ringless_voicemail"}
_GROUPS = frozenset({"debtor", "lawyer", "third_party"})
_MEASURES = frozenset({"conversation", "unanswered", "visit", "connected"})
_FORCES = frozenset({"law", "regulation", "standard", "self_regulation", "house"})
_SEEN = frozenset({"full_text", "full_text_in_part", "guidance", "secondary", "memory", "house"})
_FLAGS = frozenset(flag.value for flag in HoldFlag) | {"nothing_owed", "work_stopped"}
_FACTS = frozenset({"debtor_number_invalid"})
_DIMS = frozenset({"time", "place", "channel"})


class PackError(ValueError):
    """A pack says something that the engine does not know; the message names the pack, the rule and the word."""


class Reader:
    """A mapping whose every word must be known."""

    def __init__(self, where: str, value: Any, known: set[str]) -> None:
        if not isinstance(value, dict):
            raise PackError(f"{where}: a mapping is wanted")
        unknown = set(map(str, value)) - known
        if unknown:
            raise PackError(f"{where}: unknown word {sorted(unknown)[0]!r}")
        self.where, self._value = where, cast("Mapping[str, Any]", value)

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def get(self, key: str) -> Any:
        if key not in self._value:
            raise PackError(f"{self.where}: {key!r} is missing")
        return self._value[key]

    def optional(self, key: str, default: Any) -> Any:
        return self._value.get(key, default)

    def words(self, key: str, known: frozenset[str] | None, default: list[str] | None = None) -> frozenset[str]:
        """A list of known words; of any where `known` is None."""
        value = self.get(key) if default is None else self.optional(key, default)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise PackError(f"{self.where}: {key!r} takes a list of words")
        if known is not None and not set(value) <= known:
            raise PackError(f"{self.where}: {key!r} takes a list of {', '.join(sorted(known))}")
        return frozenset(value)

    def word(self, key: str, known: frozenset[str]) -> str:
        """One known word."""
        value = self.get(key)
        if value not in known:
            raise PackError(f"{self.where}: {key!r} takes one of {', '.join(sorted(known))}")
        return str(value)

    def number(self, key: str, default: int | None = None) -> int:
        """A whole number of 1 or more; 0 where it may be left out and is."""
        value = self.get(key) if default is None else self.optional(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or (value < 1 and value != default):
            raise PackError(f"{self.where}: {key!r} takes a whole number of 1 or more")
        return value


def read_source(key: str, value: Any) -> Source:
    """What a rule may rest on."""
    read = Reader(f"source {key}", value, {"title", "force", "seen"})
    return Source(str(read.get("title")), read.word("force", _FORCES), read.word("seen", _SEEN))


def read_rule(value: Any, sources: Mapping[str, Source], calendar: CalendarNamed) -> Rule:
    """One rule of a pack. Raises PackError."""
    where = f"rule {value.get('id')}" if isinstance(value, dict) else "rule"
    read = Reader(where, value, {"id", "kind", "applies", "params", "except", "on_fail", "cite"})
    kind = read.word("kind", frozenset(_KINDS))
    on_fail = Reader(where, read.get("on_fail"), {"verdict", "override"})
    on_fail.words("override", None, default=[])
    common: dict[str, Any] = {
        "id": str(read.get("id")),
        "scope": _scope(where, read.optional("applies", {})),
        "verdict": cast("Verdict", on_fail.word("verdict", frozenset(VERDICTS))),
        "sources": tuple(_cite(where, cited, sources) for cited in read.get("cite")),
        "overrides": tuple(on_fail.optional("override", [])),
    }
    if not common["sources"]:
        raise PackError(f"{where}: a rule names what it rests on")
    if "except" in read and kind == "time_window":
        common["by_consent"] = _consent_to_time(where, read.get("except"))
    elif "except" in read:
        if kind not in ("frequency_cap", "cool_off"):
            raise PackError(f"{where}: the engine knows no exceptions from this kind of rule")
        common["excluded"] = _excluded(where, read.get("except"))
    return _KINDS[kind](where, read.get("params"), common, calendar)


def _scope(where: str, value: Any) -> Scope:
    read = Reader(where, value, {"channels", "direction", "to"})
    direction = str(read.optional("direction", ""))
    if direction and direction not in {d.value for d in Direction}:
        raise PackError(f"{where}: 'direction' takes outbound or inbound")
    return Scope(read.words("channels", _CHANNELS, default=[]), direction, read.words("to", _GROUPS, default=[]))


def _cite(where: str, value: Any, sources: Mapping[str, Source]) -> Source:
    read = Reader(where, value, {"src", "ref"})
    source = sources.get(str(read.get("src")))
    if source is None:
        raise PackError(f"{where}: source {read.get('src')!r} is not listed")
    return Source(source.title, source.force, source.seen, str(read.optional("ref", "")))


def _excluded(where: str, value: Any) -> Excluded:
    """What does not count: consent for some days, calls that did not connect, some persons; each with its provision."""
    if not isinstance(value, list):
        raise PackError(f"{where}: 'except' takes a list")
    found: dict[str, Any] = {}
    for each in value:
        read = Reader(where, each, {"consent", "days", "unconnected", "to", "ref"})
        ref = str(read.optional("ref", "")) or "excluded"
        if "consent" in read:
            read.word("consent", frozenset({"more_calls"}))
            found |= {"consent_days": read.number("days"), "consent": ref}
        elif "unconnected" in read:
            found |= {"unconnected": read.words("unconnected", None), "not_connected": ref}
        else:
            found |= {"persons": read.words("to", None), "other_persons": ref}
    return Excluded(**found)


def _consent_to_time(where: str, value: Any) -> bool:
    """Hours know one exception: the person's consent to other times."""
    if value != [{"consent": "contact_time"}]:
        raise PackError(f"{where}: from hours the engine knows one exception, [{{consent: contact_time}}]")
    return True


# --- kinds --------------------------------------------------------------------------------------------------------------


def _time_window(where: str, params: Any, common: dict[str, Any], calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"allow", "bounds", "zones", "holidays"})
    bounds = read.word("bounds", frozenset({"[)", "[]"}))
    windows = tuple(_window(where, value) for value in read.get("allow"))
    if not windows:
        raise PackError(f"{where}: no hours are allowed")
    zones = read.word("zones", frozenset({"debtor_location", "all_known"})) if "zones" in read else "debtor_location"
    closed = calendar(str(read.get("holidays"))) if "holidays" in read else None
    return TimeWindow(
        **common, windows=windows, last_included=bounds == "[]", everywhere=zones == "all_known", closed_on=closed
    )


def _window(where: str, value: Any) -> Window:
    read = Reader(where, value, {"days", "from", "to"})
    named = read.get("days")
    days = list(_DAYS) if named == "all" else named
    if not isinstance(days, list) or not days or not set(map(str, days)) <= set(_DAYS):
        raise PackError(f"{where}: 'days' takes all, or a list of {', '.join(_DAYS)}")
    opens, closes = _clock(where, read.get("from")), _clock(where, read.get("to"))
    if closes <= opens:
        raise PackError(f"{where}: the hours end before they begin")
    return Window(frozenset(_DAYS.index(day) for day in days), opens, closes)


def _clock(where: str, value: Any) -> time:
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise PackError(f'{where}: times are quoted, like "08:00"; found {value!r}')
    return time.fromisoformat(value)


def _frequency_cap(where: str, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"max", "window", "per", "count", "counter_scope", "warn"})
    window = Reader(where, read.get("window"), {"unit", "length"})
    window.word("unit", frozenset({"calendar_day"}))
    most, days, measure = read.number("max"), window.number("length"), read.word("count", _MEASURES)
    per = read.words("per", frozenset({"person", "contact_point", "debt"}))
    if read.word("counter_scope", frozenset({"this_collector", "creditor_and_all_agencies"})) == "this_collector":
        if per != {"person", "debt"} or measure != "connected":
            raise PackError(f"{where}: of one collector the engine counts connected calls by person and debt")
        warn = Reader(where, read.optional("warn", {}), {"gap_minutes", "same_day", "voicemails_a_day"})
        patterns: dict[str, Any] = {
            name: warn.number(name, 0) for name in ("gap_minutes", "same_day", "voicemails_a_day")
        }
        return CallCap(**common, most=most, days=days, **patterns)
    if "person" not in per or "debt" in per:
        raise PackError(f"{where}: over the creditor and all agencies the engine counts by person")
    if "excluded" in common or "warn" in read:
        raise PackError(f"{where}: over the creditor and all agencies the engine knows no exceptions")
    return FrequencyCap(**common, measure=measure, most=most, per_point="contact_point" in per, days=days)


def _cool_off(where: str, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"after", "per", "days"})
    read.word("after", frozenset({"conversation"}))
    if read.words("per", frozenset({"person", "debt"})) != {"person", "debt"}:
        raise PackError(f"{where}: the engine rests by person and debt")
    return CoolOff(**common, days=read.number("days"))


def _hold(where: str, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"flags", "event", "allow", "standard_days", "crisis_days"})
    if "event" in read:
        if read.word("event", frozenset({"cease_received", "breathing_space"})) == "breathing_space":
            standard, crisis = read.number("standard_days"), read.number("crisis_days")
            return MoratoriumRule(**common, standard_days=standard, crisis_days=crisis)
        read.words("allow", None, default=[])
        return CeaseRule(**common, allowed=tuple(read.optional("allow", [])))
    return HoldRule(**common, flags=read.words("flags", _FLAGS))


def _preference(where: str, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"dims", "places", "required"})
    places, required = read.words("places", None, default=[]), read.words("required", None, default=[])
    return PreferenceRule(**common, dims=read.words("dims", _DIMS), places=places, required=required)


def _party_rule(where: str, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"requires_any", "failed_dials", "failed_days"})
    needs = read.words("requires_any", _FACTS, default=[])
    ways: dict[str, Any] = {name: read.number(name, 0) for name in ("failed_dials", "failed_days")}
    return PartyRule(**common, needs_any=needs, **ways)


def _required_disclosure(where: str, params: Any, common: dict[str, Any], calendar: CalendarNamed) -> Rule:
    read = Reader(
        where, Reader(where, params, {"period"}).get("period"), {"receipt_working_days", "then_days", "calendar"}
    )
    receipt, then = read.number("receipt_working_days"), read.number("then_days")
    return ValidationRule(**common, receipt_days=receipt, then_days=then, calendar=calendar(str(read.get("calendar"))))


_KINDS: dict[str, Callable[[str, Any, dict[str, Any], CalendarNamed], Rule]] = {
    "time_window": _time_window,
    "preference_window": _preference,
    "frequency_cap": _frequency_cap,
    "cool_off": _cool_off,
    "hold": _hold,
    "party_rule": _party_rule,
    "required_disclosure": _required_disclosure,
}


# --- calendars ----------------------------------------------------------------------------------------------------------


def read_calendar(name: str, value: Any) -> Calendar:
    """A calendar of holidays. Raises PackError."""
    read = Reader(f"calendar {name}", value, {"version", "holidays", "extra", "taken"})
    holidays = tuple(_holiday(read.where, each) for each in read.get("holidays"))
    days: dict[str, Any] = {key: frozenset(read.optional(key, [])) for key in ("extra", "taken")}
    if not all(type(day) is date for each in days.values() for day in each):
        raise PackError(f"{read.where}: 'extra' and 'taken' take days, like 2022-06-03")
    return Calendar(name, str(read.get("version")), holidays, **days)


def _holiday(where: str, value: Any) -> Fixed | NthWeekday | Easter:
    read = Reader(where, value, {"month", "day", "weekday", "nth", "easter", "moves", "since"})
    since = read.number("since", 0)
    if "easter" in read:
        return Easter(int(read.get("easter")), since)
    if "weekday" in read:
        weekday = _DAYS.index(read.word("weekday", frozenset(_DAYS)))
        return NthWeekday(read.number("month"), weekday, int(read.get("nth")), since)
    return Fixed(read.number("month"), read.number("day"), bool(read.optional("moves", False)), since)
