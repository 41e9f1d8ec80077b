"""What the room does when a batch ends: a pack that nobody has approved is closed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.foundation import hooks
from portal.legal.operations import close_pack
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch

__all__ = ["close_with_batch"]


@hooks.batch_ended.register
def close_with_batch(work: Work, batch: PlacementBatch) -> None:
    """In the transaction that ends the batch."""
    if batch.kind is PlacementKind.LETTER:
        close_pack(work, batch)
