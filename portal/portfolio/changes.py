"""What a later file changed: counted row by row while it is written, kept with the run, shown on its page. Pure.

Where an account stood and stands is its bucket, or `closed` (paid or cured), or `new`. An account that a file says nothing
new about is in none of the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Protocol

from portal.portfolio.buckets import BUCKETS, bucket

__all__ = ["CLOSED", "NEW", "PLACES", "Changes", "Move", "Report", "Stay", "Told", "moves_of"]

NEW, CLOSED = "new", "closed"
PLACES: Final = (NEW, *BUCKETS[1:], CLOSED)
_OPEN: Final = BUCKETS[1:]
_COUNTS: Final = (
    "created", "refreshed", "closed", "reopened", "up", "down", "older", "contact_points", "holds",
)  # fmt: skip


class Told(Protocol):
    """What a kind of file changed, as its rows were written."""

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept with the run and read by `Report`."""


class Row(Protocol):
    """An account as a file has it; amounts in minor units."""

    @property
    def currency(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def days_past_due(self) -> int: ...


class Before(Protocol):
    """The same account as it was on file."""

    @property
    def total_minor(self) -> int: ...
    @property
    def days_past_due(self) -> int: ...


def _place(total: int, days_past_due: int) -> str:
    return bucket(days_past_due) if total > 0 and days_past_due > 0 else CLOSED


@dataclass
class Changes:
    """The figures as they grow."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    moves: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    balances: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def create(self, row: Row) -> None:
        """An account that was not on file."""
        self.counts["created"] += 1
        self._move(row.currency, NEW, _place(row.total, row.days_past_due), row.total)

    def refresh(self, row: Row, before: Before) -> None:
        """An account of which the file says something new."""
        was, is_now = _place(before.total_minor, before.days_past_due), _place(row.total, row.days_past_due)
        self.counts["refreshed"] += 1
        # What is closed is counted with what it was: what it is now would mostly be nothing.
        self._move(row.currency, was, is_now, before.total_minor if is_now == CLOSED else row.total)
        self._count_move(was, is_now)
        difference = row.total - before.total_minor
        if difference:
            figures = self.balances.setdefault(row.currency, {"up": [0, 0], "down": [0, 0]})
            figures["up" if difference > 0 else "down"][0] += 1
            figures["up" if difference > 0 else "down"][1] += abs(difference)

    def _count_move(self, was: str, is_now: str) -> None:
        if was == is_now:
            return
        if is_now == CLOSED:
            self.counts["closed"] += 1
        elif was == CLOSED:
            self.counts["reopened"] += 1
        else:
            self.counts["up" if _OPEN.index(is_now) > _OPEN.index(was) else "down"] += 1

    def add(self, name: str, count: int) -> None:
        """Rows of another kind: `older` than what is known, `contact_points` of known people, `holds`."""
        self.counts[name] += count

    def _move(self, currency: str, was: str, is_now: str, minor: int) -> None:
        cell = self.moves.setdefault((currency, was, is_now), [0, 0])
        cell[0] += 1
        cell[1] += minor

    def as_data(self) -> dict[str, Any]:
        """As JSON, to be kept with the run."""
        order = {place: n for n, place in enumerate(PLACES)}
        moves = sorted(self.moves.items(), key=lambda item: (item[0][0], order[item[0][1]], order[item[0][2]]))
        return {
            "counts": self.counts,
            "moves": [[*where, *figures] for where, figures in moves],
            "balances": self.balances,
        }


@dataclass(frozen=True, slots=True)
class Move:
    """One cell of the matrix: how many accounts went from here to there, and their amount in minor units."""

    count: int
    minor: int


@dataclass(frozen=True)
class Report:
    """The kept figures, as a page shows them."""

    counts: Mapping[str, int]
    currencies: tuple[str, ...]
    moves: Mapping[tuple[str, str, str], Move]
    balances: Mapping[str, Mapping[str, tuple[int, int]]]

    @classmethod
    def of(cls, data: Mapping[str, Any] | None) -> Report | None:
        """The report of a run; None where it has none (payments, runs that applied nothing)."""
        if not data:
            return None
        moves = {(currency, was, is_now): Move(n, minor) for currency, was, is_now, n, minor in data["moves"]}
        balances = {c: {way: (int(f[0]), int(f[1])) for way, f in ways.items()} for c, ways in data["balances"].items()}
        return cls(data["counts"], tuple(sorted({currency for currency, _, _ in moves})), moves, balances)

    def rows(self, currency: str) -> list[str]:
        """Where accounts of this currency came from, in order."""
        return [place for place in PLACES if any((currency, place, to) in self.moves for to in PLACES)]

    def columns(self, currency: str) -> list[str]:
        """Where they went."""
        return [place for place in PLACES if any((currency, was, place) in self.moves for was in PLACES)]


class Snapshot(Protocol):
    """What a file said about an account on a day."""

    @property
    def as_of(self) -> date: ...
    @property
    def total_minor(self) -> int: ...
    @property
    def days_past_due(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Stay:
    """A bucket (or CLOSED) between two days of which files spoke; `way`: up, down, or empty for the first."""

    place: str
    since: date
    until: date
    way: str


def moves_of(snapshots: Sequence[Snapshot]) -> list[Stay]:
    """How an account went from bucket to bucket, the earliest first; of two snapshots of a day the later one counts.

    `snapshots` the latest first, as they are read. Getting overdue again counts as up, being paid or cured as down.
    """
    by_day: dict[date, str] = {}
    for one in reversed(snapshots):
        by_day[one.as_of] = _place(one.total_minor, one.days_past_due)
    stays: list[Stay] = []
    for day, place in by_day.items():
        if stays and stays[-1].place == place:
            stays[-1] = Stay(place, stays[-1].since, day, stays[-1].way)
        else:
            way = ("up" if _height(place) > _height(stays[-1].place) else "down") if stays else ""
            stays.append(Stay(place, day, day, way))
    return stays


def _height(place: str) -> int:
    return -1 if place == CLOSED else _OPEN.index(place)
