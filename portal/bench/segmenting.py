"""Counts of the segments that a bank begins with, against a bare `count(*)` of the same table.

Asked as the application asks: by its role, through the row policies, with rounds to be counted out of placements. Each is
asked several times and the middle one stands, since the first one reads from disk what the others find in memory.
"""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.bench.filling import fill_accounts, make_agencies
from portal.bench.measuring import by_size, rounded, stopwatch
from portal.bench.placing import accept_all, place_book
from portal.bench.scratch import TODAY, Place, scratch, vacuum
from portal.foundation.work import reading
from portal.placement.criteria import Share
from portal.placement.segment_queries import count_of, scrub
from portal.placement.segments import usual_segments
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from portal.placement.criteria import Criteria

__all__ = ["bench_segments"]

LARGE_MINOR = 8_000_000  # one account in eight of the book
PLACED_ONE_IN = 20
TIMES = 5


def bench_segments(server: str | None, sizes: Sequence[int]) -> dict[str, Any]:
    """Count each segment in a book of each size; `ratio` is the slowest count's, of the largest size."""
    return by_size([_one(server, size) for size in sorted(sizes)])


def _one(server: str | None, accounts: int) -> dict[str, Any]:
    with scratch(server) as place:
        agencies = make_agencies(accounts)
        fill_accounts(place, accounts)
        first = place_book(place, [Share(agencies[0], Decimal(1))], accounts // PLACED_ONE_IN)
        accept_all(first["run"])
        vacuum()
        bare = _middle(lambda: _bare(place))
        found = {name: _measured(place, wanted) for name, wanted in usual_segments("CNY", LARGE_MINOR).items()}
        slowest = max(figures["count_seconds"] for figures in found.values())
        return {
            "accounts": accounts,
            "seconds": slowest,
            "segments": found,
            "yardstick_seconds": rounded(bare),
            "ratio": round(slowest / bare, 2),
            **place.about(),
        }


def _measured(place: Place, wanted: Criteria) -> dict[str, Any]:
    def count() -> int:
        with reading(place.maker) as session:
            return count_of(session, wanted).accounts

    def scrubbed() -> int:
        with reading(place.maker) as session:
            return scrub(session, wanted, TODAY).eligible.accounts

    return {
        "accounts": count(),
        "eligible": scrubbed(),
        "count_seconds": rounded(_middle(count)),
        "scrub_seconds": rounded(_middle(scrubbed)),
    }


def _bare(place: Place) -> int:
    with reading(place.maker) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Account)) or 0


def _middle(ask: Callable[[], object]) -> float:
    """Seconds of the middle one of several."""
    taken = []
    for _ in range(TIMES):
        with stopwatch() as one:
            ask()
        taken.append(one.seconds)
    return median(taken)
