"""A plan tried on what was paid already: what it would have given over a stretch of days, beside the plans that held.

Nothing is issued and nothing changes. Measures of a batch see its whole life: what a plan gives for a stretch is what it gives up
to the last day, less what it gives up to the day before the first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.credit_rows import COLUMNS, groups, order_of, payments_of, placed_with
from portal.commission.plan import Book, Payment, PlanError, Together, earn, faults_of, read_plan, scope_of
from portal.commission.reckoning import plan_of, unpayable
from portal.commission.score_models import PlanTrial, PlanTrialRow
from portal.commission.trial_queries import contract_for, trial_for
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError
from portal.foundation.jobs import handler
from portal.foundation.language import Message, _l, as_data, say
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.placement.models import Placement
from portal.recovery.models import Attribution, Decision
from portal.recovery.models import Payment as Posting
from portal.recovery.queries import standing
from portal.vendors.models import ContractVersion
from portal.vendors.plans.faults import sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from portal.commission.plan import Line, Plan
    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.vendors.models import Contract

__all__ = ["AT_ONCE", "Asked", "BatchSums", "ask_trial"]

AT_ONCE = 2_000  # payments up to which a trial is reckoned while its page is waited for; more are a job
OF_DAYS = ("", "free_period")  # what attribution has said of a payment's days; a tried plan looks at them itself


@dataclass(frozen=True)
class Asked:
    """`version`: a version of the contract whose plan is tried; None: `plan`, written in the notation (JSON). Both days count."""

    contract_id: int
    first_on: date
    last_on: date
    version: int | None = None
    plan: str = ""


@dataclass
class BatchSums:
    """What came in of a batch in the stretch, and what it gives under its own plans and the tried one; minor units."""

    payments: int = 0
    recovered: int = 0
    own: int = 0
    tried: int = 0


def ask_trial(actor: Actor, asked: Asked) -> int:
    """Try a plan; the trial's id. Few payments are reckoned at once, many by a job. DomainError naming the field: a plan that
    cannot be read, days the wrong way round; NotFound for a contract or version that is not there."""
    demand(actor, Permission.PLANS_TRY)
    if asked.last_on < asked.first_on:
        raise DomainError("trial.days", say("The last day lies before the first."), field="last_on")
    with transaction(actor) as work:
        contract = contract_for(work.session, actor, asked.contract_id)
        plan = _notation(work.session, actor, contract, asked)
        trial = PlanTrial(
            contract_id=contract.id, version=None if asked.plan.strip() else asked.version, plan=plan, first_on=asked.first_on,
            last_on=asked.last_on, made_by=actor.user_id or 0, made_by_name=actor.name, made_at=work.now,
        )  # fmt: skip
        work.session.add(trial)
        work.session.flush()
        count = work.session.scalar(_credits(actor, contract.id, asked.last_on).with_only_columns(sa.func.count())) or 0
        if count <= AT_ONCE:
            _write(work.session, actor, trial)
        else:
            work.request_job("commission.try", str(trial.id), {"trial": trial.id}, total=count)
        return trial.id


@handler("commission.try", _l("Trying a plan"))
def _try_job(job: JobView, progress: Progress) -> dict[str, Any]:
    trial_id = int(job.payload["trial"])
    with reading(job.actor) as session:
        trial = trial_for(session, job.actor, trial_id)
        found = _reckoned(session, job.actor, trial, progress) if trial.done_at is None else None
    if found is not None:
        with transaction(job.actor) as work:
            trial = trial_for(work.session, job.actor, trial_id)
            if trial.done_at is None:
                _keep(work.session, trial, found)
                trial.done_at = work.now
    return {"message": as_data(say("The plan has been tried.")), "url": f"/trials/{trial_id}"}


def _notation(session: Session, actor: Actor, contract: Contract, asked: Asked) -> dict[str, Any]:
    """The plan to be tried, read once so that what is wrong with it is said now."""
    if asked.plan.strip():
        try:
            plan = json.loads(asked.plan, parse_float=str)
        except (ValueError, RecursionError) as error:
            words = say('This is no JSON: write the plan in the notation, for example {"rate": "0.14"}.')
            raise DomainError("trial.plan", words, field="plan") from error
        if isinstance(plan, dict):
            plan.setdefault("currency", contract.currency)
    else:
        version = session.scalar(
            visible(ContractVersion, actor).where(
                ContractVersion.contract_id == contract.id, ContractVersion.version == asked.version
            )
        )
        if version is None:
            raise DomainError("trial.version", say("The contract has no version of this number."), field="version")
        plan = version.plan
    if faults := faults_of(plan):
        raise DomainError("trial.plan", _told(faults[0]), field="plan")
    if read_plan(plan).currency != contract.currency:
        words = say(
            "This plan is in %(plan)s, the contract in %(currency)s.", plan=plan["currency"], currency=contract.currency
        )
        raise DomainError("trial.plan", words, field="plan")
    return dict(plan)


def _told(fault: PlanError) -> Message:
    return say("%(key)s: %(what)s", key=fault.key, what=sentence_of(fault))


def _write(session: Session, actor: Actor, trial: PlanTrial) -> None:
    _keep(session, trial, _reckoned(session, actor, trial, None))
    trial.done_at = trial.made_at


def _keep(session: Session, trial: PlanTrial, found: dict[int, BatchSums]) -> None:
    for batch_id, sums in sorted(found.items()):
        session.add(
            PlanTrialRow(
                trial_id=trial.id, batch_id=batch_id, payments=sums.payments, recovered_minor=sums.recovered,
                own_minor=sums.own, tried_minor=sums.tried,
            )
        )  # fmt: skip
    trial.payments = sum(sums.payments for sums in found.values())
    trial.recovered_minor = sum(sums.recovered for sums in found.values())
    trial.own_minor = sum(sums.own for sums in found.values())
    trial.tried_minor = sum(sums.tried for sums in found.values())


# --- reckoning ------------------------------------------------------------------------------------------------------------


def _reckoned(session: Session, actor: Actor, trial: PlanTrial, progress: Progress | None) -> dict[int, BatchSums]:
    """Sums by batch. DomainError where a plan asks for something that a payment does not say."""
    found: dict[int, BatchSums] = defaultdict(BatchSums)
    contract = contract_for(session, actor, trial.contract_id)
    done = 0
    tried = read_plan(trial.plan)
    wanted = _credits(actor, contract.id, trial.last_on)
    placed: dict[str, int] = {}
    try:
        for group in _groups(session, wanted, tried.together):
            _add_facts(found, group, trial.first_on)
            payments = [replace(p, refusal=None) if p.refusal in OF_DAYS else p for p in payments_of(group)]
            book = Book(placed=placed_with(session, placed, tried, {row.batch_id for row in group}))
            for batch_id, amount in _in_stretch(tried, payments, book, trial.first_on).items():
                found[batch_id].tried += amount
            done += len(group)
            if progress is not None:
                progress.step(done)
    except PlanError as error:
        raise _not_payable(error) from error
    versions = visible(ContractVersion, actor).where(ContractVersion.contract_id == contract.id)
    earned: list[tuple[date, int]] = []
    for version in session.scalars(versions.order_by(ContractVersion.version)).all():
        mine = wanted.where(Placement.contract_version_id == version.id)
        plan = plan_of(version, contract, contract.currency)
        try:
            for batch_id, amount in _own(session, mine, plan, placed, trial.first_on, earned):
                found[batch_id].own += amount
        except PlanError as error:
            raise unpayable(version, contract, error) from error
    return {batch_id: sums for batch_id, sums in found.items() if sums.payments or sums.own or sums.tried}


def _own(
    session: Session,
    mine: sa.Select[Any],
    plan: Plan,
    placed: dict[str, int],
    first_on: date,
    earned: list[tuple[date, int]],
) -> Iterator[tuple[int, int]]:
    """What a version of the contract gives for its own placements, by batch; a cap of the whole contract counts what earlier
    versions `earned`."""
    before = list(earned)
    for group in _groups(session, mine, plan.together):
        scopes: defaultdict[str | int, int] = defaultdict(int)
        if plan.together is Together.CONTRACT:
            for day, amount in before:
                scopes[scope_of(plan, day)] += amount
        batches = placed_with(session, placed, plan, {row.batch_id for row in group})
        payments = payments_of(group)
        book = Book(placed=batches, earned_in=scopes)
        if plan.together is Together.CONTRACT:
            earned += [(line.payment.paid_on, line.commission) for line in earn(plan, payments, book)]
        yield from _in_stretch(plan, payments, book, first_on).items()


def _in_stretch(plan: Plan, payments: Sequence[Payment], book: Book, first_on: date) -> dict[int, int]:
    """What the plan gives by batch for the days from the first on."""
    found: defaultdict[int, int] = defaultdict(int)
    _add(found, earn(plan, _whole(payments), book), 1)
    early = _whole([payment for payment in payments if payment.paid_on < first_on])
    if early:
        _add(found, earn(plan, early, book), -1)
    return found


def _add(found: dict[int, int], lines: Iterable[Line], sign: int) -> None:
    for line in lines:
        found[int(line.payment.placing.batch)] += sign * line.commission


def _whole(payments: Sequence[Payment]) -> list[Payment]:
    """Without reversals of what is not among them: they take back what is not counted either."""
    known = {payment.id for payment in payments}
    return [payment for payment in payments if payment.reverses is None or payment.reverses in known]


def _add_facts(found: dict[int, BatchSums], group: Sequence[Any], first_on: date) -> None:
    for row in group:
        if row.paid_on >= first_on:
            found[row.batch_id].payments += 1
            found[row.batch_id].recovered += row.credit_minor


def _groups(session: Session, wanted: sa.Select[Any], together: Together) -> Iterator[list[Any]]:
    yield from groups(session.execute(wanted.order_by(*order_of(together))), together)


def _credits(actor: Actor, contract_id: int, last_on: date) -> sa.Select[Any]:
    """What belongs to a contract's placements up to a day and stands: credits, and what the contract leaves out."""
    versions = sa.select(ContractVersion.id).where(ContractVersion.contract_id == contract_id)
    return (
        standing(actor)
        .join(Posting, Posting.id == Attribution.payment_id)
        .join(Placement, Placement.id == Attribution.placement_id)
        .where(Placement.contract_version_id.in_(versions), Attribution.paid_on <= last_on)
        .where(Attribution.decision.in_((Decision.CREDITED, Decision.EXCLUDED)))
        .with_only_columns(*COLUMNS)
    )


def _not_payable(error: PlanError) -> DomainError:
    """What the tried plan asks for and a payment or placement does not say."""
    return DomainError("trial.plan", _told(error), field="plan")
