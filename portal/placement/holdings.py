"""What organisations hold now, for the room above that keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.hooks import live_placements, waiting_placements
from portal.placement.models import BatchState, PlacementBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.vendors.models import PlacementKind

__all__ = ["held_now", "waiting_now"]


@live_placements.register
def held_now(
    session: Session, actor: Actor, organisation_ids: Iterable[int]
) -> dict[tuple[int, PlacementKind, str], tuple[int, int]]:
    """Accounts and amount as placed, in minor units, of the live placements, by organisation, kind and currency.

    Out of the batches' counters: placements are too many to be counted for a page.
    """
    return _counted(session, organisation_ids, sa.true())


@waiting_placements.register
def waiting_now(
    session: Session, actor: Actor, organisation_ids: Iterable[int]
) -> dict[tuple[int, PlacementKind, str], tuple[int, int]]:
    """The same of batches that their organisation has not accepted yet; these are among what it holds."""
    return _counted(session, organisation_ids, PlacementBatch.state == BatchState.SENT)


def _counted(
    session: Session, organisation_ids: Iterable[int], among: sa.ColumnElement[bool]
) -> dict[tuple[int, PlacementKind, str], tuple[int, int]]:
    about = (PlacementBatch.organisation_id, PlacementBatch.kind, PlacementBatch.currency)
    wanted = (
        sa.select(
            *about,
            sa.func.sum(PlacementBatch.account_count - PlacementBatch.ended_count),
            sa.func.sum(PlacementBatch.total_minor - PlacementBatch.ended_minor),
        )
        .where(PlacementBatch.ended_count < PlacementBatch.account_count, among)
        .where(PlacementBatch.organisation_id.in_(list(organisation_ids)))
        .group_by(*about)
    )
    return {(who, kind, currency): (int(n), int(total)) for who, kind, currency, n, total in session.execute(wanted)}
