"""What the room does when a batch ends: packs that nobody has approved are closed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.visibility import visible
from portal.legal.models import Letter, LetterPack, PackState
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
    """Letter placements whose letter is read or printed, and those of a batch of which a pack is being made."""
    being_made = visible(LetterPack, actor).where(LetterPack.state == PackState.BUILDING)
    letters = (
        visible(Letter, actor)
        .join(LetterPack, LetterPack.id == Letter.pack_id)
        .where(LetterPack.state.in_((PackState.REVIEW, PackState.APPROVED)))
    )
    return "suit", sa.select(Placement.id).where(
        sa.or_(
            Placement.batch_id.in_(being_made.with_only_columns(LetterPack.batch_id)),
            Placement.id.in_(letters.with_only_columns(Letter.placement_id)),
        )
    )


@hooks.batch_ended.register
def close_with_batch(work: Work, batch: PlacementBatch) -> None:
    """In the transaction that ends the batch."""
    if batch.kind is PlacementKind.LETTER:
        close_packs(work, batch)
