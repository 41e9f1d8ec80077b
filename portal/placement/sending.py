"""Sending an approved run: one batch for each organisation and its placements, all in one transaction.

Between the proposal and this moment accounts may have been paid, put on hold or placed by another run. So everything is
asked once more, and what has changed is left out with its reason. Called again after a death half-way it finds either
nothing done, and does it, or everything, and changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.bulk import one_at_a_time
from portal.foundation.database import summed
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.work import transaction
from portal.placement import bulk, queries
from portal.placement.models import AllocationLine, AllocationRun, BatchState, PlacementBatch, RunState
from portal.placement.operations import locked_run
from portal.placement.receivers import PossibleReceiver, possible_receivers
from portal.placement.stages import silent
from portal.portfolio.models import Account

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.stages import Stages

__all__ = ["send_run"]


def send_run(actor: Actor, run_id: int, at: Stages = silent) -> dict[str, Any]:
    """Write the batches and placements of an approved run; what became of it, in figures: `batches`, `placed`,
    `left_out` and `again` (True where it had been sent before). `at` hears of each stage.

    NotFound; Refused for a run that nobody has approved.
    """
    with transaction(actor) as work:
        one_at_a_time(work.session, "placement.send")
        run = locked_run(work, run_id)
        if run.state is RunState.SENT:
            return {"batches": 0, "placed": 0, "left_out": 0, "again": True}
        if run.state is not RunState.APPROVED:
            raise Refused("run.not_approved", say("Only an approved run is sent."))
        at(0, 3, say("Asking what has come in the way meanwhile"))
        left_out = bulk.leave_out_changed(work.session, run, work.today)
        batches, stopped = _batches(work, run)
        at(1, 3, say("Writing the placements"))
        placed = bulk.write_placements(work.session, run, batches, work.now) if batches else 0
        _note_contents(work, run, batches)
        for batch in batches:
            hooks.batch_sent(work, batch)
        at(2, 3, say("Writing the run’s outcome"))
        run.outcome = (run.outcome or {}) | {"since": [list(t) for t in queries.tally_since(work.session, run)]}
        run.state = RunState.SENT
        run.sent_at = work.now
        work.session.flush()
        done = {"batches": len(batches), "placed": placed, "left_out": left_out + stopped}
        work.audit("placement.run_sent", run, after={"numbers": [b.number for b in batches]} | done)
        return done | {"again": False}


def _batches(work: Work, run: AllocationRun) -> tuple[list[PlacementBatch], int]:
    """A batch for everybody who still gets something and still may; and how many accounts the others lose."""
    possible = {
        receiver.id: receiver
        for receiver in possible_receivers(work.session, work.actor, run.kind, run.currency, work.today)
        if receiver.may_receive
    }
    batches, stopped = [], 0
    for organisation_id, accounts, total_minor in _sums(work, run):
        receiver = possible.get(organisation_id)
        if receiver is None:
            stopped += bulk.leave_out_receiver(work.session, run, organisation_id, "no_contract")
            continue
        batches.append(_batch(work, run, receiver, accounts, total_minor))
    work.session.add_all(batches)
    work.session.flush()
    return batches, stopped


def _note_contents(work: Work, run: AllocationRun, batches: list[PlacementBatch]) -> None:
    """Each batch knows what it was made of, from the placements themselves: a payment may have come in since the sums
    were asked for."""
    made_of = queries.batches_by_bucket(work.session, run)
    for batch in batches:
        parts = made_of[batch.id]
        batch.by_bucket = [list(part) for part in parts]
        batch.account_count = sum(accounts for _, accounts, _ in parts)
        batch.total_minor = sum(minor for _, _, minor in parts)


def _sums(work: Work, run: AllocationRun) -> list[tuple[int, int, int]]:
    """What each receiver gets: accounts, and the amount as it is now."""
    rows = work.session.execute(
        sa.select(
            AllocationLine.organisation_id,
            sa.func.count(),
            summed(Account.total_minor),
        )
        .join(Account, Account.id == AllocationLine.account_id)
        .where(AllocationLine.run_id == run.id, AllocationLine.organisation_id.is_not(None))
        .group_by(AllocationLine.organisation_id)
        .order_by(AllocationLine.organisation_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _batch(
    work: Work, run: AllocationRun, receiver: PossibleReceiver, accounts: int, total_minor: int
) -> PlacementBatch:
    placed_on = work.today
    return PlacementBatch(
        number=_number(work, receiver),
        run_id=run.id,
        organisation_id=receiver.id,
        contract_version_id=receiver.version.id,
        kind=run.kind,
        state=BatchState.SENT,
        currency=run.currency,
        placed_on=placed_on,
        term_ends_on=placed_on + timedelta(days=receiver.version.term_days - 1),  # both ends count
        account_count=accounts,
        total_minor=total_minor,
        sent_at=work.now,
        accept_by=work.now + timedelta(hours=receiver.version.answer_hours),
    )


def _number(work: Work, receiver: PossibleReceiver) -> str:
    """W2005-07-01-HT-01: the first batch of that day for the organisation with the code HT."""
    sent = sa.select(sa.func.count()).where(
        PlacementBatch.organisation_id == receiver.id, PlacementBatch.placed_on == work.today
    )
    return f"W{work.today.isoformat()}-{receiver.organisation.code}-{(work.session.scalar(sent) or 0) + 1:02d}"
