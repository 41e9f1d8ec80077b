"""What statements of the demo pay beside payments: a cost with its receipt, adjustments, the scores of each month."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.commission.charging import Adjustment, Cost, approve_charge, enter_cost, propose_adjustment
from portal.commission.score_queries import panel
from portal.commission.scoring import fix_scoring, propose_scoring
from portal.demo.cast import HOUSES
from portal.foundation.services import services
from portal.foundation.work import reading
from portal.identity.models import Organisation
from portal.placement.models import BatchState, Placement, PlacementBatch
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind
from portal.vendors.proofs import read_proof

if TYPE_CHECKING:
    from datetime import date

    from portal.demo.stage import Stage

__all__ = ["adjust", "advance_cost", "score"]

STAFF = {house.code: house.people[-1].user_name for house in HOUSES}
RECEIPT = b"%PDF-1.4\n% demo: receipt of a court fee\n%%EOF\n"


def advance_cost(stage: Stage, code: str, amount: str, *, approved: bool = True) -> None:
    """Somebody of a law firm enters what it advanced for an account; finance approves it, or it waits."""
    with reading(stage.actor("vendor1")) as session:
        wanted = (
            sa.select(Account.account_ref)
            .join(Placement, Placement.account_id == Account.id)
            .join(Organisation, Organisation.id == Placement.organisation_id)
            .where(Organisation.code == code, Placement.kind == PlacementKind.LETTER)
            .where(Placement.accepted_at.is_not(None), Placement.ended_at.is_(None))
            .order_by(Account.account_ref)
        )
        reference = session.scalars(wanted).first()
    if reference is None:
        return
    proof = read_proof(io.BytesIO(RECEIPT), "公告费发票.pdf")
    day = services().clock.today()
    charge = enter_cost(stage.actor(STAFF[code]), Cost(reference, amount, day, "债务人下落不明，公告送达费", proof))
    if approved:
        approve_charge(stage.actor("finance2"), charge)


def adjust(stage: Stage, code: str, amount: str, reason: str, *, approved: bool = True) -> None:
    """Finance proposes an adjustment about an agency's first batch; the second person approves it, or it waits."""
    with reading(stage.actor("vendor1")) as session:
        wanted = (
            sa.select(PlacementBatch.number, PlacementBatch.organisation_id)
            .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
            .where(Organisation.code == code, PlacementBatch.currency == stage.currency)
            .where(PlacementBatch.state == BatchState.ACCEPTED)
            .order_by(PlacementBatch.id)
        )
        batch = session.execute(wanted).first()
    if batch is None:
        return
    wish = Adjustment(batch.organisation_id, stage.currency, amount, reason, batch=batch.number)
    charge = propose_adjustment(stage.actor("finance1"), wish)
    if approved:
        approve_charge(stage.actor("finance2"), charge)


def score(stage: Stage, period: date) -> None:
    """One vendor manager has a month counted and marks the administrative work; the other fixes it."""
    first, second = stage.actor("vendor1"), stage.actor("vendor2")
    with reading(first) as session:
        owners = [(one.id, one.code) for one in panel(session, first, period, stage.currency)]
    if not owners:
        return
    marks = {owner: stage.dice("marks", period, code).randrange(70, 100) * 100 for owner, code in owners}
    fix_scoring(second, propose_scoring(first, period, stage.currency, marks))
