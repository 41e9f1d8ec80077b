"""The life of a statement: issued by one person, released by a second, confirmed or contested by the agency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.disputes import answer_statement, confirm_statement, contest_statement
from portal.commission.drawing import add_event, withdraw
from portal.commission.models import Statement, StatementEvent, StatementNumber, StatementState
from portal.commission.stepping import given, locked
from portal.foundation.bulk import one_at_a_time
from portal.foundation.errors import Refused
from portal.foundation.language import say
from portal.foundation.work import transaction
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "answer_statement", "confirm_statement", "contest_statement", "issue_statement", "refuse_statement",
    "release_statement",
]  # fmt: skip

S = StatementState


def issue_statement(actor: Actor, statement_id: int) -> None:
    """Put a drawn statement before a second person."""
    _step(actor, statement_id, S.ISSUED, {S.DRAWN})


def release_statement(actor: Actor, statement_id: int) -> None:
    """Let the agency see an issued statement, and give it its number. Refused to the person who issued it."""
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.ISSUED})
        if _issuer(work, statement) == actor.user_id:
            raise Refused(
                "statement.own_issue", say("You issued this statement yourself; another person has to release it.")
            )
        _number(work, statement)
        add_event(work, statement, S.RELEASED)


def _number(work: Work, statement: Statement) -> None:
    """The next number of the organisation and the year, drawn by one at a time."""
    owner, year = statement.organisation_id, work.today.year
    one_at_a_time(work.session, f"statement.number.{owner}.{year}")
    last = sa.select(sa.func.max(StatementNumber.serial)).where(
        StatementNumber.organisation_id == owner, StatementNumber.year == year
    )
    serial = (work.session.scalar(last) or 0) + 1
    code = work.session.scalar(sa.select(Organisation.code).where(Organisation.id == owner))
    work.session.add(
        StatementNumber(
            statement_id=statement.id, organisation_id=owner, year=year, serial=serial,
            number=f"CS-{code}-{year}-{serial:04}",
        )
    )  # fmt: skip
    work.session.flush()
    work.session.refresh(statement, ["numbered"])


def refuse_statement(actor: Actor, statement_id: int, reason: str) -> None:
    """Withdraw a statement that is not released, with the reason; its credits wait for the next drawing."""
    reason = given(reason)
    with transaction(actor) as work:
        statement = locked(work, statement_id, {S.DRAWN, S.ISSUED})
        withdraw(work, statement, reason)


def _step(actor: Actor, statement_id: int, to: StatementState, allowed: set[StatementState], reason: str = "") -> None:
    with transaction(actor) as work:
        add_event(work, locked(work, statement_id, allowed), to, reason)


def _issuer(work: Work, statement: Statement) -> int | None:
    return work.session.scalar(
        sa.select(StatementEvent.by_user_id)
        .where(StatementEvent.statement_id == statement.id, StatementEvent.state == S.ISSUED)
        .order_by(StatementEvent.id.desc())
        .limit(1)
    )
