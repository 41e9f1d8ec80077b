"""Claims and their limitation for the tests: accounts whose time to sue is about to end, and until when it runs."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.contact.limits.models import LimitationRestart
from portal.contact.limits.queries import restarts_of
from portal.foundation.work import reading
from portal.portfolio import limitation_sql
from portal.portfolio.models import Account, LimitationClock
from portal.portfolio.queries import limitation_for
from tests.identity.factories import observer

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["DUE", "WITHOUT", "clock", "history", "rows", "until"]

DUE = date(2003, 1, 10)
WITHOUT = date(2006, 1, 10)  # when a Chinese claim due that day ends if nothing happens


def until(account_id: int) -> date | None:
    """Until when the claim can be sued for; in SQL it ends on the same day."""
    with reading(observer()) as session:
        account = session.get_one(Account, account_id)
        found = limitation_for(session, observer(), account)
        if found is None:
            return None
        following = date.fromordinal(found.expires_on.toordinal() + 1)
        over = sa.select(limitation_sql.expired(found.expires_on), limitation_sql.expired(following))
        assert session.execute(over.where(Account.id == account_id)).one() == (False, True)
        return found.expires_on


def history(account_id: int, actor: Actor | None = None) -> list[tuple[str, str, str]]:
    """What began it anew, latest first: ground, day, state."""
    actor = actor or observer()
    with reading(actor) as session:
        steps = restarts_of(session, actor, session.get_one(Account, account_id))
        return [(step.row.ground.value, step.row.happened_on.isoformat(), step.state) for step in steps]


def rows() -> int:
    """How many rows stand in the evidence, those that take others back included."""
    with reading(observer()) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(LimitationRestart)) or 0


def clock(account_id: int) -> tuple[date | None, date | None]:
    """The days of the last payment and of the last other restart, as lists know them."""
    with reading(observer()) as session:
        found = session.scalar(sa.select(LimitationClock).where(LimitationClock.account_id == account_id))
        return (found.paid_on, found.restarted_on) if found else (None, None)
