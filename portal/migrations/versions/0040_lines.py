"""Statements of any plan: lines that are no payments, changes of what was issued, numbers without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData
from portal.migrations.building import (
    Wall,
    build_guards,
    build_walls,
    keep_when,
    on_sqlite,
    remove_guards,
    remove_walls,
    see_all_rows,
    untriggered,
)

if TYPE_CHECKING:
    pass

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("statement_number", "OwnRows", "organisation_id", False),
    ("line_change", "OwnRows", "organisation_id", False),
)
KINDS = ("payment", "letter", "cost", "kpi", "adjustment")
OPTIONAL = ("attribution_id", "placement_id", "contract_version_id")
GAP = """
NEW.serial <> (SELECT count(*) FROM statement_number n
  WHERE n.organisation_id = NEW.organisation_id AND n.year = NEW.year)
"""
WORDS = "statement numbers of a year follow each other"
BEING_DRAWN = "OLD.line_count >= 0"  # -1 while its lines are being written


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def upgrade() -> None:
    see_all_rows()
    op.add_column("statement", sa.Column("basis", JsonData, nullable=True, comment="totals placed, by batch"))
    keep_when("statement", BEING_DRAWN)
    with untriggered("commission_line"):
        _lines()
    _numbers()
    _changes()
    build_walls(WALLS)
    build_guards(revision)
    _no_gap()


def _lines() -> None:
    kind = sa.Enum(*KINDS, name="linekind", native_enum=False, create_constraint=True, length=32)
    with op.batch_alter_table("commission_line", recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False}) as batch:
        batch.add_column(sa.Column("kind", kind, nullable=False, server_default="payment"))
        batch.add_column(sa.Column("batch_id", BigKey, nullable=True))
        for name in OPTIONAL:
            batch.alter_column(name, existing_type=BigKey, nullable=True)
        batch.create_foreign_key(
            op.f("fk_commission_line_batch_id_placement_batch"), "placement_batch", ["batch_id"], ["id"]
        )
        batch.create_check_constraint(
            op.f("ck_commission_line_payment_has_credit"), "kind <> 'payment' OR attribution_id IS NOT NULL"
        )
    op.create_index(op.f("ix_commission_line_batch_id"), "commission_line", ["batch_id"])
    op.execute(
        "UPDATE commission_line SET batch_id = (SELECT p.batch_id FROM placement p WHERE p.id = commission_line.placement_id)"
    )


def _numbers() -> None:
    table = "statement_number"
    op.create_table(
        table,
        sa.Column("statement_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False, comment="1 … n, without gaps: a trigger sees to it"),
        sa.Column("number", sa.String(length=64), nullable=False),
        _to(table, "statement_id", "statement"),
        _to(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_statement_number")),
        sa.UniqueConstraint("number", name=op.f("uq_statement_number_number")),
        sa.UniqueConstraint("organisation_id", "year", "serial", name=op.f("uq_statement_number_organisation_id_year_serial")),
    )  # fmt: skip
    # Those that are released already keep their number, in the order of their release.
    op.execute(
        "INSERT INTO statement_number (statement_id, organisation_id, year, serial, number) "
        "SELECT s.id, s.organisation_id, 0, row_number() OVER (PARTITION BY s.organisation_id ORDER BY s.id), s.number "
        "FROM statement s WHERE EXISTS "
        "(SELECT 1 FROM statement_event e WHERE e.statement_id = s.id AND e.state = 'released')"
    )


def _changes() -> None:
    table = "line_change"
    op.create_table(
        table,
        sa.Column("attribution_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("turn", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("statement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("takes_back", sa.Boolean(), nullable=False),
        _to(table, "attribution_id", "attribution"),
        _to(table, "statement_id", "statement"),
        _to(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("attribution_id", "turn", name=op.f("pk_line_change")),
        sa.UniqueConstraint("statement_id", "attribution_id", name=op.f("uq_line_change_statement_id_attribution_id")),
    )
    op.create_index(op.f("ix_line_change_statement_id"), table, ["statement_id"])


def _no_gap() -> None:
    name = "statement_number_gap"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} AFTER INSERT ON statement_number WHEN {GAP} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION portal_{name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF {GAP} THEN RAISE EXCEPTION '{WORDS}'; END IF; RETURN NULL; END$$"
    )
    op.execute(f"CREATE TRIGGER {name} AFTER INSERT ON statement_number FOR EACH ROW EXECUTE FUNCTION portal_{name}()")


def downgrade() -> None:
    see_all_rows()
    remove_guards(revision)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER statement_number_gap")
    else:
        op.execute("DROP TRIGGER statement_number_gap ON statement_number")
        op.execute("DROP FUNCTION portal_statement_number_gap()")
    remove_walls(WALLS)
    op.drop_table("line_change")
    op.drop_table("statement_number")
    with untriggered("commission_line"):
        op.drop_index(op.f("ix_commission_line_batch_id"), "commission_line")
        op.execute("DELETE FROM commission_line WHERE kind <> 'payment'")
        with op.batch_alter_table(
            "commission_line", recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False}
        ) as batch:
            batch.drop_constraint(op.f("ck_commission_line_payment_has_credit"), type_="check")
            batch.drop_constraint(op.f("fk_commission_line_batch_id_placement_batch"), type_="foreignkey")
            batch.drop_constraint(op.f("ck_commission_line_linekind"), type_="check")
            batch.drop_column("batch_id")
            batch.drop_column("kind")
            for name in OPTIONAL:
                batch.alter_column(name, existing_type=BigKey, nullable=False)
    keep_when("statement", "")
    op.drop_column("statement", "basis")
