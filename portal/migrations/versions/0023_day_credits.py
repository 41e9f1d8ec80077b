"""Sums of credits by batch and value date, so that a month is not added up payment by payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey
from portal.migrations.building import Wall, build_guards, build_walls, remove_guards, remove_walls, see_all_rows

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WALLS: tuple[Wall, ...] = (("day_credit", "OwnRows", "organisation_id", False),)
# A reversal that waited for its payment was decided by the file that brought it, and counts in its own file here: what is
# summed is the same.
SO_FAR = """
INSERT INTO day_credit (import_run_id, organisation_id, batch_id, currency, paid_on, credit_minor)
SELECT p.import_run_id, a.organisation_id, a.batch_id, a.currency, a.paid_on, CAST(sum(a.credit_minor) AS BIGINT)
FROM attribution a JOIN payment p ON p.id = a.payment_id
WHERE a.decision = 'credited' AND NOT EXISTS (SELECT 1 FROM attribution b WHERE b.supersedes_id = a.id)
GROUP BY p.import_run_id, a.organisation_id, a.batch_id, a.currency, a.paid_on HAVING sum(a.credit_minor) <> 0
"""


def upgrade() -> None:
    op.create_table(
        "day_credit",
        sa.Column("id", BigKey, autoincrement=True, nullable=False),
        sa.Column("import_run_id", BigKey, nullable=False),
        sa.Column("organisation_id", BigKey, nullable=False),
        sa.Column("batch_id", BigKey, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column(
            "credit_minor", sa.BigInteger(), nullable=False, comment="reversals taken off, so it may be negative"
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["import_run.id"], name=op.f("fk_day_credit_import_run_id_import_run")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_day_credit_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["placement_batch.id"], name=op.f("fk_day_credit_batch_id_placement_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_credit")),
        sa.UniqueConstraint(
            "import_run_id",
            "batch_id",
            "currency",
            "paid_on",
            name=op.f("uq_day_credit_import_run_id_batch_id_currency_paid_on"),
        ),
    )
    op.create_index("ix_day_credit_holder", "day_credit", ["organisation_id", "paid_on"])
    op.create_index("ix_day_credit_batch", "day_credit", ["batch_id", "paid_on"])
    build_walls(WALLS)
    see_all_rows()
    op.execute(SO_FAR)
    build_guards("0023")


def downgrade() -> None:
    remove_guards("0023")
    remove_walls(WALLS)
    op.drop_table("day_credit")
