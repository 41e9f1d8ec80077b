"""What the room does when a batch ends: a pack that nobody has approved is closed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.legal.models import LetterPack, PackState
from portal.legal.operations import close_packs
from portal.placement.models import Placement
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch

__all__ = ["close_with_batch"]


@hooks.stands_against_end.register
def packs_under_way(actor: Actor) -> tuple[str, sa.Select[tuple[int]]]:
    """Letter placements whose pack is being made, read or printed."""
    under_way = (
        visible(LetterPack, actor)
        .with_only_columns(LetterPack.batch_id)
        .where(LetterPack.state.in_((PackState.BUILDING, PackState.REVIEW, PackState.APPROVED)))
    )
    return "suit", sa.select(Placement.id).where(Placement.batch_id.in_(under_way))


@hooks.batch_ended.register
def close_with_batch(work: Work, batch: PlacementBatch) -> None:
    """In the transaction that ends the batch."""
    if batch.kind is PlacementKind.LETTER:
        close_packs(work, batch)
