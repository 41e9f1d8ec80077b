"""What payments brought, for rooms above this one that may not look into its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.foundation import hooks
from portal.foundation.visibility import criterion
from portal.recovery.models import Attribution, Decision

if TYPE_CHECKING:
    from portal.foundation.access import Actor


@hooks.credit_lines.register
def credit_lines(actor: Actor) -> sa.Select[Any]:
    """Credits that stand (none that a later decision superseded), as the actor may see them; see the hook."""
    later = aliased(Attribution)
    return sa.select(
        Attribution.account_id,
        Attribution.placement_id,
        Attribution.paid_on,
        Attribution.currency,
        Attribution.credit_minor,
        Attribution.payment_ref,
    ).where(
        criterion(Attribution, actor),
        Attribution.decision == Decision.CREDITED,
        ~sa.exists().where(later.supersedes_id == Attribution.id),
    )
