"""Arrangements for the tests: wishes, a contract that leaves something to the agency, and the state of what was made."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.contact.arrangements.models import Arrangement
from portal.contact.arrangements.rules import Kind
from portal.contact.arrangements.terms import Wish
from portal.foundation.work import reading
from portal.portfolio.models import Hold, HoldFlag
from tests.contact.factories import NOON
from tests.identity.factories import observer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AUTHORITY", "TODAY", "kept", "plan", "plan_holds", "settlement", "waiver"]

TODAY = NOON.date()
# From four fifths of the balance on, interest may go, fees may not.
AUTHORITY: Mapping[str, Any] = {"settlement": {"lowest": "0.8", "waive_interest": True, "waive_fees": False}}


def plan(parts: int = 4, first_on: date = TODAY + timedelta(days=9), **fields: Any) -> Wish:
    """All that is owed, in parts."""
    return Wish(kind=Kind.INSTALMENTS, parts=parts, first_on=first_on, **({"reason": "steady wages"} | fields))


def settlement(agreed: int, first_on: date = TODAY + timedelta(days=9), **fields: Any) -> Wish:
    """A part of it, in one sum."""
    usual = {"reason": "a brother pays"}
    return Wish(kind=Kind.SETTLEMENT, agreed_minor=agreed, first_on=first_on, **(usual | fields))


def waiver(interest: int = 0, fees: int = 0, **fields: Any) -> Wish:
    """Interest or fees are given up."""
    usual: dict[str, Any] = {"reason": "first time", "first_on": TODAY + timedelta(days=9)}
    return Wish(kind=Kind.WAIVER, waive_interest_minor=interest, waive_fees_minor=fees, **(usual | fields))


def kept(number: int | None = None) -> Arrangement:
    """One arrangement as it is now; the only one where none is named."""
    with reading(observer()) as session:
        wanted = sa.select(Arrangement).options(sa.orm.selectinload(Arrangement.instalments))
        row = session.scalars(wanted.where(Arrangement.id == number) if number else wanted).one()
        session.expunge_all()
        return row


def plan_holds() -> list[tuple[str, str]]:
    """Holds for arrangements, each with why it was raised and why it ended."""
    with reading(observer()) as session:
        rows = session.scalars(sa.select(Hold).where(Hold.flag == HoldFlag.PLAN).order_by(Hold.id))
        return [(row.reason, row.release_reason) for row in rows]
