"""Reads of what agencies hold: receipts with the commission on them, what was remitted, what is owed and since when.

Of commission only what stands on statements that the agency was shown is counted: before, nobody has agreed to it. It stands
in this room, since recovery knows no commission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.commission.models import CommissionLine, StatementEvent, StatementState
from portal.commission.remittance_models import (
    Remittance,
    RemittanceCover,
    RemittanceEvent,
    RemittanceState,
)
from portal.foundation.database import summed
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.recovery.decisions import not_ended
from portal.recovery.matching import AGES
from portal.recovery.remitting import Balance, Receipt
from portal.recovery.reported.models import AgencyReceipt, Remits
from portal.recovery.reported.queries import in_age

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Held", "announced", "balances", "covers_of", "events_of", "open_receipts", "owed_by_age", "receipts", "remittance_for",
    "remittances", "state_of",
]  # fmt: skip

MOST_ANNOUNCED = 50


@dataclass(frozen=True, slots=True)
class Held:
    """Of one agency and currency: what it holds, and the first day by which some of it was to be remitted."""

    organisation: Organisation
    currency: str
    balance: Balance
    announced: int


def _current_state() -> sa.ScalarSelect[Any]:
    return (
        sa.select(RemittanceEvent.state)
        .where(RemittanceEvent.remittance_id == Remittance.id)
        .order_by(RemittanceEvent.id.desc())
        .limit(1)
        .correlate(Remittance)
        .scalar_subquery()
    )


def _standing_events(actor: Actor, state: RemittanceState) -> sa.Select[tuple[RemittanceEvent]]:
    """The last steps of remittances that are steps of this kind: what stands received, or announced."""
    later = aliased(RemittanceEvent)
    followed = sa.select(later.id).where(
        later.remittance_id == RemittanceEvent.remittance_id, later.id > RemittanceEvent.id
    )
    return visible(RemittanceEvent, actor).where(RemittanceEvent.state == state, ~followed.exists())


def _earned(actor: Actor) -> sa.Subquery:
    """Commission by receipt, on statements that the agency was shown."""
    shown = sa.select(StatementEvent.id).where(
        StatementEvent.statement_id == CommissionLine.statement_id, StatementEvent.state == StatementState.RELEASED
    )
    lines = visible(CommissionLine, actor).where(shown.exists())
    total = summed(CommissionLine.commission_minor).label("commission")
    return (
        lines.with_only_columns(CommissionLine.attribution_id, total).group_by(CommissionLine.attribution_id).subquery()
    )


def _covered(actor: Actor) -> sa.Subquery:
    """What standing remittances cover, by receipt."""
    received = _standing_events(actor, RemittanceState.RECEIVED).with_only_columns(RemittanceEvent.id)
    total = summed(RemittanceCover.amount_minor).label("covered")
    covers = visible(RemittanceCover, actor).where(RemittanceCover.event_id.in_(received))
    return (
        covers.with_only_columns(RemittanceCover.attribution_id, total)
        .group_by(RemittanceCover.attribution_id)
        .subquery()
    )


def _with_figures(actor: Actor) -> tuple[sa.Select[Any], dict[str, sa.ColumnElement[int]]]:
    """Receipts whose credit still stands, with their figures by name: commission, kept, covered, left."""
    earned, covered = _earned(actor), _covered(actor)
    commission = sa.func.coalesce(earned.c.commission, 0)
    kept = sa.case((AgencyReceipt.remittance == Remits.NET, commission), else_=0)
    paid = sa.func.coalesce(covered.c.covered, 0)
    rows = (
        visible(AgencyReceipt, actor)
        .outerjoin(earned, earned.c.attribution_id == AgencyReceipt.attribution_id)
        .outerjoin(covered, covered.c.attribution_id == AgencyReceipt.attribution_id)
        .where(not_ended(AgencyReceipt.attribution_id))
    )
    figures = {
        "commission": commission, "kept": kept, "covered": paid, "left": AgencyReceipt.amount_minor - kept - paid
    }  # fmt: skip
    return rows, figures


def held_since() -> sa.ColumnElement[date]:
    """From which day an agency holds a receipt."""
    return sa.func.coalesce(AgencyReceipt.received_on, AgencyReceipt.paid_on, type_=sa.Date())


def balances(session: Session, actor: Actor, organisation_id: int | None = None) -> list[Held]:
    """What every agency (or one) holds, by currency; whoever never received anything is left out."""
    rows, figures = _with_figures(actor)
    owner = AgencyReceipt.organisation_id
    sums = [summed(AgencyReceipt.amount_minor), summed(figures["kept"])]
    received = {
        (row[0], row[1]): (int(row[2]), int(row[3]))
        for row in session.execute(
            rows.with_only_columns(owner, AgencyReceipt.currency, *sums).group_by(owner, AgencyReceipt.currency)
        )
    }
    remitted = _remitted(session, actor, RemittanceState.RECEIVED)
    announced_ = _remitted(session, actor, RemittanceState.ANNOUNCED)
    known = {o.id: o for o in session.scalars(visible(Organisation, actor))}
    found = []
    for key in sorted({*received, *remitted, *announced_}):
        if organisation_id is None or key[0] == organisation_id:
            amount, kept = received.get(key, (0, 0))
            figures_ = Balance(amount, kept, remitted.get(key, 0))
            found.append(Held(known[key[0]], key[1], figures_, announced_.get(key, 0)))
    return sorted(found, key=lambda held: (held.organisation.code, held.currency))


def _remitted(session: Session, actor: Actor, state: RemittanceState) -> dict[tuple[int, str], int]:
    events = _standing_events(actor, state).join(Remittance, Remittance.id == RemittanceEvent.remittance_id)
    by = Remittance.organisation_id, Remittance.currency
    sums = events.with_only_columns(*by, summed(RemittanceEvent.amount_minor)).group_by(*by)
    return {(row[0], row[1]): int(row[2]) for row in session.execute(sums)}


def receipts(
    session: Session, actor: Actor, organisation_id: int, currency: str
) -> tuple[list[Receipt], dict[int, int]]:
    """For the rule: an agency's receipts of which something is open, and what is covered of each."""
    rows, figures = _with_figures(actor)
    wanted = rows.where(
        AgencyReceipt.organisation_id == organisation_id, AgencyReceipt.currency == currency, figures["left"] != 0
    ).add_columns(figures["commission"], figures["covered"])
    found, covered = [], {}
    for row, commission, paid in session.execute(wanted):
        since = row.received_on or row.paid_on
        found.append(
            Receipt(row.attribution_id, since, row.amount_minor, int(commission), row.remittance.value, row.remit_days)
        )
        covered[row.attribution_id] = int(paid)
    return found, covered


def open_receipts(actor: Actor, organisation_id: int, currency: str) -> sa.Select[Any]:
    """Receipts of which something is to be remitted still (or was remitted too much), with `commission`, `covered` and
    `left` in minor units."""
    rows, figures = _with_figures(actor)
    named = [figures[name].label(name) for name in ("commission", "covered", "left")]
    return rows.where(
        AgencyReceipt.organisation_id == organisation_id, AgencyReceipt.currency == currency, figures["left"] != 0
    ).add_columns(*named)


def owed_by_age(
    session: Session, actor: Actor, organisation_id: int, currency: str, today: date
) -> list[tuple[str, int]]:
    """What is left to remit by how long the agency has held it, in minor units."""
    rows, figures = _with_figures(actor)
    age = sa.case(*((in_age(held_since(), name, today), name) for name, *_ends in AGES), else_=AGES[0][0]).label("age")
    parts = rows.where(
        AgencyReceipt.organisation_id == organisation_id, AgencyReceipt.currency == currency, figures["left"] != 0
    ).with_only_columns(age, figures["left"].label("left_"))
    parts_ = parts.subquery()
    sums = dict(session.execute(sa.select(parts_.c.age, summed(parts_.c.left_)).group_by(parts_.c.age)).tuples().all())
    return [(name, int(sums[name])) for name, *_ends in AGES if name in sums]


# --- remittances --------------------------------------------------------------------------------------------------------


def remittances(actor: Actor) -> sa.Select[Any]:
    """Remittances with where each stands and the last step that told an amount (`told`)."""
    told, later = aliased(RemittanceEvent, name="told"), aliased(RemittanceEvent)
    told_again = sa.select(later.id).where(
        later.remittance_id == told.remittance_id, later.amount_minor.is_not(None), later.id > told.id
    )
    return (
        visible(Remittance, actor)
        .select_from(Remittance)
        .join(told, told.remittance_id == Remittance.id)
        .where(told.amount_minor.is_not(None), ~told_again.exists())
        .join(Organisation, Organisation.id == Remittance.organisation_id)
        .add_columns(
            told.amount_minor.label("amount"), told.on.label("day"), told.reference.label("reference"), Organisation,
            _current_state().label("state"),
        )
    )  # fmt: skip


def remittance_for(session: Session, actor: Actor, remittance_id: int, *, lock: bool = False) -> Remittance:
    """One remittance; NotFound where there is none that the actor may see."""
    wanted = visible(Remittance, actor).where(Remittance.id == remittance_id)
    found = session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NotFound
    return found


def state_of(session: Session, actor: Actor, remittance_id: int) -> RemittanceState | None:
    """Where a remittance stands."""
    wanted = visible(RemittanceEvent, actor).where(RemittanceEvent.remittance_id == remittance_id)
    last = session.scalar(wanted.order_by(RemittanceEvent.id.desc()).limit(1))
    return last.state if last else None


def events_of(session: Session, actor: Actor, remittance_id: int) -> Sequence[Any]:
    """Its steps, the first one first, with who took each."""
    wanted = visible(RemittanceEvent, actor).where(RemittanceEvent.remittance_id == remittance_id)
    return session.execute(
        wanted.outerjoin(User, User.id == RemittanceEvent.by)
        .add_columns(User.name.label("who"))
        .order_by(RemittanceEvent.id)
    ).all()


def covers_of(session: Session, actor: Actor, remittance_id: int) -> Sequence[Any]:
    """What a remittance that stands received covers: payments and amounts."""
    wanted = (
        visible(RemittanceCover, actor)
        .join(RemittanceEvent, RemittanceEvent.id == RemittanceCover.event_id)
        .join(AgencyReceipt, AgencyReceipt.attribution_id == RemittanceCover.attribution_id)
        .where(RemittanceEvent.remittance_id == remittance_id)
        .add_columns(AgencyReceipt)
    )
    return session.execute(wanted.order_by(RemittanceCover.id).limit(200)).all()


def announced(session: Session, actor: Actor, organisation_id: int | None = None) -> Sequence[Any]:
    """Remittances that agencies have announced and the bank has not recorded, the first ones first."""
    wanted = remittances(actor).where(_current_state() == RemittanceState.ANNOUNCED)
    if organisation_id is not None:
        wanted = wanted.where(Remittance.organisation_id == organisation_id)
    return session.execute(wanted.order_by(Remittance.id).limit(MOST_ANNOUNCED)).all()
