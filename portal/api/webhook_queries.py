"""Reads of webhooks and their deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.api.webhook_models import DeliveryState, EventKind, StopReason, Webhook, WebhookDelivery, WebhookEvent
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor

__all__ = [
    "Standing", "delivery_for", "delivery_rows", "failing_count", "first_failing", "standing_of", "webhook_for",
    "webhook_rows", "with_state",
]  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """What waits for a webhook, since when the first of it does, and when it is tried next; when one was last taken."""

    waiting: int
    since: datetime | None
    next_at: datetime | None
    last_at: datetime | None


def webhook_rows(actor: Actor) -> sa.Select[Any]:
    """Webhooks with their organisation."""
    return (
        visible(Webhook, actor).join(Organisation, Organisation.id == Webhook.organisation_id).add_columns(Organisation)
    )


def webhook_for(session: Session, actor: Actor, webhook_id: int) -> Webhook:
    """One of them; NotFound where the actor sees none."""
    found = session.scalar(visible(Webhook, actor).where(Webhook.id == webhook_id))
    if found is None:
        raise NotFound
    return found


def standing_of(session: Session, actor: Actor, webhook_id: int) -> Standing:
    """How it stands with a webhook now."""
    mine = visible(WebhookDelivery, actor).where(WebhookDelivery.webhook_id == webhook_id)
    waiting = mine.where(WebhookDelivery.state == DeliveryState.WAITING)
    first = session.scalar(waiting.order_by(WebhookDelivery.id).limit(1))
    taken = mine.where(WebhookDelivery.state == DeliveryState.DELIVERED).order_by(WebhookDelivery.id.desc())
    return Standing(
        session.scalar(waiting.with_only_columns(sa.func.count())) or 0,
        first.made_at if first else None,
        first.next_at if first else None,
        session.scalar(taken.with_only_columns(WebhookDelivery.delivered_at).limit(1)),
    )


def delivery_rows(actor: Actor, webhook_id: int) -> sa.Select[Any]:
    """Deliveries of a webhook with their events and whoever had one sent once more."""
    return (
        visible(WebhookDelivery, actor)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .outerjoin(User, User.id == WebhookDelivery.asked_by)
        .add_columns(WebhookEvent, User.name.label("asker"))
        .where(WebhookDelivery.webhook_id == webhook_id)
    )


def with_state(statement: sa.Select[Any], state: str) -> sa.Select[Any]:
    """Those that are in a state as the page names it."""
    tried = sa.or_(WebhookDelivery.last_error != "", WebhookDelivery.last_status.is_not(None))
    if state == "again":
        return statement.where(WebhookDelivery.state == DeliveryState.WAITING, tried)
    if state == "waiting":
        return statement.where(WebhookDelivery.state == DeliveryState.WAITING, ~tried)
    return statement.where(WebhookDelivery.state == DeliveryState(state))


def with_kind(statement: sa.Select[Any], kind: str) -> sa.Select[Any]:
    """Those that tell of a kind of event."""
    return statement.where(WebhookEvent.kind == EventKind(kind))


def delivery_for(session: Session, actor: Actor, webhook_id: int, delivery_id: int) -> Any:
    """One delivery with its event; NotFound where there is none of this webhook."""
    found = session.execute(delivery_rows(actor, webhook_id).where(WebhookDelivery.id == delivery_id)).first()
    if found is None:
        raise NotFound
    return found


def _failing(actor: Actor) -> sa.Select[tuple[Webhook]]:
    return visible(Webhook, actor).where(
        sa.or_(
            sa.and_(Webhook.disabled_at.is_(None), Webhook.failing_since.is_not(None)),
            Webhook.disabled_why == StopReason.FAILING,
        )
    )


def failing_count(session: Session, actor: Actor) -> int:
    """Webhooks that do not take what they are sent, or were stopped for it."""
    return session.scalar(_failing(actor).with_only_columns(sa.func.count())) or 0


def first_failing(session: Session, actor: Actor) -> Webhook | None:
    """One of them, if it is the only one."""
    found = session.scalars(_failing(actor).order_by(Webhook.id).limit(2)).all()
    return found[0] if len(found) == 1 else None
