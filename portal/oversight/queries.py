"""Reads of the home page and the audit page. Each is answered by an index and has an end: nothing grows with the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.commission.models import Statement, StatementState
from portal.commission.queries import current_state, seen_by
from portal.contact.models import AttemptDay, Promise, PromiseState
from portal.foundation.audit import AuditEvent
from portal.foundation.database import summed
from portal.foundation.local_days import day_begins, day_ends
from portal.foundation.sealing import last_link, unsealed
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.oversight.curves import Curve
from portal.placement.models import BatchState, PlacementBatch
from portal.placement.recall_queries import error_by_batch, placed_in_error
from portal.recovery.queries import credited_by_batch
from portal.vendors.models import PlacementKind

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.oversight.months import Stretch

__all__ = [
    "Attempts", "Chain", "attempts_in", "chain_state", "commission_in", "events", "promises_in", "recovery_curves",
]  # fmt: skip

CURVES = 6
UNSEALED_COUNTED = 1_000  # "1,000 or more" is all that anybody needs to know
LONGEST_CURVE = 180  # days


@dataclass(frozen=True, slots=True)
class Attempts:
    """What was logged in a stretch of days; `breaches`: logged although the rules forbade them."""

    logged: int
    reached: int
    breaches: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The audit chain: sealed up to which link and instant, and how many events wait (at most `UNSEALED_COUNTED`)."""

    sealed: int
    sealed_until: datetime | None
    waiting: int

    @property
    def is_more(self) -> bool:
        """Whether even more wait than were counted."""
        return self.waiting >= UNSEALED_COUNTED


def commission_in(session: Session, actor: Actor, days: Stretch, zone: str) -> dict[str, int]:
    """Commission of statements that were drawn up in these days and stand, by currency in minor units; to an agency, of those
    that were released."""
    first, end = _instants(days, zone)
    months_back = (days.first - timedelta(days=100)).replace(day=1)
    statement = (
        seen_by(actor)
        .where(Statement.period >= months_back, Statement.drawn_at >= first, Statement.drawn_at < end)
        .where(current_state() != StatementState.WITHDRAWN)
        .with_only_columns(Statement.currency, summed(Statement.total_minor))
        .group_by(Statement.currency)
        .order_by(Statement.currency)
    )
    return {currency: int(total) for currency, total in session.execute(statement)}


def attempts_in(session: Session, actor: Actor, days: Stretch) -> Attempts:
    """What agencies logged in these days of theirs, corrected entries taken off; for an agency its own."""
    owners = visible(Organisation, actor).with_only_columns(Organisation.id).subquery()
    sums = [sa.func.sum(column) for column in (AttemptDay.logged, AttemptDay.reached, AttemptDay.breaches)]
    row = session.execute(
        sa.select(*sums)
        .select_from(owners)
        .join(
            AttemptDay,
            sa.and_(AttemptDay.organisation_id == owners.c.id, AttemptDay.day.between(days.first, days.last)),
        )
    ).one()
    return Attempts(*(int(total or 0) for total in row))


def promises_in(session: Session, actor: Actor, days: Stretch) -> tuple[int, int]:
    """Of promises for these days: how many were kept, and how many there were."""
    owners = visible(Organisation, actor).with_only_columns(Organisation.id).subquery()
    states = (PromiseState.KEPT, PromiseState.BROKEN, PromiseState.OPEN)
    rows = session.execute(
        sa.select(Promise.state, sa.func.count())
        .select_from(owners)
        .join(
            Promise,
            sa.and_(
                Promise.organisation_id == owners.c.id,
                Promise.state.in_(states),
                Promise.promised_on.between(days.first, days.last),
                Promise.placement_id.not_in(placed_in_error()),
            ),
        )
        .group_by(Promise.state)
    )
    counts = dict(rows.tuples().all())
    return counts.get(PromiseState.KEPT, 0), sum(counts.values())


def recovery_curves(session: Session, actor: Actor, today: date) -> list[Curve]:
    """The last batches for collection that were accepted, the latest first, each with what it has brought by day."""
    batches = session.execute(
        visible(PlacementBatch, actor)
        .join(Organisation, Organisation.id == PlacementBatch.organisation_id)
        .add_columns(Organisation)
        .where(PlacementBatch.kind == PlacementKind.COLLECTION, PlacementBatch.state == BatchState.ACCEPTED)
        .order_by(PlacementBatch.id.desc())
        .limit(CURVES)
    ).all()
    numbers = [batch.id for batch, _ in batches]
    brought = credited_by_batch(session, actor, numbers)
    wrong = error_by_batch(session, actor, numbers)
    return [
        Curve(
            batch.id, batch.number, organisation.code, batch.total_minor - wrong.get(batch.id, 0),
            min((today - batch.placed_on).days, LONGEST_CURVE),
            tuple(((paid_on - batch.placed_on).days, total) for paid_on, total in brought.get(batch.id, ())),
        )
        for batch, organisation in batches
    ]  # fmt: skip


def _instants(days: Stretch, zone: str) -> tuple[datetime, datetime]:
    """From the beginning of the first day to that of the day after the last."""
    return day_begins(days.first, ZoneInfo(zone)), day_ends(days.last, ZoneInfo(zone))


# --- the audit trail ----------------------------------------------------------------------------------------------------


def events(actor: Actor) -> sa.Select[Any]:
    """Audit events with the name of who did it."""
    return (
        visible(AuditEvent, actor)
        .outerjoin(User, User.id == AuditEvent.actor_user_id)
        .add_columns(User.name.label("person"))
    )


def chain_state(session: Session) -> Chain:
    """How far the chain is sealed. For those at the bank who see the trail."""
    head = session.scalar(last_link())
    until = session.scalar(sa.select(AuditEvent.recorded_at).where(AuditEvent.id == head.event_id)) if head else None
    open_events = unsealed(thorough=False, newest=head.event_id if head else 0).limit(UNSEALED_COUNTED)
    waiting = session.scalar(sa.select(sa.func.count()).select_from(open_events.subquery()))
    return Chain(head.sequence if head else 0, until, waiting or 0)
