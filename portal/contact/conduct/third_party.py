"""Third persons: they may be asked for the debtor's whereabouts only when the debtor cannot be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from portal.contact.conduct.events import Call
from portal.contact.conduct.hours import instant, zone_of
from portal.contact.conduct.terms import Facts, Finding, Question, Rule, find, group_of

__all__ = ["PartyRule", "ask_party"]


@dataclass(frozen=True, kw_only=True)
class PartyRule(Rule):
    """Contact with these people only where one of the facts holds, or the debtor was tried in vain.

    `failed_dials`: so many in a row to the debtor. `failed_days`: so many days in a row on which the debtor was dialled and not
    reached. 0: not a way. Either opens the way on the next day of the debtor's: the press tells the wait of the first only, and
    until the text itself is read the tighter reading holds.
    """

    needs_any: frozenset[str]
    failed_dials: int = 0
    failed_days: int = 0


def ask_party(rule: PartyRule, question: Question, facts: Facts) -> Finding | None:
    """Against a contact with a third person while the debtor has not been tried enough, as far as that is known."""
    if rule.needs_any & facts.known:
        return None
    zone = zone_of(facts)
    opens = _opens(rule, question, facts.log, zone) if zone and facts.log is not None else None
    if zone and opens is not None and question.at.astimezone(zone).date() >= opens:
        return None
    return find(rule, "THIRD_PARTY", {}, instant(opens, time(0), zone) if zone and opens else None)


def _opens(rule: PartyRule, question: Question, log: Sequence[object], zone: ZoneInfo) -> date | None:
    """The first day on which third persons may be contacted, by the dials since the debtor was last reached."""
    calls = [call for call in log if isinstance(call, Call) and call.at < question.at and group_of(call.to) == "debtor"]
    reached = max((place for place, call in enumerate(calls) if call.is_conversation), default=-1)
    failed = [call.at.astimezone(zone).date() for call in calls[reached + 1 :] if call.by != "consumer"]
    ways = []
    if rule.failed_dials and len(failed) >= rule.failed_dials:
        ways.append(failed[rule.failed_dials - 1] + timedelta(days=1))
    if rule.failed_days:
        ways += _after_days(sorted(set(failed)), rule.failed_days)
    return min(ways, default=None)


def _after_days(days: Sequence[date], many: int) -> list[date]:
    """The days after those on which a row of so many days in a row is full."""
    return [
        last + timedelta(days=1)
        for place, last in enumerate(days)
        if place + 1 >= many and last - days[place + 1 - many] == timedelta(days=many - 1)
    ]
