"""How an account is named to whoever holds or held it: its reference outlives the placement, the way to the account not."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.placement.models import Placement
from portal.portfolio.models import Account

__all__ = ["account_reference"]


def account_reference() -> tuple[Any, Any]:
    """Columns of a select over placements with their accounts joined on from outside: `account_ref`, which stays as a
    word of the history, and `open_id`, the account where the reader may open it."""
    return sa.func.coalesce(Account.account_ref, Placement.past_ref).label("account_ref"), Account.id.label("open_id")
