"""Whether a debtor may be contacted: now, until when, and if not, from when and by which rule.

Small enough to be read by an auditor. A pack (see `packs/`) says what the rules are; this file and its neighbours say what each
kind of rule means. Everything is decided from plain facts, so that a decision that was stored with its pack's version
and its facts gives the same answer when it is asked again.

Times: instants are UTC; hours and days are those of the place where the debtor is. A fact that a rule needs and nobody
knows is never permission: it blocks, with the code FACT_MISSING.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from portal.contact.conduct.calls import CallCap, CoolOff, ask_call_cap, ask_cool_off
from portal.contact.conduct.events import AgreedFrequency
from portal.contact.conduct.hours import TimeWindow, ask_hours, closing, instant, zone_of
from portal.contact.conduct.moratorium import MoratoriumRule, ask_moratorium
from portal.contact.conduct.notices import ValidationRule
from portal.contact.conduct.standing import ContentRule, DisclosureRule, LimitationRule, PlacementGate, RetentionRule
from portal.contact.conduct.terms import VERDICTS, Decision, Facts, Finding, Pack, Question, Rule, find, missing
from portal.contact.conduct.third_party import PartyRule, ask_party
from portal.contact.conduct.wishes import CeaseRule, PreferenceRule, ask_cease, ask_preference

__all__ = ["FrequencyCap", "HoldRule", "LifetimeCap", "ask", "check"]

LONGEST_SEARCH = 31  # steps; the next permitted moment lies within days or nowhere


@dataclass(frozen=True, kw_only=True)
class FrequencyCap(Rule):
    """At most `most` of a measure in `days` calendar days of the debtor's, over the bank and all its agencies.

    `per_point`: counted for each telephone number apart. The contact that is asked about would be one more. `by_agreement`:
    what was agreed with the person takes the place of `most`.
    """

    measure: str
    most: int
    per_point: bool = False
    days: int = 1
    by_agreement: bool = False


@dataclass(frozen=True, kw_only=True)
class LifetimeCap(Rule):
    """At most `most` conversations of this collector with a third person, ever; `unless` one of these facts holds."""

    most: int
    unless: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class HoldRule(Rule):
    """No contact while one of these flags stands on the account or the person."""

    flags: frozenset[str]


def check(pack: Pack, question: Question, facts: Facts) -> Decision:
    """Decide a contact under a pack. Raises ValueError for an instant without a zone."""
    if question.at.tzinfo is None:
        raise ValueError("the instant of a contact needs a zone")
    findings = sorted(_findings(pack, question, facts), key=lambda f: -VERDICTS.index(f.verdict))
    blocked = bool(findings) and findings[0].verdict == "block"
    return Decision(
        pack=pack.id,
        version=pack.version,
        verdict=findings[0].verdict if findings else "allow",
        findings=tuple(findings),
        allowed_until=None if blocked else _closing(pack, question, facts),
        next_allowed=_next_allowed(pack, question, facts, findings) if blocked else None,
        left=_left(pack, question, facts),
    )


def _findings(pack: Pack, question: Question, facts: Facts) -> Iterator[Finding]:
    for rule in pack.rules:
        finding = ask(rule, question, facts)
        if finding:
            yield finding


def ask(rule: Rule, question: Question, facts: Facts) -> Finding | None:
    """What one rule says against a contact, with the rest of its pack out of play."""
    if not rule.scope.covers(question):
        return None
    return _KINDS[type(rule)](rule, question, facts)


def _ask_hold(rule: HoldRule, question: Question, facts: Facts) -> Finding | None:
    standing = sorted(rule.flags & facts.flags)
    return find(rule, "HOLD", {"flag": standing[0]}) if standing else None


def _ask_lifetime(rule: LifetimeCap, question: Question, facts: Facts) -> Finding | None:
    if rule.unless & facts.known or question.point is None:  # each number is asked about by itself
        return None
    if facts.spoken is None:
        return missing(rule, "history")
    spoken = facts.spoken.get(question.point, 0)
    return find(rule, "ONCE", {"most": rule.most, "count": spoken}) if spoken >= rule.most else None


def _says_nothing(rule: Rule, question: Question, facts: Facts) -> None:
    """A rule about something else than whether there may be a contact."""


# --- caps over everybody who collects for the creditor ------------------------------------------------------------------


def _ask_cap(rule: FrequencyCap, question: Question, facts: Facts) -> Finding | None:
    zone = zone_of(facts)
    if zone is None:
        return missing(rule, "time_zone")
    if rule.per_point and question.point is None:
        return None  # asked before a number is chosen; each number is asked about by itself
    if rule.days > 1 and facts.earlier is None:
        return missing(rule, "history")
    today = question.at.astimezone(zone).date()
    window = [today - timedelta(days=n) for n in range(1, rule.days)]
    before = {day: _used(rule, question, (facts.earlier or {}).get(day, {})) for day in window}
    count, most = _used(rule, question, facts.counts) + sum(before.values()), _most(rule, question, facts)
    if count < most:
        return None
    # each day that leaves the window gives back what was used on it
    left, frees = count, today + timedelta(days=rule.days)
    for day in sorted(before):
        left -= before[day]
        if left < most:
            frees = day + timedelta(days=rule.days)
            break
    params: dict[str, str | int] = {"measure": rule.measure, "most": most, "count": count, "days": rule.days}
    return find(rule, "CAP", params, instant(frees, time(0), zone))


def _most(rule: FrequencyCap, question: Question, facts: Facts) -> int:
    """What the rule allows, or what was agreed last and still stands; what is not known was not agreed."""
    zone = zone_of(facts)
    if not rule.by_agreement or zone is None:
        return rule.most
    today = question.at.astimezone(zone).date()
    agreed = [
        event
        for event in facts.log or ()
        if isinstance(event, AgreedFrequency)
        and event.at <= question.at
        and (event.until is None or today <= event.until)
    ]
    return max(agreed, key=lambda event: event.at).dials_a_day if agreed else rule.most


def _used(rule: FrequencyCap, question: Question, counts: Mapping[tuple[str, int | str], int]) -> int:
    return counts.get((rule.measure, (question.point or 0) if rule.per_point else 0), 0)


def _left(pack: Pack, question: Question, facts: Facts) -> dict[str, int]:
    """How many of each measure the day still allows, by the tightest cap of a day."""
    left: dict[str, int] = {}
    for rule in pack.rules:
        if not isinstance(rule, FrequencyCap) or not rule.scope.covers(question) or rule.days > 1:
            continue
        if rule.per_point and question.point is None:
            continue
        used, most = _used(rule, question, facts.counts), _most(rule, question, facts)
        left[rule.measure] = min(max(most - used, 0), left.get(rule.measure, most))
    return left


# --- when ---------------------------------------------------------------------------------------------------------------


def _closing(pack: Pack, question: Question, facts: Facts) -> datetime | None:
    """When the first of the windows that are open now closes."""
    rules = [r for r in pack.rules if isinstance(r, TimeWindow) and r.scope.covers(question)]
    ends = [end for rule in rules if (end := closing(rule, question.at, facts))]
    return min(ends, default=None)


def _next_allowed(pack: Pack, question: Question, facts: Facts, findings: list[Finding]) -> datetime | None:
    """The first instant at which no rule blocks any more: each step goes to where the latest of the blocks ends.

    Holds and limits of who may be contacted do not end by themselves, so beyond them there is none. Behind midnight the
    day's counts are those of a day before.
    """
    at = question.at
    for _ in range(LONGEST_SEARCH):
        blocks = [f for f in findings if f.verdict == "block"]
        if not blocks:
            return at
        ends = [f.next_allowed for f in blocks if f.next_allowed is not None]
        if len(ends) < len(blocks):
            return None
        at = max(ends)
        findings = list(_findings(pack, replace(question, at=at), _facts_of_day(facts, question.at, at)))
    return None


def _facts_of_day(facts: Facts, asked: datetime, at: datetime) -> Facts:
    zone = zone_of(facts)
    if zone is None or at.astimezone(zone).date() == asked.astimezone(zone).date():
        return facts
    earlier = None if facts.earlier is None else {**facts.earlier, asked.astimezone(zone).date(): facts.counts}
    return replace(facts, counts={}, earlier=earlier)


_KINDS: dict[type[Rule], Callable[[Any, Question, Facts], Finding | None]] = {
    TimeWindow: ask_hours,
    FrequencyCap: _ask_cap,
    CallCap: ask_call_cap,
    CoolOff: ask_cool_off,
    LifetimeCap: _ask_lifetime,
    HoldRule: _ask_hold,
    CeaseRule: ask_cease,
    MoratoriumRule: ask_moratorium,
    PreferenceRule: ask_preference,
    PartyRule: ask_party,
    ValidationRule: _says_nothing,
    DisclosureRule: _says_nothing,
    ContentRule: _says_nothing,
    LimitationRule: _says_nothing,
    RetentionRule: _says_nothing,
    PlacementGate: _says_nothing,
}
