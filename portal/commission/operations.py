"""The life of a statement: drawn up, issued by one person, released by a second, confirmed or contested by the agency."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.drawing import add_event, draw_statements, last_day, withdraw
from portal.commission.models import Statement, StatementEvent, StatementState
from portal.commission.queries import state_of, statement_for
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import DomainError, Refused
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say
from portal.foundation.work import transaction
from portal.recovery.models import Attribution

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.jobs import Job, JobView, Progress
    from portal.foundation.work import Work

__all__ = [
    "answer_statement", "ask_for_period", "confirm_statement", "contest_statement", "draw_period", "issue_statement",
    "refuse_statement", "release_statement",
]  # fmt: skip

S = StatementState


def ask_for_period(actor: Actor, period: date) -> Job:
    """Ask for a month's statements as a job; asking twice while nothing new came in is one job.

    `period` is the first day of the month. DomainError where the month is not over.
    """
    with transaction(actor) as work:
        _refuse_open_period(work, period)
        # A new payment, or a statement taken back, is a new reason to draw; a second click is none.
        credit = work.session.scalar(sa.select(sa.func.max(Attribution.id))) or 0
        step = work.session.scalar(sa.select(sa.func.max(StatementEvent.id))) or 0
        return work.request_job("commission.draw", f"{period:%Y-%m}-{credit}-{step}", {"period": period.isoformat()})


@handler("commission.draw", _l("Drawing up statements"))
def _draw_job(job: JobView, progress: Progress) -> dict[str, Any]:
    period = date.fromisoformat(job.payload["period"])
    drawn = draw_period(job.actor, period)
    message = (
        say("%(count)s statements were drawn up.", count=len(drawn))
        if drawn
        else say("There is nothing new to pay for this month.")
    )
    return {"message": as_data(message), "url": f"/statements?period={period:%Y-%m}"}


def draw_period(actor: Actor, period: date) -> list[Statement]:
    """Draw up a month's statements now. Running it again pays nothing twice: each credit has one claim."""
    with transaction(actor) as work:
        _refuse_open_period(work, period)
        one_at_a_time(work.session, "commission.draw")
        return draw_statements(work, period)


def _refuse_open_period(work: Work, period: date) -> None:
    if last_day(period) >= work.today:
        raise DomainError(
            "commission.period_open",
            say("This month is not over. Statements are drawn up from the first day of the next."),
            field="period",
        )


def issue_statement(actor: Actor, statement_id: int) -> None:
    """Put a drawn statement before a second person."""
    _step(actor, statement_id, S.ISSUED, {S.DRAWN})


def release_statement(actor: Actor, statement_id: int) -> None:
    """Let the agency see an issued statement. Refused to the person who issued it."""
    _step(actor, statement_id, S.RELEASED, {S.ISSUED}, not_the_issuer=True)


def refuse_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """Withdraw a statement that is not released, with the reason; its credits wait for the next drawing."""
    reason = _given(reason)
    with transaction(actor) as work:
        statement = _locked(work, statement_id, {S.DRAWN, S.ISSUED})
        withdraw(work, statement, reason)


def confirm_statement(actor: Actor, statement_id: int) -> None:
    """The agency agrees with a released statement."""
    _step(actor, statement_id, S.CONFIRMED, {S.RELEASED, S.ANSWERED})


def contest_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """The agency says what is wrong with a released statement."""
    _step(actor, statement_id, S.CONTESTED, {S.RELEASED, S.ANSWERED}, reason=_given(reason))


def answer_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """The bank's word on what was contested; the agency may then confirm, or contest again."""
    _step(actor, statement_id, S.ANSWERED, {S.CONTESTED}, reason=_given(reason))


def _given(reason: str) -> str:
    if not reason.strip():
        raise DomainError("statement.reason", say("Say why, so that the other side can follow."), field="reason")
    return reason.strip()[:1000]


def _step(
    actor: Actor, statement_id: int, to: StatementState, allowed: set[StatementState], *, reason: str = "",
    not_the_issuer: bool = False,
) -> None:  # fmt: skip
    with transaction(actor) as work:
        statement = _locked(work, statement_id, allowed)
        if not_the_issuer and _issuer(work, statement) == actor.user_id:
            raise Refused(
                "statement.own_issue", say("You issued this statement yourself; another person has to release it.")
            )
        add_event(work, statement, to, reason)


def _locked(work: Work, statement_id: int, allowed: set[StatementState]) -> Statement:
    statement = statement_for(work.session, work.actor, statement_id, lock=True)
    state = state_of(work.session, statement.id)
    if state not in allowed:
        raise Refused("statement.state", say("The statement has moved on in the meantime. Look at its state."))
    return statement


def _issuer(work: Work, statement: Statement) -> int | None:
    return work.session.scalar(
        sa.select(StatementEvent.by_user_id)
        .where(StatementEvent.statement_id == statement.id, StatementEvent.state == S.ISSUED)
        .order_by(StatementEvent.id.desc())
        .limit(1)
    )
