"""The lists of webhooks and of what was sent to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.api import webhook_queries as queries
from portal.api.webhook_labels import DELIVERY_STATES, EVENT_KINDS, delivery_state, webhook_state, why_it_failed
from portal.api.webhook_models import DeliveryState, Webhook, WebhookDelivery
from portal.foundation.language import _l, say, say_count, translate
from portal.foundation.tables import Column, Empty, Filter, Table
from portal.vendors.labels import name_of

if TYPE_CHECKING:
    from portal.foundation.access import Actor

__all__ = ["deliveries_table", "webhooks_table"]


def webhooks_table(actor: Actor) -> Table:
    """Webhooks, the latest first."""
    columns = [
        Column("url", _l("Address"), value="Webhook.url", wraps=True),
        Column("state", _l("State"), "state", value=lambda row: webhook_state(row.Webhook)),
        Column("kinds", _l("Events"), value=_kinds, title=lambda row: ", ".join(row.Webhook.kinds)),
        Column("made_at", _l("Made"), "instant", value="Webhook.made_at"),
    ]
    if actor.is_bank:
        columns.insert(0, Column("organisation", _l("Organisation"), value=lambda row: name_of(row.Organisation)))
    return Table(
        name="webhooks",
        statement=queries.webhook_rows(actor),
        key=Webhook.id,
        default_sort="-id",
        columns=columns,
        row_url=lambda row: url_for("webhooks.webhook", webhook_id=row.Webhook.id),
        empty=Empty(
            say("Nothing is told to another system yet."), say("Add a webhook"), url_for("webhooks.new_webhook")
        ),
    )


def _kinds(row: Any) -> str:
    count = len(row.Webhook.kinds)
    return translate(say_count("%(n)s kind of event", "%(n)s kinds of events", count))


def deliveries_table(actor: Actor, webhook: Webhook) -> Table:
    """What was sent, is on its way, or was given up, the latest first."""
    return Table(
        name=f"webhook-{webhook.id}-deliveries",
        statement=queries.delivery_rows(actor, webhook.id),
        key=WebhookDelivery.id,
        default_sort="-id",
        columns=[
            Column(
                "kind", _l("Event"), value=lambda row: EVENT_KINDS[row.WebhookEvent.kind],
                title=lambda row: f"{row.WebhookEvent.kind.value} {row.WebhookEvent.public_id}",
            ),
            Column("about", _l("About"), value=_about),
            Column("state", _l("State"), "state", value=lambda row: delivery_state(row.WebhookDelivery)),
            Column("why", _l("Answer"), value=_answer),
            Column("attempts", _l("Tries"), "number", value="WebhookDelivery.attempts"),
            Column("last_tried_at", _l("Last try"), "instant", value="WebhookDelivery.last_tried_at"),
            Column("next_at", _l("Next try"), "instant", value=_next),
        ],
        filters=[
            Filter(
                "state", _l("State"), "choice", queries.with_state,
                [(code, tag.label) for code, tag in DELIVERY_STATES.items()],
            ),
            Filter(
                "kind", _l("Event"), "choice", queries.with_kind,
                [(kind.value, label) for kind, label in EVENT_KINDS.items()],
            ),
        ],
        row_url=lambda row: url_for(
            "webhooks.delivery", webhook_id=webhook.id, delivery_id=row.WebhookDelivery.id
        ),
        empty=say("Nothing has been sent to this webhook yet. Send a test."),
    )  # fmt: skip


def _about(row: Any) -> str:
    """The reference that the event is about; of several the first."""
    data = row.WebhookEvent.data
    several = data.get("accounts") if isinstance(data.get("accounts"), list) else data.get("payments")
    if several:
        return f"{several[0]} …" if len(several) > 1 else str(several[0])
    return str(data.get("batch") or data.get("recall") or "")


def _next(row: Any) -> Any:
    """Only where one has failed: what waits for the first time goes as soon as its turn comes."""
    delivery = row.WebhookDelivery
    return delivery.next_at if delivery.state is DeliveryState.WAITING and delivery.attempts else None


def _answer(row: Any) -> str:
    failed = why_it_failed(row.WebhookDelivery)
    if failed is not None:
        return translate(failed)
    return str(row.WebhookDelivery.last_status or "")
