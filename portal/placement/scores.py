"""What an organisation has recovered lately, as a score for runs that weigh by performance.

Credits of payments, reversals taken back, over what was placed with it, of the placements of one kind and currency that
began since a day. Those placed in error and those never accepted count in neither.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.foundation import hooks
from portal.placement.models import Placement

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.vendors.models import PlacementKind

__all__ = ["LOOK_BACK_DAYS", "recovery_rates"]

LOOK_BACK_DAYS = 365
DIGITS = Decimal("0.0001")


def recovery_rates(
    session: Session, actor: Actor, kind: PlacementKind, currency: str, since: date
) -> dict[int, Decimal]:
    """By organisation, the part of one that was recovered of what was placed since; who was placed nothing is not there."""
    counted = sa.and_(
        Placement.kind == kind, Placement.currency == currency, Placement.placed_on >= since,
        Placement.accepted_at.is_not(None), ~Placement.reverse,
    )  # fmt: skip
    placed = {
        organisation: int(minor)
        for organisation, minor in session.execute(
            sa.select(Placement.organisation_id, sa.func.sum(Placement.placed_total_minor))
            .where(counted)
            .group_by(Placement.organisation_id)
        )
    }
    recovered: dict[int, int] = {}
    for lines in hooks.credit_lines(actor):
        credit = lines.subquery()
        rows = session.execute(
            sa.select(Placement.organisation_id, sa.func.sum(credit.c.credit_minor))
            .join(credit, credit.c.placement_id == Placement.id)
            .where(counted)
            .group_by(Placement.organisation_id)
        )
        for organisation, minor in rows:
            recovered[organisation] = recovered.get(organisation, 0) + int(minor)
    return {
        organisation: (Decimal(max(recovered.get(organisation, 0), 0)) / minor).quantize(DIGITS)
        for organisation, minor in placed.items()
        if minor
    }
