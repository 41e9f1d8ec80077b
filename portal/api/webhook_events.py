"""Within another operation: what happened is kept as an event of an organisation and put on its way to its webhooks."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.api.webhook_models import DeliveryState, EventKind, Webhook, WebhookDelivery, WebhookEvent
from portal.foundation.visibility import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from portal.foundation.work import Work

__all__ = ["DELIVER", "ask_for_delivery", "listeners", "put_on_its_way", "tell", "waiting_of"]

DELIVER = "webhook.deliver"


def listeners(work: Work, organisation_ids: Iterable[int] | None = None) -> set[int]:
    """Of these organisations (None: of all) those that have a webhook, paused ones too: what happens meanwhile is kept,
    to be sent later."""
    wanted = visible(Webhook, work.actor).with_only_columns(Webhook.organisation_id).distinct()
    if organisation_ids is not None:
        wanted = wanted.where(Webhook.organisation_id.in_(organisation_ids))
    return set(work.session.scalars(wanted))


def tell(work: Work, organisation_id: int, kind: EventKind, subject: str, data: dict[str, Any]) -> WebhookEvent | None:
    """Keep an event and send it to the organisation's active webhooks that are told this kind.

    None, and nothing is kept, where the organisation has no webhook; what was told before about the same `subject` is
    answered, not told again.
    """
    of_them = visible(Webhook, work.actor).where(Webhook.organisation_id == organisation_id).order_by(Webhook.id)
    webhooks = list(work.session.scalars(of_them))
    if not webhooks:
        return None
    same = visible(WebhookEvent, work.actor).where(
        WebhookEvent.organisation_id == organisation_id, WebhookEvent.kind == kind, WebhookEvent.subject == subject
    )
    known = work.session.scalar(same)
    if known is not None:
        return known
    event = WebhookEvent(
        organisation_id=organisation_id, public_id=f"evt_{secrets.token_hex(16)}", kind=kind, subject=subject, data=data,
        at=work.now,
    )  # fmt: skip
    work.session.add(event)
    work.session.flush()
    for webhook in webhooks:
        if webhook.is_active and kind.value in webhook.kinds:
            put_on_its_way(work, webhook, [event])
    return event


def put_on_its_way(work: Work, webhook: Webhook, events: Iterable[WebhookEvent], asked_by: int | None = None) -> int:
    """Send events to a webhook, behind what waits for it already; how many."""
    deliveries = [
        WebhookDelivery(
            organisation_id=webhook.organisation_id, webhook_id=webhook.id, event_id=event.id,
            state=DeliveryState.WAITING, attempts=0, made_at=work.real_now, asked_by=asked_by, next_at=work.real_now,
            last_error="",
        )
        for event in events
    ]  # fmt: skip
    work.session.add_all(deliveries)
    work.session.flush()
    ask_for_delivery(work, webhook)
    return len(deliveries)


def waiting_of(work: Work, webhook: Webhook) -> sa.Select[tuple[WebhookDelivery]]:
    """What waits for a webhook, the next one first."""
    mine = sa.and_(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.state == DeliveryState.WAITING)
    return visible(WebhookDelivery, work.actor).where(mine).order_by(WebhookDelivery.id)


def ask_for_delivery(work: Work, webhook: Webhook, again: str = "") -> None:
    """Ask for the job that delivers, if the first that waits may go now; else the daily round does when its time comes.

    The key names the first that waits and its tries, so that many events at once are one job. The job is the portal's
    own: whoever brought the event about has nothing to do with its way. `again`: what makes it another job than one that
    was asked for before about the same.
    """
    first = work.session.scalar(waiting_of(work, webhook).limit(1))
    if webhook.is_active and first is not None and first.next_at is not None and first.next_at <= work.real_now:
        key = f"{webhook.id}-{first.id}-{first.attempts}{again}"
        work.request_job(DELIVER, key, {"webhook_id": webhook.id}, as_portal=True)
