"""A whole book split over ten agencies and sent, against one INSERT … SELECT of as many bare placements.

The run goes the way that people's does: made, split with capacity, exclusion and same-customer rules, submitted,
approved by another person, sent. The yardstick writes the same placements out of a plain table into the same table,
emptied, with the same indexes and constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.bench.filling import AGENCIES, HELD_ONE_IN, fill_accounts, make_agencies
from portal.bench.measuring import Measured, by_size, measure, rounded
from portal.bench.placing import place_book, unequal_shares
from portal.bench.scratch import empty, scratch, vacuum
from portal.foundation.database import db
from portal.placement.models import Placement

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bench_allocate"]

PLACED_BEFORE_ONE_IN = 20  # accounts that somebody holds already: the bench places them first, by a small run


def bench_allocate(server: str | None, sizes: Sequence[int]) -> dict[str, Any]:
    """Allocate each size in a database of its own; the figures of each, `ratio` of the largest."""
    return by_size([_one(server, size) for size in sorted(sizes)])


def _one(server: str | None, accounts: int) -> dict[str, Any]:
    with scratch(server) as place:
        shares = unequal_shares(make_agencies(accounts))
        fill_accounts(place, accounts)
        place_book(place, shares, accounts // PLACED_BEFORE_ONE_IN)
        vacuum()
        steps: dict[str, float] = {}
        with measure() as allocated:
            done = place_book(place, shares, steps=steps)
        if done["placed"] < accounts * 9 // 10:  # the rest is held, or was placed before
            raise RuntimeError(f"the run did not do its work: {done}")
        vacuum()
        yardstick, rows = _bare(done["run"])
        if rows != done["placed"]:
            raise RuntimeError(f"{rows} bare placements beside {done['placed']}")
        return {
            "accounts": accounts,
            "placed": done["placed"],
            "on_hold": accounts // HELD_ONE_IN,
            "agencies": AGENCIES,
            "seconds": rounded(allocated.seconds),
            "processor_seconds": rounded(allocated.processor),
            "steps": steps,
            "rows_a_second": round(done["placed"] / allocated.seconds),
            "peak_mb": allocated.peak_mb,
            "yardstick_seconds": rounded(yardstick.seconds),
            "ratio": round(allocated.seconds / yardstick.seconds, 2),
            **place.about(),
        }


def _bare(run_id: int) -> tuple[Measured, int]:
    """The run's placements out of a plain table into the emptied one, where those of before stand already."""
    db.session.remove()
    columns = [column.name for column in Placement.__table__.columns if column.name != "id"]
    names = ", ".join(columns)
    copy = f"INSERT INTO placement ({names}) SELECT {names} FROM kept_placement WHERE batch_id {{}} IN (SELECT id FROM placement_batch WHERE run_id = :run)"
    with db.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept_placement AS SELECT * FROM placement"))
        empty(connection, ["placement"])
        connection.execute(sa.text(copy.format("NOT")), {"run": run_id})
    vacuum()
    with measure() as taken, db.engine.begin() as connection:
        rows = connection.execute(sa.text(copy.format("")), {"run": run_id}).rowcount
    return taken, rows
