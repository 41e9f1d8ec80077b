"""Reads of costs and adjustments. An organisation sees its own costs, and of adjustments those that are approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.commission.charge_models import Charge, ChargeClaim, ChargeEvent, ChargeKind, ChargeState
from portal.commission.models import CommissionLine, Statement
from portal.commission.queries import seen_by
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation
from portal.placement.models import Placement, PlacementBatch
from portal.placement.references import account_reference
from portal.portfolio.models import Account
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Subject", "adjustments_about", "charge_for", "charges", "count_waiting", "may_advance_costs", "organisations_paid",
    "placement_of_cost", "statement_of", "subject_of",
]  # fmt: skip


def _seen_by(actor: Actor) -> sa.Select[tuple[Charge]]:
    charge = visible(Charge, actor)
    if actor.is_bank:
        return charge
    approved = sa.select(ChargeEvent.charge_id).where(
        ChargeEvent.charge_id == Charge.id, ChargeEvent.state == ChargeState.APPROVED
    )
    return charge.where(sa.or_(Charge.kind == ChargeKind.COST, approved.exists()))


def charges(actor: Actor) -> sa.Select[tuple[Charge]]:
    """Costs and adjustments that the actor may see."""
    return _seen_by(actor).options(joinedload(Charge.organisation))


def charge_for(session: Session, actor: Actor, charge_id: int, *, lock: bool = False) -> Charge:
    """One of them; NotFound where there is none that the actor may see. `lock` keeps others from deciding meanwhile."""
    wanted = _seen_by(actor).where(Charge.id == charge_id)
    found = session.scalar(
        wanted.with_for_update(of=Charge) if lock else wanted.options(joinedload(Charge.organisation))
    )
    if found is None:
        raise NotFound
    return found


def statement_of(session: Session, actor: Actor, charge_id: int) -> Statement | None:
    """The statement that pays a charge, as far as the bank is asked."""
    if not actor.is_bank:
        return None
    return session.scalar(
        visible(Statement, actor)
        .join(ChargeClaim, ChargeClaim.statement_id == Statement.id)
        .where(ChargeClaim.charge_id == charge_id)
    )


class Subject(NamedTuple):
    """What a charge is for, as far as the reader may see it: a line of a statement, a batch, an account (its reference, and its
    id where the reader may open it)."""

    line: CommissionLine | None
    statement: Statement | None
    batch: PlacementBatch | None
    account_ref: str | None
    open_id: int | None


def subject_of(session: Session, actor: Actor, charge: Charge) -> Subject:
    """What a charge is for."""
    line = statement = batch = reference = opened = None
    if charge.line_id is not None:
        wanted = seen_by(actor).join(CommissionLine, CommissionLine.statement_id == Statement.id)
        row = session.execute(wanted.add_columns(CommissionLine).where(CommissionLine.id == charge.line_id)).first()
        line, statement = (row.CommissionLine, row.Statement) if row else (None, None)
    if charge.batch_id is not None:
        batch = session.scalar(visible(PlacementBatch, actor).where(PlacementBatch.id == charge.batch_id))
    if charge.placement_id is not None:
        placed = (
            visible(Placement, actor)
            .outerjoin(Account, Account.id == Placement.account_id)
            .where(Placement.id == charge.placement_id)
            .with_only_columns(*account_reference())
        )
        reference, opened = session.execute(placed).first() or (None, None)
    return Subject(line, statement, batch, reference, opened)


def adjustments_about(
    session: Session, actor: Actor, organisation_id: int, number: str, line_id: int | None
) -> list[tuple[Charge, Statement | None]]:
    """Adjustments that refer to a contested line, by its number or by the line, in order; each with the statement that pays it,
    as far as the actor may see it."""
    wanted = (
        charges(actor)
        .where(Charge.kind == ChargeKind.ADJUSTMENT, Charge.organisation_id == organisation_id)
        .where(sa.or_(Charge.about == number, Charge.line_id == line_id) if line_id else Charge.about == number)
    )
    found = list(session.scalars(wanted.order_by(Charge.id)))
    paid = session.execute(
        seen_by(actor)
        .join(ChargeClaim, ChargeClaim.statement_id == Statement.id)
        .where(ChargeClaim.charge_id.in_([charge.id for charge in found]))
        .add_columns(ChargeClaim.charge_id)
    )
    by_charge = {row.charge_id: row.Statement for row in paid}
    return [(charge, by_charge.get(charge.id)) for charge in found]


def count_waiting(session: Session, actor: Actor) -> int:
    """How many wait for a decision by somebody else than who proposed them."""
    decided = sa.select(ChargeEvent.charge_id).where(ChargeEvent.charge_id == Charge.id).exists()
    waiting = _seen_by(actor).where(~decided, Charge.proposed_by != (actor.user_id or 0)).with_only_columns(Charge.id)
    return session.scalar(sa.select(sa.func.count()).select_from(waiting.subquery())) or 0


def placement_of_cost(session: Session, actor: Actor, account_ref: str) -> Placement | None:
    """The actor's latest letter or litigation placement of an account, by the account's reference."""
    if not account_ref:
        return None
    wanted = (
        visible(Placement, actor)
        .outerjoin(Account, Account.id == Placement.account_id)
        .where(Placement.kind.in_((PlacementKind.LETTER, PlacementKind.LITIGATION)))
        .where(Placement.organisation_id == actor.organisation_id, Placement.accepted_at.is_not(None))
        .where(sa.or_(Account.account_ref == account_ref, Placement.past_ref == account_ref))
        .order_by(Placement.id.desc())
        .limit(1)
    )
    return session.scalar(wanted)


def may_advance_costs(session: Session, actor: Actor) -> bool:
    """Whether the actor's organisation ever had an account for letters or litigation: others have no cost to enter."""
    wanted = (
        visible(Placement, actor)
        .where(Placement.kind.in_((PlacementKind.LETTER, PlacementKind.LITIGATION)))
        .where(Placement.organisation_id == actor.organisation_id, Placement.accepted_at.is_not(None))
    )
    return session.scalar(wanted.with_only_columns(Placement.id).limit(1)) is not None


def organisations_paid(session: Session, actor: Actor) -> list[Organisation]:
    """Agencies and law firms, by their codes."""
    wanted = visible(Organisation, actor).where(Organisation.kind != "bank").order_by(Organisation.code)
    return list(session.scalars(wanted))
