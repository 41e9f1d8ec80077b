"""Reads of plans that were tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.score_models import PlanTrial, PlanTrialRow
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.placement.models import PlacementBatch
from portal.vendors.models import Contract

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["contract_for", "contracts_to_try", "trial_for", "trial_rows", "trials"]


def trials(actor: Actor) -> sa.Select[tuple[PlanTrial]]:
    """Plans that were tried."""
    return visible(PlanTrial, actor).options(joinedload(PlanTrial.contract).joinedload(Contract.organisation))


def trial_for(session: Session, actor: Actor, trial_id: int) -> PlanTrial:
    """One of them; NotFound where there is none that the actor may see."""
    found = session.scalar(trials(actor).where(PlanTrial.id == trial_id))
    if found is None:
        raise NotFound
    return found


def trial_rows(actor: Actor, trial_id: int) -> sa.Select[Any]:
    """What a trial comes to, batch by batch."""
    return (
        visible(PlanTrialRow, actor)
        .join(PlacementBatch, PlacementBatch.id == PlanTrialRow.batch_id)
        .add_columns(PlacementBatch)
        .where(PlanTrialRow.trial_id == trial_id)
    )


def contract_for(session: Session, actor: Actor, contract_id: int) -> Contract:
    """A contract; NotFound where there is none that the actor may see."""
    found = session.scalar(
        visible(Contract, actor).where(Contract.id == contract_id).options(joinedload(Contract.organisation))
    )
    if found is None:
        raise NotFound
    return found


def contracts_to_try(session: Session, actor: Actor, organisation_id: int | None = None) -> list[Contract]:
    """Contracts by their numbers, of one organisation or of all."""
    wanted = visible(Contract, actor).options(joinedload(Contract.organisation)).order_by(Contract.number)
    if organisation_id is not None:
        wanted = wanted.where(Contract.organisation_id == organisation_id)
    return list(session.scalars(wanted))
