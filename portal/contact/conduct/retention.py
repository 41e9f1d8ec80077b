"""Until when records are kept: the dates that a pack's years come to, once it is known when each record's years began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from portal.contact.conduct.standing import Keep, RetentionRule, retention_of

if TYPE_CHECKING:
    from portal.contact.conduct.terms import Pack, Source

__all__ = ["KeptUntil", "kept_until"]


@dataclass(frozen=True, slots=True)
class KeptUntil:
    """One class of records. `since`: the day from which its years count, None where that has not come or is not known.

    `until`: the last day on which it must still be kept. `deleted_from`: the first on which it may not be any more; None
    where the pack names none, or its day has not come.
    """

    keep: Keep
    since: date | None
    until: date | None
    deleted_from: date | None
    sources: tuple[Source, ...]


def kept_until(pack: Pack, days: Mapping[str, date | None]) -> list[KeptUntil]:
    """All classes that a pack speaks of. `days`: by class, the day of the latest record of an account, or of what the class
    waits for (the end of the mandate)."""
    rules = [rule for rule in pack.rules if isinstance(rule, RetentionRule)]
    named = dict.fromkeys(keep.record for rule in rules for keep in rule.keeps)
    found = []
    for record in named:
        keep = retention_of(pack, record)
        if keep is not None:
            sources = next((rule.sources for rule in rules if keep in rule.keeps), ())
            found.append(_dates(keep, days.get(record), sources))
    return found


def _dates(keep: Keep, since: date | None, sources: tuple[Source, ...]) -> KeptUntil:
    if since is None or keep.delete_on:
        return KeptUntil(keep, since, None, since, sources)
    until = _years_after(since, keep.years)
    return KeptUntil(keep, since, until, None if keep.is_floor else until + timedelta(days=1), sources)


def _years_after(day: date, years: int) -> date:
    """The same day so many years on; the month's last where there is none."""
    if day.year + years > date.max.year:
        return date.max - timedelta(days=1)
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)
