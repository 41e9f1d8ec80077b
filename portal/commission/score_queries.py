"""Reads of the scores of months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.commission.periods import last_day
from portal.commission.score_models import Scoring, ScoringRow, ScoringState
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.vendors.models import Contract, ContractVersion, PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["count_waiting", "panel", "scoring_for", "scorings"]


def scorings(actor: Actor) -> sa.Select[tuple[Scoring]]:
    """Scores of all months."""
    return visible(Scoring, actor)


def scoring_for(session: Session, actor: Actor, scoring_id: int, *, lock: bool = False) -> Scoring:
    """One month's with its rows; NotFound where there is none that the actor may see."""
    wanted = scorings(actor).where(Scoring.id == scoring_id)
    if lock:
        found = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    else:
        found = session.scalar(wanted.options(selectinload(Scoring.rows).options(joinedload(ScoringRow.organisation))))
    if found is None:
        raise NotFound
    return found


def count_waiting(session: Session, actor: Actor) -> int:
    """Proposals that wait for somebody else than who made them."""
    wanted = scorings(actor).where(Scoring.state == ScoringState.PROPOSED, Scoring.made_by != (actor.user_id or 0))
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.with_only_columns(Scoring.id).subquery())) or 0


def panel(session: Session, actor: Actor, period: date, currency: str) -> list[Organisation]:
    """Who is compared in a month and currency: whose contract for collection or litigation was in force, and whoever has a
    plan with a bonus or penalty."""
    in_force = (
        visible(Contract, actor)
        .where(Contract.currency == currency, Contract.started_on <= last_day(period))
        .where(sa.or_(Contract.ended_on.is_(None), Contract.ended_on >= period))
    )
    owners = set(
        session.scalars(
            in_force.where(Contract.kind != PlacementKind.LETTER).with_only_columns(Contract.organisation_id)
        )
    )
    plans = in_force.join(ContractVersion, ContractVersion.contract_id == Contract.id).with_only_columns(
        Contract.organisation_id, ContractVersion.plan
    )
    owners |= {owner for owner, plan in session.execute(plans) if plan.get("kpi")}
    wanted = visible(Organisation, actor).where(Organisation.id.in_(owners)).order_by(Organisation.code)
    return list(session.scalars(wanted))
