"""Messages of agency staff: an approved text, filled and sent to one of the debtor's numbers or addresses.

Nothing is written freely. Sending is an attempt like any other: the conduct rules are asked first, and the log and what
waits to go out stand in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.contact import queries
from portal.contact.conduct import group_of
from portal.contact.entries import Entry
from portal.contact.messages.addresses import serves
from portal.contact.messages.filling import Filled, bank_head, fill, sender_of, staff_number_of, values_of
from portal.contact.messages.gateway import gateway_for
from portal.contact.messages.models import MessageState, OutgoingMessage
from portal.contact.messages.queries import approved_text, message_for, texts_in_use
from portal.contact.models import Channel
from portal.contact.operations import record_attempt
from portal.contact.wording import Purpose
from portal.foundation.access import Permission, demand
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.language import say
from portal.foundation.services import services
from portal.foundation.visibility import visible
from portal.foundation.work import reading, transaction
from portal.portfolio.models import ContactPoint, ContactSource, Customer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from portal.contact.messages.filling import Head
    from portal.contact.messages.models import MessageTemplate, MessageTemplateVersion
    from portal.contact.models import Promise
    from portal.foundation.access import Actor
    from portal.foundation.work import Work
    from portal.placement.models import Placement
    from portal.portfolio.models import Account

__all__ = [
    "SENT_BY_STAFF", "Preview", "keep_message", "opening_of", "preview", "reveal_message", "seal_message", "send_message",
]  # fmt: skip

SENT_BY_STAFF = (Purpose.CONTACT, Purpose.DEMAND)
BY_GATEWAY = (Channel.SMS, Channel.EMAIL)  # what goes out at once; letters are drawn up by the bank
TEXT, SUBJECT = "message", "subject"  # the purposes under which a message is sealed


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it would be sent, with the name masked; `point`: to where."""

    template: MessageTemplate
    version: MessageTemplateVersion
    point: ContactPoint
    filled: Filled


def preview(actor: Actor, account_id: int, template_id: int, contact_point_id: int) -> Preview:
    """A text as it would be sent. NotFound for an account that is not held or a text that may not be sent, DomainError for
    a number that it cannot go to, or a field without a value."""
    demand(actor, Permission.QUEUE_WORK)
    head = bank_head()
    with reading(actor) as session:
        _, account, customer = _held(queries.held_account(session, actor, account_id))
        template, version = _text(approved_text(session, actor, template_id), actor)
        point = _point(queries.contact_points(session, actor, customer.id), contact_point_id, template.channel)
        sender = sender_of(session, actor, actor.organisation_id or 0)
        number = staff_number_of(session, actor)
        values = values_of(template.language, head, sender, account, customer.name_masked, staff_number=number)
        return Preview(template, version, point, fill(template, version, values))


def send_message(actor: Actor, account_id: int, template_id: int, version: int, contact_point_id: int) -> int:
    """Put a message into the outbox and log the attempt, or neither; the message's id.

    `version`: the one that was read; Refused where another is in use meanwhile, and where the conduct rules forbid it now.
    Otherwise as `preview`.
    """
    demand(actor, Permission.QUEUE_WORK)
    head = bank_head()
    with transaction(actor) as work:
        placement, account, customer = _held(queries.held_account(work.session, actor, account_id))
        template, text = _text(approved_text(work.session, actor, template_id), actor)
        if text.version != version:
            words = say("This text has been changed meanwhile. Read it again before you send it.")
            raise Refused("message.text_changed", words)
        points = queries.contact_points(work.session, actor, customer.id)
        point = _point(points, contact_point_id, template.channel)
        filled = _filled(work, head, template, text, account, customer)
        entry = Entry(channel=template.channel, outcome="sent", contact_point_id=point.id)
        logged = record_attempt(work, account_id, entry, is_message=True)
        message = keep_message(
            work, placement, customer, template, text, point, filled, attempt_id=logged.attempt_id
        )  # fmt: skip
        gateway_for(template.channel).take(work, message)
        return message.id


def keep_message(
    work: Work,
    placement: Placement,
    customer: Customer,
    template: MessageTemplate,
    version: MessageTemplateVersion,
    point: ContactPoint,
    filled: Filled,
    *,
    attempt_id: int | None = None,
    promise: Promise | None = None,
) -> OutgoingMessage:
    """The message's row, sealed under the person's key, with its place in the audit trail."""
    subject, text = seal_message(work, customer, filled)
    message = OutgoingMessage(
        organisation_id=placement.organisation_id,
        template_version_id=version.id,
        purpose=template.purpose,
        channel=template.channel,
        placement_id=placement.id,
        batch_id=placement.batch_id,
        account_id=placement.account_id,
        customer_id=customer.id,
        contact_point_id=point.id,
        reserved=point.source is ContactSource.RESERVED,
        promise_id=promise.id if promise else None,
        attempt_id=attempt_id,
        subject_sealed=subject,
        text_sealed=text,
        content_sha256=filled.digest,
        parts=filled.parts,
        state=MessageState.QUEUED,
        state_at=work.now,
        made_by=work.actor.user_id,
        made_at=work.now,
    )
    work.session.add(message)
    work.session.flush()
    after = {
        "account": placement.account_id, "channel": template.channel.value, "purpose": template.purpose.value,
        "text": f"{template.code} {version.version}", "sha256": filled.digest,
    }  # fmt: skip
    work.audit("message.drawn_up", message, after=after)
    return message


def seal_message(work: Work, customer: Customer, filled: Filled) -> tuple[bytes | None, bytes]:
    """Subject and text as they are kept."""
    seal = work.vault.sealer(customer.person_key)
    return (seal(filled.subject, SUBJECT) if filled.subject else None), seal(filled.text, TEXT)


def reveal_message(actor: Actor, message_id: int) -> Filled:
    """What a message says; recorded. NotFound where it or its person is not (any more) open to the actor."""
    demand(actor, Permission.PERSON_REVEAL)
    with transaction(actor) as work:
        message: OutgoingMessage = message_for(work.session, actor, message_id)[0]
        customer = work.session.scalar(visible(Customer, actor).where(Customer.id == message.customer_id))
        text = work.vault.open(customer.person_key, message.text_sealed, TEXT) if customer else None
        if customer is None or text is None:
            raise NotFound
        subject = work.vault.open(customer.person_key, message.subject_sealed, SUBJECT) or ""
        work.audit("person.revealed", message, field="message", customer=customer.id)
        return Filled(subject, text, message.parts)


def opening_of(
    session: Session, actor: Actor, account: Account, customer: Customer
) -> list[tuple[MessageTemplate, str]]:
    """What is said first in a call, by each approved opening of the organisation, with the name masked; one whose fields
    have no value here is left out."""
    texts = texts_in_use(session, actor, actor.organisation_id, (Channel.CALL,))
    if not texts:
        return []
    head, number = bank_head(), staff_number_of(session, actor)
    sender = sender_of(session, actor, actor.organisation_id or 0)
    said = []
    for template, version in texts:
        values = values_of(template.language, head, sender, account, customer.name_masked, staff_number=number)
        try:
            said.append((template, fill(template, version, values).text))
        except DomainError:
            continue
    return said


# --- what several of these need -----------------------------------------------------------------------------------------


def _held(found: tuple[Placement, Account, Customer] | None) -> tuple[Placement, Account, Customer]:
    if found is None:
        raise NotFound
    return found


def _text(
    found: tuple[MessageTemplate, MessageTemplateVersion], actor: Actor
) -> tuple[MessageTemplate, MessageTemplateVersion]:
    """A text that staff may send: of their own organisation, for a purpose that people write for."""
    template, _ = found
    if template.organisation_id != actor.organisation_id or template.purpose not in SENT_BY_STAFF:
        raise NotFound
    if template.channel not in BY_GATEWAY:
        raise NotFound
    return found


def _point(points: Sequence[ContactPoint], contact_point_id: int, channel: Channel) -> ContactPoint:
    """Where it goes: a number or address of the debtor's own that serves the way of contact."""
    found = next((point for point in points if point.id == contact_point_id), None)
    if found is None or not serves(found, channel):
        words = say("Choose a number or address that this text can go to.")
        raise DomainError("message.point", words, field="contact_point_id")
    if group_of(found.relation) != "debtor":
        words = say("A message that speaks of the debt goes to the debtor only, never to a third person.")
        raise DomainError("message.third_person", words, field="contact_point_id")
    return found


def _filled(
    work: Work,
    head: Head,
    template: MessageTemplate,
    version: MessageTemplateVersion,
    account: Account,
    customer: Customer,
) -> Filled:
    name = services().vault.open(customer.person_key, customer.name_sealed, "name")
    if name is None:
        raise NotFound
    sender = sender_of(work.session, work.actor, work.actor.organisation_id or 0)
    number = staff_number_of(work.session, work.actor)
    return fill(template, version, values_of(template.language, head, sender, account, name, staff_number=number))
