"""A payment of more than its account owes may wait for two persons, by a rule and as a decision of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.migrations.building import rebuild, see_all_rows, untriggered

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

DECISION, RULE = "ck_attribution_decision", "ck_payment_rule_abovebalance"
BEFORE = (
    "credited", "excluded", "nobody", "split_needed", "not_placed", "before_placement", "after_placement",
    "original_unknown", "cannot_reverse",
)  # fmt: skip
WAITS = "above_balance"


def upgrade() -> None:
    see_all_rows()
    _widen((*BEFORE[:4], WAITS, *BEFORE[4:]), ("take", "queue", "reject"))


def downgrade() -> None:
    """A bank that has set the rule, or has payments that wait by it, cannot be told in the old words: it stays."""
    see_all_rows()
    for used in (
        f"SELECT 1 FROM attribution WHERE decision = '{WAITS}' LIMIT 1",
        "SELECT 1 FROM payment_rule WHERE above_balance = 'queue' LIMIT 1",
    ):
        if op.get_bind().scalar(sa.text(used)):
            raise RuntimeError("payments wait by a rule that the revision before cannot say")
    _widen(BEFORE, ("take", "reject"))


def _widen(decisions: tuple[str, ...], rules: tuple[str, ...]) -> None:
    for table, name, words in (("attribution", DECISION, decisions), ("payment_rule", RULE, rules)):
        with untriggered(table):
            rebuild(table, choices={name: words})
