"""A line before it stands on a statement, and what a statement holds while its lines are reckoned."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from portal.commission.models import LineKind, Statement, StatementEvent, StatementState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

__all__ = ["Due", "Reckoning", "standing_before"]


class Due(NamedTuple):
    """A line before it has its place on the statement; `credit`: what it adds to the amounts recovered, in minor units."""

    kind: LineKind
    attribution_id: int | None
    placement_id: int | None
    batch_id: int | None
    contract_version_id: int | None
    payment_ref: str
    paid_on: date
    base: int
    rate: str | None
    commission: int
    reason: str
    why: dict[str, Any]
    credit: int


@dataclass
class Reckoning:
    """What a statement holds. `before`: the statements of the organisation and currency that stand before it. `placed`: totals
    placed by batch, in minor units, filled as they are needed. `standing`: its score and rank of the period, likewise.
    `counts_bases`: each base is counted once, so that they add up to what still stands of the payments; statements that were
    drawn up before this was so are reckoned as they were."""

    session: Session
    statement_id: int
    organisation_id: int
    currency: str
    period: date
    before: Sequence[int]
    placed: dict[str, int] = field(default_factory=dict)
    standing: dict[str, Any] = field(default_factory=dict)
    counts_bases: bool = True
    earned: list[tuple[int, date, int]] = field(
        default_factory=list
    )  # here so far, by contract and value date, where capped

    @property
    def holding(self) -> list[int]:
        """The statements whose claims count."""
        return [*self.before, self.statement_id]

    def kept(self) -> dict[str, Any]:
        """What a statement keeps of it (`Statement.basis`), for `again`: nothing of this is looked up anew."""
        standing = {"standing": self.standing} if self.standing else {}
        return {"placed": self.placed, "counts_bases": self.counts_bases, **standing}

    @classmethod
    def again(cls, session: Session, statement: Statement) -> Reckoning:
        """For a statement that stands: from what it keeps."""
        before = standing_before(session, statement.organisation_id, statement.currency, statement.id)
        kept = statement.basis or {}
        return cls(
            session, statement.id, statement.organisation_id, statement.currency, statement.period, before,
            placed=dict(kept.get("placed", {})), standing=dict(kept.get("standing", {})),
            counts_bases=bool(kept.get("counts_bases")),
        )  # fmt: skip


def standing_before(
    session: Session, organisation_id: int, currency: str, statement_id: int | None = None
) -> list[int]:
    """Statements of an organisation and currency that were not withdrawn, before this one (None: all)."""
    gone = sa.select(StatementEvent.statement_id).where(StatementEvent.state == StatementState.WITHDRAWN)
    wanted = sa.select(Statement.id).where(
        Statement.organisation_id == organisation_id, Statement.currency == currency, Statement.id.not_in(gone)
    )
    if statement_id is not None:
        wanted = wanted.where(Statement.id < statement_id)
    return list(session.scalars(wanted.order_by(Statement.id)))
