"""The placements of an organisation that leaves, as sets: what lives with it, and what stands against ending it.

One of the modules that may pass the net under ORM statements (DESIGN section 6). Every function is called as the bank.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation import hooks
from portal.foundation.database import choice, summed
from portal.foundation.visibility import actor_of
from portal.placement.leaving_models import ExceptionKind, ExitException
from portal.placement.models import Placement
from portal.placement.recall_models import Objection, ObjectionState, RecallLine, RetentionLine
from portal.portfolio.models import Hold, HoldFlag
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["REST", "count_live", "freeze_exceptions", "live_with"]

REST = "rest"  # what nothing stands against


def live_with(organisation_id: int) -> sa.ColumnElement[bool]:
    """The placements that live with an organisation, answered or not."""
    return sa.and_(Placement.organisation_id == organisation_id, Placement.ended_at.is_(None))


def freeze_exceptions(
    session: Session, exit_id: int, organisation_id: int, choices: Mapping[ExceptionKind, date]
) -> None:
    """Write down anew what stands against ending placements now, each under the first kind that fits."""
    actor = actor_of(session)
    if not actor.is_bank:
        raise PermissionError("only the bank sees what lives with an organisation")
    session.execute(
        sa.delete(ExitException).where(ExitException.exit_id == exit_id).execution_options(synchronize_session=False)
    )
    for kind in ExceptionKind:
        known = sa.exists().where(ExitException.exit_id == exit_id, ExitException.placement_id == Placement.id)
        found = sa.select(
            sa.literal(exit_id, sa.BigInteger()),
            Placement.id,
            sa.literal(kind, choice(ExceptionKind)),
            sa.literal(choices.get(kind), sa.Date()),
        ).where(live_with(organisation_id), Placement.accepted_at.is_not(None), _stands(kind, actor), ~known)
        session.execute(
            sa.insert(ExitException).from_select(
                ["exit_id", "placement_id", "kind", "until"], found.order_by(Placement.id)
            )
        )


def _stands(kind: ExceptionKind, actor: Actor) -> sa.ColumnElement[bool]:
    """Whether this stands against ending a placement."""
    told = [Placement.id.in_(ids) for code, ids in hooks.stands_against_end(actor) if code == kind.value]
    if kind is ExceptionKind.SUIT:
        return sa.or_(Placement.kind == PlacementKind.LITIGATION, *told)
    if kind is ExceptionKind.PLAN:
        of_it = sa.or_(Hold.account_id == Placement.account_id, Hold.account_id.is_(None))
        plan = sa.exists().where(
            Hold.customer_id == Placement.customer_id, of_it, Hold.flag == HoldFlag.PLAN, Hold.released_at.is_(None)
        )
        return sa.or_(plan, *told)
    if kind is ExceptionKind.OBJECTION:
        objected = sa.exists().where(
            RecallLine.placement_id == Placement.id,
            Objection.recall_line_id == RecallLine.id,
            Objection.state == ObjectionState.OPEN,
        )
        kept = sa.exists().where(RetentionLine.placement_id == Placement.id, RetentionLine.is_open)
        return sa.or_(objected, kept, *told)
    return sa.or_(sa.false(), *told)


def count_live(session: Session, exit_id: int, organisation_id: int) -> dict[str, list[tuple[str, int, int]]]:
    """What lives with the organisation by kind of exception (`rest`: none): currency, placements, amount as placed."""
    rows = session.execute(
        sa.select(
            ExitException.kind,
            Placement.currency,
            sa.func.count(),
            summed(Placement.placed_total_minor),
        )
        .select_from(Placement)
        .outerjoin(ExitException, sa.and_(ExitException.placement_id == Placement.id, ExitException.exit_id == exit_id))
        .where(live_with(organisation_id))
        .group_by(ExitException.kind, Placement.currency)
        .order_by(Placement.currency)
    )
    found: dict[str, list[tuple[str, int, int]]] = {}
    for kind, currency, count, minor in rows:
        found.setdefault(kind.value if kind else REST, []).append((currency, count, minor))
    return found
