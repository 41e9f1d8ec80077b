"""What begins the limitation of claims anew, and keys of evidence files that go with the person they are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

CLOCKS: tuple[Wall, ...] = (
    ("limitation_clock", "PlacedRows", "account_id", False),
    ("limitation_restart", "PlacedRows", "account_id", False),
)
KEYS: tuple[Wall, ...] = (("evidence_key", "OwnRows", "organisation_id", False),)
GROUNDS = (
    "demand_sent_to_reserved_contact", "autodebit", "debtor_agrees", "part_payment", "lawsuit", "arbitration",
    "written_acknowledgement",
)  # fmt: skip

# Payments of before: the last value date of each account that was not taken back whole.
FILL = """
INSERT INTO limitation_clock (account_id, paid_on)
SELECT p.account_id, max(p.paid_on) FROM payment p
WHERE p.reverses_ref IS NULL AND p.amount_minor + coalesce((
  SELECT sum(b.amount_minor) FROM attribution b JOIN attribution f ON f.id = b.reverses_id
  WHERE f.payment_id = p.id AND b.decision <> 'cannot_reverse'), 0) > 0
GROUP BY p.account_id
"""
# Whose files they are: an attempt names its file by the organisation's own name for it. What is about somebody else as well
# stays readable until that person is erased too.
ERASE = """
DELETE FROM evidence_key WHERE evidence_file_id IN (
  SELECT f.id FROM customer c
  JOIN contact_attempt a ON a.customer_id = c.id AND a.evidence_name <> ''
  JOIN evidence_file f ON f.organisation_id = a.organisation_id AND f.name = a.evidence_name
  WHERE c.person_key_id = NEW.id AND NOT EXISTS (
    SELECT 1 FROM contact_attempt o JOIN customer x ON x.id = o.customer_id JOIN person_key k ON k.id = x.person_key_id
    WHERE o.organisation_id = f.organisation_id AND o.evidence_name = f.name AND o.evidence_name <> ''
    AND k.salt IS NOT NULL))
"""
WHEN = "OLD.salt IS NOT NULL AND NEW.salt IS NULL"


def upgrade() -> None:
    see_all_rows()
    _clock()
    _restart()
    build_walls(CLOCKS)
    build_guards(revision)
    op.execute(FILL)
    _evidence()


def downgrade() -> None:
    see_all_rows()
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER person_key_erase_evidence" + (" ON person_key" if on_postgresql else ""))
    if on_postgresql:
        op.execute("DROP FUNCTION portal_erase_evidence()")
    remove_walls(KEYS)
    op.drop_table("evidence_key")
    op.drop_column("evidence_file", "stored")
    _say_of_digest("SHA-256, its address in the storage")
    remove_guards(revision)
    remove_walls(CLOCKS)
    op.drop_table("limitation_restart")
    op.drop_table("limitation_clock")


def _clock() -> None:
    op.create_table(
        "limitation_clock",
        sa.Column("account_id", BigKey, autoincrement=False, nullable=False),
        sa.Column(
            "paid_on", sa.Date(), nullable=True, comment="value date of the last payment that was not taken back"
        ),
        sa.Column(
            "restarted_on", sa.Date(), nullable=True,
            comment="the last other day that began it anew while the claim stood; null: none, or a payment came later",
        ),
        _refers("limitation_clock", "account_id", "account"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_limitation_clock")),
    )  # fmt: skip


def _restart() -> None:
    table = "limitation_restart"
    once = ("attempt_id", "message_id", "arrangement_id", "takes_back_id")
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("account_id", BigKey, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False, comment="where the debtor is"),
        sa.Column(
            "ground", sa.Enum(*GROUNDS, name="ground", native_enum=False, create_constraint=True, length=32), nullable=False
        ),
        sa.Column(
            "pack", sa.String(length=64), nullable=False, comment="name and version of the rules that it restarts by"
        ),
        sa.Column("attempt_id", BigKey, nullable=True),
        sa.Column("message_id", BigKey, nullable=True),
        sa.Column("arrangement_id", BigKey, nullable=True),
        sa.Column("takes_back_id", BigKey, nullable=True, comment="the row that is not true"),
        sa.Column(
            "words", sa.String(length=200), nullable=False,
            comment="number of the case or letter, or why it is taken back; no personal data",
        ),
        sa.Column(
            "organisation_id", BigKey, nullable=True, comment="who noted it; null: the bank, or the portal itself"
        ),
        sa.Column(
            "proof_digest", sa.String(length=64), nullable=False, comment="the file, sealed for the person, in the storage"
        ),
        sa.Column("proof_name", sa.String(length=200), nullable=False),
        sa.Column("noted_by", BigKey, nullable=True, comment="null: the portal itself"),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "takes_back_id IS NULL OR (attempt_id IS NULL AND message_id IS NULL AND arrangement_id IS NULL)",
            name=op.f("ck_limitation_restart_takes_back_by_itself"),
        ),
        _refers(table, "account_id", "account"),
        _refers(table, "attempt_id", "contact_attempt"),
        _refers(table, "message_id", "outgoing_message"),
        _refers(table, "arrangement_id", "arrangement"),
        _refers(table, "takes_back_id", table),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "noted_by", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limitation_restart")),
        *(sa.UniqueConstraint(column, name=op.f(f"uq_limitation_restart_{column}")) for column in once),
    )  # fmt: skip
    op.create_index("ix_limitation_restart_account", table, ["account_id", "happened_on"])


def _evidence() -> None:
    _say_of_digest("SHA-256 of the content")
    op.add_column(
        "evidence_file",
        sa.Column(
            "stored", sa.String(length=64), nullable=True,
            comment="address in the storage, sealed with its own key; null: as it came, under its digest",
        ),
    )  # fmt: skip
    op.create_table(
        "evidence_key",
        sa.Column("evidence_file_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False, comment="the file's"),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=False),
        _refers("evidence_key", "evidence_file_id", "evidence_file"),
        _refers("evidence_key", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("evidence_file_id", name=op.f("pk_evidence_key")),
    )
    build_walls(KEYS)
    name, event = "person_key_erase_evidence", "AFTER UPDATE OF salt ON person_key FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} {event} WHEN {WHEN} BEGIN {ERASE}; END")
        return
    # It reads with the eyes of who erases, and only the bank can: the walls stay as they are.
    op.execute(
        "CREATE FUNCTION portal_erase_evidence() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp "
        f"AS $$BEGIN {ERASE}; RETURN NULL; END$$"
    )
    op.execute(f"CREATE TRIGGER {name} {event} WHEN ({WHEN}) EXECUTE FUNCTION portal_erase_evidence()")


def _say_of_digest(comment: str) -> None:
    """Comments live on PostgreSQL alone; on SQLite a column is altered by copying its table, and evidence is never copied."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON COLUMN evidence_file.digest IS '{comment}'")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
