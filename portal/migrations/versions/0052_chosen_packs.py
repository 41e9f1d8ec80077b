"""Packs with choices: several of a batch, an account in one live letter of a template; letters approved one by one; what was said
of a letter's way in error is taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, JsonData, UtcDateTime
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

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (
    ("live_letter", "OwnRows", "organisation_id", False),
    ("letter_approval", "OwnRows", "organisation_id", False),
)
# What stood once for each batch and each placement, and is now looked up only.
ONCE = (("letter_pack", "batch_id"), ("letter", "placement_id"))
WAYS = ("letter_dispatch", "letter_result")
# A letter keeps its place while it may still go out or has gone out: not in a refused pack, not left out or void, not put
# aside in a pack that is decided, and not come back.
STILL_LIVE = """
INSERT INTO live_letter (letter_id, placement_id, organisation_id, template)
SELECT l.id, l.placement_id, l.organisation_id, p.template FROM letter l JOIN letter_pack p ON p.id = l.pack_id
WHERE p.state <> 'refused' AND (l.letter_no IS NOT NULL OR p.state IN ('building', 'review'))
AND NOT EXISTS (SELECT 1 FROM letter_event e WHERE e.letter_id = l.id AND e.state IN ('refused', 'void'))
AND NOT EXISTS (SELECT 1 FROM letter_result r WHERE r.letter_id = l.id AND r.result IN ('returned', 'unclaimed')
                AND r.id = (SELECT max(s.id) FROM letter_result s WHERE s.letter_id = l.id))
"""


def upgrade() -> None:
    see_all_rows()
    op.add_column(
        "letter_pack",
        sa.Column(
            "jurisdiction", sa.String(8), nullable=False, server_default="cn", comment="cn, us, uk: of its template"
        ),
    )
    op.add_column(
        "letter_pack",
        sa.Column("criteria", JsonData, nullable=False, server_default="{}", comment="which accounts, as of which day"),
    )
    for table, column in ONCE:
        with untriggered(table), _altered(table) as batch:
            batch.drop_constraint(op.f(f"uq_{table}_{column}"), type_="unique")
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    _live_letters()
    _approvals()
    for table in WAYS:
        op.add_column(
            table,
            sa.Column(
                "taken_back",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="what the row before said was an error, and nothing stands in its place",
            ),
        )
        op.add_column(table, sa.Column("why", sa.String(400), nullable=False, server_default="", comment="it was"))
    op.execute(STILL_LIVE)
    build_walls(WALLS)
    build_guards(revision)


def downgrade() -> None:
    see_all_rows()
    _refuse_if_twice()
    remove_guards(revision)
    remove_walls(WALLS)
    for table, *_rest in reversed(WALLS):
        op.drop_table(table)
    for table in WAYS:
        for column in ("why", "taken_back"):
            op.drop_column(table, column)
    for table, column in reversed(ONCE):
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
        with untriggered(table), _altered(table) as batch:
            batch.create_unique_constraint(op.f(f"uq_{table}_{column}"), [column])
    for column in ("criteria", "jurisdiction"):
        op.drop_column("letter_pack", column)


def _altered(table: str):  # type: ignore[no-untyped-def]  # alembic's batch context has no public name
    return op.batch_alter_table(table, recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False})


def _live_letters() -> None:
    op.create_table(
        "live_letter",
        sa.Column("letter_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("placement_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("template", sa.String(64), nullable=False),
        _to("live_letter", "letter_id", "letter"),
        _to("live_letter", "placement_id", "placement"),
        _to("live_letter", "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_live_letter")),
        sa.UniqueConstraint("placement_id", "template", name=op.f("uq_live_letter_placement_id_template")),
    )


def _approvals() -> None:
    table = "letter_approval"
    op.create_table(
        table,
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("letter_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False, comment="of the letter as it was read"),
        sa.Column("licence_no", sa.String(64), nullable=False, comment="the lawyer's own"),
        sa.Column("seconds", sa.BigInteger(), nullable=False, comment="for which the lawyer had it open"),
        sa.Column("by_user_id", BigKey, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _to(table, "letter_id", "letter"),
        _to(table, "organisation_id", "organisation"),
        _to(table, "by_user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("letter_id", name=op.f(f"uq_{table}_letter_id")),
    )
    op.create_index(op.f("ix_letter_approval_by_user_id"), table, ["by_user_id"])


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def _refuse_if_twice() -> None:
    """Refuse to go back where two packs of a batch or two letters of a placement stand: no evidence is thrown away for it."""
    for table, column in ONCE:
        twice = sa.text(f"SELECT count(*) FROM (SELECT {column} FROM {table} GROUP BY {column} HAVING count(*) > 1) t")
        if op.get_bind().scalar(twice):
            raise RuntimeError(f"{table}: more than one row of a {column}, which the earlier release cannot keep")
    for table in WAYS:
        if op.get_bind().scalar(sa.text(f"SELECT count(*) FROM {table} WHERE taken_back")):
            raise RuntimeError(f"{table}: something was taken back, which the earlier release cannot say")
