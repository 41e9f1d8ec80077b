"""A day of a whole agency is found without reading all that it has ever logged."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contact_attempt_team_day", "contact_attempt", ["organisation_id", "at", "id"])


def downgrade() -> None:
    op.drop_index("ix_contact_attempt_team_day", "contact_attempt")
