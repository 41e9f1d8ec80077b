"""What becomes of arrangements by themselves: payments keep them, days break them or let them lapse, placements end under them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.contact.arrangements import bulk
from portal.contact.arrangements.models import HOLD_REASON, Arrangement, ArrangementState
from portal.contact.arrangements.operations import end, facts_of, put_in_queue, stop_holding
from portal.contact.arrangements.rules import Due as PartDue
from portal.contact.arrangements.rules import Judgement, Standing, judge
from portal.foundation import hooks
from portal.foundation.daily import Due
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.portfolio.keepers import Keeper
from portal.portfolio.models import Hold, HoldFlag
from portal.portfolio.operations import add_hold

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work

__all__ = ["DAY", "do_day", "settle"]

DAY = "contact.arrangements"
AT_ONCE = 500
WAIT_FOR_BOOKS = timedelta(days=30)  # what has been paid shows in the balance with one of the next files


@hooks.payments_credited.register
def _settle_by_payments(work: Work, _import_run_id: int) -> None:
    """Money that came in keeps arrangements, whoever is credited with it."""
    settle(work)


@hooks.placements_ending.register
def _withdraw_with_placement(work: Work, ending: sa.Select[tuple[int]]) -> None:
    """Nobody can agree any more to what an agency offered that has no longer the account."""
    bulk.withdraw_ending(work.session, ending, work.today)


@hooks.hold_keepers.register
def kept_by_plans(session: Session, actor: Actor, holds: Collection[Hold]) -> dict[int, Keeper]:
    """Collection stays stopped as long as the debtor keeps to what was agreed: the end of that releases the hold."""
    of_plans = {hold.account_id: hold.id for hold in holds if hold.reason.startswith(HOLD_REASON)}
    if not of_plans:
        return {}
    in_force = visible(Arrangement, actor).where(
        Arrangement.account_id.in_(of_plans), Arrangement.state == ArrangementState.AGREED
    )
    words = say("An arrangement is in force here; its end releases this hold.")
    return {
        of_plans[row.account_id]: Keeper(
            words, _l("Open the arrangement"), "arrangements.arrangement", {"arrangement_id": row.id}
        )
        for row in session.scalars(in_force)
    }


@hooks.stands_against_end.register
def plans_in_force(actor: Actor) -> tuple[str, sa.Select[tuple[int]]]:
    """Placements on which an arrangement is being kept."""
    return "plan", visible(Arrangement, actor).with_only_columns(Arrangement.placement_id).where(
        Arrangement.state == ArrangementState.AGREED
    )


def settle(work: Work) -> int:
    """Judge all arrangements that payments or the day have moved; how many. Called as the bank; again, it finds none."""
    count = 0
    for lines in hooks.payment_lines(work.actor):
        numbers = iter(bulk.moved(work.session, lines, work.today))
        while some := list(islice(numbers, AT_ONCE)):
            rows = work.session.scalars(
                visible(Arrangement, work.actor)
                .where(Arrangement.id.in_(some))
                .order_by(Arrangement.id)
                .options(selectinload(Arrangement.instalments))
                .execution_options(populate_existing=True)
            ).all()
            paid = bulk.payments_for(work.session, lines, rows)
            for row in rows:
                dues = [PartDue(part.due_on, part.kept_until, part.amount_minor) for part in row.instalments]
                _apply(work, row, judge(dues, paid[row.id], work.today))
            count += len(rows)
    return count


def _apply(work: Work, row: Arrangement, found: Judgement) -> None:
    for part, paid, paid_on in zip(row.instalments, found.paid, found.paid_on, strict=True):
        part.paid_minor, part.paid_on = paid, paid_on
    row.paid_minor = found.total
    if found.standing is Standing.BREACHED:
        if row.state is ArrangementState.AGREED:
            _break(work, row, found.ended_on)
        return
    if row.state is ArrangementState.BREACHED:
        _mend(work, row, found)
    if found.standing is Standing.COMPLETED:
        _complete(work, row, found.ended_on)
        return
    row.next_due_on, row.judge_on = found.next_due_on, found.judge_on
    if found.judge_on is not None:
        put_in_queue(work, row.account_id, "plan", found.judge_on)


def _break(work: Work, row: Arrangement, on: date | None) -> None:
    """The whole balance is asked for again, and the account is in the queue at once."""
    end(work, row, ArrangementState.BREACHED, "", on)
    stop_holding(work, row, "breached")
    put_in_queue(work, row.account_id, "plan", work.today)


def _mend(work: Work, row: Arrangement, found: Judgement) -> None:
    """A payment that was posted late had come in time: nothing was broken."""
    before = facts_of(row)
    row.state, row.ended_on, row.end_reason = ArrangementState.AGREED, None, ""
    row.next_due_on, row.judge_on = found.next_due_on or row.last_on, found.judge_on or work.today
    work.session.flush()
    add_hold(work, row.customer_id, row.account_id, HoldFlag.PLAN, f"{HOLD_REASON}agreed")
    work.audit("arrangement.mended", row, before=before, after=facts_of(row))


def _complete(work: Work, row: Arrangement, on: date | None) -> None:
    """Everything that was agreed has been paid. Where a rest is given up, contact stays closed until the bank's books show
    it no more: nobody may ask for that rest."""
    end(work, row, ArrangementState.KEPT, "", on)
    if row.waived_minor == 0:
        stop_holding(work, row, "kept")
    put_in_queue(work, row.account_id, "rest", work.today + WAIT_FOR_BOOKS)


# --- the day --------------------------------------------------------------------------------------------------------------


@hooks.due_work.register
def what_is_due(session: Session, _actor: Actor, _now: object, today: date) -> list[Due]:
    """One job for all that the day has moved. Its key names the first of them, so that what falls due later on the same day
    is a job of its own."""
    for found in (bulk.due_to_judge(today), bulk.lapsed(today), bulk.booked()):
        first = session.scalar(found.with_only_columns(Arrangement.id).order_by(Arrangement.id).limit(1))
        if first is not None:
            return [Due(DAY, f"{today.isoformat()}-{first}")]
    return []


def do_day(actor: Actor) -> int:
    """Break, complete and let lapse what is due; how many. Called again it finds none."""
    with transaction(actor) as work:
        count = settle(work)
        for row in work.session.scalars(bulk.lapsed(work.today).order_by(Arrangement.id)).all():
            end(work, row, ArrangementState.LAPSED, "", row.valid_until)
            count += 1
        for row in work.session.scalars(bulk.booked().order_by(Arrangement.id)).all():
            stop_holding(work, row, "booked")
            count += 1
        return count


@handler(DAY, _l("Arrangements of the day"))
def _day_job(job: JobView, progress: Progress) -> dict[str, Any]:
    """What the day has moved."""
    count = do_day(job.actor)
    progress.step(count, count)
    return {"url": "/arrangements", "message": as_data(say("Arrangements moved on: %(n)s.", n=count))}
