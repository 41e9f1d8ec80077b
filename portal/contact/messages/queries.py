"""Reads of texts and messages. An agency sees its own; the bank sees all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.contact.messages.models import (
    EntrustingNotice,
    MessageEvent,
    MessageExport,
    MessageSetting,
    MessageState,
    MessageTemplate,
    MessageTemplateVersion,
    OutgoingMessage,
    TextState,
)
from portal.foundation.errors import NotFound
from portal.foundation.visibility import visible
from portal.identity.models import Organisation, User
from portal.placement.models import Placement
from portal.portfolio.models import Account, ContactPoint, Customer

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.contact.models import Channel
    from portal.contact.wording import Purpose
    from portal.foundation.access import Actor

__all__ = [
    "approved_text",
    "events_of",
    "export_for",
    "exports_statement",
    "first_submitted",
    "message_for",
    "messages_of_account",
    "messages_statement",
    "notice_of_batch",
    "setting_of",
    "text_for",
    "texts_in_use",
    "texts_statement",
    "texts_to_decide",
    "versions_of",
    "waits_in_outbox",
]  # fmt: skip

MOST_ON_A_PAGE = 200
COUNTED_TO = 100


# --- texts --------------------------------------------------------------------------------------------------------------


def latest_state() -> sa.ScalarSelect[TextState]:
    """The state of a text's latest version, beside `MessageTemplate`."""
    return (
        sa.select(MessageTemplateVersion.state)
        .where(MessageTemplateVersion.template_id == MessageTemplate.id)
        .order_by(MessageTemplateVersion.version.desc())
        .limit(1)
        .correlate(MessageTemplate)
        .scalar_subquery()
    )


def texts_statement(actor: Actor) -> sa.Select[Any]:
    """Texts with whose they are and the state of their latest version."""
    return (
        visible(MessageTemplate, actor)
        .outerjoin(Organisation, Organisation.id == MessageTemplate.organisation_id)
        .add_columns(Organisation, latest_state().label("latest"))
    )


def text_for(session: Session, actor: Actor, template_id: int, *, lock: bool = False) -> MessageTemplate:
    """A text that the actor may see. NotFound."""
    wanted = visible(MessageTemplate, actor).where(MessageTemplate.id == template_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def versions_of(session: Session, actor: Actor, template_id: int) -> Sequence[Any]:
    """A text's versions, the latest first, each with the names of who wrote it and who decided."""
    maker, decider = aliased(User), aliased(User)
    return session.execute(
        visible(MessageTemplateVersion, actor)
        .outerjoin(maker, maker.id == MessageTemplateVersion.made_by)
        .outerjoin(decider, decider.id == MessageTemplateVersion.decided_by)
        .add_columns(maker.name.label("maker"), decider.name.label("decider"))
        .where(MessageTemplateVersion.template_id == template_id)
        .order_by(MessageTemplateVersion.version.desc())
        .limit(MOST_ON_A_PAGE)
    ).all()


def approved_text(session: Session, actor: Actor, template_id: int) -> tuple[MessageTemplate, MessageTemplateVersion]:
    """A text with the version that may be sent now. NotFound where there is none."""
    row = session.execute(_in_use(actor).where(MessageTemplate.id == template_id)).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


def texts_in_use(
    session: Session,
    actor: Actor,
    organisation_id: int | None,
    channels: Collection[Channel] = (),
    purposes: Collection[Purpose] = (),
) -> list[tuple[MessageTemplate, MessageTemplateVersion]]:
    """The texts of an organisation (None: the bank's own) that may be sent now, by name."""
    wanted = _in_use(actor).where(MessageTemplate.organisation_id.is_not_distinct_from(organisation_id))
    if channels:
        wanted = wanted.where(MessageTemplate.channel.in_(channels))
    if purposes:
        wanted = wanted.where(MessageTemplate.purpose.in_(purposes))
    rows = session.execute(wanted.order_by(MessageTemplate.name, MessageTemplate.id).limit(MOST_ON_A_PAGE))
    return [(row[0], row[1]) for row in rows]


def _in_use(actor: Actor) -> sa.Select[Any]:
    return (
        visible(MessageTemplate, actor)
        .join(
            MessageTemplateVersion,
            sa.and_(
                MessageTemplateVersion.template_id == MessageTemplate.id,
                MessageTemplateVersion.version == MessageTemplate.version_in_use,
                MessageTemplateVersion.state == TextState.APPROVED,
            ),
        )
        .add_columns(MessageTemplateVersion)
    )


def first_submitted(session: Session, actor: Actor) -> datetime | None:
    """Since when the first of them waits."""
    wanted = _to_decide(actor).with_only_columns(MessageTemplateVersion.submitted_at)
    return session.scalar(wanted.order_by(MessageTemplateVersion.submitted_at).limit(1))


def _to_decide(actor: Actor) -> sa.Select[Any]:
    return visible(MessageTemplateVersion, actor).where(
        MessageTemplateVersion.state == TextState.SUBMITTED,
        sa.or_(MessageTemplateVersion.made_by.is_(None), MessageTemplateVersion.made_by != actor.user_id),
    )


def texts_to_decide(session: Session, actor: Actor) -> int:
    """Texts that wait for somebody else's decision, counted up to a hundred."""
    first = _to_decide(actor).with_only_columns(MessageTemplateVersion.id).limit(COUNTED_TO).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(first)) or 0


def setting_of(session: Session, actor: Actor, organisation_id: int) -> MessageSetting | None:
    """What goes out of an organisation by itself; None where nobody has said."""
    return session.scalar(visible(MessageSetting, actor).where(MessageSetting.organisation_id == organisation_id))


# --- messages -----------------------------------------------------------------------------------------------------------


def messages_statement(actor: Actor) -> sa.Select[Any]:
    """Messages with account and person, as far as these are still open to the actor, and with the name of the text.

    What the bank drew up for accounts of a batch is the bank's alone until the organisation has accepted the batch.
    """
    drawn_up = visible(OutgoingMessage, actor)
    if not actor.is_bank:
        drawn_up = drawn_up.join(Placement, Placement.id == OutgoingMessage.placement_id).where(
            Placement.accepted_at.is_not(None)
        )
    return (
        drawn_up.outerjoin(Account, Account.id == OutgoingMessage.account_id)
        .outerjoin(Customer, Customer.id == Account.customer_id)
        .outerjoin(MessageTemplateVersion, MessageTemplateVersion.id == OutgoingMessage.template_version_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == MessageTemplateVersion.template_id)
        .outerjoin(Organisation, Organisation.id == OutgoingMessage.organisation_id)
        .add_columns(
            Account.account_ref.label("account_ref"),
            Customer.name_masked.label("name"),
            MessageTemplate.name.label("text_name"),
            Organisation,
        )
    )


def message_for(session: Session, actor: Actor, message_id: int) -> Any:
    """One message as `messages_statement` has it, with its address masked, who made it, and its text's version. NotFound."""
    row = session.execute(
        messages_statement(actor)
        .outerjoin(ContactPoint, ContactPoint.id == OutgoingMessage.contact_point_id)
        .outerjoin(User, User.id == OutgoingMessage.made_by)
        .outerjoin(MessageExport, MessageExport.id == OutgoingMessage.export_id)
        .add_columns(
            ContactPoint.value_masked.label("address"),
            User.name.label("maker"),
            MessageExport.number.label("export_number"),
            MessageTemplate.id.label("template_id"),
            MessageTemplateVersion.version.label("version"),
        )
        .where(OutgoingMessage.id == message_id)
    ).first()
    if row is None:
        raise NotFound
    return row


def events_of(session: Session, actor: Actor, message_id: int) -> Sequence[Any]:
    """The steps of a message, the latest first, with who took them."""
    return session.execute(
        visible(MessageEvent, actor)
        .outerjoin(User, User.id == MessageEvent.by_user_id)
        .add_columns(User.name.label("who"))
        .where(MessageEvent.message_id == message_id)
        .order_by(MessageEvent.id.desc())
        .limit(MOST_ON_A_PAGE)
    ).all()


def messages_of_account(session: Session, actor: Actor, account_id: int) -> Sequence[Any]:
    """An account's messages that the actor may see, the latest first, with the name of the text and whose words."""
    return session.execute(
        visible(OutgoingMessage, actor)
        .outerjoin(MessageTemplateVersion, MessageTemplateVersion.id == OutgoingMessage.template_version_id)
        .outerjoin(MessageTemplate, MessageTemplate.id == MessageTemplateVersion.template_id)
        .outerjoin(Organisation, Organisation.id == OutgoingMessage.organisation_id)
        .add_columns(MessageTemplate.name.label("text_name"), Organisation.name.label("organisation"))
        .where(OutgoingMessage.account_id == account_id)
        .order_by(OutgoingMessage.id.desc())
        .limit(MOST_ON_A_PAGE)
    ).all()


def waits_in_outbox(session: Session, actor: Actor, channels: Collection[Channel]) -> int:
    """Messages that wait for the next export, counted up to a hundred."""
    waiting = visible(OutgoingMessage, actor).where(
        OutgoingMessage.state == MessageState.QUEUED, OutgoingMessage.channel.in_(channels)
    )
    first = waiting.with_only_columns(OutgoingMessage.id).limit(COUNTED_TO).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(first)) or 0


def exports_statement(actor: Actor) -> sa.Select[Any]:
    """Exports of the outbox with who asked for them."""
    return (
        visible(MessageExport, actor)
        .outerjoin(User, User.id == MessageExport.asked_by)
        .add_columns(User.name.label("who"))
    )


def export_for(session: Session, actor: Actor, export_id: int, *, lock: bool = False) -> MessageExport:
    """One export. NotFound."""
    wanted = visible(MessageExport, actor).where(MessageExport.id == export_id)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound
    return found


def notice_of_batch(session: Session, actor: Actor, batch_id: int) -> EntrustingNotice | None:
    """The notices of a batch; None where none have been asked for."""
    return session.scalar(visible(EntrustingNotice, actor).where(EntrustingNotice.batch_id == batch_id))
