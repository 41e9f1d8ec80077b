"""Words to the debtor: texts with their approval, the outbox, notices of entrusting, what goes out by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("message_export", "BankOnly", "", False),
    ("message_template", "OwnRows", "organisation_id", False),
    ("message_setting", "OwnRows", "organisation_id", False),
    ("message_template_version", "OwnRows", "organisation_id", False),
    ("entrusting_notice", "OwnRows", "organisation_id", False),
    ("outgoing_message", "OwnRows", "organisation_id", False),
    ("message_event", "OwnRows", "organisation_id", False),
)


def upgrade() -> None:
    _message_export()
    _message_template()
    _message_setting()
    _message_template_version()
    _entrusting_notice()
    _outgoing_message()
    _message_event()
    build_walls(WALLS)
    build_guards("0029")


def downgrade() -> None:
    remove_guards("0029")
    remove_walls(WALLS)
    op.drop_table("message_event")
    op.drop_table("outgoing_message")
    op.drop_table("entrusting_notice")
    op.drop_table("message_template_version")
    op.drop_table("message_setting")
    op.drop_table("message_template")
    op.drop_table("message_export")


def _message_export() -> None:
    op.create_table(
        "message_export",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("message_count", sa.BigInteger(), nullable=False),
        sa.Column(
            "held_back",
            sa.BigInteger(),
            nullable=False,
            comment="left in the outbox: the rules forbid them at this time",
        ),
        sa.Column(
            "dropped", sa.BigInteger(), nullable=False, comment="not sent any more: what they were about is over"
        ),
        sa.Column("csv_digest", sa.String(length=64), nullable=True, comment="the file, in the storage"),
        sa.Column("xlsx_digest", sa.String(length=64), nullable=True),
        sa.Column("asked_by", BigKey, nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_message_export_asked_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_export")),
        sa.UniqueConstraint("number", name=op.f("uq_message_export_number")),
    )


def _message_template() -> None:
    op.create_table(
        "message_template",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="null: the bank's own"),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "call",
                "sms",
                "email",
                "wecom",
                "visit",
                "letter",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "opening",
                "contact",
                "demand",
                "reminder",
                "notice",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=16), nullable=False, comment="zh_Hans or en"),
        sa.Column(
            "version_in_use",
            sa.BigInteger(),
            nullable=True,
            comment="number of the approved version; null: none may be sent",
        ),
        sa.Column("made_by", BigKey, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "changed_at", sa.DateTime(timezone=True), nullable=False, comment="of its latest version or decision"
        ),
        sa.Column("withdrawn_by", BigKey, nullable=True),
        sa.Column(
            "withdrawn_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the approved text was last taken out of use",
        ),
        sa.Column("withdrawal", sa.String(length=400), nullable=False),
        sa.CheckConstraint(
            "(purpose = 'opening') = (channel = 'call')", name=op.f("ck_message_template_opening_is_spoken")
        ),
        sa.CheckConstraint(
            "channel IN ('call', 'sms', 'email', 'letter')", name=op.f("ck_message_template_has_a_gateway")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["user_account.id"], name=op.f("fk_message_template_made_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_message_template_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["withdrawn_by"], ["user_account.id"], name=op.f("fk_message_template_withdrawn_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
    )
    op.create_index("ix_message_template_changed", "message_template", ["changed_at", "id"], unique=False)
    op.create_index(
        "ix_message_template_list", "message_template", ["organisation_id", "changed_at", "id"], unique=False
    )
    op.create_index(
        "uq_message_template_code", "message_template", [sa.text("coalesce(organisation_id, 0)"), "code"], unique=True
    )


def _message_setting() -> None:
    op.create_table(
        "message_setting",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("notice_template_id", BigKey, nullable=True, comment="the bank's"),
        sa.Column("reminder_template_id", BigKey, nullable=True),
        sa.Column(
            "reminder_days",
            sa.BigInteger(),
            nullable=True,
            comment="days before a promise falls due; null: no reminders",
        ),
        sa.Column("changed_by", BigKey, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reminder_days IS NULL OR reminder_days BETWEEN 1 AND 14", name=op.f("ck_message_setting_reminder_days")
        ),
        sa.CheckConstraint(
            "reminder_days IS NULL OR reminder_template_id IS NOT NULL",
            name=op.f("ck_message_setting_reminder_has_its_text"),
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["user_account.id"], name=op.f("fk_message_setting_changed_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["notice_template_id"],
            ["message_template.id"],
            name=op.f("fk_message_setting_notice_template_id_message_template"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_message_setting_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["reminder_template_id"],
            ["message_template.id"],
            name=op.f("fk_message_setting_reminder_template_id_message_template"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_setting")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_message_setting_organisation_id")),
    )


def _message_template_version() -> None:
    op.create_table(
        "message_template_version",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("template_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="the template's"),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "approved",
                "refused",
                "withdrawn",
                name="textstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "findings",
            JsonData,
            nullable=True,
            comment="what the rules of wording had against it when it was decided about, with their version",
        ),
        sa.Column("made_by", BigKey, nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=400), nullable=False),
        sa.CheckConstraint(
            "(state IN ('approved', 'refused')) = (decided_at IS NOT NULL)",
            name=op.f("ck_message_template_version_decision_has_its_time"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR made_by IS NULL OR decided_by <> made_by",
            name=op.f("ck_message_template_version_maker_is_not_checker"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_message_template_version_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["user_account.id"], name=op.f("fk_message_template_version_made_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_message_template_version_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["message_template.id"],
            name=op.f("fk_message_template_version_template_id_message_template"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template_version")),
        sa.UniqueConstraint("template_id", "version", name=op.f("uq_message_template_version_template_id_version")),
    )
    op.create_index(
        "ix_message_template_version_waiting",
        "message_template_version",
        ["submitted_at"],
        unique=False,
        sqlite_where=sa.text("state = 'submitted'"),
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.create_index(
        "uq_message_template_version_open",
        "message_template_version",
        ["template_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'submitted')"),
        postgresql_where=sa.text("state IN ('draft', 'submitted')"),
    )


def _entrusting_notice() -> None:
    op.create_table(
        "entrusting_notice",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("template_version_id", BigKey, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=True, comment="when all of them were drawn up"),
        sa.Column("drawn", sa.BigInteger(), nullable=False),
        sa.Column(
            "unreachable",
            sa.BigInteger(),
            nullable=False,
            comment="accounts without a number or address, or with a gap in the text",
        ),
        sa.Column("dispatched", sa.BigInteger(), nullable=False),
        sa.Column("first_dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_entrusting_notice_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_entrusting_notice_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["template_version_id"], ["message_template_version.id"], name="fk_entrusting_notice_version"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entrusting_notice")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_entrusting_notice_batch_id")),
    )


def _outgoing_message() -> None:
    op.create_table(
        "outgoing_message",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column(
            "organisation_id",
            BigKey,
            nullable=False,
            comment="whose words; of a notice: to whom the account is entrusted",
        ),
        sa.Column("template_version_id", BigKey, nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "opening",
                "contact",
                "demand",
                "reminder",
                "notice",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum(
                "call",
                "sms",
                "email",
                "wecom",
                "visit",
                "letter",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("contact_point_id", BigKey, nullable=False),
        sa.Column(
            "reserved", sa.Boolean(), nullable=False, comment="to a number or address that the holder gave to the bank"
        ),
        sa.Column("promise_id", BigKey, nullable=True),
        sa.Column("attempt_id", BigKey, nullable=True),
        sa.Column("subject_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False, comment="of subject, a line's end, and text"),
        sa.Column("parts", sa.BigInteger(), nullable=False, comment="of a short message: how many are charged"),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "exported",
                "sent",
                "delivered",
                "failed",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.String(length=32), nullable=False, comment="code: why it failed"),
        sa.Column(
            "handed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="the mail server was asked to take it, and is asked once",
        ),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True, comment="exported or sent"),
        sa.Column("export_id", BigKey, nullable=True),
        sa.Column("made_by", BigKey, nullable=True, comment="null: the portal itself"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('exported', 'sent', 'delivered')) <= (dispatched_at IS NOT NULL)",
            name=op.f("ck_outgoing_message_dispatch_has_its_time"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_outgoing_message_account_id_account")),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["contact_attempt.id"], name=op.f("fk_outgoing_message_attempt_id_contact_attempt")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_outgoing_message_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_outgoing_message_contact_point_id_contact_point")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_outgoing_message_customer_id_customer")
        ),
        sa.ForeignKeyConstraint(
            ["export_id"], ["message_export.id"], name=op.f("fk_outgoing_message_export_id_message_export")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["user_account.id"], name=op.f("fk_outgoing_message_made_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_outgoing_message_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_outgoing_message_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_outgoing_message_promise_id_promise")),
        sa.ForeignKeyConstraint(
            ["template_version_id"], ["message_template_version.id"], name="fk_outgoing_message_version"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_message")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_outgoing_message_attempt_id")),
        sa.UniqueConstraint("promise_id", name=op.f("uq_outgoing_message_promise_id")),
    )
    op.create_index("ix_outgoing_message_account", "outgoing_message", ["account_id", "id"], unique=False)
    op.create_index(op.f("ix_outgoing_message_export_id"), "outgoing_message", ["export_id"], unique=False)
    op.create_index("ix_outgoing_message_list", "outgoing_message", ["made_at", "id"], unique=False)
    op.create_index("ix_outgoing_message_mine", "outgoing_message", ["organisation_id", "made_at", "id"], unique=False)
    op.create_index(
        "ix_outgoing_message_outbox",
        "outgoing_message",
        ["channel", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_outgoing_message_placement", "outgoing_message", ["placement_id"], unique=False)
    op.create_index(
        "uq_outgoing_message_notice",
        "outgoing_message",
        ["placement_id"],
        unique=True,
        sqlite_where=sa.text("purpose = 'notice'"),
        postgresql_where=sa.text("purpose = 'notice'"),
    )


def _message_event() -> None:
    op.create_table(
        "message_event",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("message_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False, comment="the message's"),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "exported",
                "sent",
                "delivered",
                "failed",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_user_id", BigKey, nullable=True),
        sa.Column(
            "detail", sa.String(length=200), nullable=False, comment="number of the export, or a code; no personal data"
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user_account.id"], name=op.f("fk_message_event_by_user_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outgoing_message.id"], name=op.f("fk_message_event_message_id_outgoing_message")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_message_event_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_event")),
    )
    op.create_index(op.f("ix_message_event_message_id"), "message_event", ["message_id"], unique=False)
