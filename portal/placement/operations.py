"""Runs from the draft to the approval. One person makes a run, another approves it; then a job sends it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.foundation.access import Permission, demand
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import NotFound, Refused
from portal.foundation.free_text import given_reason
from portal.foundation.language import say
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.placement import bulk, queries
from portal.placement.allocation import RULE
from portal.placement.criteria import Criteria, Share
from portal.placement.fairness import Outcome, Tally
from portal.placement.method import Method, as_method
from portal.placement.models import AllocationRun, RunState
from portal.placement.proposal import LARGEST_AT_ONCE, TakingPart, propose, take_part
from portal.placement.receivers import possible_receivers
from portal.placement.stages import silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.stages import Stages

__all__ = [
    "ALLOCATE",
    "SEND",
    "allocate_run",
    "approve_run",
    "locked_run",
    "make_run",
    "method_of",
    "refuse_run",
    "submit_run",
    "withdraw_run",
]

ALLOCATE = "placement.allocate"
SEND = "placement.send"
LONGEST_REASON = 400


def make_run(actor: Actor, criteria: Criteria, asked: Method | Sequence[Share]) -> int:
    """A draft with its lines frozen: every account of the segment with who is to get it, or why nobody. Answers its id.

    Of more than `LARGEST_AT_ONCE` eligible accounts the lines are written by a job. DomainError naming the field for
    criteria or a method that cannot be meant (shares alone are the plainest); Refused where no account is eligible.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    criteria.check()
    with transaction(actor) as work:
        method = as_method(asked).check()
        part, tallies = _looked_up(work, criteria, method)
        eligible = sum(t.accounts for t in tallies if t.reason is None)
        if not eligible:
            raise Refused("run.nothing_eligible", say("No account can be placed: look at what is left out, and why."))
        run = AllocationRun(
            number=_next_number(work),
            kind=criteria.kind,
            state=RunState.DRAFT,
            currency=criteria.currency,
            placed_on=work.today,
            criteria=criteria.as_data() | {"rule": RULE, "method": method.as_data()},
            shares=[Share(organisation, value).as_data() for organisation, value in method.values.items()],
            seed=criteria.seed,
            made_by=actor.user_id,
            made_at=work.now,
        )
        work.session.add(run)
        work.session.flush()
        work.audit("placement.run_made", run, after=_facts(run), eligible=eligible)
        if eligible > LARGEST_AT_ONCE:
            work.request_job(ALLOCATE, str(run.id), {"run_id": run.id})
        else:
            _freeze(work, run, criteria, part, tallies)
        return run.id


def allocate_run(actor: Actor, run_id: int, at: Stages = silent) -> AllocationRun:
    """Write the lines of a draft that has none yet; called again it changes nothing. `at` hears of each stage."""
    with transaction(actor) as work:
        run = locked_run(work, run_id)
        if run.state is RunState.DRAFT and run.outcome is None:
            criteria = Criteria.from_data(run.kind, run.currency, run.seed, run.criteria)
            at(0, 4, say("Counting the accounts of the segment"))
            _freeze(work, run, criteria, *_looked_up(work, criteria, method_of(run)), at)
        return run


def submit_run(actor: Actor, run_id: int) -> None:
    """Ask for approval. Refused unless it is a draft whose lines stand."""
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        run = locked_run(work, run_id)
        if run.state is RunState.DRAFT and not run.account_count:
            raise Refused("run.no_lines", say("Nobody gets an account in this run, so there is nothing to approve."))
        _move(work, run, RunState.DRAFT, RunState.SUBMITTED, submitted_at=work.now)
        work.audit("placement.run_submitted", run, after=_facts(run))


def approve_run(actor: Actor, run_id: int) -> None:
    """Approve what another person made; the sending is asked for in the same transaction.

    Refused for the maker, and unless the run waits for approval.
    """
    demand(actor, Permission.PLACEMENTS_APPROVE)
    with transaction(actor) as work:
        run = locked_run(work, run_id)
        _refuse_maker(work, run)
        _move(work, run, RunState.SUBMITTED, RunState.APPROVED, decided_by=actor.user_id, decided_at=work.now)
        work.audit("placement.run_approved", run, after=_facts(run))
        work.request_job(SEND, str(run.id), {"run_id": run.id})


def refuse_run(actor: Actor, run_id: int, reason: str) -> None:
    """Send a run back to its maker for good, with the reason. Refused for the maker, and unless it waits."""
    demand(actor, Permission.PLACEMENTS_APPROVE)
    reason = check_reason(reason)
    with transaction(actor) as work:
        run = locked_run(work, run_id)
        _refuse_maker(work, run)
        decided: dict[str, Any] = {"decided_by": actor.user_id, "decided_at": work.now, "refusal": reason}
        _move(work, run, RunState.SUBMITTED, RunState.REFUSED, **decided)
        work.audit("placement.run_refused", run, after=_facts(run), reason=reason)


def withdraw_run(actor: Actor, run_id: int) -> None:
    """Take a run back before anybody has decided: its maker, or for a draft whoever may make runs (its maker may be gone).

    What it would have done stays to be read. Refused for another's submitted run, which can be refused instead, and once
    it is decided.
    """
    demand(actor, Permission.PLACEMENTS_PROPOSE)
    with transaction(actor) as work:
        run = locked_run(work, run_id)
        before = RunState.DRAFT if run.state is RunState.DRAFT else RunState.SUBMITTED
        if before is RunState.SUBMITTED and run.state is before and run.made_by != actor.user_id:
            raise Refused("run.not_own", say("Only who made the run withdraws it. You can refuse it."))
        _move(work, run, before, RunState.WITHDRAWN, withdrawn_at=work.now)
        work.audit("placement.run_withdrawn", run, after=_facts(run))


def locked_run(work: Work, run_id: int) -> AllocationRun:
    """The run, kept for this transaction; NotFound where the actor sees none."""
    statement = visible(AllocationRun, work.actor).where(AllocationRun.id == run_id)
    run = work.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if run is None:
        raise NotFound
    return run


def check_reason(reason: str, field: str = "reason") -> str:
    """A reason that says something, without the spaces around it. DomainError naming the field otherwise."""
    return given_reason(reason, LONGEST_REASON, "placement.reason", say("Say why: the others read it."), field)


def _looked_up(work: Work, criteria: Criteria, method: Method) -> tuple[TakingPart, list[Tally]]:
    """Who takes part and by which strategy, and the accounts of the segment by what stands in their way now. Both are asked
    once a run: the second walks over the whole segment."""
    possible = possible_receivers(work.session, work.actor, criteria.kind, criteria.currency, work.today)
    part = take_part(work.session, method, criteria, possible)
    return part, queries.tally_by_obstacle(work.session, criteria, work.today)


def _freeze(
    work: Work,
    run: AllocationRun,
    criteria: Criteria,
    part: TakingPart,
    tallies: Sequence[Tally],
    at: Stages = silent,
) -> None:
    """Split the accounts that are eligible now, and write down every decision."""
    at(1, 4, say("Deciding who gets what"))
    proposal = propose(work.session, criteria, part)
    stopped = [t for t in tallies if t.reason is not None]
    at(2, 4, say("Writing down every decision"))
    bulk.write_lines(work.session, run.id, proposal.pairs)
    at(3, 4, say("Writing down who is left out, and why"))
    left_out = bulk.write_left_out(work.session, run.id, criteria, work.today)
    run.account_count = proposal.accounts
    run.total_minor = proposal.total_minor
    run.outcome = Outcome(
        proposal.groups(), stopped, proposal.beyond, proposal.beyond_minor, evidence=proposal.evidence().as_data()
    ).as_data()
    work.session.flush()
    work.audit("placement.run_allocated", run, after=_facts(run), left_out=left_out, beyond=proposal.beyond)


def method_of(run: AllocationRun) -> Method:
    """How a run decides; shares alone in runs of before there were methods."""
    kept = run.criteria.get("method")
    return Method.from_data(kept) if kept else as_method([Share.from_data(data) for data in run.shares])


def _move(work: Work, run: AllocationRun, before: RunState, after: RunState, **values: Any) -> None:
    """From one state to the next, only if nobody else has moved it meanwhile."""
    moved = work.session.execute(
        sa.update(AllocationRun)
        .where(AllocationRun.id == run.id, AllocationRun.state == before)
        .values(state=after, **values)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        words = say("Somebody has already moved this run on. Look at its state before you go on.")
        raise Refused("run.state", words)
    work.session.refresh(run)


def _refuse_maker(work: Work, run: AllocationRun) -> None:
    if run.made_by is not None and run.made_by == work.actor.user_id:
        raise Refused("run.own", say("You made this run, so another person has to approve or refuse it."))


def _next_number(work: Work) -> str:
    """R2005-07-01-02: the second run of that day."""
    one_at_a_time(work.session, "placement.run_number")
    today: date = work.today
    made = sa.select(sa.func.count()).where(AllocationRun.placed_on == today)
    return f"R{today.isoformat()}-{(work.session.scalar(made) or 0) + 1:02d}"


def _facts(run: AllocationRun) -> dict[str, Any]:
    return {
        "number": run.number,
        "state": run.state.value,
        "kind": run.kind.value,
        "accounts": run.account_count,
        "total_minor": run.total_minor,
        "currency": run.currency,
        "shares": run.shares,
        "criteria": run.criteria,
        "seed": run.seed,
    }
