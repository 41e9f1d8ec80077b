"""A book placed as people place it: made, split over agencies, submitted, approved by another person, sent, accepted."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.bench.measuring import rounded, stopwatch
from portal.foundation.database import db
from portal.placement.criteria import PLACEABLE_BUCKETS, Criteria, Share
from portal.placement.models import Placement, PlacementBatch
from portal.placement.operations import allocate_run, approve_run, make_run, submit_run
from portal.placement.sending import send_run
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from portal.bench.scratch import Place

__all__ = ["accept_all", "place_book", "unequal_shares"]

SEED = 7


def unequal_shares(agencies: Sequence[int]) -> list[Share]:
    """As at a bank: 0.055, 0.065 … 0.145 of ten."""
    return [Share(agency, Decimal(55 + 10 * place) / 1000) for place, agency in enumerate(agencies)]


def place_book(
    place: Place, shares: Sequence[Share], most: int | None = None, steps: dict[str, float] | None = None
) -> dict[str, Any]:
    """All accounts that can be placed, or at most so many; what sending them says, with the run's id.

    `steps` takes the seconds of each step.
    """
    taken = steps if steps is not None else {}
    wanted = Criteria(kind=PlacementKind.COLLECTION, currency="CNY", buckets=PLACEABLE_BUCKETS, most=most, seed=SEED)
    with _step(taken, "make"):
        run_id = make_run(place.maker, wanted, shares)
        allocate_run(place.maker, run_id)
    with _step(taken, "submit_and_approve"):
        submit_run(place.maker, run_id)
        approve_run(place.checker, run_id)
    with _step(taken, "send"):
        done = send_run(place.checker, run_id)
    return done | {"run": run_id}


@contextmanager
def _step(steps: dict[str, float], name: str) -> Iterator[None]:
    """Notes how long a step took."""
    with stopwatch() as taken:
        yield
    steps[name] = rounded(taken.seconds)


def accept_all(run_id: int) -> None:
    """As if every agency had taken its batch of the run; its work list is not filled."""
    db.session.remove()
    mine = sa.select(PlacementBatch.id).where(PlacementBatch.run_id == run_id)
    opened = sa.update(Placement).where(Placement.batch_id.in_(mine)).values(accepted_at=Placement.starts_at)
    with db.engine.begin() as connection:
        connection.execute(opened)
