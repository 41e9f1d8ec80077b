"""What each person logged on a day, so that a month is not added up attempt by attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_walls, remove_walls, see_all_rows

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (("attempt_day", "OwnRows", "organisation_id", False),)
# From here on a day is one of the organisation's own; of what was logged before, SQLite knows no zones and takes the day
# where the debtor was, which is another only around midnight.
DAY = {"sqlite": "a.local_date", "postgresql": "(a.at AT TIME ZONE o.time_zone)::date"}
FILL = """
INSERT INTO attempt_day (organisation_id, user_id, day, logged, reached, breaches)
SELECT a.organisation_id, coalesce(a.logged_by, 0), {day}, count(*),
  sum(CASE WHEN a.counts_as = 'conversation' THEN 1 ELSE 0 END), sum(CASE WHEN a.verdict = 'block' THEN 1 ELSE 0 END)
FROM contact_attempt a JOIN organisation o ON o.id = a.organisation_id
WHERE NOT EXISTS (SELECT 1 FROM contact_attempt b WHERE b.corrects_id = a.id)
GROUP BY a.organisation_id, coalesce(a.logged_by, 0), {day}
"""


def upgrade() -> None:
    op.create_table(
        "attempt_day",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False, comment="who made them; 0: nobody is named"),
        sa.Column("day", sa.Date(), nullable=False, comment="where the organisation is"),
        sa.Column("logged", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("breaches", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_attempt_day_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt_day")),
        sa.UniqueConstraint(
            "organisation_id", "day", "user_id", name=op.f("uq_attempt_day_organisation_id_day_user_id")
        ),
    )
    see_all_rows()
    op.execute(FILL.format(day=DAY[op.get_bind().dialect.name]))
    build_walls(WALLS)


def downgrade() -> None:
    remove_walls(WALLS)
    op.drop_table("attempt_day")
