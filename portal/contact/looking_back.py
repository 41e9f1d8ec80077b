"""What some packs look back on beyond the day of the question: counts of the days before, and who was ever spoken to.

The Chinese pack asks for none of it, so that nothing here is read for a Chinese debtor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.conduct import CallRule, CeaseRule, FrequencyCap, LifetimeCap, MoratoriumRule, PreferenceRule
from portal.contact.models import Channel, ContactAttempt, ContactDayCount
from portal.contact.outcomes import OUTCOMES
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from portal.contact.conduct import Pack
    from portal.foundation.access import Actor

__all__ = ["Before", "asks_for_log", "further_back", "with_connected"]

Counts = Mapping[tuple[str, int | str], int]
_LOOK_AT_THE_LOG = (CallRule, PreferenceRule, CeaseRule, MoratoriumRule)
_SPOKEN = sorted(code for code, outcome in OUTCOMES.items() if outcome.contact)


@dataclass(frozen=True)
class Before:
    """By person: the counts of the days before, and conversations with third persons by number."""

    counts: dict[int, dict[date, Counts]] = field(default_factory=dict)
    spoken: dict[int, dict[int | str, int]] = field(default_factory=dict)


def asks_for_log(pack: Pack) -> bool:
    """Whether the pack looks at the collector's own log before any contact with the debtor."""
    return any(isinstance(rule, _LOOK_AT_THE_LOG) for rule in pack.rules)


def with_connected(counts: Counts, pack: Pack) -> Counts:
    """The counts with the calls that connected, where the pack counts them: those that were talked in and those that nobody took.

    A busy line is among the latter, so that the count is at most too high, never too low.
    """
    if not any(isinstance(rule, FrequencyCap) and rule.measure == "connected" for rule in pack.rules):
        return counts
    found = {key: count for key, count in counts.items() if key[0] != "connected"}
    for (measure, point), count in counts.items():
        if measure in ("conversation", "unanswered"):
            found["connected", point] = found.get(("connected", point), 0) + count
    return found


def further_back(session: Session, actor: Actor, people: Iterable[tuple[int, date, Pack]], at: datetime) -> Before:
    """What the packs of these people (person, their day, their pack) look back on; no statement where they do not."""
    people, found = list(people), Before()
    for (customer_id, day, _pack), days in ((one, _days_back(one[2])) for one in people):
        if days and customer_id not in found.counts:
            found.counts[customer_id] = {day - timedelta(days=n): {} for n in range(1, days + 1)}
    if found.counts:
        _fill_counts(session, actor, found.counts, {customer_id: pack for customer_id, _, pack in people})
    asked = {customer_id for customer_id, _, pack in people if any(isinstance(r, LifetimeCap) for r in pack.rules)}
    if asked:
        found.spoken.update({customer_id: {} for customer_id in asked})
        _fill_spoken(session, actor, found.spoken, at)
    return found


def _days_back(pack: Pack) -> int:
    return max((rule.days for rule in pack.rules if isinstance(rule, FrequencyCap)), default=1) - 1


def _fill_counts(session: Session, actor: Actor, days: dict[int, dict[date, Counts]], packs: dict[int, Pack]) -> None:
    every = [day for of_person in days.values() for day in of_person]
    rows = session.scalars(
        visible(ContactDayCount, actor)
        .where(ContactDayCount.customer_id.in_(days))
        .where(ContactDayCount.day >= min(every), ContactDayCount.day <= max(every))
    )
    kept: defaultdict[tuple[int, date], dict[tuple[str, int | str], int]] = defaultdict(dict)
    for row in rows:
        kept[row.customer_id, row.day][row.measure, row.contact_point_id] = row.count
    for (customer_id, day), counts in kept.items():
        if day in days[customer_id]:
            days[customer_id][day] = with_connected(counts, packs[customer_id])


def _fill_spoken(session: Session, actor: Actor, spoken: dict[int, dict[int | str, int]], at: datetime) -> None:
    """The actor's own conversations with anybody, by number; which of them are third persons' the question says."""
    wanted = visible(ContactAttempt, actor).with_only_columns(
        ContactAttempt.customer_id, ContactAttempt.contact_point_id, sa.func.count()
    )
    rows: Any = session.execute(
        wanted.where(ContactAttempt.customer_id.in_(spoken), ContactAttempt.at < at)
        .where(ContactAttempt.channel == Channel.CALL, ContactAttempt.outcome.in_(_SPOKEN))
        .where(ContactAttempt.contact_point_id.is_not(None))
        .group_by(ContactAttempt.customer_id, ContactAttempt.contact_point_id)
    )
    for customer_id, point, count in rows:
        spoken[customer_id][point] = count
