"""The life of a batch after it was sent: accepted or refused by its organisation, recalled by the bank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.errors import NotFound, Refused
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.ending import Ending, end_placements, live_of
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.placement.operations import check_reason

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["accept_batch", "ask_recall", "recall_batch", "refuse_batch", "withdraw_recall"]

LIVE = (BatchState.SENT, BatchState.ACCEPTED)


def accept_batch(actor: Actor, batch_id: int) -> None:
    """The organisation takes the batch: from now on it sees the accounts and their people.

    NotFound for another's batch; Refused once it was answered or recalled.
    """
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        _move(work, batch, (BatchState.SENT,), BatchState.ACCEPTED, answered_at=work.now, answered_by=actor.user_id)
        opened = _update(work, batch, accepted_at=work.now)
        work.audit("placement.batch_accepted", batch, after=_facts(batch), placements=opened)
        hooks.batch_accepted(work, batch)


def refuse_batch(actor: Actor, batch_id: int, reason: str) -> None:
    """The organisation sends the batch back unopened: its placements end without a day that earns.

    NotFound for another's batch; Refused once it was answered or recalled; DomainError without a reason.
    """
    reason = check_reason(reason)
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        answer: dict[str, Any] = {"answered_at": work.now, "answered_by": actor.user_id, "refusal": reason}
        _move(work, batch, (BatchState.SENT,), BatchState.REFUSED, ended_at=work.now, **answer)
        ended = end_placements(work, live_of(batch), Ending(EndReason.BATCH_REFUSED))
        work.audit("placement.batch_refused", batch, after=_facts(batch), placements=ended, reason=reason)


def ask_recall(actor: Actor, batch_id: int, reason: str) -> None:
    """The bank wants the whole batch back. Another person has to carry it out (DESIGN section 3.4).

    NotFound; Refused where it is over, or asked for already; DomainError without a reason.
    """
    reason = check_reason(reason)
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        if batch.recall_asked_at is not None:
            raise Refused("batch.recall_asked", say("Somebody has already asked for this recall."))
        asked: dict[str, Any] = {"recall_asked_by": actor.user_id, "recall_asked_at": work.now}
        _move(work, batch, LIVE, batch.state, recall_reason=reason, **asked)
        work.audit("placement.recall_asked", batch, after=_facts(batch), reason=reason)


def withdraw_recall(actor: Actor, batch_id: int) -> None:
    """The recall is not wanted after all. Refused where none was asked for, or it was carried out."""
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        if batch.recall_asked_at is None:
            raise Refused("batch.no_recall", say("Nobody has asked for a recall of this batch."))
        before = {"reason": batch.recall_reason, "asked_by": batch.recall_asked_by}
        _move(work, batch, LIVE, batch.state, recall_asked_by=None, recall_asked_at=None, recall_reason="")
        work.audit("placement.recall_withdrawn", batch, before=before, after=_facts(batch))


def recall_batch(actor: Actor, batch_id: int) -> None:
    """Carry out the recall that another person has asked for: all live placements of the batch end now.

    What was never accepted ends without a day that earns. NotFound; Refused for who asked, and where nothing was asked
    for or the batch is over.
    """
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        if batch.recall_asked_at is None:
            raise Refused("batch.no_recall", say("Nobody has asked for a recall of this batch."))
        if batch.recall_asked_by is not None and batch.recall_asked_by == actor.user_id:
            words = say("You asked for this recall, so another person has to carry it out.")
            raise Refused("batch.own_recall", words)
        _move(work, batch, LIVE, BatchState.ENDED, ended_at=work.now, recalled_by=actor.user_id)
        ended = end_placements(work, live_of(batch), Ending(EndReason.RECALLED))
        work.audit("placement.batch_recalled", batch, after=_facts(batch), placements=ended)


def _locked(work: Work, batch_id: int) -> PlacementBatch:
    statement = visible(PlacementBatch, work.actor).where(PlacementBatch.id == batch_id)
    batch = work.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if batch is None:
        raise NotFound
    return batch


def _move(work: Work, batch: PlacementBatch, before: tuple[BatchState, ...], after: BatchState, **values: Any) -> None:
    """From a state to the next, only if nobody else has answered meanwhile."""
    moved = work.session.execute(
        sa.update(PlacementBatch)
        .where(PlacementBatch.id == batch.id, PlacementBatch.state.in_(before))
        .values(state=after, **values)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        words = say("This batch has already been answered or recalled. Look at its state before you go on.")
        raise Refused("batch.state", words)
    work.session.refresh(batch)


def _update(work: Work, batch: PlacementBatch, **values: Any) -> int:
    """Change the batch's live placements at once."""
    changed = work.session.execute(
        sa.update(Placement)
        .where(Placement.batch_id == batch.id, Placement.ended_at.is_(None))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]


def _facts(batch: PlacementBatch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "state": batch.state.value,
        "organisation_id": batch.organisation_id,
        "accounts": batch.account_count,
        "total_minor": batch.total_minor,
        "currency": batch.currency,
    }
