"""The kinds of rule about contacts, as packs write them down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, cast

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
    LifetimeCap,
    MoratoriumRule,
    NthWeekday,
    PartyRule,
    PreferenceRule,
    Rule,
    Scope,
    Source,
    TimeWindow,
    Verdict,
    Window,
)
from portal.contact.models import Channel, Direction
from portal.contact.rules.data_kinds import DATA_KINDS
from portal.contact.rules.reader import DAYS, PackError, Reader, clock
from portal.foundation.language import Message, say
from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from portal.contact.rules.reader import CalendarNamed

__all__ = ["CHANNELS", "FLAGS", "PackError", "Reader", "read_calendar", "read_rule", "read_source"]

CHANNELS = frozenset(c.value for c in Channel) | {"ringless_voicemail", "lawyer_letter"}
FLAGS = frozenset(flag.value for flag in HoldFlag) | {"nothing_owed", "work_stopped"}
_GROUPS = frozenset({"debtor", "lawyer", "third_party"})
_MEASURES = frozenset({"conversation", "unanswered", "visit", "connected"})
_FORCES = frozenset({"law", "regulation", "standard", "self_regulation", "house"})
_SEEN = frozenset({"full_text", "full_text_in_part", "guidance", "secondary", "memory", "house"})
_FACTS = frozenset({"debtor_number_invalid"})
_ONCE_UNLESS = frozenset({"party_asked_to_be_called", "earlier_answer_believed_wrong"})
_DIMS = frozenset({"time", "place", "channel"})
_RULE_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_LONGEST_DAYS = 366


def read_source(key: str, value: Any) -> Source:
    """What a rule may rest on."""
    read = Reader(say("source %(key)s", key=key), value, {"title", "force", "seen"})
    return Source(read.text("title"), read.word("force", _FORCES), read.word("seen", _SEEN))


def read_rule(value: Any, sources: Mapping[str, Source], calendar: CalendarNamed) -> Rule:
    """One rule of a pack. Raises PackError."""
    named = str(value.get("id"))[:64] if isinstance(value, dict) and isinstance(value.get("id"), str) else ""
    where = say("rule %(id)s", id=named) if named else say("a rule without a name")
    read = Reader(where, value, {"id", "kind", "applies", "params", "except", "on_fail", "cite"})
    kind = read.word("kind", frozenset(_KINDS))
    on_fail = Reader(where, read.get("on_fail"), {"verdict", "override"})
    on_fail.words("override", None, default=[])
    common: dict[str, Any] = {
        "id": read.named("id", _RULE_NAME),
        "scope": _scope(where, read.optional("applies", {})),
        "verdict": cast("Verdict", on_fail.word("verdict", frozenset(VERDICTS))),
        "sources": tuple(_cite(where, cited, sources) for cited in _cited(read)),
        "overrides": tuple(on_fail.optional("override", [])),
    }
    if common["overrides"] and common["verdict"] != "presume":
        raise PackError(where, say("only a presumption can be overridden"))
    if "except" in read:
        common |= _exceptions(where, kind, read)
    return _KINDS[kind](where, read.get("params"), common, calendar)


def _cited(read: Reader) -> list[Any]:
    if read.get("cite") == []:
        raise read.error(say("a rule names what it rests on"))
    return read.items("cite")


def _scope(where: Message, value: Any) -> Scope:
    read = Reader(where, value, {"channels", "direction", "to"})
    direction = read.word("direction", frozenset(d.value for d in Direction)) if "direction" in read else ""
    return Scope(read.words("channels", CHANNELS, default=[]), direction, read.words("to", _GROUPS, default=[]))


def _cite(where: Message, value: Any, sources: Mapping[str, Source]) -> Source:
    read = Reader(where, value, {"src", "ref"})
    name = read.text("src")
    source = sources.get(name)
    if source is None:
        raise PackError(where, say("source “%(name)s” is not listed", name=name))
    return Source(source.title, source.force, source.seen, read.text("ref", default="") if "ref" in read else "")


# --- exceptions -----------------------------------------------------------------------------------------------------------


def _exceptions(where: Message, kind: str, read: Reader) -> dict[str, Any]:
    """What a rule leaves out; each kind knows its own."""
    told = read.items("except")
    if kind == "time_window":
        if told != [{"consent": "contact_time"}]:
            raise PackError(where, say("from hours the engine knows one exception, [{consent: contact_time}]"))
        return {"by_consent": True}
    if kind == "frequency_cap" and told == [{"agreement": "call_frequency"}]:
        return {"by_agreement": True}
    if kind == "frequency_cap" and all(isinstance(each, dict) and "fact" in each for each in told):
        facts = [Reader(where, each, {"fact"}).word("fact", _ONCE_UNLESS) for each in told]
        return {"unless": frozenset(facts)}
    if kind not in ("frequency_cap", "cool_off"):
        raise PackError(where, say("the engine knows no exceptions from this kind of rule"))
    return {"excluded": _excluded(where, told)}


def _excluded(where: Message, told: list[Any]) -> Excluded:
    """What does not count: consent for some days, calls that did not connect, some persons; each with its provision."""
    found: dict[str, Any] = {}
    for each in told:
        read = Reader(where, each, {"consent", "days", "unconnected", "to", "ref"})
        ref = (read.text("ref") if "ref" in read else "") or "excluded"
        if "consent" in read:
            read.word("consent", frozenset({"more_calls"}))
            found |= {"consent_days": read.number("days", most=_LONGEST_DAYS), "consent": ref}
        elif "unconnected" in read:
            found |= {"unconnected": read.words("unconnected", None), "not_connected": ref}
        else:
            found |= {"persons": read.words("to", None), "other_persons": ref}
    return Excluded(**found)


def _only(where: Message, common: Mapping[str, Any], known: set[str]) -> None:
    """Raises PackError where an exception stands that this way of counting does not know."""
    if {"excluded", "by_agreement", "unless", "by_consent"} & common.keys() - known:
        raise PackError(where, say("the engine knows no such exception from this way of counting"))


# --- hours and counts -------------------------------------------------------------------------------------------------


def _time_window(where: Message, params: Any, common: dict[str, Any], calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"allow", "bounds", "zones", "holidays"})
    bounds = read.word("bounds", frozenset({"[)", "[]"}))
    windows = tuple(_window(where, value) for value in read.items("allow"))
    zones = read.word("zones", frozenset({"debtor_location", "all_known"})) if "zones" in read else "debtor_location"
    closed = calendar(read.text("holidays")) if "holidays" in read else None
    return TimeWindow(
        **common, windows=windows, last_included=bounds == "[]", everywhere=zones == "all_known", closed_on=closed
    )


def _window(where: Message, value: Any) -> Window:
    read = Reader(where, value, {"days", "from", "to"})
    named = read.get("days")
    days = list(DAYS) if named == "all" else named
    if not isinstance(days, list) or not days or not set(map(str, days)) <= set(DAYS):
        raise PackError(where, say("“days” takes all, or a list of %(days)s", days=", ".join(DAYS)))
    opens, closes = clock(where, read.get("from")), clock(where, read.get("to"))
    if closes <= opens:
        raise PackError(where, say("the hours end before they begin"))
    return Window(frozenset(DAYS.index(day) for day in days), opens, closes)


def _frequency_cap(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"max", "window", "per", "count", "counter_scope", "warn"})
    window = Reader(where, read.get("window"), {"unit", "length"})
    scope = read.word("counter_scope", frozenset({"this_collector", "creditor_and_all_agencies"}))
    measure = read.word("count", _MEASURES)
    per = read.words("per", frozenset({"person", "contact_point", "debt", "third_party"}))
    if window.word("unit", frozenset({"calendar_day", "lifetime"})) == "lifetime":
        _only(where, common, {"unless"})
        if (per, measure, scope) != (
            frozenset({"third_party"}),
            "conversation",
            "this_collector",
        ) or "length" in window:
            raise PackError(
                where, say("over a lifetime the engine counts one collector's conversations with a third person")
            )
        return LifetimeCap(**common, most=read.number("max", most=_LONGEST_DAYS))
    most, days = read.number("max", most=1_000), window.number("length", most=_LONGEST_DAYS)
    if scope == "this_collector":
        _only(where, common, {"excluded"})
        if per != {"person", "debt"} or measure != "connected":
            raise PackError(where, say("of one collector the engine counts connected calls by person and debt"))
        warn = Reader(where, read.optional("warn", {}), {"gap_minutes", "same_day", "voicemails_a_day"})
        patterns: dict[str, Any] = {
            name: warn.number(name, 0, most=1_440) for name in ("gap_minutes", "same_day", "voicemails_a_day")
        }
        return CallCap(**common, most=most, days=days, **patterns)
    _only(where, common, {"by_agreement"})
    if "person" not in per or per & {"debt", "third_party"}:
        raise PackError(where, say("over the creditor and all agencies the engine counts by person"))
    if "warn" in read:
        raise PackError(where, say("over the creditor and all agencies the engine knows no patterns"))
    return FrequencyCap(**common, measure=measure, most=most, per_point="contact_point" in per, days=days)


def _cool_off(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    _only(where, common, {"excluded"})
    read = Reader(where, params, {"after", "per", "days"})
    read.word("after", frozenset({"conversation"}))
    if read.words("per", frozenset({"person", "debt"})) != {"person", "debt"}:
        raise PackError(where, say("the engine rests by person and debt"))
    return CoolOff(**common, days=read.number("days", most=_LONGEST_DAYS))


# --- holds, wishes, third persons -----------------------------------------------------------------------------------------


def _hold(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"flags", "event", "allow", "standard_days", "crisis_days"})
    if "event" in read:
        if read.word("event", frozenset({"cease_received", "breathing_space"})) == "breathing_space":
            standard, crisis = read.number("standard_days"), read.number("crisis_days")
            return MoratoriumRule(**common, standard_days=standard, crisis_days=crisis)
        read.words("allow", None, default=[])
        return CeaseRule(**common, allowed=tuple(read.optional("allow", [])))
    return HoldRule(**common, flags=read.words("flags", FLAGS))


def _preference(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"dims", "places", "required"})
    places, required = read.words("places", None, default=[]), read.words("required", None, default=[])
    return PreferenceRule(**common, dims=read.words("dims", _DIMS), places=places, required=required)


def _party_rule(where: Message, params: Any, common: dict[str, Any], _calendar: CalendarNamed) -> Rule:
    read = Reader(where, params, {"requires_any", "failed_dials", "failed_days"})
    needs = read.words("requires_any", _FACTS, default=[])
    ways: dict[str, Any] = {name: read.number(name, 0, most=_LONGEST_DAYS) for name in ("failed_dials", "failed_days")}
    return PartyRule(**common, needs_any=needs, **ways)


_KINDS: dict[str, Callable[[Message, Any, dict[str, Any], CalendarNamed], Rule]] = {
    "time_window": _time_window,
    "preference_window": _preference,
    "frequency_cap": _frequency_cap,
    "cool_off": _cool_off,
    "hold": _hold,
    "party_rule": _party_rule,
    **DATA_KINDS,
}


# --- calendars ----------------------------------------------------------------------------------------------------------


def read_calendar(name: str, value: Any) -> Calendar:
    """A calendar of holidays. Raises PackError."""
    read = Reader(say("calendar %(name)s", name=name), value, {"version", "holidays", "extra", "taken"})
    holidays = tuple(_holiday(read.where, each) for each in read.items("holidays"))
    days: dict[str, Any] = {key: frozenset(read.optional(key, [])) for key in ("extra", "taken")}
    if not all(type(day) is date for each in days.values() for day in each):
        raise read.error(say("“extra” and “taken” take days, like 2022-06-03"))
    return Calendar(name, read.text("version"), holidays, **days)


def _holiday(where: Message | str, value: Any) -> Fixed | NthWeekday | Easter:
    read = Reader(where, value, {"month", "day", "weekday", "nth", "easter", "moves", "since"})
    since = read.number("since", 0)
    if "easter" in read:
        return Easter(int(read.get("easter")), since)
    if "weekday" in read:
        weekday = DAYS.index(read.word("weekday", frozenset(DAYS)))
        return NthWeekday(read.number("month"), weekday, int(read.get("nth")), since)
    return Fixed(read.number("month"), read.number("day"), read.flag("moves"), since)
