"""Which credits a statement pays and which it takes back, claimed set by set within the transaction that draws it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.commission.models import LineChange, LineClaim
from portal.foundation.visibility import actor_of
from portal.recovery.decisions import not_superseded
from portal.recovery.models import Attribution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

__all__ = ["claim", "give_back", "waiting"]


def waiting(session: Session, until: date, organisation_id: int | None = None) -> Sequence[tuple[int, str]]:
    """Organisations (or only this one) and currencies that have something to be paid or taken back up to a day, in the order
    of their numbers."""
    actor_of(session)
    owner, currency = Attribution.organisation_id, Attribution.currency
    new = _unclaimed(until).with_only_columns(owner, currency)
    back = _superseded().with_only_columns(owner, currency)
    if organisation_id is not None:
        new, back = new.where(owner == organisation_id), back.where(owner == organisation_id)
    return [(row[0], row[1]) for row in session.execute(new.union(back).order_by(owner, currency))]


def claim(session: Session, statement_id: int, organisation_id: int, currency: str, until: date) -> None:
    """Claim for a statement every credit up to a day that no statement pays, and whatever of an organisation's issued credits
    is somebody else's by now."""
    actor_of(session)
    mine = Attribution.organisation_id == organisation_id, Attribution.currency == currency
    owner = sa.literal(organisation_id, sa.BigInteger)
    statement = sa.literal(statement_id, sa.BigInteger)
    new = _unclaimed(until).where(*mine).with_only_columns(Attribution.id, statement, owner).order_by(Attribution.id)
    session.execute(
        sa.insert(LineClaim).from_select(
            ["attribution_id", "statement_id", "organisation_id"], new, include_defaults=False
        )
    )
    before = sa.select(sa.func.coalesce(sa.func.max(LineChange.turn), 0) + 1).where(
        LineChange.attribution_id == Attribution.id
    )
    back = _superseded().where(*mine).with_only_columns(
        Attribution.id, before.scalar_subquery(), statement, owner, sa.true()
    )  # fmt: skip
    names = ["attribution_id", "turn", "statement_id", "organisation_id", "takes_back"]
    session.execute(sa.insert(LineChange).from_select(names, back, include_defaults=False))


def give_back(session: Session, statement_id: int) -> None:
    """A statement that is not to be pays nothing and changes nothing."""
    actor_of(session)
    for kept in (LineClaim, LineChange):
        session.execute(sa.delete(kept).where(kept.statement_id == statement_id))


def _unclaimed(until: date) -> sa.Select[Any]:
    """Standing decisions that name an organisation, up to a day, that no statement holds.

    A reversal whose value date lies before its payment's waits until the payment is due or paid: it takes back what that
    earned, and cannot know it earlier.
    """
    original = aliased(Attribution)
    known = sa.or_(original.paid_on <= until, _claimed(original.id))
    return (
        sa.select(Attribution.id)
        .where(Attribution.organisation_id.is_not(None), Attribution.paid_on <= until)
        .where(not_superseded(), ~_claimed(Attribution.id))
        .where(
            sa.or_(
                Attribution.reverses_id.is_(None),
                sa.select(original.id).where(original.id == Attribution.reverses_id, known).exists(),
            )
        )
    )


def _superseded() -> sa.Select[Any]:
    """Decisions that a statement holds though a later one stands in their place, and that none has taken back yet."""
    taken = sa.select(LineChange.turn).where(LineChange.attribution_id == Attribution.id, LineChange.takes_back)
    return (
        sa.select(Attribution.id)
        .join(LineClaim, LineClaim.attribution_id == Attribution.id)
        .where(~not_superseded(), ~taken.exists())
    )


def _claimed(attribution_id: Any) -> sa.Exists:
    return sa.select(LineClaim.attribution_id).where(LineClaim.attribution_id == attribution_id).exists()
