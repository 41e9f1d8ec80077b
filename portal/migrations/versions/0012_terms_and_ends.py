"""What a contract says about recalls, and what a placement knows of its end beyond that it ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import JsonData
from portal.migrations.building import rebuild

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

REASONS = ("batch_refused", "recalled", "term_expired", "paid_in_full")
MORE_REASONS = (
    "batch_refused", "not_answered", "recalled", "returned", "rotated", "exited", "term_expired", "paid_in_full",
)  # fmt: skip
STATES = ("sent", "accepted", "refused", "ended")
MORE_STATES = ("sent", "accepted", "refused", "expired", "ended")
TERMS = ("capacity_minor", "answer_hours", "recall_notice_days", "objection_days", "payment_extends_days", "clauses")


def upgrade() -> None:
    for column in (
        sa.Column("capacity_minor", sa.BigInteger(), nullable=True, comment="amount that may be held at one time"),
        _whole("answer_hours", 48, "hours in which a batch is to be answered"),
        _whole("recall_notice_days", 0, "days from the pending to the final recall"),
        _whole("objection_days", 30, "most days that an objection may ask for"),
        _whole("payment_extends_days", 0, "days by which a payment moves the recall; 0: none"),
        sa.Column(
            "clauses", JsonData, nullable=False, server_default="{}",
            comment="settlement authority, tail, data; see vendors/terms.py",
        ),
    ):  # fmt: skip
        op.add_column("contract_version", column)
    rebuild(
        "placement_batch",
        add=(
            sa.Column(
                "acknowledged_count",
                sa.BigInteger(),
                nullable=True,
                comment="what the organisation says it has received",
            ),
            sa.Column("acknowledged_minor", sa.BigInteger(), nullable=True),
        ),
        choices={"ck_placement_batch_batchstate": MORE_STATES},
    )
    rebuild(
        "placement",
        add=(
            sa.Column(
                "term_ends_on", sa.Date(), nullable=False, server_default="9999-12-31",
                comment="the day of the pending recall, unless it is moved",
            ),
            sa.Column(
                "final_recall_on", sa.Date(), nullable=True, comment="last day, once the recall is pending"
            ),
            sa.Column(
                "stopped_at", sa.DateTime(timezone=True), nullable=True,
                comment="from here on no work, though it has not ended yet",
            ),
            sa.Column(
                "closure_code", sa.String(length=32), nullable=False, server_default="",
                comment="why, in the field's codes",
            ),
            sa.Column(
                "reverse", sa.Boolean(), nullable=False, server_default=sa.false(),
                comment="placed in error: out of all statistics",
            ),
        ),
        choices={"ck_placement_endreason": MORE_REASONS},
    )  # fmt: skip
    op.execute(
        "UPDATE placement SET term_ends_on = "
        "(SELECT b.term_ends_on FROM placement_batch b WHERE b.id = placement.batch_id)"
    )
    live = sa.text("ended_at IS NULL")
    op.create_index("ix_placement_term", "placement", ["term_ends_on", "id"], sqlite_where=live, postgresql_where=live)


def _whole(name: str, usual: int, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=str(usual), comment=comment)


def downgrade() -> None:
    op.execute("UPDATE placement SET end_reason = 'recalled' WHERE end_reason IN ('returned', 'rotated', 'exited')")
    op.execute("UPDATE placement SET end_reason = 'batch_refused' WHERE end_reason = 'not_answered'")
    op.execute("UPDATE placement_batch SET state = 'refused' WHERE state = 'expired'")
    op.drop_index("ix_placement_term", "placement")
    rebuild(
        "placement",
        drop=("term_ends_on", "final_recall_on", "stopped_at", "closure_code", "reverse"),
        choices={"ck_placement_endreason": REASONS},
    )
    rebuild(
        "placement_batch",
        drop=("acknowledged_count", "acknowledged_minor"),
        choices={"ck_placement_batch_batchstate": STATES},
    )
    for name in TERMS:
        op.drop_column("contract_version", name)
