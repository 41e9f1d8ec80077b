"""Organisations that listen, for the tests of webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.api.webhook_models import Webhook, WebhookDelivery, WebhookEvent
from portal.api.webhook_operations import CHOSEN_KINDS, Wanted, add_webhook
from portal.foundation.work import reading
from tests.identity.factories import make_agency, observer
from tests.placement.factories import answerer
from tests.vendors.factories import make_contract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portal.api.webhook_models import EventKind
    from portal.foundation.access import Actor
    from portal.identity.models import Organisation

__all__ = ["deliveries", "events", "listening", "make_holder", "the_webhook"]


def make_holder(code: str = "HT") -> Organisation:
    """An agency with a contract."""
    organisation = make_agency(code)
    make_contract(organisation)
    return organisation


def listening(
    organisation: Organisation, url: str = "https://example.com/portal", kinds: Sequence[EventKind] = CHOSEN_KINDS
) -> tuple[Actor, int, str]:
    """The organisation's leader, its webhook, and the secret."""
    leader = answerer(organisation)
    webhook_id, secret = add_webhook(leader, Wanted(url, kinds))
    return leader, webhook_id, secret


def _all(model: type[Any]) -> list[Any]:
    with reading(observer()) as session:
        found = list(session.scalars(sa.select(model).order_by(model.id)))
        session.expunge_all()
        return found


def events() -> list[WebhookEvent]:
    """All that was kept, by number."""
    return _all(WebhookEvent)


def deliveries() -> list[WebhookDelivery]:
    """All that was put on its way, by number."""
    return _all(WebhookDelivery)


def the_webhook(webhook_id: int) -> Webhook:
    """As it stands now."""
    found: Webhook = next(row for row in _all(Webhook) if row.id == webhook_id)
    return found
