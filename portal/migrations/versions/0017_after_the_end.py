"""Certificates, carried promises, and the exit of an organisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import Wall, build_guards, build_walls, rebuild, remove_guards, remove_walls

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATES = ("open", "kept", "broken", "replaced")
MORE_STATES = (*STATES, "carried")
WALLS: tuple[Wall, ...] = (
    ("organisation_exit", "BankOnly", "", False),
    ("exit_exception", "BankOnly", "", False),
    ("certificate_duty", "OwnRows", "organisation_id", False),
    ("certificate", "OwnRows", "organisation_id", False),
    ("carried_promise", "PlacedRows", "account_id", False),
)


def upgrade() -> None:
    rebuild("promise", choices={"ck_promise_promisestate": MORE_STATES})
    _organisation_exit()
    _certificate_duty()
    _certificate()
    _exit_exception()
    _carried_promise()
    build_walls(WALLS)
    build_guards("0017")
    op.add_column(
        "placement",
        sa.Column(
            "past_ref", sa.String(length=64), nullable=False, server_default="",
            comment="the account's reference, for the history of who does not hold it any more",
        ),
    )  # fmt: skip
    op.execute(
        "UPDATE placement SET past_ref = (SELECT a.account_ref FROM account a WHERE a.id = placement.account_id) "
        "WHERE accepted_at IS NOT NULL AND ended_at IS NOT NULL"
    )
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index(
        "ix_placement_tail", "placement", ["organisation_id", "ended_on", "id"],
        sqlite_where=ended, postgresql_where=ended,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_placement_tail", "placement")
    op.drop_column("placement", "past_ref")
    remove_guards("0017")
    remove_walls(WALLS)
    op.drop_table("carried_promise")
    op.drop_table("exit_exception")
    op.drop_table("certificate")
    op.drop_table("certificate_duty")
    op.drop_table("organisation_exit")
    op.execute("UPDATE promise SET state = 'broken' WHERE state = 'carried'")
    rebuild("promise", choices={"ck_promise_promisestate": STATES})


def _organisation_exit() -> None:
    op.create_table(
        "organisation_exit",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "refused",
                "withdrawn",
                "approved",
                "running",
                "done",
                name="exitstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "last_on", sa.Date(), nullable=False, comment="the organisation's last day; what goes back earns until then"
        ),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column(
            "choices",
            JsonData,
            nullable=False,
            comment="kind of exception: the day until which it stays; left out: goes back at once",
        ),
        sa.Column(
            "found",
            JsonData,
            nullable=False,
            comment="what lives with it: by kind and currency [accounts, amount in minor units]",
        ),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_by", BigKey, nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", BigKey, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=400), nullable=False),
        sa.Column(
            "started_at", sa.DateTime(timezone=True), nullable=True, comment="when the first placements went back"
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True, comment="when the last one had"),
        sa.Column("sign_in_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'running', 'done') OR decided_at IS NOT NULL",
            name=op.f("ck_organisation_exit_carried_out_is_approved"),
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR planned_by IS NULL OR decided_by <> planned_by",
            name=op.f("ck_organisation_exit_maker_is_not_checker"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_organisation_exit_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_exit_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["user_account.id"], name=op.f("fk_organisation_exit_planned_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_exit")),
        sa.UniqueConstraint("number", name=op.f("uq_organisation_exit_number")),
    )
    op.create_index("ix_organisation_exit_day", "organisation_exit", ["state", "last_on", "id"], unique=False)
    op.create_index(
        "uq_organisation_exit_live",
        "organisation_exit",
        ["organisation_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'submitted', 'approved', 'running')"),
        postgresql_where=sa.text("state IN ('draft', 'submitted', 'approved', 'running')"),
    )


def _certificate_duty() -> None:
    op.create_table(
        "certificate_duty",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=True),
        sa.Column("exit_id", BigKey, nullable=True),
        sa.Column("subject", sa.String(length=48), nullable=False, comment="number of the batch or the exit"),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False, comment="last day on which it is in time"),
        sa.Column(
            "account_count",
            sa.BigInteger(),
            nullable=False,
            comment="accounts whose people were open to the organisation",
        ),
        sa.Column("fell_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(batch_id IS NULL) <> (exit_id IS NULL)", name=op.f("ck_certificate_duty_of_one_thing")),
        sa.CheckConstraint("due_on >= ended_on", name=op.f("ck_certificate_duty_due")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_certificate_duty_batch_id_placement_batch")
        ),
        sa.ForeignKeyConstraint(
            ["exit_id"], ["organisation_exit.id"], name=op.f("fk_certificate_duty_exit_id_organisation_exit")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_certificate_duty_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_duty")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_certificate_duty_batch_id")),
        sa.UniqueConstraint("exit_id", name=op.f("uq_certificate_duty_exit_id")),
    )
    op.create_index("ix_certificate_duty_day", "certificate_duty", ["due_on", "id"], unique=False)
    op.create_index("ix_certificate_duty_due", "certificate_duty", ["organisation_id", "due_on", "id"], unique=False)


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("duty_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("corrects_id", BigKey, nullable=True),
        sa.Column("returned", sa.String(length=1000), nullable=False, comment="what was given back; no personal data"),
        sa.Column("deleted", sa.String(length=1000), nullable=False, comment="what was deleted; no personal data"),
        sa.Column("methods", JsonData, nullable=False, comment="codes of certificates.METHODS"),
        sa.Column(
            "carried_out_by", sa.String(length=120), nullable=False, comment="who answers for it at the organisation"
        ),
        sa.Column("carried_out_on", sa.Date(), nullable=False),
        sa.Column("kept", sa.String(length=1000), nullable=False, comment="what the law wants kept, and which law"),
        sa.Column("kept_until", sa.Date(), nullable=True),
        sa.Column("confirmed_by", BigKey, nullable=True),
        sa.Column("confirmed_name", sa.String(length=120), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.CheckConstraint("(kept = '') = (kept_until IS NULL)", name=op.f("ck_certificate_kept_until_a_day")),
        sa.CheckConstraint("returned <> '' AND deleted <> ''", name=op.f("ck_certificate_says_what")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["user_account.id"], name=op.f("fk_certificate_confirmed_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["certificate.id"], name=op.f("fk_certificate_corrects_id_certificate")
        ),
        sa.ForeignKeyConstraint(
            ["duty_id"], ["certificate_duty.id"], name=op.f("fk_certificate_duty_id_certificate_duty")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_certificate_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_certificate_corrects_id")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    op.create_index(op.f("ix_certificate_duty_id"), "certificate", ["duty_id"], unique=False)
    op.create_index(
        "uq_certificate_first",
        "certificate",
        ["duty_id"],
        unique=True,
        sqlite_where=sa.text("corrects_id IS NULL"),
        postgresql_where=sa.text("corrects_id IS NULL"),
    )


def _exit_exception() -> None:
    op.create_table(
        "exit_exception",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("exit_id", BigKey, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "suit",
                "plan",
                "objection",
                "promise",
                name="exceptionkind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exit_id"], ["organisation_exit.id"], name=op.f("fk_exit_exception_exit_id_organisation_exit")
        ),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_exit_exception_placement_id_placement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exit_exception")),
        sa.UniqueConstraint("exit_id", "placement_id", name=op.f("uq_exit_exception_exit_id_placement_id")),
    )
    op.create_index("ix_exit_exception_kind", "exit_exception", ["exit_id", "kind", "id"], unique=False)
    op.create_index(op.f("ix_exit_exception_placement_id"), "exit_exception", ["placement_id"], unique=False)
    op.create_index("ix_exit_exception_until", "exit_exception", ["exit_id", "until", "id"], unique=False)


def _carried_promise() -> None:
    op.create_table(
        "carried_promise",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("promise_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False, comment="the round of the account in which it was made"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "kept",
                "broken",
                "replaced",
                "carried",
                name="promisestate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("carried_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'carried'", name=op.f("ck_carried_promise_is_carried_once")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_carried_promise_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_carried_promise_account_id_account")),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"], name=op.f("fk_carried_promise_promise_id_promise")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carried_promise")),
        sa.UniqueConstraint("promise_id", name=op.f("uq_carried_promise_promise_id")),
    )
    op.create_index(op.f("ix_carried_promise_account_id"), "carried_promise", ["account_id"], unique=False)
    op.create_index("ix_carried_promise_due", "carried_promise", ["state", "promised_on", "id"], unique=False)
