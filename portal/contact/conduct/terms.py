"""What the rules are said with: packs of rules, the question, the facts, the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal

from portal.contact.conduct.events import Event

__all__ = [
    "DEBTORS", "VERDICTS", "Decision", "Facts", "Finding", "Pack", "Question", "Rule", "Scope", "Source", "Verdict", "Window",
    "find", "group_of", "missing",
]  # fmt: skip

Verdict = Literal["allow", "report", "warn", "warn_then_approve", "presume", "block"]
# From permitted to forbidden; of several findings the worst decides (reference/conduct.md 4.1).
VERDICTS: tuple[Verdict, ...] = ("allow", "report", "warn", "warn_then_approve", "presume", "block")

DEBTORS = frozenset({"self", "co_debtor", "guarantor", "consumer", "debtor"})


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
class Window:
    """Hours of the named weekdays (Monday is 0), in the debtor's own time."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Question:
    """A contact that somebody is about to make, or has made.

    `to`: whose number, address or door it is (self, spouse …). `point`: which number; None: not decided yet. `debt`: which
    debt it is about; "" where the person has one. `purpose`: a word of the pack, where the contact has a special one.
    `place`: where it reaches the person (home, work); "" for what reaches them anywhere. `reply`: it answers the person's own
    message.
    """

    at: datetime
    channel: str
    direction: str = "outbound"
    to: str = "self"
    point: int | str | None = None
    debt: str = ""
    purpose: str = ""
    place: str = ""
    reply: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts a rule is about; an empty set means all. `to` holds groups: debtor, lawyer, third_party."""

    channels: frozenset[str] = frozenset()
    direction: str = ""
    to: frozenset[str] = frozenset()

    def covers(self, question: Question) -> bool:
        """Whether the contact is one that the rule is about; `any` is every channel at once."""
        return (
            (not self.channels or question.channel == "any" or question.channel in self.channels)
            and (not self.direction or question.direction == self.direction)
            and (not self.to or group_of(question.to) in self.to)
        )


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule has. `verdict` is what a contact against it gets; `overrides`: the reasons for which somebody may go on
    all the same, where the verdict is a presumption."""

    id: str
    scope: Scope
    verdict: Verdict
    sources: tuple[Source, ...]
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pack:
    """A set of rules with its version: `cn-card` 2026.11.2. `zone`: where its debtors are if nobody knows better.

    `jurisdiction`: the place whose law it is (US-MA). `base`: name and version of the pack that it extends, whose rules are
    among its own.
    """

    id: str
    version: str
    rules: tuple[Rule, ...]
    zone: str = ""
    jurisdiction: str = ""
    base: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the person.

    `zone`: IANA name of where the debtor is; None or unknown: not known. `zones`: all places where the person may be, where
    what is known of it differs. `counts`: by measure and number (0: all numbers), of the debtor's day of the question, over
    everybody who collects for the creditor; `earlier`: the same of days before it, None: not known. `flags`: holds that
    stand. `known`: further facts that hold, such as `debtor_number_invalid`. `log`: what happened between this collector and
    this person, in order; None: not known. `spoken`: how often this collector has ever talked with a third person, by number;
    None: not known.
    """

    zone: str | None
    counts: Mapping[tuple[str, int | str], int] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    earlier: Mapping[date, Mapping[tuple[str, int | str], int]] | None = None
    log: tuple[Event, ...] | None = None
    spoken: Mapping[int | str, int] | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """Every zone in which the person may be."""
        return self.zones or ((self.zone,) if self.zone else ())


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says against a contact. `code` and `params` become a sentence in `contact/words.py`."""

    rule: str
    verdict: Verdict
    code: str
    params: Mapping[str, str | int]
    sources: tuple[Source, ...]
    next_allowed: datetime | None = None
    overrides: tuple[str, ...] = ()


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

    @property
    def overrides(self) -> tuple[str, ...]:
        """For which reasons one may go on against a presumption: those that every rule lists which presumes; none where
        nothing is presumed, or a rule blocks."""
        presuming = [finding for finding in self.findings if finding.verdict == self.verdict == "presume"]
        listed = presuming[0].overrides if presuming else ()
        return tuple(reason for reason in listed if all(reason in finding.overrides for finding in presuming))


def group_of(party: str) -> str:
    """debtor (self, co-debtor, guarantor), lawyer, or third_party: everybody else (cn-card, cn.unrelated_third_party)."""
    if party in DEBTORS:
        return "debtor"
    return "lawyer" if party in ("lawyer", "consumer_attorney") else "third_party"


def find(
    rule: Rule, code: str, params: Mapping[str, str | int] | None = None, next_allowed: datetime | None = None
) -> Finding:
    """A contact that the rule is against."""
    return Finding(rule.id, rule.verdict, code, params or {}, rule.sources, next_allowed, rule.overrides)


def missing(rule: Rule, fact: str) -> Finding:
    """What a rule needs and nobody knows is never permission."""
    return Finding(rule.id, "block", "FACT_MISSING", {"fact": fact}, rule.sources)
