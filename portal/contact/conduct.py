"""Whether a debtor may be contacted: now, until when, and if not, from when and by which rule.

Pure, and small enough to be read by an auditor. A pack (see `packs/`) says what the rules are; this file says what each
kind of rule means. Everything is decided from plain facts, so that a decision that was stored with its pack's version
and its facts gives the same answer when it is asked again.

Times: instants are UTC; hours and days are those of the place where the debtor is. A fact that a rule needs and nobody
knows is never permission: it blocks, with the code FACT_MISSING.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

__all__ = [
    "DEBTORS", "VERDICTS", "Decision", "Facts", "Finding", "FrequencyCap", "HoldRule", "Pack", "PartyRule", "Question",
    "Rule", "Scope", "Source", "TimeWindow", "Verdict", "Window", "check", "group_of",
]  # fmt: skip

Verdict = Literal["allow", "report", "warn", "warn_then_approve", "presume", "block"]
# From permitted to forbidden; of several findings the worst decides (reference/conduct.md 4.1).
VERDICTS: tuple[Verdict, ...] = ("allow", "report", "warn", "warn_then_approve", "presume", "block")

DEBTORS = frozenset({"self", "co_debtor", "guarantor"})
LONGEST_SEARCH = 31  # steps; the next permitted moment lies within days or nowhere


@dataclass(frozen=True, slots=True)
class Source:
    """What a rule rests on: a title, its legal force, a place in it, and whether its own text was `seen`."""

    title: str
    force: str
    seen: str
    ref: str = ""

    @property
    def is_settled(self) -> bool:
        """False: the source's own text was not read, so counsel has to confirm the rule."""
        return self.seen in ("full_text", "house")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts a rule is about; an empty set means all. `to` holds groups: debtor, lawyer, third_party."""

    channels: frozenset[str] = frozenset()
    direction: str = ""
    to: frozenset[str] = frozenset()

    def covers(self, question: Question) -> bool:
        """Whether the contact is one that the rule is about."""
        return (
            (not self.channels or question.channel in self.channels)
            and (not self.direction or question.direction == self.direction)
            and (not self.to or group_of(question.to) in self.to)
        )


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of the named weekdays (Monday is 0), in the debtor's own time."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has. `verdict` is what a contact against it gets."""

    id: str
    scope: Scope
    verdict: Verdict
    sources: tuple[Source, ...]


@dataclass(frozen=True, kw_only=True)
class TimeWindow(Rule):
    """Contact only within these hours. `last_included`: whether the closing instant itself is still allowed."""

    windows: tuple[Window, ...]
    last_included: bool = False


@dataclass(frozen=True, kw_only=True)
class FrequencyCap(Rule):
    """At most `most` of a measure on one calendar day of the debtor's, over the bank and all its agencies.

    `per_point`: counted for each telephone number apart. The contact that is asked about would be one more.
    """

    measure: str
    most: int
    per_point: bool = False


@dataclass(frozen=True, kw_only=True)
class HoldRule(Rule):
    """No contact while one of these flags stands on the account or the person."""

    flags: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class PartyRule(Rule):
    """Contact with these people only where one of the facts holds."""

    needs_any: frozenset[str]


@dataclass(frozen=True)
class Pack:
    """A set of rules with its version: `cn-card` 2026.02.1."""

    id: str
    version: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A contact that somebody is about to make, or has made.

    `to`: whose number, address or door it is (self, spouse …). `point`: which number; None: not decided yet.
    """

    at: datetime
    channel: str
    direction: str = "outbound"
    to: str = "self"
    point: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the person. `counts`: by measure and number (0: all numbers), of the debtor's day of the question.

    `zone`: IANA name of where the debtor is; None or unknown: not known. `flags`: holds that stand.
    `known`: further facts that hold, such as `debtor_number_invalid`.
    """

    zone: str | None
    counts: Mapping[tuple[str, int], int] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says against a contact. `code` and `params` become a sentence in `contact/words.py`."""

    rule: str
    verdict: Verdict
    code: str
    params: Mapping[str, str | int]
    sources: tuple[Source, ...]
    next_allowed: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `next_allowed`: when nothing blocks any more, None where no time heals it. `left`: what the caps leave."""

    pack: str
    version: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    allowed_until: datetime | None
    next_allowed: datetime | None
    left: Mapping[str, int]

    @property
    def is_blocked(self) -> bool:
        return self.verdict == "block"


def group_of(party: str) -> str:
    """debtor (self, co-debtor, guarantor), lawyer, or third_party: everybody else (cn-card, cn.unrelated_third_party)."""
    if party in DEBTORS:
        return "debtor"
    return "lawyer" if party == "lawyer" else "third_party"


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
        if rule.scope.covers(question):
            finding = _ask(rule, question, facts)
            if finding:
                yield finding


def _ask(rule: Rule, question: Question, facts: Facts) -> Finding | None:
    if isinstance(rule, HoldRule):
        standing = sorted(rule.flags & facts.flags)
        return _finding(rule, "HOLD", {"flag": standing[0]}) if standing else None
    if isinstance(rule, PartyRule):
        return None if rule.needs_any & facts.known else _finding(rule, "THIRD_PARTY", {})
    zone = _zone(facts)
    if zone is None:
        return Finding(rule.id, "block", "FACT_MISSING", {"fact": "time_zone"}, rule.sources)
    if isinstance(rule, TimeWindow):
        return _ask_hours(rule, question.at, zone)
    if isinstance(rule, FrequencyCap):
        return _ask_cap(rule, question, facts, zone)
    raise TypeError(f"a rule of an unknown kind: {rule.id}")


def _finding(rule: Rule, code: str, params: Mapping[str, str | int], next_allowed: datetime | None = None) -> Finding:
    return Finding(rule.id, rule.verdict, code, params, rule.sources, next_allowed)


def _zone(facts: Facts) -> ZoneInfo | None:
    try:
        return ZoneInfo(facts.zone) if facts.zone else None
    except (KeyError, ValueError, OSError):
        return None


# --- hours ------------------------------------------------------------------------------------------------------------


def _ask_hours(rule: TimeWindow, at: datetime, zone: ZoneInfo) -> Finding | None:
    if _open_window(rule, at, zone):
        return None
    here = at.astimezone(zone)
    today = [w for w in rule.windows if here.weekday() in w.days]
    hours = {"opens": f"{today[0].opens:%H:%M}", "closes": f"{today[0].closes:%H:%M}"} if today else {}
    return _finding(rule, "HOURS", {**hours, "local": f"{here:%H:%M}"}, _opening(rule, at, zone))


def _open_window(rule: TimeWindow, at: datetime, zone: ZoneInfo) -> Window | None:
    here = at.astimezone(zone)
    clock = here.time()
    for window in rule.windows:
        ends = clock < window.closes or (rule.last_included and clock == window.closes)
        if here.weekday() in window.days and window.opens <= clock and ends:
            return window
    return None


def _opening(rule: TimeWindow, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The next instant at which the hours begin."""
    day = at.astimezone(zone).date()
    for ahead in range(8):
        on = day + timedelta(days=ahead)
        starts = [_instant(on, w.opens, zone) for w in rule.windows if on.weekday() in w.days]
        later = [start for start in starts if start > at]
        if later:
            return min(later)
    return None


def _closing(pack: Pack, question: Question, facts: Facts) -> datetime | None:
    """When the first of the windows that are open now closes."""
    zone = _zone(facts)
    if zone is None:
        return None
    day = question.at.astimezone(zone).date()
    rules = [r for r in pack.rules if isinstance(r, TimeWindow) and r.scope.covers(question)]
    windows = [window for rule in rules if (window := _open_window(rule, question.at, zone))]
    return min((_instant(day, window.closes, zone) for window in windows), default=None)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


# --- caps -------------------------------------------------------------------------------------------------------------


def _ask_cap(rule: FrequencyCap, question: Question, facts: Facts, zone: ZoneInfo) -> Finding | None:
    if rule.per_point and question.point is None:
        return None  # asked before a number is chosen; each number is asked about by itself
    count = facts.counts.get((rule.measure, (question.point or 0) if rule.per_point else 0), 0)
    if count < rule.most:
        return None
    tomorrow = question.at.astimezone(zone).date() + timedelta(days=1)
    params: dict[str, str | int] = {"measure": rule.measure, "most": rule.most, "count": count}
    return _finding(rule, "CAP", params, _instant(tomorrow, time(0), zone))


def _left(pack: Pack, question: Question, facts: Facts) -> dict[str, int]:
    """How many of each measure the day still allows, by the tightest cap."""
    left: dict[str, int] = {}
    for rule in pack.rules:
        if not isinstance(rule, FrequencyCap) or not rule.scope.covers(question):
            continue
        if rule.per_point and question.point is None:
            continue
        used = facts.counts.get((rule.measure, (question.point or 0) if rule.per_point else 0), 0)
        left[rule.measure] = min(max(rule.most - used, 0), left.get(rule.measure, rule.most))
    return left


# --- when ---------------------------------------------------------------------------------------------------------------


def _next_allowed(pack: Pack, question: Question, facts: Facts, findings: list[Finding]) -> datetime | None:
    """The first instant at which no rule blocks any more: each step goes to where the latest of the blocks ends.

    Holds and limits of who may be contacted do not end by themselves, so beyond them there is none. Behind midnight the
    day's counts are nought.
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
        then = _facts_of_day(facts, question.at, at)
        asked = Question(at, question.channel, question.direction, question.to, question.point)
        findings = list(_findings(pack, asked, then))
    return None


def _facts_of_day(facts: Facts, asked: datetime, at: datetime) -> Facts:
    zone = _zone(facts)
    same_day = zone is not None and at.astimezone(zone).date() == asked.astimezone(zone).date()
    return facts if same_day else Facts(facts.zone, {}, facts.flags, facts.known)
