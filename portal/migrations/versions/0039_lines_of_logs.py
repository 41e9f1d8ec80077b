"""An attempt knows where it stood in its log, so that what was against the rules can be told line by line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLE = "contact_attempt"
FOUND = sa.text("import_run_id IS NOT NULL AND verdict IN ('block', 'presume')")


def upgrade() -> None:
    """An evidence table is never rebuilt: a column only. Logs of before have no lines; their order is that of their times."""
    op.add_column(TABLE, sa.Column("import_line", sa.BigInteger(), nullable=True, comment="where it stood in that log"))
    op.create_index(
        "ix_contact_attempt_found", TABLE, ["import_run_id", "import_line"], sqlite_where=FOUND, postgresql_where=FOUND
    )


def downgrade() -> None:
    op.drop_index("ix_contact_attempt_found", TABLE)
    op.drop_column(TABLE, "import_line")
