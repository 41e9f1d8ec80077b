"""Reads about single lines: what they rest on, and what else was paid for the same credit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.charge_models import Charge
from portal.commission.charge_queries import charges
from portal.commission.models import CommissionLine, LineKind, Statement, StatementState
from portal.commission.queries import current_state, seen_by
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.placement.models import Placement, PlacementBatch
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.recovery.models import Attribution
from portal.vendors.models import Contract, ContractVersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = ["Ground", "credit_of", "ground_of", "later_lines", "line_at", "lines_for", "other_lines", "root_credit"]


class Ground(NamedTuple):
    """What a line rests on, as far as the reader may see it: a payment on its placement, letters and what is about a batch on
    that, a cost or an adjustment on its charge."""

    placement: Placement | None
    batch: PlacementBatch | None
    account_ref: str | None
    open_id: int | None
    version: ContractVersion | None
    contract: Contract | None
    credit: Attribution | None
    charge: Charge | None


def line_at(session: Session, actor: Actor, statement_id: int, position: int) -> CommissionLine:
    """One line of a statement that the actor may see; NotFound else."""
    shown = seen_by(actor).with_only_columns(Statement.id)
    wanted = visible(CommissionLine, actor).where(
        CommissionLine.statement_id == statement_id, CommissionLine.position == position,
        CommissionLine.statement_id.in_(shown),
    )  # fmt: skip
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def ground_of(session: Session, actor: Actor, line: CommissionLine) -> Ground:
    """Placement, batch, account, plan version, decision and charge of a line."""
    placed: Any = None
    if line.placement_id is not None:
        wanted = (
            visible(Placement, actor)
            .add_columns(PlacementBatch, *account_reference())
            .join(PlacementBatch, PlacementBatch.id == Placement.batch_id)
            .outerjoin(Account, Account.id == Placement.account_id)
            .where(Placement.id == line.placement_id)
        )
        placed = session.execute(wanted).first()
    version = contract = None
    if line.contract_version_id is not None:
        version = session.scalar(visible(ContractVersion, actor).where(ContractVersion.id == line.contract_version_id))
        if version is not None:
            contract = session.scalar(visible(Contract, actor).where(Contract.id == version.contract_id))
    credit = credit_of(session, actor, line)
    place, batch, reference, opened = tuple(placed) if placed else (None, None, None, None)
    if batch is None and line.batch_id is not None:
        batch = session.scalar(visible(PlacementBatch, actor).where(PlacementBatch.id == line.batch_id))
    return Ground(place, batch, reference, opened, version, contract, credit, _charge(session, actor, line))


def _charge(session: Session, actor: Actor, line: CommissionLine) -> Charge | None:
    charge_id = line.why.get("charge")
    return session.scalar(charges(actor).where(Charge.id == charge_id)) if charge_id else None


def credit_of(session: Session, actor: Actor, line: CommissionLine) -> Attribution | None:
    """The decision that a line pays, with its trace. None of what is no payment, and of what a success fee is paid beside:
    whose that credit is, is no law firm's business."""
    if line.attribution_id is None:
        return None
    return session.scalar(visible(Attribution, actor).where(Attribution.id == line.attribution_id))


def root_credit(session: Session, actor: Actor, attribution_id: int) -> Attribution:
    """The decision of a line's credit; of a reversal's the one whose payment it takes back. The actor's own, or the bank's."""
    found = session.scalars(visible(Attribution, actor).where(Attribution.id == attribution_id)).one()
    if found.reverses_id is None:
        return found
    return session.scalars(visible(Attribution, actor).where(Attribution.id == found.reverses_id)).one()


def later_lines(
    session: Session, actor: Actor, statement_id: int, attribution_ids: Sequence[int]
) -> list[tuple[CommissionLine, Statement]]:
    """Lines for these credits on statements drawn up after this one that the actor was shown, in their order."""
    wanted = (
        seen_by(actor)
        .add_columns(CommissionLine)
        .join(CommissionLine, CommissionLine.statement_id == Statement.id)
        .where(CommissionLine.attribution_id.in_(attribution_ids), Statement.id > statement_id)
        .where(CommissionLine.kind == LineKind.PAYMENT, current_state() != StatementState.WITHDRAWN)
        .order_by(CommissionLine.id)
    )
    return [(row.CommissionLine, row.Statement) for row in session.execute(wanted)]


def other_lines(session: Session, actor: Actor, line: CommissionLine) -> list[tuple[CommissionLine, Statement]]:
    """Other lines about the same credit on statements that the actor was shown, in the order of these: what it earned, what
    changed of that, and of a reversal what it takes back."""
    if line.attribution_id is None:
        return []
    wanted = (
        seen_by(actor)
        .add_columns(CommissionLine)
        .join(CommissionLine, CommissionLine.statement_id == Statement.id)
        .where(_about_the_same(session, actor, line.attribution_id), CommissionLine.id != line.id)
        .where(CommissionLine.organisation_id == line.organisation_id, current_state() != StatementState.WITHDRAWN)
        .order_by(CommissionLine.id)
    )
    return [(row.CommissionLine, row.Statement) for row in session.execute(wanted)]


def _about_the_same(session: Session, actor: Actor, attribution_id: int) -> sa.ColumnElement[bool]:
    """Whether a line is for this credit, for another decision on its payment, or for a reversal of either. A law firm sees no
    credits of others, and so of a success fee the one that it is paid beside."""
    mine = session.scalar(visible(Attribution, actor).where(Attribution.id == attribution_id))
    if mine is None:
        return CommissionLine.attribution_id == attribution_id
    root = mine if mine.reverses_id is None else root_credit(session, actor, attribution_id)
    decisions = visible(Attribution, actor).where(Attribution.payment_id == root.payment_id)
    decisions = decisions.with_only_columns(Attribution.id)
    ids = list(session.scalars(decisions.order_by(Attribution.id)))
    reversals = visible(Attribution, actor).where(Attribution.reverses_id.in_(ids)).with_only_columns(Attribution.id)
    ids += session.scalars(reversals.order_by(Attribution.id))
    return CommissionLine.attribution_id.in_(ids)


def lines_for(session: Session, actor: Actor, payment_id: int) -> list[Any]:
    """What statements that the actor was shown say of the credits of a payment, success fees beside them included, in the
    order of the statements: (Statement, CommissionLine, state)."""
    credits_of_it = visible(Attribution, actor).where(Attribution.payment_id == payment_id)
    wanted = (
        seen_by(actor)
        .add_columns(CommissionLine, current_state().label("state"))
        .join(CommissionLine, CommissionLine.statement_id == Statement.id)
        .where(CommissionLine.attribution_id.in_(credits_of_it.with_only_columns(Attribution.id)))
        .where(current_state() != StatementState.WITHDRAWN)
        .options(joinedload(Statement.organisation))
        .order_by(CommissionLine.id)
    )
    return list(session.execute(wanted))
