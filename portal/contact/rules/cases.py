"""Cases of conduct (reference/conduct_cases.md) answered under a pack, each for the one rule that it names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from portal.contact.conduct import (
    CallCap,
    CallLog,
    CeaseRule,
    CoolOff,
    Facts,
    FrequencyCap,
    MoratoriumRule,
    Pack,
    PartyRule,
    PreferenceRule,
    Question,
    Rule,
    TimeWindow,
    ValidationRule,
    allocations,
    ask,
    common_window,
    conversation_debts,
    is_open,
    placed_debts,
    validation_period,
    zone_named,
)
from portal.contact.conduct.events import Call, Event, Replied
from portal.contact.rules.case_events import (
    UNNAMED,
    CaseError,
    channel_of,
    end_of,
    events_of,
    moment,
    place_of,
    purpose_of,
    words,
)

__all__ = ["CaseError", "answer"]

K = TypeVar("K", bound=Rule)
SOMEWHERE = "America/New_York"  # where nothing depends on where: days and clock times of a case are the consumer's own
NOBODY_TOOK = frozenset({
    "unanswered", "rang_no_answer", "no_answer", "busy", "busy_signal", "rejected", "voicemail", "voicemail_limited_content",
    "voicemail_reached_no_ring", "voicemail_full",
})  # fmt: skip
NOT_CONNECTED = frozenset({"busy_signal", "not_in_service", "busy"})
REBUTTALS = ("applicable_law", "active_litigation", "consumer_request", "avoid_negative_effect")


def _is_about_calls(rule: Rule) -> bool:
    return isinstance(rule, CallCap | CoolOff) or (isinstance(rule, FrequencyCap) and rule.measure != "visit")


def _is_about_time_or_place(rule: Rule) -> bool:
    return isinstance(rule, PreferenceRule) and not rule.places and bool(rule.dims & {"time", "place"})


RULES: dict[str, Callable[[Rule], bool]] = {
    "call_frequency": _is_about_calls,
    "call_counting": _is_about_calls,
    "call_allocation": _is_about_calls,
    "hours_window": lambda rule: isinstance(rule, TimeWindow),
    "inconvenient_time": _is_about_time_or_place,
    "consumer_initiated_reply": _is_about_time_or_place,
    "medium_opt_out": lambda rule: isinstance(rule, PreferenceRule) and "channel" in rule.dims,
    "workplace": lambda rule: isinstance(rule, PreferenceRule) and "place" in rule.dims,
    "cease_notice": lambda rule: isinstance(rule, CeaseRule),
    "validation_period": lambda rule: isinstance(rule, ValidationRule),
    "breathing_space": lambda rule: isinstance(rule, MoratoriumRule),
    "third_party": lambda rule: isinstance(rule, PartyRule),
}


def answer(pack: Pack, case: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one case, without its id. CaseError for what cannot be read."""
    rule, query = _word(case, "rule", "a case", RULES), case.get("query")
    if not isinstance(query, Mapping):
        raise CaseError("a case has a query: 'query' is missing")
    kind = _word(query, "kind", "its query", _QUERIES)
    zone = zone_named(pack.zone) or ZoneInfo(SOMEWHERE)
    rules = tuple(each for each in pack.rules if RULES[rule](each))
    return _QUERIES[kind](_Case(pack, rule, rules, query, events_of(case.get("events") or (), zone), zone))


def _word(told: Mapping[str, Any], key: str, whose: str, known: Collection[str]) -> str:
    """What stands under a key, one of the words that are known there."""
    word = told.get(key)
    if word is None:
        raise CaseError(f"{whose} lacks {key!r}: one of {', '.join(known)}")
    if str(word) not in known:
        raise CaseError(f"no {key} is called {word!r}: one of {', '.join(known)}")
    return str(word)


@dataclass(frozen=True)
class _Case:
    """A case with the rules of the pack that it is about."""

    pack: Pack
    about: str
    rules: tuple[Rule, ...]
    query: Mapping[str, Any]
    log: tuple[Event, ...]
    zone: ZoneInfo

    def first(self, kind: type[K]) -> K | None:
        """The first rule of a kind: of an overlay's pack that of the pack below, whose presumption is asked about."""
        return next((rule for rule in self.rules if isinstance(rule, kind)), None)

    def needed(self, kind: type[K]) -> K:
        """The same; CaseError where the pack has none."""
        rule = self.first(kind)
        if rule is None:
            raise CaseError(f"the pack {self.pack.id} has no rule of the kind that this query asks about")
        return rule

    @property
    def person(self) -> str:
        return str(self.query.get("to", "consumer"))

    def calls(self, cap: CallCap) -> CallLog:
        """The telephone log as the cap sees it."""
        return CallLog(self.log, self.zone, cap.excluded, self.person, cap.scope.channels)

    def debts(self) -> list[str]:
        """All debts that the case names, in the order in which they come up."""
        named = [*words(self.query.get("debts"))]
        for event in self.log:
            if isinstance(event, Call):
                named += [*event.placed_for, *event.discussed, *event.intended, *filter(None, [event.allocated_to])]
        return list(dict.fromkeys(named))

    def verdict(self, failed: Iterable[Rule]) -> str:
        """In the rules' own terms: what blocks prohibits, what presumes is a presumed violation."""
        said = {rule.verdict for rule in failed}
        if "block" in said:
            return "prohibited"
        if any(rule.verdict == "presume" for rule in self.rules):
            return "presumed_violation" if "presume" in said else "presumed_compliance"
        return "permitted"


# --- one contact ---------------------------------------------------------------------------------------------------------


def _attempt(case: _Case, log: tuple[Event, ...] | None = None) -> dict[str, Any]:
    question = _question(case)
    facts = _facts(case, question, case.log if log is None else log)
    failed = [rule for rule in case.rules if ask(rule, question, facts)]
    found: dict[str, Any] = {"verdict": case.verdict(failed)}
    cap = case.first(CallCap)
    if cap is not None:
        found |= _frequency(case, cap, question, found["verdict"])
    for rule in case.rules:
        if isinstance(rule, CeaseRule) and ask(rule, replace(question, purpose=""), facts):
            found["exceptions"] = list(rule.allowed)
    return found


def _question(case: _Case) -> Question:
    query = case.query
    zones = _zones(case)
    at = moment(query.get("at") or query.get("sent_local"), zones[0] if zones else case.zone)
    address = _address(query)
    return Question(
        at, channel_of(query.get("channel", "call")), "outbound", case.person, address, str(query.get("debt", "")),
        purpose_of(query.get("purpose")), _place(case, address), bool(query.get("reply") or query.get("automated")),
    )  # fmt: skip


def _place(case: _Case, address: str) -> str:
    """Where the contact reaches the person: as told, or by an address that bears the name of a place (home_landline)."""
    place = place_of(case.query.get("place"))
    return place or next((p for p in ("home", "work") if address.startswith(p)), "")


def _zones(case: _Case) -> list[ZoneInfo]:
    named = [*words(case.query.get("zones")), *words(case.query.get("tz"))]
    zones = [zone_named(name) for name in named]
    if None in zones:
        raise CaseError(f"{named} are not all time zones")
    return [zone for zone in zones if zone]


def _facts(case: _Case, question: Question, log: tuple[Event, ...]) -> Facts:
    """The log itself, and what counters of the creditor and all its agencies would have made of it."""
    zones = tuple(zone.key for zone in _zones(case)) or (case.zone.key,)
    known = frozenset(words(case.query.get("known")))
    counts: dict[date, dict[tuple[str, int | str], int]] = {}
    for call in log:
        if isinstance(call, Call) and call.by != "consumer" and call.to == case.person and call.at < question.at:
            day = counts.setdefault(call.at.astimezone(case.zone).date(), {})
            for measure in _measures(call):
                for number in (0, call.number):
                    day[measure, number] = day.get((measure, number), 0) + 1
    today = counts.pop(question.at.astimezone(case.zone).date(), {})
    return Facts(zones[0], today, known=known, zones=zones, earlier=counts, log=log)


def _address(query: Mapping[str, Any]) -> str:
    return str(query.get("number") or query.get("address") or UNNAMED)


def _measures(call: Call) -> list[str]:
    if call.is_conversation:
        return ["conversation", "connected"]
    connected = [] if call.outcome in NOT_CONNECTED else ["connected"]
    return [*(["unanswered"] if call.outcome in NOBODY_TOOK else []), *connected]


# --- how often -----------------------------------------------------------------------------------------------------------


def _frequency(case: _Case, cap: CallCap, question: Question, verdict: str) -> dict[str, Any]:
    log = case.calls(cap)
    today, is_call = log.day(question.at), cap.scope.covers(question)
    exclusion = log.excluded_at(question.at, question.debt)
    week = log.in_window(log.calls(question.debt, question.at), today, cap.days)
    counted = is_call and not exclusion
    found: dict[str, Any] = {"count_7d_incl_query": len(week) + counted, "query_excluded": bool(exclusion)}
    if exclusion:
        found["exclusion"] = exclusion
    rest = case.first(CoolOff)
    over = log.cool_off(question.debt, question.at, rest.days) if rest else None
    if over:
        found |= {"cooloff_last_day": over[0].isoformat(), "next_allowed": over[1].isoformat()}
    found["flags"] = log.patterns(week, cap, question if counted else None)
    if question.purpose in REBUTTALS and verdict == "presumed_violation":
        found["flags"].append(f"rebuttal_{question.purpose}")
    return found


def _history(case: _Case) -> dict[str, Any]:
    until = end_of(str(case.query.get("as_of")), case.zone)
    last = (until - timedelta(seconds=1)).astimezone(case.zone).date()
    if case.about == "call_allocation":
        return _allocation(case, until)
    cap, rest, asked = case.needed(CallCap), case.first(CoolOff), str(case.query.get("debt", "*"))
    log = case.calls(cap)
    debts = case.debts() if asked == "*" else [asked]
    weeks = {debt: log.in_window(log.calls(debt, until), last, cap.days) for debt in debts}
    failed = [cap] if any(log.exceeded(debt, until, cap, rest) for debt in debts) else []
    found: dict[str, Any] = {
        "verdict": case.verdict(failed),
        "count_7d": {debt: len(week) for debt, week in weeks.items()} if asked == "*" else len(weeks[asked]),
        "excluded_calls": sum(log.left_out(debt, until) for debt in debts),
        "flags": log.patterns(list(dict.fromkeys(chain.from_iterable(weeks.values()))), cap),
    }
    consents = [day for debt in debts if (day := log.consent_last_day(debt, until))]
    if consents:
        found["consent_last_day"] = max(consents).isoformat()
    return found


def _allocation(case: _Case, until: datetime) -> dict[str, Any]:
    """For which debts calls count; or, of one that says nothing of it, for any one of which."""
    calls = [c for c in case.log if isinstance(c, Call) and c.by != "consumer" and c.to == case.person and c.at < until]
    if len(calls) == 1 and (free := allocations(calls[0])):
        return {"total_allocations": 1, "allocate_to_any_one_of": list(free)}
    debts = case.debts()
    return {
        "placed": {debt: sum(debt in placed_debts(call) for call in calls) for debt in debts},
        "conversations": {
            debt: sum(call.is_conversation and debt in conversation_debts(call) for call in calls) for debt in debts
        },
    }


def _counts(case: _Case) -> dict[str, Any]:
    """Whether calls that end so, or to such a person, count."""
    excluded = case.needed(CallCap).excluded
    names, without = (
        (case.query["outcomes"], excluded.unconnected) if "outcomes" in case.query
        else (case.query.get("to"), excluded.persons)
    )  # fmt: skip
    counted = [name not in without for name in words(names)]
    return {"counted": counted[0] if len(set(counted)) == 1 else counted}


# --- hours ---------------------------------------------------------------------------------------------------------------


def _grid(case: _Case) -> dict[str, Any]:
    rule = case.needed(TimeWindow)
    zones = _zones(case) or [case.zone]
    shown = zone_named(str(case.query.get("as_tz") or zones[0].key))
    if shown is None:
        raise CaseError(f"{case.query.get('as_tz')!r} is no time zone")
    day = date.fromisoformat(str(case.query.get("date")))
    asked = [moment(f"{day}T{clock}", shown) for clock in words(case.query.get("times"))]
    window = common_window(rule, day, zones, shown)
    return {
        "verdicts": ["permitted" if is_open(rule, at, zones) else "prohibited" for at in asked],
        "window": [f"{clock:%H:%M}" for clock in window] if window else None,
    }


def _sequence(case: _Case) -> dict[str, Any]:
    """One contact after the other; what was permitted has happened when the next is asked about."""
    log, verdicts = list(case.log), []
    for query in case.query.get("queries") or ():
        one = replace(case, query=query)
        found = _attempt(one, tuple(log))
        verdicts.append(found["verdict"])
        question = _question(one)
        if question.reply and found["verdict"] == "permitted":
            log.append(Replied(question.at, question.channel))
    return {"verdicts": verdicts}


def _validation_end(case: _Case) -> dict[str, Any]:
    found = validation_period(case.needed(ValidationRule), case.log, case.zone)
    if found is None:
        return {"assumed_receipt": None, "period_end": None}
    return {"assumed_receipt": found[0].isoformat(), "period_end": found[1].isoformat()}


_QUERIES: dict[str, Callable[[_Case], dict[str, Any]]] = {
    "attempt": _attempt,
    "history": _history,
    "counts": _counts,
    "grid": _grid,
    "sequence": _sequence,
    "validation_end": _validation_end,
}
