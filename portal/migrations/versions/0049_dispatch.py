"""Letters on their way: dispatch, results and what follows from them; and what the public verification page may confirm."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    rebuild,
    remove_guards,
    remove_walls,
    see_all_rows,
    untriggered,
)

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("letter_dispatch", "OwnRows", "organisation_id", False),
    ("letter_result", "OwnRows", "organisation_id", False),
    ("letter_result_effect", "OwnRows", "organisation_id", False),
    ("issued_letter", "OwnRows", "organisation_id", True),
    ("verification_count", "OwnRows", "organisation_id", True),
)
KIND = {"import_run": "ck_import_run_importkind", "mapping_profile": "ck_mapping_profile_importkind"}
APPLIED = sa.text("state = 'applied'")
ONCE = (
    "kind", "content_sha256", "mapping", sa.text("coalesce(as_of, '0001-01-01')"), sa.text("coalesce(organisation_id, 0)"),
)  # fmt: skip
RESULTS = ("delivered", "returned", "refused", "unclaimed")
STATUSES = ("unchecked", "valid", "invalid", "third_party")
ANSWERS = ("genuine", "withdrawn", "mismatch", "unknown")
# Letters of packs that were printed before; void ones with the day on which they became so.
FILL = """
INSERT INTO issued_letter (letter_id, organisation_id, verify_code, letter_no, issued_on, withdrawn_at)
SELECT l.id, l.organisation_id, l.verify_code, l.letter_no, p.issued_on,
  (SELECT min(e.at) FROM letter_event e WHERE e.letter_id = l.id AND e.state = 'void')
FROM letter l JOIN letter_pack p ON p.id = l.pack_id WHERE p.state = 'ready' AND l.letter_no IS NOT NULL
"""
WITHDRAW = "UPDATE issued_letter SET withdrawn_at = NEW.at WHERE letter_id = NEW.letter_id AND withdrawn_at IS NULL"


def upgrade() -> None:
    see_all_rows()
    _import_kinds(with_dispatch=True)
    _sent_to()
    _dispatch()
    _result()
    _effect()
    _issued()
    _counts()
    build_walls(WALLS)
    build_guards(revision)
    op.execute(FILL)
    _withdraw()
    _say_of_day("when the letter was sent")


def downgrade() -> None:
    see_all_rows()
    _say_of_day("when the firm took the print file away")
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute("DROP TRIGGER letter_event_withdraws" + (" ON letter_event" if on_postgresql else ""))
    if on_postgresql:
        op.execute("DROP FUNCTION portal_withdraw_letter()")
    remove_guards(revision)
    remove_walls(WALLS)
    for table in ("verification_count", "issued_letter", "letter_result_effect", "letter_result", "letter_dispatch"):
        op.drop_table(table)
    with untriggered("letter"):
        rebuild("letter", drop=("contact_point_id",))
    op.execute("DELETE FROM rejected_row WHERE import_run_id IN (SELECT id FROM import_run WHERE kind = 'dispatch')")
    op.execute("DELETE FROM import_run WHERE kind = 'dispatch'")
    # Layouts of such files stay, as evidence, and with them the word for their kind.
    _import_kinds(with_dispatch=False)


def _import_kinds(*, with_dispatch: bool) -> None:
    op.drop_index("uq_import_run_applied", "import_run")
    for table in KIND if with_dispatch else ("import_run",):
        checks = {str(c["name"]): str(c["sqltext"]) for c in sa.inspect(op.get_bind()).get_check_constraints(table)}
        words = set(re.findall(r"'(\w+)'", checks[KIND[table]]))
        wanted = sorted(words | {"dispatch"} if with_dispatch else words - {"dispatch"})
        rebuild(table, choices={KIND[table]: wanted})
    op.create_index(
        "uq_import_run_applied", "import_run", list(ONCE), unique=True, sqlite_where=APPLIED, postgresql_where=APPLIED
    )


def _sent_to() -> None:
    """By its own words, since SQLite adds a column that refers only so, and a table of evidence is not copied for one."""
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f"ALTER TABLE letter ADD COLUMN contact_point_id {kind} "
        "CONSTRAINT fk_letter_contact_point_id_contact_point REFERENCES contact_point (id)"
    )
    if kind == "BIGINT":
        op.execute(
            "COMMENT ON COLUMN letter.contact_point_id IS "
            "'the address it was written to; null: not known, or there is none'"
        )


def _say_of_day(comment: str) -> None:
    """Comments live on PostgreSQL alone."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON COLUMN letter_claim.out_on IS '{comment}'")


def _dispatch() -> None:
    table = "letter_dispatch"
    op.create_table(
        table,
        *_own(table),
        sa.Column("carrier", sa.String(64), nullable=False),
        sa.Column("tracking_no", sa.String(64), nullable=False, comment="empty: none given (yet)"),
        sa.Column("dispatched_on", sa.Date(), nullable=False),
        *_said(table),
    )
    _found_by(table)


def _result() -> None:
    table = "letter_result"
    op.create_table(
        table,
        *_own(table),
        sa.Column("result", _choice("mailresult", RESULTS), nullable=False),
        sa.Column("result_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False, comment="the carrier's; no personal data"),
        sa.Column(
            "proof_digest", sa.String(64), nullable=False, comment="the file, sealed for the person, in the storage"
        ),
        sa.Column("proof_name", sa.String(200), nullable=False),
        *_said(table),
        sa.CheckConstraint(
            "result <> 'returned' OR reason <> ''", name=op.f("ck_letter_result_returned_says_why")
        ),
    )  # fmt: skip
    _found_by(table)


def _effect() -> None:
    table = "letter_result_effect"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("result_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("contact_point_id", BigKey, nullable=True),
        sa.Column("status_before", _choice("contactstatus", STATUSES), nullable=True, comment="of the address"),
        sa.Column("restart_id", BigKey, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "(contact_point_id IS NULL) = (status_before IS NULL)", name=op.f("ck_letter_result_effect_marked_from")
        ),
        sa.CheckConstraint(
            "contact_point_id IS NULL OR restart_id IS NULL", name=op.f("ck_letter_result_effect_is_one_thing")
        ),
        _refers(table, "result_id", "letter_result"),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "contact_point_id", "contact_point"),
        _refers(table, "restart_id", "limitation_restart"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("result_id", name=op.f(f"uq_{table}_result_id")),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])


def _issued() -> None:
    table = "issued_letter"
    op.create_table(
        table,
        sa.Column("letter_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("verify_code", sa.String(32), nullable=False),
        sa.Column("letter_no", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True, comment="when the letter became void"),
        _refers(table, "letter_id", "letter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("letter_id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("verify_code", name=op.f(f"uq_{table}_verify_code")),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])


def _counts() -> None:
    table = "verification_count"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=True),
        sa.Column("letter_id", BigKey, nullable=True),
        sa.Column("day", sa.Date(), nullable=False, comment="business day"),
        sa.Column("answer", _choice("answer", ANSWERS), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(letter_id IS NULL) = (answer = 'unknown')", name=op.f("ck_verification_count_known_names_letter")
        ),
        sa.CheckConstraint(
            "(letter_id IS NULL) = (organisation_id IS NULL)", name=op.f("ck_verification_count_letter_has_firm")
        ),
        sa.CheckConstraint("times > 0", name=op.f("ck_verification_count_times")),
        _refers(table, "organisation_id", "organisation"),
        _refers(table, "letter_id", "letter"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])
    op.create_index(
        "uq_verification_count_once", table, [sa.text("coalesce(letter_id, 0)"), "day", "answer"], unique=True
    )


def _withdraw() -> None:
    """Wherever a letter becomes void, the public page says so from that moment on."""
    name, event = "letter_event_withdraws", "AFTER INSERT ON letter_event FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} {event} WHEN NEW.state = 'void' BEGIN {WITHDRAW}; END")
        return
    # It writes with the eyes of who voids: the firm or the bank, who both see the letter.
    op.execute(
        "CREATE FUNCTION portal_withdraw_letter() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp "
        f"AS $$BEGIN {WITHDRAW}; RETURN NULL; END$$"
    )
    op.execute(f"CREATE TRIGGER {name} {event} WHEN (NEW.state = 'void') EXECUTE FUNCTION portal_withdraw_letter()")


# --- what several tables have -----------------------------------------------------------------------------------------------


def _own(table: str) -> tuple[sa.Column[int] | sa.ForeignKeyConstraint | sa.PrimaryKeyConstraint, ...]:
    return (
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("letter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        _refers(table, "letter_id", "letter"),
        _refers(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _said(table: str) -> tuple[Any, ...]:
    return (
        sa.Column("corrects_id", BigKey, nullable=True),
        sa.Column("import_run_id", BigKey, nullable=True, comment="the file that said so"),
        sa.Column("by_user_id", BigKey, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        _refers(table, "corrects_id", table),
        _refers(table, "import_run_id", "import_run"),
        _refers(table, "by_user_id", "user_account"),
        sa.UniqueConstraint("corrects_id", name=op.f(f"uq_{table}_corrects_id")),
    )


def _found_by(table: str) -> None:
    first = sa.text("corrects_id IS NULL")
    op.create_index(op.f(f"ix_{table}_organisation_id"), table, ["organisation_id"])
    op.create_index(f"ix_{table}_letter", table, ["letter_id", "id"])
    op.create_index(
        f"uq_{table}_first", table, ["letter_id"], unique=True, sqlite_where=first, postgresql_where=first
    )  # fmt: skip


def _choice(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
