"""Delivering what waits for a webhook: in order, one try at a time, outside any transaction.

A try is counted before it is made. A worker that dies between the receiver's answer and its own writing leaves the event
waiting, and whoever takes the job up sends it again under the same id: at least once, never lost, and the count shows it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.api.webhook_events import DELIVER, waiting_of
from portal.api.webhook_models import DeliveryState, StopReason, Webhook, WebhookDelivery, WebhookEvent
from portal.api.webhook_post import Answer, Patience, post
from portal.api.webhook_rules import signature_of, wait_after
from portal.foundation import hooks
from portal.foundation.daily import Due
from portal.foundation.jobs import handler
from portal.foundation.language import _l, as_data, say_count
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sqlalchemy.orm import Session

    from portal.foundation.access import Actor
    from portal.foundation.jobs import JobView, Progress
    from portal.foundation.work import Work

__all__ = ["SECRET_PURPOSE", "body_of", "deliver_waiting", "deliveries_due"]

SECRET_PURPOSE = "webhook secret"  # noqa: S105 - what the vault calls it
BUSY_FOR = timedelta(minutes=2)  # longer than any try takes; a job that is silent for so long has died
DUE_AT_ONCE = 200  # webhooks of one look; the rest a minute later


@dataclass(frozen=True)
class _Parcel:
    """One try: what is sent where, with which secrets it is signed."""

    delivery_id: int
    attempt: int
    url: str
    secrets: tuple[str, ...]
    kind: str
    body: bytes
    timestamp: str

    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "agency-portal-webhooks/1",
            "Portal-Event": self.kind,
            "Portal-Timestamp": self.timestamp,
            "Portal-Signature": signature_of(self.secrets, self.timestamp, self.body),
        }


def body_of(event: WebhookEvent) -> bytes:
    """What is sent: the same bytes at every try."""
    told = {
        "id": event.public_id,
        "kind": event.kind.value,
        "at": event.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": event.data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@handler(DELIVER, _l("Delivery to a webhook"))
def deliver(job: JobView, progress: Progress) -> dict[str, Any]:
    """Tell a webhook what waits for it."""
    number = job.payload["webhook_id"]
    told = deliver_waiting(job.actor, number, job.id, progress.step)
    return {
        "url": f"/webhooks/{number}",
        "message": as_data(say_count("%(n)s event was taken.", "%(n)s events were taken.", told)),
    }


def deliver_waiting(
    actor: Actor,
    webhook_id: int,
    job_id: int,
    step: Callable[[int], None] = lambda _: None,
    send: Callable[..., Answer] = post,
) -> int:
    """Deliver until nothing may go now; how many were taken. Nothing where another job is at this webhook. `send`: what
    makes one try, for a demo whose receivers are not there."""
    told = 0
    if not _take(actor, webhook_id, job_id):
        return told
    while (parcel := _next(actor, webhook_id, job_id)) is not None:
        settings = services().settings
        answer = send(
            parcel.url,
            parcel.headers(),
            parcel.body,
            plain_allowed=settings.env != "production",
            networks=settings.webhook_networks,
            patience=Patience(*settings.webhook_patience),
        )
        _note(actor, parcel, answer)
        told += answer.is_taken
        step(told)
    return told


def _take(actor: Actor, webhook_id: int, job_id: int) -> bool:
    """Whether this job has the webhook from now on: nobody had it, whoever had is dead, or it is taken up again.

    Whoever has it gives it back in the transaction in which it finds nothing that waits (`_next`), so what comes in at
    that moment is found by the one or by the other.
    """
    with transaction(actor) as work:
        free = sa.or_(Webhook.busy_job.is_(None), Webhook.busy_job == job_id, Webhook.busy_until < work.real_now)
        taken = (
            sa.update(Webhook)
            .where(Webhook.id == webhook_id, free)
            .values(busy_job=job_id, busy_until=work.real_now + BUSY_FOR)
            .execution_options(synchronize_session=False)
        )
        return bool(work.session.execute(taken).rowcount)  # type: ignore[attr-defined]


def _next(actor: Actor, webhook_id: int, job_id: int) -> _Parcel | None:
    """The next try, counted; None, and the webhook is given back, where nothing may go now."""
    with transaction(actor) as work:
        webhook = _locked(work, webhook_id)
        if webhook is None or webhook.busy_job != job_id:
            return None
        first = work.session.scalar(waiting_of(work, webhook).limit(1)) if webhook.is_active else None
        if first is None or first.next_at is None or first.next_at > work.real_now:
            webhook.busy_job = webhook.busy_until = None
            return None
        first.attempts += 1
        first.last_tried_at = work.real_now
        webhook.busy_until = work.real_now + BUSY_FOR
        event = work.session.scalars(visible(WebhookEvent, actor).where(WebhookEvent.id == first.event_id)).one()
        return _Parcel(
            first.id, first.attempts, webhook.url, _secrets(work, webhook), event.kind.value, body_of(event),
            str(int(work.real_now.timestamp())),
        )  # fmt: skip


def _secrets(work: Work, webhook: Webhook) -> tuple[str, ...]:
    """The secret, and for a day the one before it."""
    found = [webhook.secret_sealed]
    if webhook.old_secret_sealed and webhook.old_secret_until and work.real_now < webhook.old_secret_until:
        found.append(webhook.old_secret_sealed)
    return tuple(work.vault.open_secret(sealed, SECRET_PURPOSE) for sealed in found)


def _note(actor: Actor, parcel: _Parcel, answer: Answer) -> None:
    """Write down how the try went."""
    with transaction(actor) as work:
        wanted = visible(WebhookDelivery, actor).where(WebhookDelivery.id == parcel.delivery_id)
        delivery = work.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
        if delivery is None or (delivery.state, delivery.attempts) != (DeliveryState.WAITING, parcel.attempt):
            return
        webhook = _locked(work, delivery.webhook_id)
        delivery.last_status, delivery.last_error = answer.status, answer.error
        if answer.is_taken:
            delivery.state, delivery.next_at, delivery.delivered_at = DeliveryState.DELIVERED, None, work.real_now
            if webhook is not None:
                webhook.failing_since = None
        elif webhook is not None:
            _failed(work, webhook, delivery)


def _failed(work: Work, webhook: Webhook, delivery: WebhookDelivery) -> None:
    """Later again, or given up. Where one was given up before and this one fails too, it is not the event: the webhook is
    stopped, and what waits stays for whoever starts it again."""
    if webhook.failing_since is not None:
        delivery.next_at = work.real_now
        if webhook.is_active:
            webhook.disabled_at, webhook.disabled_why = work.now, StopReason.FAILING
            work.audit("webhook.stopped", webhook, after={"reason": StopReason.FAILING.value})
        return
    wait = wait_after(delivery.attempts)
    if wait is not None:
        delivery.next_at = work.real_now + wait
        return
    delivery.state, delivery.next_at = DeliveryState.GIVEN_UP, None
    webhook.failing_since = work.real_now
    work.audit("webhook.given_up", webhook, after={"delivery": delivery.id, "tries": delivery.attempts})


def _locked(work: Work, webhook_id: int) -> Webhook | None:
    wanted = visible(Webhook, work.actor).where(Webhook.id == webhook_id)
    return work.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))


@hooks.due_work.register
def deliveries_due(session: Session, actor: Actor, _now: datetime, _today: date) -> list[Due]:
    """Webhooks whose next event may go and which no job is at. Asked for anew each minute, until one is."""
    now = services().clock.real_now()
    of_webhook = sa.and_(WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.state == DeliveryState.WAITING)
    first = (
        sa.select(WebhookDelivery.id)
        .where(of_webhook)
        .order_by(WebhookDelivery.id)
        .limit(1)
        .correlate(Webhook)
        .scalar_subquery()
    )
    due = (
        visible(Webhook, actor)
        .join(WebhookDelivery, WebhookDelivery.id == first)
        .where(Webhook.disabled_at.is_(None), WebhookDelivery.next_at <= now)
        .where(sa.or_(Webhook.busy_job.is_(None), Webhook.busy_until < now))
        .with_only_columns(Webhook.id, WebhookDelivery.id, WebhookDelivery.attempts)
        .order_by(Webhook.id)
        .limit(DUE_AT_ONCE)
    )
    return [
        Due(DELIVER, f"{number}-{delivery}-{attempts}-{now:%Y%m%d%H%M}", {"webhook_id": number})
        for number, delivery, attempts in session.execute(due)
    ]
