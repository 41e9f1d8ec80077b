"""The queue dealt out to collectors, what is untouched by the contract's work standard, and filters that people keep.

How much lies on each desk is summed by triggers: on PostgreSQL once a statement, since a batch of a hundred thousand would
else write one row as often.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_walls, remove_walls, see_all_rows

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = tuple(
    (table, "OwnRows", "organisation_id", False) for table in ("desk_total", "team_rule", "saved_filter")
)
Columns = list[str | sa.ColumnElement[str]]
OPEN: Columns = ["organisation_id", "open"]
DESK: Columns = [*OPEN, "assigned_to"]
TURN: Columns = ["next_kind", "next_on", sa.literal_column("value_minor DESC"), "id"]
STANDARD: Columns = ["try_by", "id"]
DEALT, POOL = "assigned_to IS NOT NULL", "assigned_to IS NULL"
# For PostgreSQL rows where a column is NULL are not in the order of the columns behind it, so the pool has indexes of its own.
INDEXES: tuple[tuple[str, Columns, str | None], ...] = (
    ("ix_work_item_queue", [*OPEN, *TURN], None),
    ("ix_work_item_desk", [*DESK, *TURN], DEALT),
    ("ix_work_item_pool", [*OPEN, *TURN], POOL),
    ("ix_work_item_untouched", [*OPEN, *STANDARD], None),
    ("ix_work_item_desk_untouched", [*DESK, *STANDARD], DEALT),
    ("ix_work_item_pool_untouched", [*OPEN, *STANDARD], POOL),
)
NEW_COLUMNS = ("assigned_to", "standard_days", "try_by", "currency")
# What stands in a queue so far is to be tried within the usual seven days of its acceptance or its last try.
FILL = {
    "sqlite": "max(next_on, date(coalesce(last_attempt_at, next_on), '+7 days'))",
    "postgresql": "greatest(next_on, coalesce(last_attempt_at::date, next_on) + 7)",
}
UPSERT = """
ON CONFLICT (organisation_id, user_id, currency) DO UPDATE SET
  accounts = desk_total.accounts + excluded.accounts, value_minor = desk_total.value_minor + excluded.value_minor
"""
COLUMNS = "INSERT INTO desk_total (organisation_id, user_id, currency, accounts, value_minor)"
SO_FAR = f"""
{COLUMNS} SELECT organisation_id, coalesce(assigned_to, 0), currency, count(*), CAST(sum(value_minor) AS BIGINT)
FROM work_item WHERE open GROUP BY 1, 2, 3
"""
ROWS = "SELECT organisation_id, assigned_to, currency, {sign}1 AS n, {sign}value_minor AS v FROM {rows} WHERE open"
SUMMED = """
{columns} SELECT organisation_id, coalesce(assigned_to, 0), currency, sum(n), CAST(sum(v) AS BIGINT)
FROM ({changes}) AS changes GROUP BY 1, 2, 3 HAVING sum(n) <> 0 OR sum(v) <> 0 ORDER BY 1, 2, 3
{upsert};
"""


def upgrade() -> None:
    see_all_rows()
    _widen_work_items()
    _make_tables()
    build_walls(WALLS)
    op.execute(SO_FAR)
    if op.get_bind().dialect.name == "sqlite":
        _count_on_sqlite()
    else:
        _count_on_postgresql()


def _widen_work_items() -> None:
    # SQLite copies the table, and knows an index over an expression no more afterwards.
    op.drop_index("ix_work_item_queue", "work_item")
    with op.batch_alter_table("work_item", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.add_column(
            sa.Column(
                "assigned_to", BigKey, nullable=True, comment="the collector to whom it was dealt; null: the pool"
            )
        )
        batch.add_column(
            sa.Column(
                "standard_days", sa.BigInteger(), nullable=True,
                comment="the contract's work standard: days from one try to the next",
            )
        )  # fmt: skip
        batch.add_column(
            sa.Column(
                "try_by", sa.Date(), nullable=True,
                comment="the last day of the work standard; not before its turn. Behind it the account is untouched",
            )
        )  # fmt: skip
        batch.add_column(sa.Column("currency", sa.String(length=3), nullable=True, comment="of the value"))
        batch.create_foreign_key(op.f("fk_work_item_assigned_to_user_account"), "user_account", ["assigned_to"], ["id"])
    op.execute(
        f"UPDATE work_item SET standard_days = 7, try_by = {FILL[op.get_bind().dialect.name]}, "
        "currency = (SELECT p.currency FROM placement p WHERE p.id = work_item.placement_id)"
    )
    with op.batch_alter_table("work_item", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.alter_column("standard_days", existing_type=sa.BigInteger(), nullable=False)
        batch.alter_column("try_by", existing_type=sa.Date(), nullable=False)
        batch.alter_column("currency", existing_type=sa.String(length=3), nullable=False)
    for name, columns, which in INDEXES:
        where = sa.text(which) if which else None
        op.create_index(name, "work_item", columns, sqlite_where=where, postgresql_where=where)


def _make_tables() -> None:
    op.create_table(
        "desk_total",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, comment="0: the pool"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_desk_total_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_total")),
        sa.UniqueConstraint(
            "organisation_id", "user_id", "currency", name=op.f("uq_desk_total_organisation_id_user_id_currency")
        ),
    )
    op.create_table(
        "team_rule",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column(
            "own_only", sa.Boolean(), nullable=False,
            comment="collectors have their own accounts in their queue, without the pool",
        ),
        sa.Column("changed_by", BigKey, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_team_rule_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["user_account.id"], name=op.f("fk_team_rule_changed_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_rule")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_team_rule_organisation_id")),
    )  # fmt: skip
    op.create_table(
        "saved_filter",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("user_id", BigKey, nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False, comment="the list's endpoint"),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "query", sa.String(length=2000), nullable=False, comment="what the address says of filters and order"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_filter_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_filter_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("user_id", "page", "name", name=op.f("uq_saved_filter_user_id_page_name")),
    )


def _count_on_sqlite() -> None:
    def moved(row: str, sign: str) -> str:
        return (
            f"{COLUMNS} SELECT {row}.organisation_id, coalesce({row}.assigned_to, 0), {row}.currency, {sign}1, "
            f"{sign}{row}.value_minor WHERE {row}.open {UPSERT};"
        )

    op.execute(
        f"CREATE TRIGGER work_item_desk_insert AFTER INSERT ON work_item WHEN NEW.open BEGIN {moved('NEW', '')} END"
    )
    op.execute(
        "CREATE TRIGGER work_item_desk_update AFTER UPDATE OF open, assigned_to, value_minor, currency ON work_item "
        f"WHEN OLD.open OR NEW.open BEGIN {moved('OLD', '-')} {moved('NEW', '')} END"
    )


def _count_on_postgresql() -> None:
    new, old = ROWS.format(sign="", rows="new_rows"), ROWS.format(sign="-", rows="old_rows")
    for deed, tables, changes in (
        ("insert", "NEW TABLE AS new_rows", new),
        ("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows", f"{new} UNION ALL {old}"),
    ):
        summed = SUMMED.format(columns=COLUMNS, changes=changes, upsert=UPSERT)
        op.execute(
            f"CREATE FUNCTION portal_count_desk_{deed}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN {summed} RETURN NULL; END$$"
        )
        op.execute(
            f"CREATE TRIGGER work_item_desk_{deed} AFTER {deed.upper()} ON work_item REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION portal_count_desk_{deed}()"
        )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for deed in ("update", "insert"):
        op.execute(f"DROP TRIGGER work_item_desk_{deed}" + (" ON work_item" if postgresql else ""))
        if postgresql:
            op.execute(f"DROP FUNCTION portal_count_desk_{deed}()")
    remove_walls(WALLS)
    for table in ("saved_filter", "team_rule", "desk_total"):
        op.drop_table(table)
    for name, *_rest in reversed(INDEXES):
        op.drop_index(name, "work_item")
    with op.batch_alter_table("work_item", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(op.f("fk_work_item_assigned_to_user_account"), type_="foreignkey")
        for column in NEW_COLUMNS:
            batch.drop_column(column)
    op.create_index("ix_work_item_queue", "work_item", [*OPEN, *TURN])
