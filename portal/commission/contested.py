"""Objections to whom a payment is credited, for the room that decides it: the exceptions show them beside what no rule decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.commission.life_models import DisputeEvent, DisputeReason, Follows, StatementDispute
from portal.commission.models import CommissionLine, LineKind, StatementNumber
from portal.foundation import hooks
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["contested_credits"]


@hooks.contested_credits.register
def contested_credits(actor: Actor) -> sa.Select[Any]:
    """Lines contested for their credit that nobody has answered, and those answered with the word that it changes; see the hook.

    Of success fees the credit is another organisation's, and no objection of a law firm's changes it.
    """
    return (
        visible(StatementDispute, actor)
        .join(CommissionLine, CommissionLine.id == StatementDispute.line_id)
        .join(StatementNumber, StatementNumber.statement_id == StatementDispute.statement_id)
        .outerjoin(DisputeEvent, DisputeEvent.dispute_id == StatementDispute.id)
        .where(CommissionLine.kind == LineKind.PAYMENT)
        .where(
            sa.or_(
                sa.and_(StatementDispute.reason == DisputeReason.CREDIT, DisputeEvent.id.is_(None)),
                DisputeEvent.follows == Follows.CREDIT,
            )
        )
        .with_only_columns(
            CommissionLine.attribution_id,
            StatementDispute.id.label("dispute_id"),
            StatementDispute.statement_id,
            StatementNumber.number.label("statement_no"),
            CommissionLine.position,
            StatementDispute.organisation_id,
            StatementDispute.words,
            StatementDispute.at.label("contested_at"),
        )
    )
