"""Carrying out an exit: batch by batch, each in a transaction of its own, so that it can die and go on anywhere.

What is left to do is what still lives, so doing it again does nothing twice. The last day that earns is the
organisation's last day, or that of the exception, whenever this runs.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.daily import Due
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.bulk_exits import count_live, freeze_exceptions, live_with
from portal.placement.certificates import fall_due_with_exit
from portal.placement.codes import RecallReason
from portal.placement.ending import Ending, alone, end_placements
from portal.placement.exits import EXIT, choices_of, locked_exit
from portal.placement.leaving_models import ExitException, ExitState, OrganisationExit
from portal.placement.models import EndReason, Placement

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["carry_out_exit", "what_is_due"]

OF_ONE_LOOK = 100


@hooks.due_work.register
def what_is_due(session: Session, actor: Actor, _now: object, today: date) -> list[Due]:
    """Exits whose last day has passed, and those of which an exception's day has passed or nothing lives any more."""
    begins = sa.and_(OrganisationExit.state == ExitState.APPROVED, OrganisationExit.last_on < today)
    stays = sa.exists().where(
        ExitException.exit_id == OrganisationExit.id,
        ExitException.until >= today,
        Placement.id == ExitException.placement_id,
        Placement.ended_at.is_(None),
    )
    late = sa.exists().where(
        ExitException.exit_id == OrganisationExit.id,
        ExitException.until < today,
        Placement.id == ExitException.placement_id,
        Placement.ended_at.is_(None),
    )
    goes_on = sa.and_(OrganisationExit.state == ExitState.RUNNING, sa.or_(late, ~stays))
    found = visible(OrganisationExit, actor).where(sa.or_(begins, goes_on)).order_by(OrganisationExit.id)
    return [
        Due(EXIT, f"{row.id}-{today.isoformat()}", {"exit_id": row.id})
        for row in session.scalars(found.limit(OF_ONE_LOOK))
    ]


def carry_out_exit(actor: Actor, exit_id: int, told: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Send back what may not stay any longer; how many placements went. `told` hears of placements done and of how many.

    Refused for an exit that nobody has approved. Called again it goes on where it was.
    """
    total = _begin(actor, exit_id)
    done = 0
    while True:
        went = _send_next_batch(actor, exit_id)
        if not went:
            break
        done += went
        told(done, max(total, done))
    _finish(actor, exit_id)
    return done


def _begin(actor: Actor, exit_id: int) -> int:
    """Look once more at what stands against it, by the choices that were approved; how many placements are to go."""
    with transaction(actor) as work:
        alone(work)
        row = locked_exit(work, exit_id, ExitState.APPROVED, ExitState.RUNNING, ExitState.DONE)
        if row.state is ExitState.APPROVED:
            freeze_exceptions(work.session, row.id, row.organisation_id, choices_of(row))
            found = count_live(work.session, row.id, row.organisation_id)
            row.found = {kind: [list(line) for line in lines] for kind, lines in found.items()}
            row.counted_at = row.started_at = work.now
            row.state = ExitState.RUNNING
            work.audit("exit.begun", row, after={"number": row.number, "found": row.found})
        return work.session.scalar(sa.select(sa.func.count()).select_from(_to_go(work, row).subquery())) or 0


def _to_go(work: Work, row: OrganisationExit) -> sa.Select[tuple[int]]:
    """Live placements that do not stay today."""
    stays = sa.exists().where(
        ExitException.exit_id == row.id, ExitException.placement_id == Placement.id, ExitException.until >= work.today
    )
    return sa.select(Placement.id).where(live_with(row.organisation_id), ~stays)


def _send_next_batch(actor: Actor, exit_id: int) -> int:
    """End what is to go of one batch; 0 where none is left."""
    with transaction(actor) as work:
        alone(work)
        row = locked_exit(work, exit_id, ExitState.RUNNING, ExitState.DONE)
        going = _to_go(work, row)
        batch_id = work.session.scalar(going.with_only_columns(sa.func.min(Placement.batch_id)))
        if batch_id is None:
            return 0
        of_batch = going.where(Placement.batch_id == batch_id)
        count = 0
        for last_on in _last_days(work, row, of_batch):
            wanted = of_batch.where(_until(row) == last_on) if last_on else of_batch.where(_until(row).is_(None))
            day = min(last_on or row.last_on, work.today)
            ending = Ending(EndReason.EXITED, closure_code=RecallReason.EXIT.value, last_on=day)
            count += end_placements(work, wanted, ending)
        work.audit("exit.batch_sent_back", row, after={"number": row.number, "batch_id": batch_id, "placements": count})
        return count


def _until(row: OrganisationExit) -> sa.ScalarSelect[date | None]:
    """The day until which a placement was let stay; null for one that nothing stands against."""
    return (
        sa.select(ExitException.until)
        .where(ExitException.exit_id == row.id, ExitException.placement_id == Placement.id)
        .correlate(Placement)
        .scalar_subquery()
    )


def _last_days(work: Work, row: OrganisationExit, of_batch: sa.Select[tuple[int]]) -> list[date | None]:
    """The days until which placements of a batch were let stay, in order; None, for those that were not, comes last."""
    days = work.session.scalars(of_batch.with_only_columns(_until(row)).distinct()).all()
    return sorted(days, key=lambda day: day or date.max)


def _finish(actor: Actor, exit_id: int) -> None:
    """Once nothing lives with the organisation the exit is done, and its certificate falls due."""
    with transaction(actor) as work:
        row = locked_exit(work, exit_id, ExitState.RUNNING, ExitState.DONE)
        lives = visible(Placement, actor).with_only_columns(Placement.id).where(live_with(row.organisation_id)).limit(1)
        if row.state is ExitState.DONE or work.session.scalar(lives) is not None:
            return
        row.state, row.done_at = ExitState.DONE, work.now
        fall_due_with_exit(work, row)
        work.audit("exit.done", row, after={"number": row.number})
