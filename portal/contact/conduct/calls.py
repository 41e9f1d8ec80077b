"""Telephone calls of one collector to one person about one debt: how many in a week, and none after a conversation.

After 12 CFR 1006.14(b): days are the person's calendar days, seven of them end on the day that is asked about; every number of
the person counts together, every debt by itself. What is in excess is presumed to be wrong, it is no ban.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

from portal.contact.conduct.events import Call, Consent, ConsentRevoked, Event, WrongNumber
from portal.contact.conduct.hours import instant, zone_of
from portal.contact.conduct.terms import Facts, Finding, Question, Rule, find, missing

__all__ = [
    "CallCap", "CallLog", "CallRule", "CoolOff", "Excluded", "allocations", "ask_call_cap", "ask_cool_off", "conversation_debts",
    "placed_debts",
]  # fmt: skip

E = TypeVar("E", bound=Event)
COLLECTOR, PERSON = "collector", "consumer"
VOICEMAILS = frozenset({"voicemail", "voicemail_limited_content"})
SAYS_FOR_WHAT = frozenset({"conversation", "voicemail", "ringless_voicemail"})  # what was left or said refers to a debt
UNANSWERED = frozenset({"unanswered", "rang_no_answer", "no_answer", "rejected"})


@dataclass(frozen=True, slots=True)
class Excluded:
    """What does not count, each with the provision that says so (`""`: nothing is excluded by it).

    `consent`: for so many days from the receipt of a consent, that day included. `unconnected`: outcomes of calls that did
    not connect. `persons`: people whom the rule does not protect.
    """

    consent_days: int = 0
    consent: str = ""
    unconnected: frozenset[str] = frozenset()
    not_connected: str = ""
    persons: frozenset[str] = frozenset()
    other_persons: str = ""


@dataclass(frozen=True, kw_only=True)
class CallRule(Rule):
    """A rule about calls of this collector, with what it leaves out."""

    excluded: Excluded = Excluded()


@dataclass(frozen=True, kw_only=True)
class CallCap(CallRule):
    """At most `most` calls in `days` calendar days to one person about one debt.

    `gap_minutes` and `same_day` point to patterns: calls so close to each other, so many on one day.
    """

    most: int
    days: int
    gap_minutes: int = 0
    same_day: int = 0
    voicemails_a_day: int = 0


@dataclass(frozen=True, kw_only=True)
class CoolOff(CallRule):
    """No call about the debt for `days` calendar days after a conversation about it, whose day is the first."""

    days: int


@dataclass(frozen=True)
class CallLog:
    """What one collector and one person did on the telephone, seen from the person's own days."""

    events: Sequence[Event]
    zone: ZoneInfo
    excluded: Excluded
    person: str = "consumer"
    channels: frozenset[str] = frozenset()  # none: every channel that the log knows

    def day(self, at: datetime) -> date:
        """The calendar day of an instant where the person is."""
        return at.astimezone(self.zone).date()

    def calls(self, debt: str, until: datetime) -> list[Call]:
        """Calls that count for the debt: the collector's own, connected, to this person, without consent; before the instant."""
        return [call for call in self._placed(debt, until) if not self.exclusion(call, debt)]

    def left_out(self, debt: str, until: datetime) -> int:
        """How many calls for the debt do not count."""
        return sum(1 for call in self._placed(debt, until) if self.exclusion(call, debt))

    def _placed(self, debt: str, until: datetime) -> Iterator[Call]:
        wrong = {e.number for e in self._of(WrongNumber, until) if e.person == self.person}
        for call in self._of(Call, until):
            mine = (
                call.by == COLLECTOR and call.to == self.person and (not self.channels or call.channel in self.channels)
            )
            if mine and not (call.number and call.number in wrong) and debt in placed_debts(call):
                yield call

    def exclusion(self, call: Call, debt: str) -> str:
        """The provision by which the call does not count, or nothing."""
        if call.outcome in self.excluded.unconnected:
            return self.excluded.not_connected
        return self.excluded_at(call.at, debt)

    def excluded_at(self, at: datetime, debt: str) -> str:
        """The provision by which a call at the instant would not count, whatever came of it."""
        if self.person in self.excluded.persons:
            return self.excluded.other_persons
        return self.excluded.consent if self._consent_at(at, debt) else ""

    def _consent_at(self, at: datetime, debt: str) -> bool:
        return any(
            each.at <= at and self.day(at) in self._days_of(each) and not self._ended(each, debt, at)
            for each in self._consents(debt, at)
        )

    def _consents(self, debt: str, until: datetime) -> list[Consent]:
        return [e for e in self._of(Consent, until) if not e.debts or debt in e.debts]

    def _days_of(self, consent: Consent) -> list[date]:
        first = self.day(consent.at)
        days = [first + timedelta(days=n) for n in range(self.excluded.consent_days)]
        return [day for day in days if not consent.valid_on or day in consent.valid_on]

    def _ended(self, consent: Consent, debt: str, at: datetime) -> bool:
        return any(consent.at < end < at for end in self._ends(debt, at))

    def _ends(self, debt: str, until: datetime) -> list[datetime]:
        """What ends consents: a revocation, a conversation about the debt."""
        revoked = [e.at for e in self._of(ConsentRevoked, until) if not e.debts or debt in e.debts]
        return revoked + [call.at for call in self.conversations(debt, until)]

    def consent_last_day(self, debt: str, until: datetime) -> date | None:
        """The last day on which the latest consent holds, or held."""
        consents = self._consents(debt, until)
        if not consents:
            return None
        latest = max(consents, key=lambda consent: consent.at)
        ends = [self.day(end) for end in self._ends(debt, until) if end > latest.at]
        return min([*self._days_of(latest)[-1:], *ends], default=None)

    def conversations(self, debt: str, until: datetime) -> list[Call]:
        """Conversations with this person about the debt, whoever began them; before the instant."""
        return [
            call
            for call in self._of(Call, until)
            if call.is_conversation
            and call.by in (COLLECTOR, PERSON)
            and call.to == self.person
            and debt in conversation_debts(call)
        ]

    def cool_off(self, debt: str, at: datetime, days: int) -> tuple[date, date] | None:
        """Of the last conversation before the instant: the last day of the rest, and the first one after it."""
        talks = self.conversations(debt, at)
        if not talks:
            return None
        first = max(self.day(call.at) for call in talks)
        return first + timedelta(days=days - 1), first + timedelta(days=days)

    def in_window(self, calls: Iterable[Call], last: date, days: int) -> list[Call]:
        """Those of so many days that end on this one."""
        return [call for call in calls if last - timedelta(days=days) < self.day(call.at) <= last]

    def exceeded(self, debt: str, until: datetime, cap: CallCap, rest: CoolOff | None) -> bool:
        """Whether any call so far was one too many, or fell into the rest after a conversation."""
        calls = self.calls(debt, until)
        for number, call in enumerate(calls):
            if len(self.in_window(calls[: number + 1], self.day(call.at), cap.days)) > cap.most:
                return True
            over = self.cool_off(debt, call.at, rest.days) if rest else None
            if over and self.day(call.at) <= over[0]:
                return True
        return False

    def patterns(self, calls: Sequence[Call], cap: CallCap, asked: Question | None = None) -> list[str]:
        """What counts against the collector whatever the number: calls close to each other, many on one day."""
        found = []
        by_day = Counter(self.day(call.at) for call in calls)
        if asked:
            by_day[self.day(asked.at)] += 1
        if cap.same_day and any(count >= cap.same_day for count in by_day.values()):
            found.append("concentrated_calls_may_rebut")
        dials = [(call.at, call.number) for call in calls if call.outcome in UNANSWERED]
        if asked:  # what will come of it nobody knows: it may ring unanswered as the one before
            dials.append((asked.at, str(asked.point or "")))
        gap = timedelta(minutes=cap.gap_minutes)
        if cap.gap_minutes and _close(dials, gap):
            found.append("rapid_succession_may_rebut")
        left = [(call.at, call.number) for call in calls if call.outcome in VOICEMAILS]
        a_day = Counter((self.day(at), number) for at, number in left)
        many = cap.voicemails_a_day and any(count >= cap.voicemails_a_day for count in a_day.values())
        if cap.gap_minutes and (many or _close(left, gap)):
            found.append("voicemail_pattern_may_rebut")
        return found

    def _of(self, kind: type[E], until: datetime) -> list[E]:
        return [event for event in self.events if isinstance(event, kind) and event.at < until]


def _close(moments: Sequence[tuple[datetime, str]], gap: timedelta) -> bool:
    """Whether two of them to one number lie no further apart."""
    ordered = sorted(moments, key=lambda moment: (moment[1], moment[0]))
    return any(a[1] == b[1] and b[0] - a[0] <= gap for a, b in pairwise(ordered))


def placed_debts(call: Call) -> tuple[str, ...]:
    """The debts for which the collector has placed the call (comment 14(b)(4)-1.i)."""
    return (call.allocated_to,) if call.allocated_to else call.placed_for


def conversation_debts(call: Call) -> tuple[str, ...]:
    """The debts about which the two have talked, whoever began with them; a general talk counts where the call does."""
    return call.discussed or placed_debts(call)


def allocations(call: Call) -> tuple[str, ...]:
    """The debts to any one of which the call may be counted; none where it says itself for which it was."""
    if call.allocated_to or (call.is_conversation and call.discussed):
        return ()
    if call.intended:
        return call.intended
    says = call.outcome in SAYS_FOR_WHAT and not call.is_conversation
    return () if says or len(call.placed_for) < 2 else call.placed_for


# --- asked before a call ------------------------------------------------------------------------------------------------


def _log(rule: CallRule, question: Question, facts: Facts) -> CallLog | Finding:
    zone = zone_of(facts)
    if zone is None:
        return missing(rule, "time_zone")
    if facts.log is None:
        return missing(rule, "history")
    return CallLog(facts.log, zone, rule.excluded, question.to, rule.scope.channels)


def ask_call_cap(rule: CallCap, question: Question, facts: Facts) -> Finding | None:
    """Against the call that would be one too many."""
    log = _log(rule, question, facts)
    if isinstance(log, Finding):
        return log
    if log.excluded_at(question.at, question.debt):
        return None
    today = log.day(question.at)
    calls = log.in_window(log.calls(question.debt, question.at), today, rule.days)
    if len(calls) < rule.most:
        return None
    # one is free again when the earliest of the last `most` calls leaves the window
    frees = log.day(calls[-rule.most].at) + timedelta(days=rule.days)
    return find(
        rule, "CALLS", {"most": rule.most, "days": rule.days, "count": len(calls)}, instant(frees, time(0), log.zone)
    )


def ask_cool_off(rule: CoolOff, question: Question, facts: Facts) -> Finding | None:
    """Against a call in the days of rest after a conversation."""
    log = _log(rule, question, facts)
    if isinstance(log, Finding):
        return log
    over = log.cool_off(question.debt, question.at, rule.days)
    if over is None or log.day(question.at) > over[0] or log.excluded_at(question.at, question.debt):
        return None
    return find(rule, "COOL_OFF", {"days": rule.days}, instant(over[1], time(0), log.zone))
