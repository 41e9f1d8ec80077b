"""The clock of the work standard: it stands still while a hold stops contact, and begins anew with its end.

Its day is kept with the place in the queue, so that what is untouched stays one range of an index. Which holds stop contact
the rules where the debtor is say; a plan in force always does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.entries import PAUSED, try_by
from portal.contact.holds.effect import stops_contact
from portal.contact.models import WorkItem
from portal.contact.rules.shelf import shelf_of
from portal.foundation import hooks
from portal.foundation.jobs import handler
from portal.foundation.language import _l
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.models import Placement
from portal.portfolio.models import Account, Customer, Hold, HoldFlag

if TYPE_CHECKING:
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work
    from portal.placement.models import PlacementBatch

__all__ = ["HOLD", "begin_stopped"]

HOLD = "contact.standard"

_REGION = sa.case((Customer.region != "", Customer.region), else_=Account.region)
_OF_HOLD = sa.or_(
    Hold.account_id == WorkItem.account_id,
    sa.and_(Hold.account_id.is_(None), Hold.customer_id == WorkItem.customer_id),
)


@hooks.hold_raised.register
def _stop_clock(work: Work, hold: Hold) -> None:
    """The clocks of what a new hold is about stand still, also with others than the one who raised it."""
    _pause(work, Hold.id == hold.id)
    _ask_portal(work, hold)


@hooks.hold_released.register
def _start_clock(work: Work, hold: Hold) -> None:
    """They begin anew where nothing else stops contact."""
    _resume(work, hold)
    _ask_portal(work, hold)


@hooks.holds_filed.register
def _stop_clocks_of_file(work: Work, _import_run_id: int) -> None:
    """The same for the holds of a file of accounts."""
    _pause(work, sa.and_(Hold.raised_at == work.now, Hold.raised_by.is_(None)))


def begin_stopped(work: Work, batch: PlacementBatch) -> None:
    """What comes into the queue while a hold stops contact comes with its clock stopped."""
    _pause(work, WorkItem.placement_id.in_(sa.select(Placement.id).where(Placement.batch_id == batch.id)))


def _ask_portal(work: Work, hold: Hold) -> None:
    """An organisation may not write for others that hold accounts of the same person; the portal does."""
    if not work.actor.is_bank:
        work.session.flush()
        state = "raised" if hold.released_at is None else "released"
        work.request_job(HOLD, f"{hold.id}-{state}", {"hold_id": hold.id}, as_portal=True)


@handler(HOLD, _l("Clocks of the work standard"))
def _of_hold(job: JobView, _progress: Progress) -> dict[str, Any] | None:
    """Stop or start what a hold is about; again, it changes nothing."""
    with transaction(job.actor) as work:
        hold = work.session.scalar(visible(Hold, job.actor).where(Hold.id == job.payload["hold_id"]))
        if hold is not None:
            _pause(work, Hold.id == hold.id)
            _resume(work, hold)
    return None


def _pause(work: Work, about: sa.ColumnElement[bool]) -> None:
    """Stop the clocks of places that a standing hold stops, of these holds or places."""
    work.session.flush()
    running = _held(work).where(WorkItem.open.is_(True), WorkItem.try_by != PAUSED, about)
    stopping = _stopping(work, running)
    if stopping is None:
        return
    places = running.where(stopping).with_only_columns(WorkItem.id)
    work.session.execute(
        sa.update(WorkItem).where(WorkItem.id.in_(places)).values(try_by=PAUSED),
        execution_options={"synchronize_session": "fetch"},
    )


def _resume(work: Work, hold: Hold) -> None:
    """Start the clocks of what a hold that has ended was about."""
    if hold.released_at is None:
        return
    work.session.flush()
    about = WorkItem.account_id == hold.account_id if hold.account_id else WorkItem.customer_id == hold.customer_id
    held = _held(work).where(about)
    stopping = _stopping(work, held)
    paused = visible(WorkItem, work.actor).where(WorkItem.open.is_(True), WorkItem.try_by == PAUSED, about)
    if stopping is not None:
        paused = paused.where(WorkItem.id.not_in(held.where(stopping).with_only_columns(WorkItem.id)))
    for item in work.session.scalars(paused):
        item.try_by = try_by(item.next_on, work.today, item.standard_days)


def _held(work: Work) -> sa.Select[Any]:
    """Places with the holds that stand over them."""
    return (
        visible(WorkItem, work.actor)
        .join(Account, Account.id == WorkItem.account_id)
        .join(Customer, Customer.id == WorkItem.customer_id)
        .join(Hold, _OF_HOLD)
        .where(Hold.released_at.is_(None))
    )


def _stopping(work: Work, held: sa.Select[Any]) -> sa.ColumnElement[bool] | None:
    """Which of these holds stop contact by the rules of the debtor's place; None where none does."""
    shelf = shelf_of(work.session, work.actor)
    kinds = work.session.execute(held.with_only_columns(_REGION.label("region"), Hold.flag).distinct()).all()
    stop = [
        sa.and_(region == _REGION, Hold.flag == flag)
        for region, flag in kinds
        if flag is HoldFlag.PLAN or stops_contact(shelf.pack_for(region, work.today), flag.value)
    ]
    return sa.or_(*stop) if stop else None
