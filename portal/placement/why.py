"""Why is this account here, or with nobody? Answered from what was written down when it was decided.

The bank reads the run's line; an agency, which knows nothing of runs, reads its own placement and the rule behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.language import Message, say
from portal.placement.allocation import Reason
from portal.placement.labels import reason_words
from portal.placement.models import AllocationLine, AllocationRun, EndReason, Placement, RunState
from portal.placement.queries import placements_of_account

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["Why", "why_here"]

LATEST_RUNS = 10


@dataclass(frozen=True)
class Why:
    """One decision about an account, in sentences; `placement_id` None where it led to none."""

    at: datetime
    title: Message
    sentences: tuple[Message, ...]
    placement_id: int | None = None


def why_here(session: Session, account_id: int) -> list[Why]:
    """Every decision about an account that the session's actor may know of, the latest first."""
    lines = {run.id: (line, run) for line, run in _lines(session, account_id)}
    found = []
    for placement in placements_of_account(session, account_id):
        line_and_run = lines.pop(placement.batch.run_id, None)
        found.append(_of_placement(placement, line_and_run))
    found += [_of_line(line, run) for line, run in lines.values()]
    return sorted(found, key=lambda why: why.at, reverse=True)


def _lines(session: Session, account_id: int) -> list[tuple[AllocationLine, AllocationRun]]:
    """The latest runs that looked at the account; drafts have decided nothing yet. None for who sees no runs."""
    return list(
        session.execute(
            sa.select(AllocationLine, AllocationRun)
            .join(AllocationRun, AllocationRun.id == AllocationLine.run_id)
            .where(AllocationLine.account_id == account_id, AllocationRun.state != RunState.DRAFT)
            .order_by(AllocationRun.id.desc())
            .limit(LATEST_RUNS)
        )
        .tuples()
        .all()
    )


def _of_placement(placement: Placement, line_and_run: tuple[AllocationLine, AllocationRun] | None) -> Why:
    sentences = [
        say(
            "Placed in batch %(batch)s in %(bucket)s with %(days)s days past due; round %(round)s of its kind.",
            batch=placement.batch.number, bucket=placement.placed_bucket, days=placement.placed_days_past_due,
            round=placement.round,
        )
    ]  # fmt: skip
    if line_and_run is not None:
        sentences.append(_of_run(*line_and_run))
    sentences.append(
        say(
            "Every receiver got its fixed share: accounts of one person stay together, and bucket and balance are "
            "spread evenly, so that the books compare."
        )
    )
    if placement.end_reason is EndReason.BATCH_REFUSED:
        sentences.append(say("The organisation refused the batch, so nothing was earned."))
    return Why(placement.starts_at, say("Placed"), tuple(sentences), placement.id)


def _of_run(line: AllocationLine, run: AllocationRun) -> Message:
    shares = {share["organisation_id"]: share["share"] for share in run.shares}
    percent = "–"
    if line.organisation_id in shares:
        percent = format((Decimal(shares[line.organisation_id]) * 100).normalize(), "f")
    return say(
        "Run %(run)s with the rule %(rule)s, seed %(seed)s: share of the receiver %(share)s %%.",
        run=run.number, rule=run.criteria.get("rule", ""), seed=run.seed, share=percent,
    )  # fmt: skip


def _of_line(line: AllocationLine, run: AllocationRun) -> Why:
    at = run.sent_at or run.decided_at or run.submitted_at or run.made_at
    if line.reason == Reason.SHARE:
        words = say("Run %(run)s proposes to place it; it has not been sent.", run=run.number)
        return Why(at, say("Proposed"), (words,))
    words = say("Run %(run)s left it out: %(reason)s.", run=run.number, reason=reason_words(line.reason))
    return Why(at, say("Not placed"), (words,))
