"""Clocks of limitation written many at a time.

The statement here goes past the net under ORM statements: callers pass accounts that the actor may see, and on PostgreSQL the
row policies stand under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.foundation.bulk import insert_for
from portal.foundation.visibility import actor_of
from portal.portfolio.models import LimitationClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sqlalchemy.orm import Session

__all__ = ["put_clocks", "set_restarted"]


def set_restarted(session: Session, days: Mapping[int, date | None]) -> None:
    """The last day that began each account's limitation anew, by account."""
    rows = [{"account_id": account_id, "restarted_on": day} for account_id, day in days.items()]
    if rows:
        put_clocks(session, rows)


def put_clocks(session: Session, rows: list[dict[str, Any]]) -> None:
    """Make clocks, or set the same columns of those that are there."""
    actor_of(session)
    statement = insert_for(session)(LimitationClock.__table__).values(rows)
    changed = {name: statement.excluded[name] for name in rows[0] if name != "account_id"}
    session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=changed))
