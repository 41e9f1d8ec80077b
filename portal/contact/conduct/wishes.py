"""What the person has asked for: not at these times, not at this place, not by this medium, not at all.

Who writes or calls first at such a time may be answered once, by the same medium, for each message (comment 6(b)(1)-2 of
12 CFR 1006; 1006.14(h)(2)(ii) for media).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from portal.contact.conduct.events import (
    CeaseReceived,
    Event,
    InconvenientPlace,
    InconvenientTime,
    MediaStop,
    PersonWrote,
    Replied,
    Session,
)
from portal.contact.conduct.hours import zone_of
from portal.contact.conduct.terms import Facts, Finding, Question, Rule, find, missing

__all__ = ["CeaseRule", "PreferenceRule", "ask_cease", "ask_preference"]

E = TypeVar("E", bound=Event)
OWN_SITE = frozenset({"portal", "website", "app"})  # where the person looks by themselves


@dataclass(frozen=True, kw_only=True)
class PreferenceRule(Rule):
    """No contact against what the person has asked for, in these dimensions: time, place, channel.

    `places`: only these places, where the rule is about some. `required`: purposes for which a medium may be used that the
    person does not want (the law asks for it; one confirmation of the wish itself).
    """

    dims: frozenset[str]
    places: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class CeaseRule(Rule):
    """No contact once the written wish that it ends has been received, but for the notices that stay allowed."""

    allowed: tuple[str, ...] = ()


def ask_preference(rule: PreferenceRule, question: Question, facts: Facts) -> Finding | None:
    """Against a contact at a time, at a place or by a medium that the person does not want."""
    zone = zone_of(facts)
    if zone is None:
        return missing(rule, "time_zone")
    if facts.log is None:
        return missing(rule, "history")
    heard = _Heard(facts.log, question, zone)
    if "time" in rule.dims and heard.at_a_bad_time() and not heard.may_answer_now():
        return find(rule, "INCONVENIENT_TIME", {"local": f"{question.at.astimezone(zone):%H:%M}"})
    if "place" in rule.dims and heard.at_a_bad_place(rule.places) and not heard.may_answer_there():
        return find(rule, "INCONVENIENT_PLACE", {"place": question.place})
    if "channel" in rule.dims and question.purpose not in rule.required and heard.by_an_unwanted_medium():
        return find(rule, "UNWANTED_MEDIUM", {"channel": question.channel})
    return None


def ask_cease(rule: CeaseRule, question: Question, facts: Facts) -> Finding | None:
    """Against any contact after the wish was received; one that is still on its way forbids nothing yet."""
    if facts.log is None:
        return missing(rule, "history")
    received = any(isinstance(e, CeaseReceived) and e.at <= question.at for e in facts.log)
    return find(rule, "CEASE") if received and question.purpose not in rule.allowed else None


@dataclass(frozen=True)
class _Heard:
    """What was heard from the person before the contact that is asked about."""

    log: Sequence[Event]
    question: Question
    zone: ZoneInfo

    def at_a_bad_time(self) -> bool:
        return self._is_bad(self.question.at)

    def may_answer_now(self) -> bool:
        """Whether it answers, by the same medium, what the person began at such a time of this very day; or is shown to who
        is using the collector's own site."""
        if self.question.channel in OWN_SITE and self._is_on_the_site():
            return True
        today = self.question.at.astimezone(self.zone).date()
        begun = [m.at for m in self._messages() if self._is_bad(m.at) and m.at.astimezone(self.zone).date() == today]
        return self.question.reply and self._unanswered(begun)

    def at_a_bad_place(self, places: frozenset[str]) -> bool:
        place = self.question.place
        return bool(place) and any(
            event.place == place for event in self._of(InconvenientPlace) if not places or event.place in places
        )

    def may_answer_there(self) -> bool:
        """Whether it answers what the person began, from there or from wherever, by the same medium."""
        begun = [m.at for m in self._messages() if m.place in ("", self.question.place)]
        return self.question.reply and self._unanswered(begun)

    def by_an_unwanted_medium(self) -> bool:
        address = str(self.question.point or "")
        stops = [
            stop.at
            for stop in self._of(MediaStop)
            if stop.channel == self.question.channel and stop.address in ("", address)
        ]
        begun = [m.at for m in self._messages() if stops and m.at > max(stops)]
        return bool(stops) and not (self.question.reply and self._unanswered(begun))

    def _is_bad(self, at: datetime) -> bool:
        here = at.astimezone(self.zone)
        return any(event.covers(here) for event in self._of(InconvenientTime) if event.at <= at)

    def _is_on_the_site(self) -> bool:
        sessions = [(event.at, event.begins) for event in self._of(Session)]
        return bool(sessions) and max(sessions)[1]

    def _messages(self) -> Iterator[PersonWrote]:
        return (event for event in self._of(PersonWrote) if event.channel == self.question.channel)

    def _unanswered(self, begun: Sequence[datetime]) -> bool:
        """Whether the person has begun more often than was answered since: each beginning may be answered once."""
        if not begun:
            return False
        answers = [e for e in self._of(Replied) if e.channel == self.question.channel and e.at >= min(begun)]
        return len(answers) < len(begun)

    def _of(self, kind: type[E]) -> list[E]:
        return [event for event in self.log if isinstance(event, kind) and event.at <= self.question.at]
