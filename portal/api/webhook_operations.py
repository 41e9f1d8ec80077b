"""What an organisation does with its webhooks; an administrator of the bank may do it for any of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from portal.api.webhook_addresses import Fault, may_reach, target_of
from portal.api.webhook_delivery import SECRET_PURPOSE
from portal.api.webhook_events import ask_for_delivery, put_on_its_way
from portal.api.webhook_labels import FAULTS
from portal.api.webhook_models import DeliveryState, EventKind, StopReason, Webhook, WebhookDelivery, WebhookEvent
from portal.foundation.access import OrganisationKind, Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import transaction
from portal.identity.models import Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from portal.foundation.access import Actor
    from portal.foundation.work import Work

__all__ = [
    "CHOSEN_KINDS", "MOST_AT_ONCE", "MOST_WEBHOOKS", "OLD_SECRET_LASTS", "Wanted", "add_webhook", "change_webhook",
    "pause_webhook", "replay", "replay_since", "resume_webhook", "rotate_secret", "send_test",
]  # fmt: skip

CHOSEN_KINDS: Final = tuple(kind for kind in EventKind if kind is not EventKind.TEST)
MOST_WEBHOOKS: Final = 10  # of an organisation
MOST_AT_ONCE: Final = 1_000  # events that are sent once more in one step
OLD_SECRET_LASTS: Final = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """Where an organisation wants to hear, and of what."""

    url: str
    kinds: Sequence[EventKind]


def add_webhook(actor: Actor, wanted: Wanted, organisation_id: int | None = None) -> tuple[int, str]:
    """A webhook of the actor's organisation, or of the one that the bank names; its number, and the secret, which is told
    this once.

    DomainError naming the field for an address or a choice that cannot be; Refused where there are enough; NotFound for an
    organisation that has none.
    """
    demand(actor, Permission.API_MANAGE)
    url, kinds = _checked(wanted)
    secret = _new_secret()
    with transaction(actor) as work:
        owner = _owner(work, organisation_id)
        mine = visible(Webhook, actor).where(Webhook.organisation_id == owner.id)
        count = work.session.scalar(mine.with_only_columns(sa.func.count())) or 0
        if count >= MOST_WEBHOOKS:
            words = say("There are %(most)s webhooks already: change one that is there.", most=MOST_WEBHOOKS)
            raise Refused("webhook.many", words)
        webhook = Webhook(
            organisation_id=owner.id, url=url, kinds=kinds, made_by=actor.user_id, made_at=work.now,
            secret_sealed=work.vault.seal_secret(secret, SECRET_PURPOSE),
        )  # fmt: skip
        work.session.add(webhook)
        work.session.flush()
        work.audit("webhook.added", webhook, after=_facts(webhook))
        return webhook.id, secret


def change_webhook(actor: Actor, webhook_id: int, wanted: Wanted) -> None:
    """Another address, or other events. What waits goes to the new address. Raises as `add_webhook`."""
    demand(actor, Permission.API_MANAGE)
    url, kinds = _checked(wanted)
    with transaction(actor) as work:
        webhook = _locked(work, webhook_id)
        before = _facts(webhook)
        webhook.url, webhook.kinds = url, kinds
        if _facts(webhook) != before:
            work.audit("webhook.changed", webhook, before=before, after=_facts(webhook))


def pause_webhook(actor: Actor, webhook_id: int) -> None:
    """Nothing is sent until it is started again; what happens meanwhile is kept, to be sent later by hand."""
    demand(actor, Permission.API_MANAGE)
    with transaction(actor) as work:
        webhook = _locked(work, webhook_id)
        if webhook.is_active:
            webhook.disabled_at, webhook.disabled_why = work.now, StopReason.PAUSED
            work.audit("webhook.paused", webhook)


def resume_webhook(actor: Actor, webhook_id: int) -> None:
    """What waits is sent now, from the first on; that it was failing is forgotten."""
    demand(actor, Permission.API_MANAGE)
    with transaction(actor) as work:
        webhook = _locked(work, webhook_id)
        if webhook.is_active:
            return
        why = webhook.disabled_why
        webhook.disabled_at = webhook.disabled_why = webhook.failing_since = None
        waiting = sa.and_(WebhookDelivery.webhook_id == webhook.id, WebhookDelivery.state == DeliveryState.WAITING)
        at_once = sa.update(WebhookDelivery).where(waiting).values(next_at=work.real_now)
        work.session.execute(at_once.execution_options(synchronize_session=False))
        work.session.flush()
        work.audit("webhook.resumed", webhook, before={"reason": why.value if why else None})
        _ask_anew(work, webhook)


def rotate_secret(actor: Actor, webhook_id: int) -> str:
    """A new secret, told this once; for a day what is sent is signed by the one before it as well."""
    demand(actor, Permission.API_MANAGE)
    secret = _new_secret()
    with transaction(actor) as work:
        webhook = _locked(work, webhook_id)
        webhook.old_secret_sealed, webhook.old_secret_until = webhook.secret_sealed, work.real_now + OLD_SECRET_LASTS
        webhook.secret_sealed = work.vault.seal_secret(secret, SECRET_PURPOSE)
        work.audit("webhook.secret_rotated", webhook)
    return secret


def send_test(actor: Actor, webhook_id: int) -> int:
    """Send an event that says nothing but that it is a test; the delivery. Refused while nothing is sent."""
    demand(actor, Permission.API_MANAGE)
    with transaction(actor) as work:
        webhook = _started(work, webhook_id)
        event = WebhookEvent(
            organisation_id=webhook.organisation_id, public_id=f"evt_{secrets.token_hex(16)}", kind=EventKind.TEST,
            subject=f"test:{secrets.token_hex(16)}", data={"webhook": webhook.id}, at=work.now,
        )  # fmt: skip
        work.session.add(event)
        work.session.flush()
        put_on_its_way(work, webhook, [event], actor.user_id)
        work.audit("webhook.tested", webhook)
        last = visible(WebhookDelivery, actor).where(WebhookDelivery.event_id == event.id)
        return work.session.scalars(last).one().id


def replay(actor: Actor, webhook_id: int, delivery_ids: Iterable[int]) -> int:
    """Send the events of these deliveries once more, under the same ids, behind what waits; how many.

    NotFound unless all are of this webhook; Refused while nothing is sent, and where all of them wait anyhow.
    """
    demand(actor, Permission.API_MANAGE)
    wanted = set(delivery_ids)
    with transaction(actor) as work:
        webhook = _started(work, webhook_id)
        if not wanted:
            raise DomainError("webhook.nothing", say("Choose the deliveries first."))
        if len(wanted) > MOST_AT_ONCE:
            raise DomainError("webhook.too_many", say("At most %(most)s events in one step.", most=MOST_AT_ONCE))
        mine = visible(WebhookDelivery, actor).where(WebhookDelivery.webhook_id == webhook.id)
        found = work.session.scalars(mine.where(WebhookDelivery.id.in_(wanted))).all()
        if len(found) != len(wanted):
            raise NotFound
        about = sa.select(WebhookDelivery.event_id).where(WebhookDelivery.id.in_(wanted))
        return _send_again(work, webhook, visible(WebhookEvent, actor).where(WebhookEvent.id.in_(about)))


def replay_since(actor: Actor, webhook_id: int, since: datetime) -> int:
    """Send all events of its kinds since an instant once more, also those that it was never sent; how many.

    Refused while nothing is sent, and where there is none; DomainError where there are too many for one step.
    """
    demand(actor, Permission.API_MANAGE)
    with transaction(actor) as work:
        webhook = _started(work, webhook_id)
        wanted = visible(WebhookEvent, actor).where(
            WebhookEvent.organisation_id == webhook.organisation_id, WebhookEvent.at >= since,
            WebhookEvent.kind.in_([EventKind(kind) for kind in webhook.kinds]),
        )  # fmt: skip
        return _send_again(work, webhook, wanted, since=since.isoformat(timespec="minutes"))


def _send_again(work: Work, webhook: Webhook, wanted: sa.Select[tuple[WebhookEvent]], **details: Any) -> int:
    waiting = sa.exists().where(
        WebhookDelivery.event_id == WebhookEvent.id, WebhookDelivery.webhook_id == webhook.id,
        WebhookDelivery.state == DeliveryState.WAITING,
    )  # fmt: skip
    events = work.session.scalars(wanted.where(~waiting).order_by(WebhookEvent.id).limit(MOST_AT_ONCE + 1)).all()
    if len(events) > MOST_AT_ONCE:
        words = say("There are more than %(most)s events since then. Choose a later time.", most=MOST_AT_ONCE)
        raise DomainError("webhook.too_many", words, field="since")
    if not events:
        words = say("There is nothing to send: no such event has happened, or it waits already.")
        raise Refused("webhook.none", words)
    count = put_on_its_way(work, webhook, events, work.actor.user_id)
    work.audit("webhook.replayed", webhook, after={"events": count} | details)
    return count


# --- shared -------------------------------------------------------------------------------------------------------------


def _checked(wanted: Wanted) -> tuple[str, list[str]]:
    """The address and the kinds as they are kept. An address that names a machine by its number is judged at once; what a
    name leads to is judged whenever something is sent."""
    settings = services().settings
    url = wanted.url.strip()
    try:
        target = target_of(url, plain_allowed=settings.env != "production")
    except Fault as fault:
        raise DomainError(f"webhook.{fault.code}", FAULTS[fault.code], field="url") from fault
    try:
        private = not may_reach(target.host, settings.webhook_networks)
    except ValueError:
        private = False  # a name
    if private:
        raise DomainError("webhook.private", FAULTS["private"], field="url")
    kinds = [kind.value for kind in CHOSEN_KINDS if kind in set(wanted.kinds)]
    if not kinds:
        raise DomainError("webhook.kinds", say("Choose at least one kind of event."), field="kinds")
    return url, kinds


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _owner(work: Work, organisation_id: int | None) -> Organisation:
    wanted = work.actor.organisation_id if organisation_id is None else organisation_id
    outside = Organisation.kind != OrganisationKind.BANK
    found = work.session.scalar(visible(Organisation, work.actor).where(Organisation.id == wanted, outside))
    if found is None and organisation_id is None:
        raise DomainError("webhook.organisation", say("Choose the organisation."), field="organisation")
    if found is None:
        raise NotFound
    return found


def _locked(work: Work, webhook_id: int) -> Webhook:
    wanted = visible(Webhook, work.actor).where(Webhook.id == webhook_id)
    found = work.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def _started(work: Work, webhook_id: int) -> Webhook:
    webhook = _locked(work, webhook_id)
    if not webhook.is_active:
        raise Refused("webhook.stopped", say("Nothing is sent to this webhook now. Start it first."))
    return webhook


def _ask_anew(work: Work, webhook: Webhook) -> None:
    """After a stop the first that waits has been asked for before under the same tries; the daily round would come to it
    within a minute, and whoever has just started the webhook is looking."""
    ask_for_delivery(work, webhook, again=f"-{int(work.real_now.timestamp())}")


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {"url": webhook.url, "kinds": list(webhook.kinds), "organisation_id": webhook.organisation_id}
