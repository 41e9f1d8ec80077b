"""The answer to a batch that was sent: accepted or refused by its organisation, or none in time, so that it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.money import Money
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement.ending import Ending, alone, end_placements, live_of, update_rows
from portal.placement.models import BatchState, EndReason, Placement, PlacementBatch
from portal.placement.operations import check_reason

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = ["Received", "accept_batch", "expire_batch", "refuse_batch"]


@dataclass(frozen=True)
class Received:
    """What an organisation says it has received: accounts, and the amount in minor units of the batch's currency."""

    count: int
    total_minor: int


def accept_batch(actor: Actor, batch_id: int, received: Received | None = None) -> None:
    """The organisation takes the batch: from now on it sees the accounts and their people.

    `received` None: as the batch says. NotFound for another's batch; Refused once it was answered or recalled;
    DomainError with both figures where what was received is not what was sent.
    """
    with transaction(actor) as work:
        batch = _locked(work, batch_id)
        if received is not None and batch.state is BatchState.SENT:
            _compare(batch, received)
        answer: dict[str, Any] = {"answered_at": work.now, "answered_by": actor.user_id}
        answer |= {"acknowledged_count": batch.account_count, "acknowledged_minor": batch.total_minor}
        _move(work, batch, (BatchState.SENT,), BatchState.ACCEPTED, **answer)
        live = sa.and_(Placement.batch_id == batch.id, Placement.ended_at.is_(None))
        opened = update_rows(work, Placement, live, accepted_at=work.now)
        work.audit("placement.batch_accepted", batch, after=_facts(batch), placements=opened)
        hooks.batch_accepted(work, batch)


def refuse_batch(actor: Actor, batch_id: int, reason: str) -> None:
    """The organisation sends the batch back unopened: its placements end without a day that earns.

    NotFound for another's batch; Refused once it was answered or recalled; DomainError without a reason.
    """
    reason = check_reason(reason)
    with transaction(actor) as work:
        alone(work)
        batch = _locked(work, batch_id)
        answer: dict[str, Any] = {"answered_at": work.now, "answered_by": actor.user_id, "refusal": reason}
        _move(work, batch, (BatchState.SENT,), BatchState.REFUSED, ended_at=work.now, **answer)
        ended = end_placements(work, live_of(batch), Ending(EndReason.BATCH_REFUSED))
        work.audit("placement.batch_refused", batch, after=_facts(batch), placements=ended, reason=reason)


def expire_batch(actor: Actor, batch_id: int) -> int:
    """A batch that was not answered by its deadline comes back, as if it had never begun; how many accounts.

    The portal itself does this. NotFound; nothing happens where it was answered meanwhile, or still has time.
    """
    with transaction(actor) as work:
        alone(work)
        batch = _locked(work, batch_id)
        if batch.state is not BatchState.SENT or batch.accept_by >= work.now:
            return 0
        _move(work, batch, (BatchState.SENT,), BatchState.EXPIRED, ended_at=work.now)
        ended = end_placements(work, live_of(batch), Ending(EndReason.NOT_ANSWERED))
        work.audit("placement.batch_expired", batch, after=_facts(batch), placements=ended)
        return ended


def _compare(batch: PlacementBatch, received: Received) -> None:
    """DomainError where the organisation has received something else than was sent, with both figures."""
    if received.count != batch.account_count:
        words = say(
            "You have received %(received)s accounts, and %(sent)s were sent. Refuse the batch, or ask the bank.",
            received=received.count, sent=batch.account_count,
        )  # fmt: skip
        raise DomainError("batch.count", words, field="count")
    if received.total_minor != batch.total_minor:
        words = say(
            "You have received %(received)s, and %(sent)s was sent. Refuse the batch, or ask the bank.",
            received=Money(received.total_minor, batch.currency), sent=Money(batch.total_minor, batch.currency),
        )  # fmt: skip
        raise DomainError("batch.amount", words, field="amount")


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


def _facts(batch: PlacementBatch) -> dict[str, Any]:
    return {
        "number": batch.number,
        "state": batch.state.value,
        "organisation_id": batch.organisation_id,
        "accounts": batch.account_count,
        "total_minor": batch.total_minor,
        "currency": batch.currency,
    }
