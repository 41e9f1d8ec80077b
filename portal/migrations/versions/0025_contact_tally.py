"""What counts towards a person's daily caps, contact by contact with its instant, in place of sums by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import Wall, build_walls, remove_walls, see_all_rows

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TALLY: tuple[Wall, ...] = (("contact_tally", "PlacedPeople", "customer_id", False),)
COUNT: tuple[Wall, ...] = (("contact_day_count", "PlacedPeople", "customer_id", False),)

STANDS = "a.counts_as <> '' AND NOT EXISTS (SELECT 1 FROM contact_attempt b WHERE b.corrects_id = a.id)"
FILL_TALLY = f"""
INSERT INTO contact_tally (attempt_id, customer_id, day, at, measure, contact_point_id)
SELECT a.id, a.customer_id, a.local_date, a.at, a.counts_as, a.contact_point_id FROM contact_attempt a WHERE {STANDS}
"""
FILL_COUNT = f"""
INSERT INTO contact_day_count (customer_id, day, measure, contact_point_id, count)
SELECT customer_id, day, measure, point, count(*) FROM (
  SELECT a.customer_id, a.local_date AS day, a.counts_as AS measure, 0 AS point FROM contact_attempt a WHERE {STANDS}
  UNION ALL
  SELECT a.customer_id, a.local_date, a.counts_as, a.contact_point_id FROM contact_attempt a
  WHERE {STANDS} AND a.contact_point_id IS NOT NULL
) AS each_one GROUP BY customer_id, day, measure, point
"""

# A correction (`corrects_id`) takes its old entry out before it counts itself.
DROP_OLD = "DELETE FROM contact_tally WHERE attempt_id = NEW.corrects_id"
TALLY_NEW = """
INSERT INTO contact_tally (attempt_id, customer_id, day, at, measure, contact_point_id)
SELECT NEW.id, NEW.customer_id, NEW.local_date, NEW.at, NEW.counts_as, NEW.contact_point_id WHERE NEW.counts_as <> ''
"""
COUNT_OLD = """
UPDATE contact_day_count SET count = count - 1 FROM contact_attempt o
WHERE o.id = NEW.corrects_id AND o.counts_as <> '' AND contact_day_count.customer_id = o.customer_id
AND contact_day_count.day = o.local_date AND contact_day_count.measure = o.counts_as
AND contact_day_count.contact_point_id IN (0, coalesce(o.contact_point_id, 0))
"""
COUNT_NEW = """
INSERT INTO contact_day_count (customer_id, day, measure, contact_point_id, count)
SELECT NEW.customer_id, NEW.local_date, NEW.counts_as, point, 1
FROM (SELECT 0 AS point UNION SELECT coalesce(NEW.contact_point_id, 0)) AS points WHERE NEW.counts_as <> ''
ON CONFLICT (customer_id, day, measure, contact_point_id) DO UPDATE SET count = contact_day_count.count + 1
"""


def upgrade() -> None:
    op.create_table(
        "contact_tally",
        sa.Column("attempt_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="where the debtor is"),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False, comment="conversation, unanswered or visit"),
        sa.Column("contact_point_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["contact_attempt.id"], name=op.f("fk_contact_tally_attempt_id_contact_attempt")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_contact_tally_customer_id_customer")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_contact_tally")),
    )
    _swap(DROP_OLD, TALLY_NEW, FILL_TALLY, gone="contact_day_count", came="contact_tally", walls=(COUNT, TALLY))
    op.create_index("ix_contact_tally_person_day", "contact_tally", ["customer_id", "day"])


def downgrade() -> None:
    op.create_table(
        "contact_day_count",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("customer_id", BigKey, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("measure", sa.String(length=16), nullable=False, comment="conversation, unanswered or visit"),
        sa.Column("contact_point_id", BigKey, nullable=False, comment="0: all of the person's"),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_contact_day_count_customer_id_customer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_day_count")),
        sa.UniqueConstraint(
            "customer_id", "day", "measure", "contact_point_id",
            name=op.f("uq_contact_day_count_customer_id_day_measure_contact_point_id"),
        ),
    )  # fmt: skip
    _swap(COUNT_OLD, COUNT_NEW, FILL_COUNT, gone="contact_tally", came="contact_day_count", walls=(TALLY, COUNT))


def _swap(old: str, new: str, fill: str, *, gone: str, came: str, walls: tuple[tuple[Wall, ...], ...]) -> None:
    """The trigger keeps another table from here on, filled from what stands. It runs as the owner and must pass its wall:
    an agency that logs an attempt counts over all agencies without being able to see whose the others are."""
    see_all_rows()
    op.execute(fill)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER contact_attempt_count")
        op.execute(f"CREATE TRIGGER contact_attempt_count AFTER INSERT ON contact_attempt BEGIN {old}; {new}; END")
    else:
        op.execute(
            "CREATE OR REPLACE FUNCTION portal_count_attempt() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$BEGIN {old}; {new}; RETURN NULL; END$$"
        )
    remove_walls(walls[0])
    op.drop_table(gone)
    build_walls(walls[1])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {came} NO FORCE ROW LEVEL SECURITY")
