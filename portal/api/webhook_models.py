"""Tables of webhooks: where an organisation wants to hear, what there was to hear, and how each telling went."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.foundation.database import JsonData, Model, choice, key_column
from portal.foundation.visibility import OwnRows
from portal.identity.models import Organisation

__all__ = ["DeliveryState", "EventKind", "StopReason", "Webhook", "WebhookDelivery", "WebhookEvent"]


class EventKind(StrEnum):
    """What an organisation's own system may hear of."""

    BATCH_SENT = "batch.sent"
    BATCH_ACCEPTED = "batch.accepted"
    BATCH_ENDED = "batch.ended"
    RECALL_ANNOUNCED = "recall.announced"
    RECALL_CARRIED_OUT = "recall.carried_out"
    RECALL_WITHDRAWN = "recall.withdrawn"
    PAYMENTS_CREDITED = "payments.credited"
    HOLD_RAISED = "hold.raised"
    HOLD_RELEASED = "hold.released"
    TEST = "test"  # asked for on the page, told to that webhook alone


class DeliveryState(StrEnum):
    WAITING = "waiting"  # for its first try, or for the next one
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class StopReason(StrEnum):
    """Why a webhook hears nothing."""

    PAUSED = "paused"  # somebody has said so
    FAILING = "failing"  # one event was given up, and the next one was not taken either


class Webhook(Model, OwnRows):
    """An address of an organisation's own system. Its deliveries go out in the order of their numbers, one at a time.

    `busy_job`, `busy_until`: which job is at it, and until when at the latest it is taken for alive. Both `busy_until` and
    `old_secret_until` are real time.
    """

    __tablename__ = "webhook"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    url: Mapped[str] = mapped_column(sa.String(500))
    kinds: Mapped[list[str]] = mapped_column(JsonData, comment="of events that it is told")
    secret_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    old_secret_sealed: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary, comment="signs beside the new one for a day"
    )
    old_secret_until: Mapped[datetime | None]
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_why: Mapped[StopReason | None] = mapped_column(choice(StopReason))
    failing_since: Mapped[datetime | None] = mapped_column(comment="an event was given up and none was taken since")
    busy_job: Mapped[int | None]
    busy_until: Mapped[datetime | None]
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        sa.CheckConstraint("(disabled_at IS NULL) = (disabled_why IS NULL)", name="disabled_for_a_reason"),
        sa.CheckConstraint(
            "(old_secret_sealed IS NULL) = (old_secret_until IS NULL)", name="old_secret_has_its_end"
        ),
    )  # fmt: skip

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None


class WebhookEvent(Model, OwnRows):
    """Something an organisation may hear of, as it is told: references, numbers, amounts and days, nothing of a person.

    `subject` says what it is about, so that a job that is run again tells it once.
    """

    __tablename__ = "webhook_event"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    public_id: Mapped[str] = mapped_column(
        sa.String(40), unique=True, comment="told to the receiver; guessed by nobody"
    )
    kind: Mapped[EventKind] = mapped_column(choice(EventKind))
    subject: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JsonData)
    at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "kind", "subject"),
        sa.Index("ix_webhook_event_time", "organisation_id", "at", "id"),
    )


class WebhookDelivery(Model, OwnRows):
    """An event on its way to a webhook; sent once more it is a new row behind the others. `next_at` is real time."""

    __tablename__ = "webhook_delivery"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    webhook_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook.id"))
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_event.id"), index=True)
    state: Mapped[DeliveryState] = mapped_column(choice(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0, comment="tries that were begun")
    made_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="who had it sent once more")
    next_at: Mapped[datetime | None] = mapped_column(comment="not before; null: nothing more happens")
    last_tried_at: Mapped[datetime | None]
    last_status: Mapped[int | None] = mapped_column(sa.Integer, comment="what the last try was answered")
    last_error: Mapped[str] = mapped_column(sa.String(32), default="", comment="a code: why the last try failed")
    delivered_at: Mapped[datetime | None]
    event: Mapped[WebhookEvent] = relationship()

    __table_args__ = (
        sa.Index("ix_webhook_delivery_of", "webhook_id", "id"),
        sa.Index(
            "ix_webhook_delivery_waiting", "webhook_id", "id", sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        ),
        sa.CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="waiting_has_its_time"),
        sa.CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at_a_time"),
    )  # fmt: skip
