"""Words for webhooks: kinds of events, states, and why a try failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from portal.api.webhook_models import DeliveryState, EventKind, StopReason
from portal.foundation.language import _l, say
from portal.foundation.states import StateTag

if TYPE_CHECKING:
    from portal.api.webhook_models import Webhook, WebhookDelivery
    from portal.foundation.language import Message

__all__ = [
    "DELIVERY_STATES",
    "EVENT_KINDS",
    "FAULTS",
    "WEBHOOK_STATES",
    "delivery_state",
    "webhook_state",
    "why_it_failed",
]

EVENT_KINDS: Final[dict[EventKind, Any]] = {
    EventKind.BATCH_SENT: _l("A batch has been sent"),
    EventKind.BATCH_ACCEPTED: _l("A batch has been accepted"),
    EventKind.BATCH_ENDED: _l("A batch is over"),
    EventKind.RECALL_ANNOUNCED: _l("A recall is announced"),
    EventKind.RECALL_CARRIED_OUT: _l("Accounts have gone by a recall"),
    EventKind.RECALL_WITHDRAWN: _l("A recall is withdrawn"),
    EventKind.PAYMENTS_CREDITED: _l("Payments are credited"),
    EventKind.HOLD_RAISED: _l("A hold is raised"),
    EventKind.HOLD_RELEASED: _l("A hold is released"),
    EventKind.TEST: _l("A test"),
}

DELIVERY_STATES: Final[dict[str, StateTag]] = {
    "waiting": StateTag("waiting", _l("waiting"), "go"),
    "again": StateTag("again", _l("is tried again"), "wait"),
    "delivered": StateTag("delivered", _l("delivered"), "good"),
    "given_up": StateTag("given_up", _l("given up"), "bad"),
}

WEBHOOK_STATES: Final[dict[str, StateTag]] = {
    "active": StateTag("active", _l("active"), "good"),
    "failing": StateTag("failing", _l("failing"), "bad"),
    "paused": StateTag("paused", _l("paused"), "plain"),
    "stopped": StateTag("stopped", _l("stopped: not reached"), "bad"),
}

# What is wrong with an address, and how to mend it.
FAULTS: Final[dict[str, Message]] = {
    "long": say("The address has more than 500 characters. Shorten it."),
    "characters": say("The address holds a blank or a character that must be written as %%XX. Encode it."),
    "scheme": say("The address has to begin with https://."),
    "host": say("The address names no machine. Write it like https://systems.example.com/portal."),
    "user": say("Leave user name and password out of the address: deliveries are signed."),
    "fragment": say("Leave out what stands behind the #."),
    "port": say("The port is a number from 1 to 65535."),
    "private": say(
        "This is an address inside a private network. The portal sends to public addresses only; ask the bank to allow the network."
    ),
}

_ERRORS: Final[dict[str, Message]] = {
    "name": say("The name of the machine is not known."),
    "private": say("The name leads into a private network that the bank does not allow."),
    "connect": say("Nothing answers at this address."),
    "tls": say("The certificate was not accepted, or the secured connection could not be made."),
    "timeout": say("There was no answer in time."),
    "broken": say("The connection broke off before an answer."),
    "url": say("The address is not one that the portal sends to."),
}


def webhook_state(webhook: Webhook) -> StateTag:
    """Whether it is told anything, and if it takes it."""
    if webhook.disabled_why is StopReason.PAUSED:
        return WEBHOOK_STATES["paused"]
    if webhook.disabled_why is StopReason.FAILING:
        return WEBHOOK_STATES["stopped"]
    return WEBHOOK_STATES["failing" if webhook.failing_since else "active"]


def delivery_state(delivery: WebhookDelivery) -> StateTag:
    """One that has failed and waits for another try is told apart from one that waits for its first."""
    if delivery.state is DeliveryState.WAITING and (delivery.last_error or delivery.last_status):
        return DELIVERY_STATES["again"]
    return DELIVERY_STATES[delivery.state.value]


def why_it_failed(delivery: WebhookDelivery) -> Message | None:
    """How the last try ended, where it was not taken."""
    if delivery.last_error == "redirect":
        return say("Answered %(status)s: redirects are not followed.", status=delivery.last_status)
    if delivery.last_error == "status":
        return say("Answered %(status)s.", status=delivery.last_status)
    return _ERRORS.get(delivery.last_error)
