"""What follows in this room from what happens in others: batches that come and go, payments that are credited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact import bulk
from portal.foundation import hooks

if TYPE_CHECKING:
    import sqlalchemy as sa

    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch


@hooks.batch_accepted.register
def _open_work(work: Work, batch: PlacementBatch) -> None:
    """An accepted batch is in its organisation's queue at once."""
    bulk.open_batch(work.session, batch.id, work.today)


@hooks.placements_ended.register
def _close_work(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """What has been taken back is called no more."""
    bulk.close_work(work.session, ended)


@hooks.payments_credited.register
def _settle_promises(work: Work, _import_run_id: int) -> None:
    """Money that came in keeps promises; that a day of promise has passed is seen at the same time."""
    for lines in hooks.credit_lines(work.actor):
        bulk.settle_promises(work.session, lines, work.today)
