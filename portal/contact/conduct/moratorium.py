"""Breathing space: while it lasts a creditor and everybody who collects for it asks for nothing.

After the Debt Respite Scheme Regulations 2020 (England and Wales): it begins on the day after the entry in the register; a standard
one lasts sixty days, one for a crisis of mental health as long as the treatment and thirty days more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from portal.contact.conduct.events import BreathingSpace
from portal.contact.conduct.hours import instant, zone_of
from portal.contact.conduct.terms import Facts, Finding, Question, Rule, find, missing

__all__ = ["MoratoriumRule", "ask_moratorium", "last_day"]


@dataclass(frozen=True, kw_only=True)
class MoratoriumRule(Rule):
    """No contact in the days of a breathing space: `standard_days` of them, or `crisis_days` beyond the treatment's end."""

    standard_days: int
    crisis_days: int


def last_day(rule: MoratoriumRule, space: BreathingSpace, entered_on: date) -> date | None:
    """The last day of it; None while the treatment of a crisis goes on."""
    if not space.is_crisis:
        return entered_on + timedelta(days=rule.standard_days)
    return space.ended_on + timedelta(days=rule.crisis_days) if space.ended_on else None


def ask_moratorium(rule: MoratoriumRule, question: Question, facts: Facts) -> Finding | None:
    """Against a contact in its days; it says when the last of them is over."""
    zone = zone_of(facts)
    if zone is None:
        return missing(rule, "time_zone")
    if facts.log is None:
        return missing(rule, "history")
    today = question.at.astimezone(zone).date()
    for space in facts.log:
        if isinstance(space, BreathingSpace) and space.at <= question.at:
            entered = space.at.astimezone(zone).date()
            last = last_day(rule, space, entered)
            if entered < today and (last is None or today <= last):
                over = None if last is None else instant(last + timedelta(days=1), time(0), zone)
                return find(rule, "MORATORIUM", {}, over)
    return None
