"""Credits that an agency contests: the bank decides about them anew as about what no rule decides, by one person and another.

Which objections wait, the room of statements tells (`hooks.contested_credits`). Nothing that was issued changes: what a new
decision moves is on the next statements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation import hooks
from portal.identity.models import Organisation
from portal.recovery.models import EXCEPTIONS, Attribution
from portal.recovery.queries import standing, waits_for_somebody

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["contested", "count_contested", "is_to_decide", "objections", "objections_to"]

MOST_COUNTED = 1_000


def objections(actor: Actor) -> sa.Subquery:
    """Objections that wait, in the columns of the hook."""
    found: sa.Select[Any] = hooks.contested_credits.one(actor)
    return found.subquery("objection")


def contested(actor: Actor, said: sa.Subquery) -> sa.Select[tuple[Attribution]]:
    """What stands of payments whose credit is contested, once for each of these objections. A reversal follows its payment, so
    an objection to it is one to the payment's credit; what was decided since the objection has had its answer."""
    named, meant = aliased(Attribution), aliased(Attribution)
    return (
        standing(actor)
        .join(meant, sa.and_(meant.payment_id == Attribution.payment_id, meant.share == Attribution.share))
        .join(named, sa.func.coalesce(named.reverses_id, named.id) == meant.id)
        .join(said, said.c.attribution_id == named.id)
        .where(Attribution.decision.not_in(EXCEPTIONS), Attribution.reverses_id.is_(None))
        .where(sa.or_(Attribution.id == meant.id, Attribution.decided_at < said.c.contested_at))
    )


def is_to_decide(actor: Actor) -> sa.ColumnElement[bool]:
    """Whether a decision is before the bank: no rule made it, or an agency contests it. For a few decisions, not for lists."""
    ids = contested(actor, objections(actor)).with_only_columns(Attribution.id)
    return sa.or_(waits_for_somebody(), Attribution.id.in_(ids))


def count_contested(session: Session, actor: Actor) -> int:
    """How many credits are contested, a thousand at the most."""
    ids = contested(actor, objections(actor)).with_only_columns(Attribution.id).distinct()
    return session.scalar(sa.select(sa.func.count()).select_from(ids.limit(MOST_COUNTED).subquery())) or 0


def objections_to(session: Session, actor: Actor, attribution_id: int) -> list[Any]:
    """What is said against a decision, the first one first: the columns of the hook, and the Organisation that says it."""
    said = objections(actor)
    wanted = (
        contested(actor, said)
        .join(Organisation, Organisation.id == said.c.organisation_id)
        .where(Attribution.id == attribution_id)
        .with_only_columns(*said.c, Organisation)
        .order_by(said.c.dispute_id)
    )
    return list(session.execute(wanted))
