"""What debtors asked for, agreed to or were sent, and who noted it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("contact_wish", "ToldPeople", "customer_id", False),
    ("contact_wish_source", "OwnRows", "organisation_id", False),
)
KINDS = (
    "media_stop", "inconvenient_time", "inconvenient_place", "cease", "breathing_space", "agreed_frequency", "more_calls",
    "contact_time", "notice_sent", "ended",
)  # fmt: skip
CHANNELS = ("call", "sms", "email", "wecom", "visit", "letter")
PLACES = ("home", "work", "elsewhere")
ENDS = ("withdrawn", "mistake", "treatment_ended", "cancelled", "returned")
CHECKS = {
    "channel_has_its_kind": "channel IS NULL OR kind IN ('media_stop')",
    "contact_point_id_has_its_kind": "contact_point_id IS NULL OR kind IN ('media_stop', 'inconvenient_place')",
    "dials": "dials BETWEEN 1 AND 50",
    "dials_has_its_kind": "dials IS NULL OR kind IN ('agreed_frequency')",
    "end_fits": (
        "end_reason IS NULL OR "
        "end_reason = 'mistake' OR "
        "(end_reason = 'withdrawn' AND ends_kind IN ('media_stop', 'inconvenient_time', 'inconvenient_place', 'cease', 'agreed_frequency', 'more_calls', 'contact_time')) OR "
        "(end_reason = 'treatment_ended' AND ends_kind IN ('breathing_space')) OR "
        "(end_reason = 'cancelled' AND ends_kind IN ('breathing_space')) OR "
        "(end_reason = 'returned' AND ends_kind IN ('notice_sent'))"
    ),
    "end_has_kind": "(ends_id IS NULL) = (ends_kind IS NULL)",
    "end_has_reason": "(ends_id IS NULL) = (end_reason IS NULL)",
    "end_names_one": "(kind = 'ended') = (ends_id IS NOT NULL)",
    "end_stays": "ends_kind IS NULL OR ends_kind <> 'ended'",
    "frequency_is_named": "(kind = 'agreed_frequency') = (dials IS NOT NULL)",
    "hours": "opens BETWEEN 0 AND 1439 AND closes BETWEEN 1 AND 1440 AND opens <> closes",
    "hours_have_both_ends": "(opens IS NULL) = (closes IS NULL)",
    "is_crisis_has_its_kind": "NOT is_crisis OR kind IN ('breathing_space')",
    "not_ahead": "said_at <= noted_at",
    "of_an_account": "account_id IS NOT NULL OR kind NOT IN ('notice_sent')",
    "of_the_person": (
        "account_id IS NULL OR kind = 'ended' OR kind IN ('cease', 'breathing_space', 'more_calls', 'notice_sent')"
    ),
    "opens_has_its_kind": "opens IS NULL OR kind IN ('inconvenient_time', 'contact_time')",
    "place_has_its_kind": "place IS NULL OR kind IN ('inconvenient_place')",
    "place_is_named": "(kind = 'inconvenient_place') = (place IS NOT NULL)",
    "stops_something": "kind <> 'media_stop' OR channel IS NOT NULL OR contact_point_id IS NOT NULL",
    "time_has_days": "(kind = 'inconvenient_time') = (weekdays IS NOT NULL)",
    "told_to_one": (
        "kind = 'ended' OR (told_to_id IS NOT NULL) = (kind IN ('more_calls', 'contact_time', 'notice_sent'))"
    ),
    "until_has_its_kind": (
        "until IS NULL OR kind IN ('inconvenient_time', 'agreed_frequency', 'more_calls', 'contact_time')"
    ),
    "weekdays": "weekdays BETWEEN 1 AND 127",
    "weekdays_has_its_kind": "weekdays IS NULL OR kind IN ('inconvenient_time')",
}


def upgrade() -> None:
    _wish()
    _source()
    build_walls(WALLS)
    build_guards("0036")


def downgrade() -> None:
    remove_guards("0036")
    remove_walls(WALLS)
    op.drop_table("contact_wish_source")
    op.drop_table("contact_wish")


def _wish() -> None:
    op.create_table(
        "contact_wish",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("account_id", BigKey, nullable=True, comment="null: the person, whatever the debt"),
        sa.Column("told_to_id", BigKey, nullable=True, comment="for whom alone it counts; null: the bank and all its agencies"),
        sa.Column("kind", _choice("kind", KINDS), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False, comment="when it was said, received or sent"),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("by_bank", sa.Boolean(), nullable=False, comment="whether the bank wrote it down"),
        sa.Column("channel", _choice("channel", CHANNELS), nullable=True),
        sa.Column("contact_point_id", BigKey, nullable=True),
        sa.Column("weekdays", sa.BigInteger(), nullable=True, comment="a bit for each day, Monday is 1"),
        sa.Column("opens", sa.BigInteger(), nullable=True, comment="minutes of the day where the debtor is"),
        sa.Column("closes", sa.BigInteger(), nullable=True, comment="1440: midnight; before `opens`: on the next day"),
        sa.Column("place", _choice("place", PLACES), nullable=True),
        sa.Column("dials", sa.BigInteger(), nullable=True, comment="agreed, a day"),
        sa.Column("until", sa.Date(), nullable=True, comment="the last day, where one was said"),
        sa.Column("is_crisis", sa.Boolean(), nullable=False, comment="breathing space for a crisis of mental health"),
        sa.Column("ends_id", sa.BigInteger(), nullable=True, comment="the row that this one ends"),
        sa.Column("ends_kind", sa.String(length=32), nullable=True, comment="the kind of the row that it ends"),
        sa.Column("end_reason", _choice("end", ENDS), nullable=True),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_contact_wish_{name}")) for name, condition in CHECKS.items()),
        _refers("contact_wish", "customer_id", "customer"),
        _refers("contact_wish", "account_id", "account"),
        _refers("contact_wish", "told_to_id", "organisation"),
        _refers("contact_wish", "contact_point_id", "contact_point"),
        sa.ForeignKeyConstraint(
            ["ends_id", "customer_id", "ends_kind"], ["contact_wish.id", "contact_wish.customer_id", "contact_wish.kind"],
            name=op.f("fk_contact_wish_ends"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_wish")),
        sa.UniqueConstraint("id", "customer_id", "kind", name=op.f("uq_contact_wish_id_customer_id_kind")),
        sa.UniqueConstraint("ends_id", name=op.f("uq_contact_wish_ends_id")),
    )  # fmt: skip
    op.create_index("ix_contact_wish_person", "contact_wish", ["customer_id", "id"])


def _source() -> None:
    op.create_table(
        "contact_wish_source",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("wish_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True, comment="null: the bank"),
        sa.Column("by", BigKey, nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed, in the storage"),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        _refers("contact_wish_source", "wish_id", "contact_wish"),
        _refers("contact_wish_source", "organisation_id", "organisation"),
        _refers("contact_wish_source", "by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_wish_source")),
        sa.UniqueConstraint("wish_id", name=op.f("uq_contact_wish_source_wish_id")),
    )


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
