"""Tables of words to the debtor: texts with their approval, what was sent, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.contact.models import Channel
from portal.contact.wording import Purpose
from portal.foundation.database import JsonData, Model, choice, key_column
from portal.foundation.visibility import BankOnly, OwnRows

__all__ = [
    "EntrustingNotice", "MessageEvent", "MessageExport", "MessageSetting", "MessageState", "MessageTemplate",
    "MessageTemplateVersion", "OutgoingMessage", "TextState",
]  # fmt: skip


class TextState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # taken back by who wrote it, before anybody decided


class MessageState(StrEnum):
    QUEUED = "queued"  # in the outbox
    EXPORTED = "exported"  # in a file that the bank has taken
    SENT = "sent"  # the mail server has it
    DELIVERED = "delivered"
    FAILED = "failed"  # not sent, or not delivered


class MessageTemplate(Model, OwnRows):
    """A text under a code; what it says stands in its versions. `organisation_id` null: the bank's own."""

    __tablename__ = "message_template"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="null: the bank's own"
    )
    code: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(80))
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose))
    language: Mapped[str] = mapped_column(sa.String(16), comment="zh_Hans or en")
    version_in_use: Mapped[int | None] = mapped_column(comment="number of the approved version; null: none may be sent")
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(comment="of its latest version or decision")
    withdrawn_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(comment="when the approved text was last taken out of use")
    withdrawal: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.CheckConstraint("channel IN ('call', 'sms', 'email', 'letter')", name="has_a_gateway"),
        sa.CheckConstraint("(purpose = 'opening') = (channel = 'call')", name="opening_is_spoken"),
        sa.Index("uq_message_template_code", sa.text("coalesce(organisation_id, 0)"), "code", unique=True),
        sa.Index("ix_message_template_list", "organisation_id", "changed_at", "id"),
        sa.Index("ix_message_template_changed", "changed_at", "id"),
    )


class MessageTemplateVersion(Model, OwnRows):
    """What a text says. Once it is decided about it does not change: another wording is another version."""

    __tablename__ = "message_template_version"
    id: Mapped[int] = key_column()
    template_id: Mapped[int] = mapped_column(sa.ForeignKey("message_template.id"))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), comment="the template's")
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    text: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[TextState] = mapped_column(choice(TextState))
    findings: Mapped[dict[str, Any] | None] = mapped_column(
        JsonData, comment="what the rules of wording had against it when it was decided about, with their version"
    )
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    refusal: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (
        sa.UniqueConstraint("template_id", "version"),
        sa.CheckConstraint(
            "decided_by IS NULL OR made_by IS NULL OR decided_by <> made_by", name="maker_is_not_checker"
        ),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (decided_at IS NOT NULL)", name="decision_has_its_time"
        ),
        sa.Index(
            "uq_message_template_version_open", "template_id", unique=True,
            sqlite_where=sa.text("state IN ('draft', 'submitted')"),
            postgresql_where=sa.text("state IN ('draft', 'submitted')"),
        ),
        sa.Index(
            "ix_message_template_version_waiting", "submitted_at",
            sqlite_where=sa.text("state = 'submitted'"), postgresql_where=sa.text("state = 'submitted'"),
        ),
    )  # fmt: skip


class MessageExport(Model, BankOnly):
    """The outbox as one file, taken by the bank: every message goes into one export and no other."""

    __tablename__ = "message_export"
    id: Mapped[int] = key_column()
    number: Mapped[str] = mapped_column(sa.String(32), unique=True)
    message_count: Mapped[int] = mapped_column(default=0)
    held_back: Mapped[int] = mapped_column(default=0, comment="left in the outbox: the rules forbid them at this time")
    dropped: Mapped[int] = mapped_column(default=0, comment="not sent any more: what they were about is over")
    csv_digest: Mapped[str | None] = mapped_column(sa.String(64), comment="the file, in the storage")
    xlsx_digest: Mapped[str | None] = mapped_column(sa.String(64))
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class OutgoingMessage(Model, OwnRows):
    """A text with its fields filled, for one person, sealed under that person's key.

    Its latest state stands here, for lists; every step after the first is a MessageEvent.
    """

    __tablename__ = "outgoing_message"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("organisation.id"), comment="whose words; of a notice: to whom the account is entrusted"
    )
    template_version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("message_template_version.id", name="fk_outgoing_message_version")
    )
    purpose: Mapped[Purpose] = mapped_column(choice(Purpose))
    channel: Mapped[Channel] = mapped_column(choice(Channel))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"))
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"))
    contact_point_id: Mapped[int] = mapped_column(sa.ForeignKey("contact_point.id"))
    reserved: Mapped[bool] = mapped_column(comment="to a number or address that the holder gave to the bank")
    promise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("promise.id"), unique=True)
    attempt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contact_attempt.id"), unique=True)
    subject_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    text_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    content_sha256: Mapped[str] = mapped_column(sa.String(64), comment="of subject, a line's end, and text")
    parts: Mapped[int] = mapped_column(default=1, comment="of a short message: how many are charged")
    state: Mapped[MessageState] = mapped_column(choice(MessageState), default=MessageState.QUEUED)
    state_at: Mapped[datetime]
    failure: Mapped[str] = mapped_column(sa.String(32), default="", comment="code: why it failed")
    handed_at: Mapped[datetime | None] = mapped_column(
        comment="the mail server was asked to take it, and is asked once"
    )
    dispatched_at: Mapped[datetime | None] = mapped_column(comment="exported or sent")
    export_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message_export.id"), index=True)
    made_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    made_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint(
            "(state IN ('exported', 'sent', 'delivered')) <= (dispatched_at IS NOT NULL)", name="dispatch_has_its_time"
        ),
        sa.Index("ix_outgoing_message_list", "made_at", "id"),
        sa.Index("ix_outgoing_message_mine", "organisation_id", "made_at", "id"),
        sa.Index("ix_outgoing_message_account", "account_id", "id"),
        sa.Index("ix_outgoing_message_placement", "placement_id"),
        sa.Index(
            "ix_outgoing_message_outbox", "channel", "id",
            sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"),
        ),
        sa.Index(
            "uq_outgoing_message_notice", "placement_id", unique=True,
            sqlite_where=sa.text("purpose = 'notice'"), postgresql_where=sa.text("purpose = 'notice'"),
        ),
    )  # fmt: skip


class MessageEvent(Model, OwnRows):
    """A step of a message after it was drawn up. Append-only: this is the proof of dispatch."""

    __tablename__ = "message_event"
    id: Mapped[int] = key_column()
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("outgoing_message.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="the message's")
    state: Mapped[MessageState] = mapped_column(choice(MessageState))
    at: Mapped[datetime]
    by_user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    detail: Mapped[str] = mapped_column(
        sa.String(200), default="", comment="number of the export, or a code; no personal data"
    )


class EntrustingNotice(Model, OwnRows):
    """The notices of one batch: that its accounts are entrusted, and to whom. Figures are kept by what happens."""

    __tablename__ = "entrusting_notice"
    id: Mapped[int] = key_column()
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("placement_batch.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    template_version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("message_template_version.id", name="fk_entrusting_notice_version")
    )
    asked_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None] = mapped_column(comment="when all of them were drawn up")
    drawn: Mapped[int] = mapped_column(default=0)
    unreachable: Mapped[int] = mapped_column(
        default=0, comment="accounts without a number or address, or with a gap in the text"
    )
    dispatched: Mapped[int] = mapped_column(default=0)
    first_dispatched_at: Mapped[datetime | None]
    last_dispatched_at: Mapped[datetime | None]


class MessageSetting(Model, OwnRows):
    """What goes out of an organisation by itself, and with which text."""

    __tablename__ = "message_setting"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    notice_template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message_template.id"), comment="the bank's")
    reminder_template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message_template.id"))
    reminder_days: Mapped[int | None] = mapped_column(comment="days before a promise falls due; null: no reminders")
    changed_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("reminder_days IS NULL OR reminder_days BETWEEN 1 AND 14", name="reminder_days"),
        sa.CheckConstraint("reminder_days IS NULL OR reminder_template_id IS NOT NULL", name="reminder_has_its_text"),
    )
