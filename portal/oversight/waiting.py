"""What waits for a person, each thing with its one action; the oldest deadline first.

Every kind of thing is asked for by those who may act on it, a few rows at a time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.charge_models import Charge
from portal.commission.charge_queries import charges
from portal.commission.life_queries import deadlines
from portal.commission.models import Statement, StatementEvent, StatementState
from portal.commission.queries import events_of, seen_by
from portal.commission.score_models import Scoring, ScoringState
from portal.commission.score_queries import scorings
from portal.contact.models import Promise, PromiseState, WorkItem
from portal.foundation import hooks
from portal.foundation.access import Permission, Role
from portal.foundation.jobs import Job, JobState, title_of
from portal.foundation.jobs.queries import visible_jobs
from portal.foundation.language import _l, say
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.legal.licences import has_licence
from portal.legal.models import LetterPack, PackState
from portal.oversight.beginnings import first_steps
from portal.oversight.counted import COUNTED
from portal.oversight.suits import accounts_to_sue_for, costs_to_decide, costs_to_pay, days_in_court, suits_left_behind
from portal.oversight.tasks import Desk, Task, reviewed_by
from portal.placement import leaving_queries as leaving
from portal.placement.models import AllocationRun, BatchState, PlacementBatch, RunState
from portal.placement.recall_models import Recall, RecallState
from portal.placement.recall_queries import recall_rows
from portal.recovery.contested import count_contested
from portal.recovery.payment_queries import clearings_to_check
from portal.recovery.queries import count_exceptions
from portal.vendors.queries import endings_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.language import Message
    from portal.vendors.standing import Standing

__all__ = ["Task", "tasks_for"]

MOST = 8  # of one kind; the list behind the navigation has the rest
FAILED_DAYS = 7
REFUSED_DAYS = 14


def tasks_for(session: Session, actor: Actor, now: datetime, today: date) -> list[Task]:
    """All that waits for the actor, the oldest deadline first."""
    desk = Desk(session, actor, now, today)
    found = [task for may, kind in KINDS if may(actor) for task in kind(desk)]
    found += [task for thing in COUNTED if thing.may(actor) and (task := thing.task(desk)) is not None]
    found += [task for tasks in hooks.tasks(desk) for task in tasks]
    return sorted(found, key=lambda task: task.due_at(actor.time_zone))


def _runs(desk: Desk) -> Iterator[Task]:
    """Runs that somebody else has made."""
    wanted = (
        visible(AllocationRun, desk.actor)
        .join(User, User.id == AllocationRun.made_by)
        .add_columns(User.name)
        .where(AllocationRun.state == RunState.SUBMITTED, AllocationRun.made_by != desk.actor.user_id)
        .order_by(AllocationRun.id)
        .limit(MOST)
    )
    for run, maker in desk.session.execute(wanted):
        yield Task(
            say("Run %(number)s waits for approval", number=run.number), _l("Look and decide"), "placement.run",
            {"run_id": run.id}, reviewed_by(run.submitted_at), maker, run.account_count, run.total_minor, run.currency,
        )  # fmt: skip


def _recalls(desk: Desk) -> Iterator[Task]:
    """Recalls that somebody else has asked for."""
    wanted = (
        recall_rows(desk.actor)
        .where(Recall.state == RecallState.ASKED, Recall.asked_by.is_distinct_from(desk.actor.user_id))
        .order_by(Recall.id)
        .limit(MOST)
    )
    for row in desk.session.execute(wanted):
        recall = row.Recall
        yield Task(
            say("Recall %(number)s was asked for", number=recall.number), _l("Look and decide"), "placement.recall",
            {"recall_id": recall.id}, reviewed_by(recall.asked_at), row.asker or "", recall.account_count,
        )  # fmt: skip


def _unanswered(desk: Desk) -> Iterator[Task]:
    """For the bank: batches whose organisation has let the deadline pass."""
    for batch, owner in _sent(desk, PlacementBatch.accept_by < desk.now):
        words = say("Batch %(number)s was not answered in time", number=batch.number)
        yield _batch_task(batch, words, _l("Open"), batch.accept_by, _name(desk, owner))


def _refused(desk: Desk) -> Iterator[Task]:
    """For the bank: batches that came back, whose accounts are with nobody."""
    wanted = (
        visible(PlacementBatch, desk.actor)
        .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
        .add_columns(Organisation)
        .where(PlacementBatch.state == BatchState.REFUSED)
        .where(PlacementBatch.answered_at >= desk.now - timedelta(days=REFUSED_DAYS))
        .order_by(PlacementBatch.answered_at, PlacementBatch.id)
        .limit(MOST)
    )
    for batch, owner in desk.session.execute(wanted):
        words = say("Batch %(number)s was refused; its accounts can be placed again", number=batch.number)
        yield _batch_task(batch, words, _l("Look why"), reviewed_by(batch.answered_at), _name(desk, owner))


def _batches(desk: Desk) -> Iterator[Task]:
    """For the organisation: batches that have arrived."""
    for batch, _owner in _sent(desk):
        words = say("Batch %(number)s has arrived", number=batch.number)
        yield _batch_task(batch, words, _l("Look and accept"), batch.accept_by, "")


def _sent(desk: Desk, *conditions: sa.ColumnElement[bool]) -> list[Any]:
    wanted = (
        visible(PlacementBatch, desk.actor)
        .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
        .add_columns(Organisation)
        .where(PlacementBatch.state == BatchState.SENT, *conditions)
        .order_by(PlacementBatch.accept_by, PlacementBatch.id)
        .limit(MOST)
    )
    return list(desk.session.execute(wanted))


def _batch_task(batch: PlacementBatch, words: Message, action: Any, due: datetime | None, who: str) -> Task:
    return Task(
        words, action, "placement.batch", {"batch_id": batch.id}, due, who, batch.account_count, batch.total_minor,
        batch.currency,
    )  # fmt: skip


def _exceptions(desk: Desk) -> Iterator[Task]:
    count = count_exceptions(desk.session, desk.actor)
    if count:
        yield Task(
            say("Payments that are credited to nobody"), _l("Look through them"), "recovery.exceptions", count=count
        )


def _contested(desk: Desk) -> Iterator[Task]:
    """Credits that agencies contest, as far as nobody has decided anew."""
    count = count_contested(desk.session, desk.actor)
    if count:
        yield Task(
            say("Credits of payments that agencies contest"),
            _l("Look through them"),
            "recovery.exceptions",
            count=count,
        )


def _clearings(desk: Desk) -> Iterator[Task]:
    """What others have proposed for payments that no rule decides."""
    count = clearings_to_check(desk.session, desk.actor)
    if count:
        yield Task(
            say("Proposals for payments that no rule decides"), _l("Check them"), "recovery.clearings", count=count
        )


STATEMENT_STEPS: dict[StatementState, tuple[Callable[[str], Message], Any]] = {
    StatementState.DRAWN: (lambda number: say("Statement %(number)s is drawn up", number=number), _l("Check and issue")),
    StatementState.ISSUED: (
        lambda number: say("Statement %(number)s waits for a second person", number=number), _l("Check and release"),
    ),
    StatementState.CONTESTED: (lambda number: say("Statement %(number)s is contested", number=number), _l("Answer it")),
    StatementState.RELEASED: (lambda number: say("Statement %(number)s has come", number=number), _l("Check and confirm")),
    StatementState.ANSWERED: (
        lambda number: say("Statement %(number)s was answered by the bank", number=number), _l("Check and confirm"),
    ),
}  # fmt: skip


def _finance_statements(desk: Desk) -> Iterator[Task]:
    """What the bank has to do with statements; one's own issue is another's to release."""
    states = (StatementState.DRAWN, StatementState.ISSUED, StatementState.CONTESTED)
    for statement, step, owner in _statements(desk, states):
        if step.state is StatementState.ISSUED and step.by_user_id == desk.actor.user_id:
            continue
        yield _statement_task(statement, step, _name(desk, owner))


def _agency_statements(desk: Desk) -> Iterator[Task]:
    """What the organisation has to say about its statements."""
    for statement, step, _owner in _statements(desk, (StatementState.RELEASED, StatementState.ANSWERED)):
        until = deadlines(statement, events_of(desk.session, desk.actor, statement.id))
        yield _statement_task(statement, step, "", until.last if until else None)


def _statements(desk: Desk, states: tuple[StatementState, ...]) -> list[Any]:
    newest = (
        sa.select(sa.func.max(StatementEvent.id))
        .where(StatementEvent.statement_id == Statement.id)
        .correlate(Statement)
        .scalar_subquery()
    )
    wanted = (
        seen_by(desk.actor)
        .join(StatementEvent, StatementEvent.id == newest)
        .join(Organisation, Organisation.id == Statement.organisation_id)
        .add_columns(StatementEvent, Organisation)
        .where(StatementEvent.state.in_(states), Statement.period >= desk.today - timedelta(days=366))
        .order_by(StatementEvent.at, StatementEvent.id)
        .limit(MOST)
    )
    return list(desk.session.execute(wanted))


def _statement_task(statement: Statement, step: StatementEvent, who: str, due: date | None = None) -> Task:
    words, action = STATEMENT_STEPS[step.state]
    return Task(
        words(statement.number), action, "commission.statement", {"statement_id": statement.id},
        due or reviewed_by(step.at), who, statement.line_count, statement.total_minor, statement.currency,
    )  # fmt: skip


def _charges(desk: Desk) -> Iterator[Task]:
    """Costs and adjustments that somebody else proposed."""
    wanted = charges(desk.actor).where(~Charge.decision.has(), Charge.proposed_by != (desk.actor.user_id or 0))
    for charge in desk.session.scalars(wanted.order_by(Charge.id).limit(MOST)):
        yield Task(
            say("%(number)s waits for a second person", number=charge.number), _l("Check and decide"), "charges.charge",
            {"charge_id": charge.id}, reviewed_by(charge.proposed_at), _name(desk, charge.organisation), None,
            charge.amount_minor, charge.currency,
        )  # fmt: skip


def _scorings(desk: Desk) -> Iterator[Task]:
    """Scores of months that somebody else proposed."""
    wanted = scorings(desk.actor).where(
        Scoring.state == ScoringState.PROPOSED, Scoring.made_by != (desk.actor.user_id or 0)
    )
    for scoring in desk.session.scalars(wanted.order_by(Scoring.id).limit(MOST)):
        yield Task(
            say("Scores of %(month)s wait for a second person", month=f"{scoring.period:%Y-%m}"), _l("Check and fix"),
            "scores.scoring", {"scoring_id": scoring.id}, reviewed_by(scoring.made_at),
        )  # fmt: skip


def _packs(desk: Desk) -> Iterator[Task]:
    wanted = visible(LetterPack, desk.actor).where(LetterPack.state == PackState.REVIEW)
    approves = has_licence(desk.session, desk.actor, desk.today)
    act = _l("Read and approve") if approves else _l("Read and prepare")
    for pack in desk.session.scalars(wanted.order_by(LetterPack.id).limit(MOST)):
        yield Task(
            say("Pack %(number)s waits for review", number=pack.number), act, "legal.pack",
            {"pack_id": pack.id}, reviewed_by(pack.built_at), "", pack.letter_count,
            pack.total_minor, pack.currency,
        )  # fmt: skip


def _jobs(desk: Desk) -> Iterator[Task]:
    """Work that failed lately: one's own; and for those who manage jobs what failed by a fault of the portal, not by a
    file that was refused, which its sender has to mend."""
    since = desk.now - timedelta(days=FAILED_DAYS)
    wanted = visible_jobs(desk.actor).where(Job.state == JobState.FAILED, Job.finished_at >= since)
    theirs = Job.requested_by == desk.actor.user_id
    if desk.actor.can(Permission.JOBS_MANAGE):
        theirs = sa.or_(theirs, Job.error["code"].as_string().startswith("job."))
    wanted = wanted.where(theirs)
    for job in desk.session.scalars(wanted.order_by(Job.id.desc()).limit(MOST)):
        words = say("“%(title)s” has failed", title=title_of(job.kind))
        yield Task(words, _l("See why"), "jobs.job", {"job_id": job.id}, job.finished_at)


def _promises(desk: Desk) -> Iterator[Task]:
    wanted = visible(Promise, desk.actor).where(
        Promise.organisation_id == desk.actor.organisation_id, Promise.state == PromiseState.OPEN,
        Promise.promised_on == desk.today,
    )  # fmt: skip
    count = desk.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery()))
    if count:
        words = say("Promises that are due today")
        yield Task(words, _l("See who"), "contact.promises", {"state": "today"}, desk.today, count=count)


def _callbacks(desk: Desk) -> Iterator[Task]:
    wanted = visible(WorkItem, desk.actor).where(
        WorkItem.organisation_id == desk.actor.organisation_id, WorkItem.open, WorkItem.next_kind == "callback",
        WorkItem.next_on <= desk.today,
    )  # fmt: skip
    count = desk.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery()))
    if count:
        yield Task(
            say("Call-backs that were agreed for today"), _l("Open the queue"), "contact.queue", {}, desk.today,
            count=count,
        )  # fmt: skip


def _papers(desk: Desk) -> Iterator[Task]:
    """Agencies and law firms with which nothing can be placed, or soon nothing: what ended or ends first."""
    ahead = endings_ahead(desk.session, desk.actor, desk.today)
    mendable = [(o, standing) for o, standing in ahead if not standing.is_over]
    for organisation, standing in mendable[:MOST]:
        name = _name(desk, organisation)
        if standing.reason is not None:
            words = say("Nothing can be placed with %(name)s: %(reason)s", name=name, reason=standing.reason.words)
        else:
            words = say("The %(paper)s of %(name)s ends", paper=standing.endings[0].what, name=name)
        due = _mend_by(standing, desk.today)
        yield Task(words, _l("Open"), "vendors.vendor", {"organisation_id": organisation.id}, due)


def _sign_ins(desk: Desk) -> Iterator[Task]:
    """Organisations that have left and confirmed everything, so that their people need no sign-in any more."""
    for found in leaving.exits_to_close(desk.session, desk.actor)[:MOST]:
        words = say(
            "%(name)s has left and confirmed everything: its sign-in can be closed",
            name=_name(desk, found.organisation),
        )
        yield Task(words, _l("Open"), "placement.exit_page", {"exit_id": found.id}, None)


def _own_papers(desk: Desk) -> Iterator[Task]:
    """For who leads an agency or law firm: why it can receive nothing, or what of its own ends first. Who has left can
    mend nothing of it."""
    for _own, standing in endings_ahead(desk.session, desk.actor, desk.today):
        if standing.is_over:
            continue
        if standing.reason is not None:
            words = say("The bank can place nothing with you: %(reason)s", reason=standing.reason.words)
        else:
            words = say("Your %(paper)s ends", paper=standing.endings[0].what)
        yield Task(words, _l("Open"), "vendors.own", {}, _mend_by(standing, desk.today))


def _mend_by(standing: Standing, today: date) -> date | None:
    """What stops placing is to be mended today at the latest, whatever other paper ends later."""
    until = standing.valid_until
    return until if standing.reason is None else min(until or today, today)


def _name(desk: Desk, organisation: Organisation) -> str:
    """The organisation's name in the reader's language, where it has one."""
    return (organisation.name_en if desk.actor.locale == "en" else "") or organisation.name


def _may(permission: Permission) -> Callable[[Actor], bool]:
    return lambda actor: actor.can(permission)


def _is(*roles: Role) -> Callable[[Actor], bool]:
    return lambda actor: actor.role in roles


KINDS: tuple[tuple[Callable[[Actor], bool], Callable[[Desk], Iterator[Task]]], ...] = (
    (_may(Permission.PLACEMENTS_APPROVE), _runs),
    (_may(Permission.PLACEMENTS_APPROVE), _recalls),
    (_may(Permission.PLACEMENTS_PROPOSE), _unanswered),
    (_may(Permission.PLACEMENTS_PROPOSE), _refused),
    (_may(Permission.BATCHES_ACCEPT), _batches),
    (_is(Role.FINANCE), _exceptions),
    (_is(Role.FINANCE), _contested),
    (_is(Role.FINANCE), _clearings),
    (_may(Permission.STATEMENTS_ISSUE), _finance_statements),
    (_may(Permission.STATEMENTS_CONFIRM), _agency_statements),
    (_may(Permission.CHARGES_DECIDE), _charges),
    (_may(Permission.SCORES_MANAGE), _scorings),
    (_may(Permission.PACKS_APPROVE), _packs),
    (_may(Permission.MATTERS_RUN), days_in_court),
    (_may(Permission.MATTERS_RUN), suits_left_behind),
    (_may(Permission.MATTERS_RUN), costs_to_pay),
    (_may(Permission.MATTERS_RUN), accounts_to_sue_for),
    (_may(Permission.CHARGES_DECIDE), costs_to_decide),
    (_may(Permission.QUEUE_WORK), _promises),
    (_may(Permission.QUEUE_WORK), _callbacks),
    (_may(Permission.PLACEMENTS_APPROVE), _sign_ins),
    (_is(Role.VENDOR_MANAGER, Role.ADMINISTRATOR), _papers),
    (_is(Role.AGENCY_LEADER, Role.LEGAL_PARTNER), _own_papers),
    (_may(Permission.JOBS_VIEW), _jobs),
    (lambda actor: actor.is_bank, first_steps),
)
