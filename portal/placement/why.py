"""Why is this account here, or with nobody? Answered from what was written down when it was decided.

The bank reads the run's line; an agency, which knows nothing of runs, reads its own placement and the rule behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation.language import Message, say
from portal.identity.models import Organisation
from portal.placement.eligibility import Obstacles
from portal.placement.labels import STOPPED, reason_words, stratum_words
from portal.placement.models import AllocationLine, AllocationRun, EndReason, Placement, RunState
from portal.placement.queries import placements_of_account
from portal.placement.trace import read_trace
from portal.portfolio.models import Account
from portal.vendors.labels import name_of
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

__all__ = ["Why", "stands_now", "why_here"]

NEVER_DECIDED = (RunState.DRAFT, RunState.WITHDRAWN)
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
    names = _names(session, [line for line, _ in lines.values()])
    found += [_of_line(line, run, names) for line, run in lines.values()]
    return sorted(found, key=lambda why: why.at, reverse=True)


def stands_now(session: Session, account_id: int, today: date) -> Message:
    """What stands in the way of placing an account for collection today, for the bank, which sees all of it."""
    obstacles = Obstacles(PlacementKind.COLLECTION, today)
    asked = obstacles.beside(sa.select(obstacles.reason).select_from(Account)).where(Account.id == account_id)
    reason = session.scalar(asked)
    if reason is None:
        return say("Nothing stands in the way of placing it now.")
    return say("In the way of placing it now: %(reason)s.", reason=reason_words(reason))


def _names(session: Session, lines: Sequence[AllocationLine]) -> dict[int, str]:
    """Of the organisations that rules stopped; asked by the bank alone, since nobody else sees lines."""
    ids = {organisation for line in lines for organisation, _ in read_trace(line.trace).stopped}
    if not ids:
        return {}
    return {o.id: name_of(o) for o in session.scalars(sa.select(Organisation).where(Organisation.id.in_(ids)))}


def _lines(session: Session, account_id: int) -> list[tuple[AllocationLine, AllocationRun]]:
    """The latest runs that looked at the account; drafts have decided nothing, nor has what was taken back. None for who sees no runs."""
    return list(
        session.execute(
            sa.select(AllocationLine, AllocationRun)
            .join(AllocationRun, AllocationRun.id == AllocationLine.run_id)
            .where(AllocationLine.account_id == account_id, AllocationRun.state.not_in(NEVER_DECIDED))
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
        sentences += _of_run(*line_and_run)
    else:
        sentences.append(
            say(
                "Receivers' books are made comparable: accounts of one person stay together, bucket and balance are spread."
            )
        )
    if placement.end_reason is EndReason.BATCH_REFUSED:
        sentences.append(say("The organisation refused the batch, so nothing was earned."))
    if placement.end_reason is EndReason.NOT_ANSWERED:
        sentences.append(say("The organisation did not answer in time, so nothing was earned."))
    return Why(placement.starts_at, say("Placed"), tuple(sentences), placement.id)


def _of_run(line: AllocationLine, run: AllocationRun) -> list[Message]:
    """What the run decided and by what, from what it kept."""
    trace = read_trace(line.trace)
    said = [
        say(
            "Run %(run)s with the rule %(rule)s, seed %(seed)s: %(reason)s.",
            run=run.number, rule=run.criteria.get("rule", ""), seed=run.seed, reason=reason_words(line.reason),
        )
    ]  # fmt: skip
    share = _share(line, run, trace.step)
    if trace.step:
        said.append(
            say(
                "Step %(step)s of its strategy; it stood in %(stratum)s.",
                step=trace.step,
                stratum=stratum_words(trace.stratum) if trace.stratum else "–",
            )
        )
    if share is not None:
        said.append(say("Share of the receiver in this step: %(share)s%%.", share=share))
    return said


def _share(line: AllocationLine, run: AllocationRun, step: int) -> str | None:
    """In percent: what the step gave the receiver, or in runs of before that what it was asked to."""
    steps = ((run.outcome or {}).get("evidence") or {}).get("steps", [])
    if step and step <= len(steps):
        share = steps[step - 1]["shares"].get(str(line.organisation_id))
        return None if share is None else _percent(Fraction(share))
    shares = {given["organisation_id"]: given["share"] for given in run.shares}
    if line.organisation_id in shares and "method" not in run.criteria:
        return _percent(Fraction(shares[line.organisation_id]))
    return None


def _percent(share: Fraction) -> str:
    hundredfold = share * 100
    exact = Decimal(hundredfold.numerator) / hundredfold.denominator
    return format(exact.quantize(Decimal("0.01")).normalize(), "f")


def _of_line(line: AllocationLine, run: AllocationRun, names: Mapping[int, str]) -> Why:
    at = run.sent_at or run.decided_at or run.submitted_at or run.made_at
    if line.organisation_id is not None:
        words = say("Run %(run)s proposes to place it; it has not been sent.", run=run.number)
        return Why(at, say("Proposed"), (words, *_of_run(line, run)))
    words = say("Run %(run)s left it out: %(reason)s.", run=run.number, reason=reason_words(line.reason))
    stopped = [
        say(
            "%(name)s: %(rule)s.",
            name=names.get(organisation, str(organisation)),
            rule=STOPPED.get(rule, Message(rule)),
        )
        for organisation, rule in read_trace(line.trace).stopped
    ]
    return Why(at, say("Not placed"), (words, *stopped))
