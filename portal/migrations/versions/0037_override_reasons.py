"""Why somebody went on against a presumption of the conduct rules, kept with the attempt."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SHORT_CODE = (
    "length(override_reason) <= 32 AND override_reason = lower(override_reason) AND override_reason NOT LIKE '% %'"
)
COMMENT = "for which of the rule's reasons it went on against a presumption"


def upgrade() -> None:
    # One statement for both databases: SQLite takes the check with the column, and a table of evidence is never copied.
    op.execute(
        "ALTER TABLE contact_attempt ADD COLUMN override_reason VARCHAR(32) DEFAULT '' NOT NULL "
        f"CONSTRAINT ck_contact_attempt_override_reason CHECK ({SHORT_CODE})"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON COLUMN contact_attempt.override_reason IS $${COMMENT}$$")


def downgrade() -> None:
    op.drop_column("contact_attempt", "override_reason")
