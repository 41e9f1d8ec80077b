"""Statements drawn up for a period: every credit that no statement pays yet, line by line with the why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.bulk_beside import claim_beside, give_back_beside, sum_up
from portal.commission.bulk_claims import claim, give_back
from portal.commission.freezing import Part, freeze
from portal.commission.models import (
    TRUE_UP,
    CommissionLine,
    LineChange,
    LineKind,
    Statement,
    StatementEvent,
    StatementState,
)
from portal.commission.periods import last_day
from portal.commission.queries import state_of
from portal.commission.reckoning import Due, Reckoning, reckon, standing_before
from portal.foundation.bulk import in_chunks, insert_rows
from portal.foundation.errors import DomainError
from portal.foundation.language import say
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from portal.foundation.work import Work

__all__ = ["DRAWN_ANEW", "add_event", "draw", "withdraw"]

DRAWN_ANEW = "drawn anew"  # a code; the page says it in words
BEING_DRAWN = -1  # lines: from the first number on, the database lets nothing of a statement change
AT_ONCE = 5_000
LINE_COLUMNS = (
    "statement_id", "organisation_id", "position", "kind", "attribution_id", "placement_id", "batch_id",
    "contract_version_id", "payment_ref", "paid_on", "currency", "base_minor", "rate", "commission_minor", "reason", "why",
)  # fmt: skip
CHANGE_COLUMNS = ("attribution_id", "turn", "statement_id", "organisation_id", "takes_back")


def draw(work: Work, organisation_id: int, currency: str, period: date) -> Statement:
    """Within another operation, which keeps others from drawing: one organisation's statement of a month in one currency.

    Credits of earlier months that came late are on it too. A draft of the same month is withdrawn and drawn anew with what
    has come. DomainError while an earlier statement is not released: what follows it counts on what it says.
    """
    _take_back_draft(work, organisation_id, currency, period)
    statement = Statement(
        draft_number=_draft_number(work.session, organisation_id, currency, period), organisation_id=organisation_id,
        currency=currency, period=period, recovered_minor=0, total_minor=0, line_count=BEING_DRAWN,
        drawn_by=work.actor.user_id, drawn_at=work.now,
    )  # fmt: skip
    work.session.add(statement)
    work.session.flush()
    claim(work.session, statement.id, organisation_id, currency, last_day(period))
    claim_beside(work.session, statement, last_day(period))
    before = standing_before(work.session, organisation_id, currency, statement.id)
    reckoning = Reckoning(work.session, statement.id, organisation_id, currency, period, before)
    sums = _Sums()
    for chunk in in_chunks(sums.counted(reckon(reckoning)), AT_ONCE):
        _write(work.session, statement, chunk)
    statement.recovered_minor, statement.total_minor = sums.recovered, sums.total
    freeze(work.session, statement, last_day(period), reckoning.kept(), sums.parts, sums.clauses)
    sum_up(work.session, statement.id)
    statement.line_count = sums.lines
    add_event(work, statement, StatementState.DRAWN)
    return statement


@dataclass
class _Sums:
    """What the lines add up to."""

    lines: int = 0
    recovered: int = 0
    total: int = 0
    parts: dict[tuple[int | None, int | None], Part] = field(default_factory=dict)  # by contract version and batch
    clauses: dict[str, Part] = field(default_factory=dict)  # by reason

    def counted(self, dues: Iterator[Due]) -> Iterator[tuple[int, Due]]:
        """The lines with their places, counted as they pass."""
        for due in dues:
            self.lines += 1
            self.recovered += due.credit
            self.total += due.commission
            part = self.parts.setdefault((due.contract_version_id, due.batch_id), Part())
            for each in (part, self.clauses.setdefault(due.reason, Part())):
                each.add(due.credit, due.base, due.commission)
            yield self.lines, due


def _write(session: Session, statement: Statement, lines: list[tuple[int, Due]]) -> None:
    insert_rows(
        session, CommissionLine, LINE_COLUMNS,
        [
            (
                statement.id, statement.organisation_id, position, due.kind.value, due.attribution_id, due.placement_id,
                due.batch_id, due.contract_version_id, due.payment_ref, due.paid_on, statement.currency, due.base,
                due.rate, due.commission, due.reason, due.why,
            )
            for position, due in lines
        ],
    )  # fmt: skip
    payments = [due for _, due in lines if due.kind is LineKind.PAYMENT]
    # Credits that an earlier statement holds; what is taken back is claimed before.
    changed = [due.attribution_id for due in payments if due.reason == TRUE_UP and due.attribution_id]
    turns = _turns(session, changed)
    rows = [(number, turns.get(number, 0) + 1, statement.id, statement.organisation_id, False) for number in changed]
    insert_rows(session, LineChange, CHANGE_COLUMNS, rows)


def _turns(session: Session, attribution_ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for chunk in in_chunks(attribution_ids, 1_000):
        latest = sa.select(LineChange.attribution_id, sa.func.max(LineChange.turn).label("turn"))
        of_these = latest.where(LineChange.attribution_id.in_(chunk)).group_by(LineChange.attribution_id)
        found |= {row.attribution_id: row.turn for row in session.execute(of_these)}
    return found


def _take_back_draft(work: Work, organisation_id: int, currency: str, period: date) -> None:
    """At most one statement of an organisation and currency is not released, and that is the last one."""
    latest = sa.select(Statement).where(Statement.id.in_(standing_before(work.session, organisation_id, currency)[-1:]))
    # Locked before its state is asked for: somebody may be about to issue it.
    statement = work.session.scalar(latest.with_for_update(of=Statement))
    if statement is None:
        return
    state = state_of(work.session, statement.id)
    if state is StatementState.DRAWN and statement.period == period:
        withdraw(work, statement, DRAWN_ANEW)
    elif state in (StatementState.DRAWN, StatementState.ISSUED):
        raise DomainError(
            "commission.earlier_open",
            say(
                "%(number)s is not released yet, and what follows counts on it. Release or withdraw it first.",
                number=statement.draft_number,
            ),
        )


def withdraw(work: Work, statement: Statement, reason: str) -> None:
    """Within another operation: a statement that was not released gives its credits back."""
    add_event(work, statement, StatementState.WITHDRAWN, reason)
    give_back(work.session, statement.id)
    give_back_beside(work.session, statement.id)


def add_event(work: Work, statement: Statement, state: StatementState, reason: str = "") -> None:
    """Within another operation: a step of a statement's life, and its audit event."""
    work.session.add(
        StatementEvent(
            statement_id=statement.id, organisation_id=statement.organisation_id, state=state,
            by_user_id=work.actor.user_id, by_name=work.actor.name, at=work.now, reason=reason,
        )
    )  # fmt: skip
    work.session.flush()
    work.audit(f"statement.{state.value}", statement, after={"number": statement.number, "reason": reason or None})


def _draft_number(session: Session, organisation_id: int, currency: str, period: date) -> str:
    code = session.scalar(sa.select(Organisation.code).where(Organisation.id == organisation_id))
    earlier = session.scalar(
        sa.select(sa.func.count(Statement.id)).where(
            Statement.organisation_id == organisation_id, Statement.currency == currency, Statement.period == period
        )
    )
    return f"CS-{period:%Y-%m}-{code}-{currency}-{(earlier or 0) + 1}"
