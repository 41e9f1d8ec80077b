"""Which posting of the bank a reported payment is. Pure: standard library only; an auditor can follow it pair by pair.

Two passes over what is open on both sides. Exact: account, amount, currency, day of payment and receiver are the same.
Tolerant: the same person, currency and receiver, the amount and the day of payment within what the bank's settings allow;
the nearest pair first: the same account before another, then fewer days, then the smaller difference of amounts, then the
older keys. Whatever remains, people match by hand. Each report has one posting at most and each posting one report, and
neither the order of arrival nor of the arguments changes a pair that both passes can see.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["AGES", "EXACT", "RULE", "TOLERANT", "Item", "Limits", "Pair", "age_of", "match"]

RULE = "reported/1"  # name and version, kept with each match
EXACT, TOLERANT = "exact", "tolerant"
# Ages of what is open, in days since it was told: name, first and last day; None: without end.
AGES: tuple[tuple[str, int, int | None], ...] = (("0-3", 0, 3), ("4-7", 4, 7), ("8-30", 8, 30), ("31+", 31, None))


@dataclass(frozen=True, slots=True)
class Item:
    """A report or a posting: `amount` in minor units of `currency`, positive; `received_by`: bank or agency."""

    id: int
    account: int
    person: int
    currency: str
    amount: int
    paid_on: date
    received_by: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a tolerant match may go: days between the two days of payment, and minor units by currency (0 elsewhere)."""

    days: int = 0
    amounts: Mapping[str, int] | None = None

    def amount(self, currency: str) -> int:
        """Minor units by which amounts of this currency may differ."""
        return (self.amounts or {}).get(currency, 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """A report and its posting, and by which pass (`exact`, `tolerant`) they were found."""

    report: Item
    posting: Item
    way: str


def match(reports: Iterable[Item], postings: Iterable[Item], limits: Limits) -> list[Pair]:
    """The pairs, in order of the reports' ids. Cost: sorting, and for each report the postings of the same person within
    the days."""
    reports, postings = _in_order(reports), _in_order(postings)
    exact = list(_exact(reports, postings))
    taken = {pair.report.id for pair in exact}, {pair.posting.id for pair in exact}
    left = [r for r in reports if r.id not in taken[0]]
    tolerant = _tolerant(left, [p for p in postings if p.id not in taken[1]], limits)
    return sorted([*exact, *tolerant], key=lambda pair: pair.report.id)


def age_of(days: int) -> str:
    """The name of the age of what has been open for so many days; a day still to come counts as today."""
    return next(name for name, _first, last in AGES if last is None or days <= last)


def _in_order(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.id)


def _exact(reports: Sequence[Item], postings: Sequence[Item]) -> Iterator[Pair]:
    waiting: dict[Hashable, list[Item]] = defaultdict(list)
    for posting in reversed(postings):
        waiting[_content(posting)].append(posting)
    for report in reports:
        same = waiting.get(_content(report))
        if same:
            yield Pair(report, same.pop(), EXACT)


def _content(item: Item) -> Hashable:
    return item.account, item.currency, item.amount, item.paid_on, item.received_by


def _tolerant(reports: Sequence[Item], postings: Sequence[Item], limits: Limits) -> Iterator[Pair]:
    by_side: dict[Hashable, list[Item]] = defaultdict(list)
    for posting in sorted(postings, key=lambda item: (item.paid_on, item.id)):
        by_side[_side(posting)].append(posting)
    days = {side: [item.paid_on for item in group] for side, group in by_side.items()}
    near = timedelta(days=limits.days)
    found = []
    for report in reports:
        side = _side(report)
        if side not in by_side:
            continue
        first = bisect_left(days[side], report.paid_on - near)
        last = bisect_right(days[side], report.paid_on + near)
        found += [
            (*_distance(report, posting), Pair(report, posting, TOLERANT))
            for posting in by_side[side][first:last]
            if abs(posting.amount - report.amount) <= limits.amount(report.currency)
        ]
    yield from _nearest_first(found)


def _nearest_first(found: list[tuple[bool, int, int, int, int, Pair]]) -> Iterator[Pair]:
    reports: set[int] = set()
    postings: set[int] = set()
    for *_distance, pair in sorted(found, key=lambda each: each[:-1]):
        if pair.report.id not in reports and pair.posting.id not in postings:
            reports.add(pair.report.id)
            postings.add(pair.posting.id)
            yield pair


def _side(item: Item) -> Hashable:
    return item.person, item.currency, item.received_by


def _distance(report: Item, posting: Item) -> tuple[bool, int, int, int, int]:
    days = abs((posting.paid_on - report.paid_on).days)
    return report.account != posting.account, days, abs(posting.amount - report.amount), report.id, posting.id
