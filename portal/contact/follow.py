"""What follows in this room from what happens in others: batches that come and go, payments that are credited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.contact import bulk
from portal.contact.models import Promise, PromiseState
from portal.contact.requests import bulk as bulk_requests
from portal.contact.standard import begin_stopped
from portal.foundation import hooks
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    import sqlalchemy as sa

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch


@hooks.batch_accepted.register
def _open_work(work: Work, batch: PlacementBatch) -> None:
    """An accepted batch is in its organisation's queue at once."""
    bulk.open_batch(work.session, batch.id, work.today)
    begin_stopped(work, batch)


@hooks.placements_ending.register
def _carry_promises(work: Work, ending: sa.Select[tuple[int]]) -> None:
    """What has been promised and is not due yet goes on with the account."""
    bulk.carry_promises(work.session, ending, work.now, work.today)


@hooks.stands_against_end.register
def open_promises(actor: Actor) -> tuple[str, sa.Select[tuple[int]]]:
    """Placements whose debtor has promised to pay and may still do so."""
    return "promise", visible(Promise, actor).with_only_columns(Promise.placement_id).where(
        Promise.state == PromiseState.OPEN
    )


@hooks.placements_ended.register
def _close_work(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """What has been taken back is called no more."""
    bulk.close_work(work.session, ended)


@hooks.placements_ended.register
def _end_requests(work: Work, ended: sa.Select[tuple[int]]) -> None:
    """Who holds an account no more is asked nothing about it, and asks nothing."""
    bulk_requests.end_requests(work.session, ended, work.now)
    bulk_requests.end_questions(work.session, ended)


@hooks.payments_credited.register
def _settle_promises(work: Work, _import_run_id: int) -> None:
    """Money that came in keeps promises; that a day of promise has passed is seen at the same time."""
    for lines in hooks.credit_lines(work.actor):
        bulk.settle_promises(work.session, lines, work.today)
    for lines in hooks.payment_lines(work.actor):
        bulk.settle_carried(work.session, lines, work.today)
