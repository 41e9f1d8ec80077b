"""Statements of the demo: drawn up and issued by one at finance, released by the other, confirmed or contested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.closing import draw_period
from portal.commission.models import Statement, StatementState
from portal.commission.operations import (
    answer_statement,
    confirm_statement,
    contest_statement,
    issue_statement,
    release_statement,
)
from portal.commission.queries import current_state
from portal.demo.cast import HOUSES
from portal.foundation.work import reading
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from datetime import date

    from portal.demo.stage import Stage

__all__ = ["answer_agencies", "draw", "release"]

LEADERS = {house.code: house.leader.user_name for house in HOUSES}
LEFT_AS_DRAWN = {"YF"}  # of the newest month: where each statement is left for somebody to go on
LEFT_AS_ISSUED = {"XT"}
CONTESTING = "ZX"
UNANSWERED = {"BL"}


def draw(stage: Stage, period: date, newest: bool) -> None:
    """Draw a month up and put its statements before the second person."""
    draw_period(stage.actor("finance1"), period)
    for statement_id, code in _statements(stage, period, StatementState.DRAWN):
        if not (newest and code in LEFT_AS_DRAWN):
            issue_statement(stage.actor("finance1"), statement_id)


def release(stage: Stage, period: date, newest: bool) -> None:
    """The second person lets the agencies see them."""
    for statement_id, code in _statements(stage, period, StatementState.ISSUED):
        if not (newest and code in LEFT_AS_ISSUED):
            release_statement(stage.actor("finance2"), statement_id)


def answer_agencies(stage: Stage, period: date, newest: bool) -> None:
    """The agencies look at what was released to them; of an older month the bank has answered what was contested."""
    for statement_id, code in _statements(stage, period, StatementState.RELEASED):
        leader = stage.actor(LEADERS[code])
        if code == CONTESTING:
            contest_statement(leader, statement_id, "有两笔回款在委案期内入账,但未计入本期,请核对附件中的流水号")
            if not newest:
                answer_statement(stage.actor("finance1"), statement_id, "两笔均在次月入账,已列入下期结算单")
                confirm_statement(leader, statement_id)
        elif not (newest and code in UNANSWERED):
            confirm_statement(leader, statement_id)


def _statements(stage: Stage, period: date, state: StatementState) -> list[tuple[int, str]]:
    """A month's statements in a state, with the organisation's code."""
    wanted = (
        sa.select(Statement.id, Organisation.code)
        .join(Organisation, Organisation.id == Statement.organisation_id)
        .where(Statement.period == period, current_state() == state)
        .order_by(Statement.id)
    )
    with reading(stage.actor("finance1")) as session:
        return [(row[0], row[1]) for row in session.execute(wanted)]
