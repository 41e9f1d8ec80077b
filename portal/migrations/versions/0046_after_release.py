"""A statement's life after its release: contested lines, invoices, settlements, taxes, and the papers made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    on_sqlite,
    remove_guards,
    remove_walls,
    see_all_rows,
    untriggered,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

revision = "0046"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = (
    "tax_rule", "statement_dispute", "statement_dispute_event", "statement_invoice", "statement_invoice_event", "settlement",
    "statement_paper",
)  # fmt: skip
WALLS: tuple[Wall, ...] = tuple((table, "OwnRows", "organisation_id", False) for table in TABLES)
BEFORE = ("drawn", "issued", "released", "contested", "answered", "confirmed", "withdrawn")
STATES = ("drawn", "issued", "released", "contested", "answered", "confirmed", "settled", "withdrawn")


def upgrade() -> None:
    see_all_rows()
    op.add_column(
        "statement", sa.Column("tax_rate", sa.String(32), nullable=True, comment="decimal as text; null: no tax")
    )
    op.add_column(
        "statement",
        sa.Column(
            "tax_included", sa.Boolean(), nullable=False, server_default=sa.false(),
            comment="the lines hold the tax already",
        ),
    )  # fmt: skip
    op.add_column("statement", sa.Column("tax_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column(
        "statement",
        sa.Column(
            "kept_minor", sa.BigInteger(), nullable=False, server_default="0",
            comment="of net contracts: what the organisation has kept of it already",
        ),
    )  # fmt: skip
    _let_states_be(STATES)
    _taxes()
    _disputes()
    _invoices()
    _settlements()
    _papers()
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    see_all_rows()
    remove_guards(revision)
    remove_walls(WALLS)
    for table in reversed(TABLES):
        op.drop_table(table)
    _let_states_be(BEFORE)
    for column in ("kept_minor", "tax_minor", "tax_included", "tax_rate"):
        op.drop_column("statement", column)


# --- which states there are ------------------------------------------------------------------------------------------------


def _let_states_be(states: Sequence[str]) -> None:
    with untriggered("statement_event"):
        words = ", ".join(f"'{state}'" for state in states)
        op.execute(f"DELETE FROM statement_event WHERE state NOT IN ({words})")
        with op.batch_alter_table(
            "statement_event", recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False}
        ) as batch:
            batch.drop_constraint(op.f("ck_statement_event_statementstate"), type_="check")
            batch.create_check_constraint(op.f("ck_statement_event_statementstate"), f"state IN ({words})")


# --- the tables ------------------------------------------------------------------------------------------------------------


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _key(table: str) -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _owner(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return sa.Column("organisation_id", BigKey, nullable=False), _to(table, "organisation_id", "organisation")


def _who(table: str) -> tuple[sa.Column[Any] | sa.ForeignKeyConstraint, ...]:
    return (
        sa.Column("by_user_id", BigKey, nullable=True),
        _to(table, "by_user_id", "user_account"),
        sa.Column("by_name", sa.String(120), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
    )


def _choice(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=32)


def _taxes() -> None:
    table = "tax_rule"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("rate", sa.String(32), nullable=False, comment="decimal as text, 0.06; 0: no tax"),
        sa.Column("included", sa.Boolean(), nullable=False, comment="the lines hold the tax already"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        *_who(table),
    )  # fmt: skip
    op.create_index(op.f("ix_tax_rule_organisation_id"), table, ["organisation_id"])


def _disputes() -> None:
    table = "statement_dispute"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("line_id", BigKey, nullable=True),
        sa.Column(
            "turn", sa.BigInteger(), nullable=False, comment="1, 2 … of a line: contested again after an answer"
        ),
        sa.Column(
            "reason", _choice("disputereason", "credit", "rate", "amount", "missing", "other"), nullable=False
        ),
        sa.Column("words", sa.String(1000), nullable=False),
        *_who(table),
        _to(table, "statement_id", "statement"),
        _to(table, "line_id", "commission_line"),
        sa.UniqueConstraint("line_id", "turn", name=op.f("uq_statement_dispute_line_id_turn")),
    )  # fmt: skip
    op.create_index(op.f("ix_statement_dispute_statement_id"), table, ["statement_id"])
    table = "statement_dispute_event"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("dispute_id", BigKey, nullable=False),
        sa.Column("state", _choice("disputeend", "upheld", "refused", "withdrawn"), nullable=False),
        sa.Column("follows", _choice("follows", "credit", "adjustment", "plan", "other"), nullable=True),
        sa.Column("words", sa.String(1000), nullable=False),
        *_who(table),
        _to(table, "dispute_id", "statement_dispute"),
        sa.UniqueConstraint("dispute_id", name=op.f("uq_statement_dispute_event_dispute_id")),
        sa.CheckConstraint(
            "(state = 'upheld') = (follows IS NOT NULL)",
            name=op.f("ck_statement_dispute_event_upheld_names_what_follows"),
        ),
    )  # fmt: skip


def _invoices() -> None:
    table = "statement_invoice"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column(
            "turn", sa.BigInteger(), nullable=False, comment="1, 2 … of a statement: another one after it was sent back"
        ),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), nullable=False, comment="what the statement says is to be billed"),
        sa.Column("file_digest", sa.String(64), nullable=False, comment="in the storage"),
        sa.Column("file_name", sa.String(200), nullable=False),
        *_who(table),
        _to(table, "statement_id", "statement"),
        sa.UniqueConstraint("statement_id", "turn", name=op.f("uq_statement_invoice_statement_id_turn")),
        sa.CheckConstraint(
            "amount_minor > 0 AND tax_minor >= 0 AND tax_minor < amount_minor",
            name=op.f("ck_statement_invoice_amounts"),
        ),
    )  # fmt: skip
    op.create_index("ix_statement_invoice_number", table, ["organisation_id", "number"])
    table = "statement_invoice_event"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("invoice_id", BigKey, nullable=False),
        sa.Column(
            "state", _choice("invoicestate", "matched", "differs", "proposed", "accepted", "returned"), nullable=False
        ),
        sa.Column("proposed_by", BigKey, nullable=True),
        *_who(table),
        sa.Column("reason", sa.String(1000), nullable=False),
        _to(table, "invoice_id", "statement_invoice"),
        _to(table, "proposed_by", "user_account"),
        sa.CheckConstraint(
            "state <> 'accepted' OR (proposed_by IS NOT NULL AND by_user_id IS NOT NULL AND proposed_by <> by_user_id)",
            name=op.f("ck_statement_invoice_event_accepted_by_a_second_person"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_statement_invoice_event_invoice_id"), table, ["invoice_id"])


def _settlements() -> None:
    table = "settlement"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False, comment="1, 2 … of a statement"),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("owing_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("bank_ref", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("reverses_id", BigKey, nullable=True),
        *_who(table),
        _to(table, "statement_id", "statement"),
        _to(table, "reverses_id", "settlement"),
        sa.UniqueConstraint("statement_id", "turn", name=op.f("uq_settlement_statement_id_turn")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_settlement_reverses_id")),
        sa.CheckConstraint(
            "abs(amount_minor) <= abs(owing_minor) OR reason <> ''", name=op.f("ck_settlement_more_needs_a_reason")
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_settlement_amount")),
    )  # fmt: skip


def _papers() -> None:
    table = "statement_paper"
    op.create_table(
        table, *_key(table), *_owner(table),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to(table, "statement_id", "statement"),
        sa.UniqueConstraint("statement_id", "language", name=op.f("uq_statement_paper_statement_id_language")),
    )  # fmt: skip
