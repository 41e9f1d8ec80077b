"""Statements for the tests of every room, made by the room's own operations."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from portal.commission.closing import draw_period
from portal.commission.models import CommissionLine, Statement, StatementState
from portal.commission.operations import (
    issue_statement,
    release_statement,
)
from portal.commission.queries import state_of
from portal.foundation.access import Actor, Role
from portal.foundation.work import reading
from tests.identity.factories import actor_of, make_user, observer

if TYPE_CHECKING:
    from portal.identity.models import User

__all__ = ["JULY", "Finance", "commissions", "drawn", "make_finance", "released", "state"]

JULY = date(2005, 7, 1)


class Finance(NamedTuple):
    """Two people of the bank's finance: one issues, the other releases."""

    maker: User
    checker: User

    @property
    def issuer(self) -> Actor:
        return actor_of(self.maker)

    @property
    def releaser(self) -> Actor:
        return actor_of(self.checker)


def make_finance() -> Finance:
    return Finance(make_user(Role.FINANCE), make_user(Role.FINANCE))


def drawn(finance: Finance, period: date = JULY) -> list[int]:
    """The numbers of the statements that drawing the month up gives now."""
    return [statement.id for statement in draw_period(finance.issuer, period)]


def released(finance: Finance, period: date = JULY) -> list[int]:
    """Statements that are with their agencies."""
    found = drawn(finance, period)
    for statement_id in found:
        issue_statement(finance.issuer, statement_id)
        release_statement(finance.releaser, statement_id)
    return found


def state(statement_id: int) -> StatementState | None:
    """Where a statement stands."""
    with reading(observer()) as session:
        return state_of(session, statement_id)


def commissions(statement_id: int) -> list[tuple[str, int]]:
    """Payment and commission of each line."""
    with reading(observer()) as session:
        lines = session.scalars(
            sa.select(CommissionLine)
            .where(CommissionLine.statement_id == statement_id)
            .order_by(CommissionLine.position)
        )
        return [(line.payment_ref, line.commission_minor) for line in lines]


def total(statement_id: int) -> int:
    """What a statement says is due."""
    with reading(observer()) as session:
        return session.scalars(sa.select(Statement.total_minor).where(Statement.id == statement_id)).one()
