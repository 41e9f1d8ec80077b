"""Letters know the day of the balance that they state and clocks the day on which a payment was posted, so that no letter goes out
that was paid since. Who gave a pack up stands beside who approved it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.foundation.database import BigKey, UtcDateTime
from portal.migrations.building import on_sqlite, see_all_rows, untriggered

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

# Of what stands the value date of the last payment is known; the day of its posting is that of such a payment.
POSTED = """
UPDATE limitation_clock SET posted_on = (
    SELECT max(coalesce(p.posted_on, p.paid_on)) FROM payment p
    WHERE p.account_id = limitation_clock.account_id AND p.reverses_ref IS NULL AND p.paid_on <= limitation_clock.paid_on
) WHERE paid_on IS NOT NULL
"""


def upgrade() -> None:
    see_all_rows()
    op.add_column(
        "letter",
        sa.Column(
            "as_of",
            sa.Date(),
            nullable=True,
            comment="the day of the balance that it states; null: before release 0056",
        ),
    )
    op.add_column(
        "limitation_clock",
        sa.Column(
            "posted_on",
            sa.Date(),
            nullable=True,
            comment="the last day on which such a payment was posted: no balance of an earlier day holds it",
        ),
    )
    op.execute(POSTED)
    with (
        untriggered("letter_pack"),
        op.batch_alter_table("letter_pack", recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False}) as batch,
    ):
        batch.add_column(sa.Column("given_up_by", BigKey, nullable=True))
        batch.add_column(
            sa.Column(
                "given_up_at", UtcDateTime(), nullable=True, comment="an approved pack that must not go out after all"
            )
        )
        batch.create_foreign_key(
            op.f("fk_letter_pack_given_up_by_user_account"), "user_account", ["given_up_by"], ["id"]
        )


def downgrade() -> None:
    see_all_rows()
    with (
        untriggered("letter_pack"),
        op.batch_alter_table("letter_pack", recreate=on_sqlite(), reflect_kwargs={"resolve_fks": False}) as batch,
    ):
        batch.drop_constraint(op.f("fk_letter_pack_given_up_by_user_account"), type_="foreignkey")
        batch.drop_column("given_up_at")
        batch.drop_column("given_up_by")
    op.drop_column("limitation_clock", "posted_on")
    op.drop_column("letter", "as_of")
